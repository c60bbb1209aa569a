// One server process: started, watched while it comes up, and certain to end with us.
//
// Whatever happens to our process, a crash and SIGKILL included, no server may stay behind. The kernel
// sees to that: `setpriv --pdeathsig` has it kill the server when the thread that started it ends. The
// shell in between closes the gap in which we could die before the request is made: it finds another
// parent then and starts nothing. Both replace themselves, so the process id is the server's own.
// Start servers from the main thread only, and on Linux only.

import { spawn, type ChildProcess } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { emptyEnvironment, tail } from "./run.ts";

const startTimeoutMs = 30_000;
const pollMs = 20;

export interface ServerPlan {
  readonly name: string;
  readonly program: string;
  readonly args: readonly string[];
  /** Its working directory and HOME; its output goes to `<name>.log` here. */
  readonly directory: string;
  /** Whether the server answers. Called again and again; an error means "not yet". */
  readonly isReady: (log: string) => Promise<boolean>;
}

export class Server {
  readonly #plan: ServerPlan;
  #child: ChildProcess | undefined;

  constructor(plan: ServerPlan) {
    this.#plan = plan;
  }

  /** @throws Error when it is not running. */
  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined || this.#hasEnded()) throw new Error(`${this.#plan.name} is not running`);
    return pid;
  }

  /** Resolves when the server answers. @throws Error with the end of its log when it does not. */
  async start(): Promise<void> {
    this.#child = this.#spawn();
    const deadline = performance.now() + startTimeoutMs;
    while (!(await this.#isReady())) {
      if (this.#hasEnded()) throw await this.#failure("ended while starting");
      if (performance.now() > deadline) throw await this.#failure("did not start in time");
      await sleep(pollMs);
    }
  }

  /** Freezes it (SIGSTOP): connections are accepted by the kernel, and nothing answers. */
  pause(): void {
    process.kill(this.pid, "SIGSTOP");
  }

  resume(): void {
    process.kill(this.pid, "SIGCONT");
  }

  /** Ends it at once (SIGKILL), also when paused; resolves when it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    if (child === undefined || this.#hasEnded()) return;
    const gone = new Promise((resolve) => child.once("exit", resolve));
    // The handle was let go so that a forgotten stack cannot keep a test run alive.
    child.ref();
    child.kill("SIGKILL");
    await gone;
  }

  /** Kills it and starts it again on the same port, with what it kept on disk. */
  async restart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  #spawn(): ChildProcess {
    const { program, args, directory } = this.#plan;
    const log = openSync(this.#logFile, "a");
    const command = ["sh", "-c", '[ "$PPID" = "$0" ] && exec "$@"', `${process.pid}`, program];
    const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", ...command, ...args], {
      cwd: directory,
      env: emptyEnvironment(directory),
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    child.unref();
    // Without a listener, a missing `setpriv` would end our process; start() reports it instead.
    child.once("error", () => undefined);
    return child;
  }

  #hasEnded(): boolean {
    const child = this.#child;
    return child?.pid === undefined || child.exitCode !== null || child.signalCode !== null;
  }

  async #isReady(): Promise<boolean> {
    const log = await readFile(this.#logFile, "utf8");
    return this.#plan.isReady(log).catch(() => false);
  }

  async #failure(what: string): Promise<Error> {
    if (this.#child?.pid === undefined) return new Error("test/stack needs setpriv (util-linux)");
    const log = await readFile(this.#logFile, "utf8");
    return new Error(`test/stack: ${this.#plan.name} ${what}; its log ends:\n${tail(log)}`);
  }

  get #logFile(): string {
    return `${this.#plan.directory}/${this.#plan.name}.log`;
  }
}

/** A readiness check: the address answers 200. */
export function answers(url: string): () => Promise<boolean> {
  return async () => (await fetch(url, { signal: AbortSignal.timeout(1_000) })).ok;
}
