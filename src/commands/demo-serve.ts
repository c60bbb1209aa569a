// `demo --serve`: the variables by which other processes use the sandbox, for as long as it is up.
import type { Console } from "./console.ts";
import type { DemoRequest } from "./demo-request.ts";
import type { World } from "./world.ts";

/** Where and how to print. */
export interface ServeContext {
  readonly request: DemoRequest;
  readonly world: World;
  readonly console: Console;
}

/**
 * Prints `environment` and waits until the run is told to end.
 *
 * The variables alone go to standard output, so that they can be kept in a file and read by a shell.
 * They hold a credential for the sandbox's identity provider, which is no secret: it opens nothing
 * but this process.
 */
export async function serveEnvironment(
  environment: Readonly<Record<string, string>>,
  { request, world, console }: ServeContext,
): Promise<void> {
  const { signal, runner } = world;
  if (signal.aborted) return;
  const ended = new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  runner.info(
    "sigstep demo: a whole Sigstore on 127.0.0.1, a sandbox, not for production.\nPaste this into another terminal:\n",
  );
  console.print(
    request.json ? `${JSON.stringify({ environment }, null, 2)}\n` : exportLines(environment),
  );
  runner.info("\nand sign there: node dist/cli.js sign FILE\nIt is up until Ctrl-C.");
  await ended;
}

/** `export NAME='value'`, one a line, for any POSIX shell. */
function exportLines(environment: Readonly<Record<string, string>>): string {
  return Object.entries(environment)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", `'\\''`)}'\n`)
    .join("");
}
