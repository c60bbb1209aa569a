// A demo as a user starts it: a process of its own, with an environment and a temporary folder of its own.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dirname, "..", "..");

/** How to start one. */
export interface DemoOptions {
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** `src/cli.ts` when absent. */
  readonly program?: string;
}

/** How it ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A folder for one test: working directory, and in it the temporary folder of its processes. */
export class Place implements AsyncDisposable {
  readonly directory: string;
  readonly #processes: Running[] = [];

  private constructor(directory: string) {
    this.directory = directory;
  }

  static async make(): Promise<Place> {
    const place = new Place(await mkdtemp(join(tmpdir(), "sigstep-test-")));
    await mkdir(place.temporary);
    return place;
  }

  /** Its name asks for quotes wherever it is printed for a shell. */
  get temporary(): string {
    return join(this.directory, "it's temporary");
  }

  /** Names in the temporary folder. */
  leftovers(): Promise<string[]> {
    return readdir(this.temporary);
  }

  start(options: DemoOptions = {}): Running {
    const { args = ["demo"], program = "src/cli.ts" } = options;
    return this.spawn(process.execPath, [join(root, program), ...args], options.environment);
  }

  run(options: DemoOptions = {}): Promise<Ended> {
    return this.start(options).ended;
  }

  spawn(
    program: string,
    args: readonly string[],
    environment: DemoOptions["environment"] = {},
  ): Running {
    const base = { PATH: process.env.PATH, HOME: this.directory, TMPDIR: this.temporary };
    const running = new Running(
      spawn(program, args, {
        cwd: this.directory,
        env: { ...base, TEMP: this.temporary, TMP: this.temporary, ...environment },
        stdio: ["ignore", "pipe", "pipe"],
      }),
    );
    this.#processes.push(running);
    return running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const running of this.#processes) running.kill("SIGKILL");
    await rm(this.directory, { recursive: true, force: true });
  }
}

/** A process that runs. */
export class Running {
  readonly ended: Promise<Ended>;
  readonly #child: ChildProcess;
  readonly #output = { stdout: "", stderr: "" };
  #wake: () => void = () => undefined;

  constructor(child: ChildProcess) {
    this.#child = child;
    for (const name of ["stdout", "stderr"] as const) {
      child[name]?.setEncoding("utf8").on("data", (text: string) => {
        this.#output[name] += text;
        this.#wake();
      });
    }
    this.ended = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code) => {
        resolve({ code, ...this.#output });
        this.#wake();
      });
    });
  }

  /** What it has printed, as soon as `pattern` is in it. */
  async until(pattern: RegExp): Promise<{ readonly stdout: string; readonly stderr: string }> {
    while (!pattern.test(`${this.#output.stdout}\n${this.#output.stderr}`)) {
      if (this.#child.exitCode !== null || this.#child.signalCode !== null) {
        throw new Error(`ended too early:\n${this.#output.stderr}`);
      }
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
    return { ...this.#output };
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}
