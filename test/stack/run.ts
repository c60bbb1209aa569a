// Runs one program to its end. It never uses a shell, and never hides how the program ended.

import { spawn } from "node:child_process";
import { basename, dirname } from "node:path";
import { text } from "node:stream/consumers";

export interface RunOptions {
  readonly directory?: string;
  /** The whole environment of the program; our own when absent. */
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs?: number;
}

export interface RunResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Both streams and the exit code; throws when the program cannot start, or ends by a signal. */
export async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const child = spawn(program, args, {
    cwd: options.directory,
    env: withOwnNode(options.environment ?? process.env),
    stdio: ["ignore", "pipe", "pipe"],
    timeout: options.timeoutMs,
    killSignal: "SIGKILL",
  });
  const ended = new Promise<number>((resolve, reject) => {
    child.on("error", (cause) => {
      reject(new Error(`${program} cannot be run: ${cause.message}`, { cause }));
    });
    child.on("close", (code, signal) => {
      if (code === null) reject(new Error(`${program} was ended by ${signal ?? "a signal"}`));
      else resolve(code);
    });
  });
  const [code, stdout, stderr] = await Promise.all([ended, text(child.stdout), text(child.stderr)]);
  return { code, stdout, stderr };
}

/**
 * The same for a program that must succeed; gives what it wrote to its standard output.
 *
 * @throws Error with the end of its output. Its arguments, which may hold a token, are not shown.
 */
export async function runOk(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<string> {
  const result = await run(program, args, options);
  if (result.code !== 0) {
    const command = [basename(program), args[0]].join(" ");
    throw new Error(`${command}: exit code ${result.code}\n${tail(result.stdout + result.stderr)}`);
  }
  return result.stdout;
}

/** An environment for servers and clients under test: no configuration, no CI variables of ours. */
export function emptyEnvironment(home: string): Record<string, string> {
  return { PATH: process.env.PATH ?? "", HOME: home, LANG: "C.UTF-8" };
}

export function tail(output: string): string {
  return output.trimEnd().split("\n").slice(-30).join("\n");
}

// npm picks versions by the node that runs it, and scripts take the first `node` that they find:
// both must be the node that runs this.
function withOwnNode(
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string | undefined> {
  return { ...environment, PATH: `${dirname(process.execPath)}:${environment.PATH ?? ""}` };
}
