// Builds the world from the process: the only place that reads its environment, arguments and streams.
// What every run needs is imported at once; a command and the network wait until they are used.
import { setFlagsFromString } from "node:v8";
import type { ActionCommand } from "./commands/action-command.ts";
import type { Console } from "./commands/console.ts";
import * as main from "./commands/main.ts";
import type { NetworkSettings, World } from "./commands/world.ts";
import { findCacheDirectory, findTemporaryDirectory } from "./runner/cache-directory.ts";
import { GenericRunner } from "./runner/generic.ts";
import { GitHubRunner } from "./runner/github.ts";
import { GitLabRunner } from "./runner/gitlab.ts";
import type { Environment } from "./runner/identity.ts";
import { readJob } from "./runner/job.ts";
import { Printer } from "./runner/printer.ts";
import { findProxySecrets } from "./runner/proxy-secrets.ts";
import type { Runner } from "./runner/runner.ts";
import type { Http } from "./services/http.ts";

/** Version of this program; a test compares it with package.json. */
export const version = "0.1.0";

// Thousands of answers are read and dropped. V8 would rather let its heap grow to three times the memory
// than collect it more often; here that costs a few hundredths of the time.
setFlagsFromString("--semi-space-growth-factor=1");
setFlagsFromString("--heap-growing-percent=50");

/** Runs the command line. */
export async function runCli(): Promise<void> {
  let log: NodeJS.WriteStream = process.stdout;
  const printer = new Printer((text) => log.write(text));
  const console: Console = {
    print: (text) => process.stdout.write(text),
    reserveOutput: () => (log = process.stderr),
  };
  const args = process.argv.slice(2);
  process.exitCode = await main.runCommandLine(args, createWorld(process.env, printer), console);
}

/** Runs an action. */
export async function runAction(command: ActionCommand): Promise<void> {
  const printer = new Printer((text) => process.stdout.write(text));
  printer.print(`sigstep ${version}`);
  const world = createWorld({ ...process.env, GITHUB_ACTIONS: "true" }, printer);
  process.exitCode = await main.runAction(command, world);
}

function createWorld(environment: Environment, printer: Printer): World {
  for (const secret of findProxySecrets(environment)) printer.hide(secret);
  const isPerson = process.stderr.isTTY && (environment.CI ?? "") === "";
  return {
    runner: chooseRunner(environment, printer),
    openHttp: (settings) => openDoor(settings, environment, printer),
    now: () => new Date(),
    signal: cancellation.signal,
    version,
    cacheDirectory: findCacheDirectory(environment),
    temporaryDirectory: findTemporaryDirectory(environment),
    job: readJob(environment),
    ...(isPerson ? { showProgress } : {}),
    inEnvironment: (other) => createWorld(other, printer),
  };
}

// Whoever reads along may leave: what it would have read is dropped, and the run goes on.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);

const cancellation = new AbortController();

/** The first signal ends the run in order; a second one ends the process. */
for (const name of ["SIGINT", "SIGTERM"] as const) {
  process.once(name, () => cancellation.abort());
}

function chooseRunner(environment: Environment, printer: Printer): Runner {
  if (environment.GITHUB_ACTIONS === "true") return new GitHubRunner(environment, printer);
  if (environment.GITLAB_CI === "true") return new GitLabRunner(environment, printer);
  return new GenericRunner(environment, printer);
}

async function openDoor(
  settings: NetworkSettings,
  environment: Environment,
  printer: Printer,
): Promise<Http> {
  const { createHttp } = await import("./services/door.ts");
  const read = (name: string): string | undefined =>
    [name, name.toLowerCase()].map((each) => environment[each]).find((text) => (text ?? "") !== "");
  const door = createHttp({
    ...settings,
    proxy: { http: read("HTTP_PROXY"), https: read("HTTPS_PROXY"), no: read("NO_PROXY") },
    redact: (text) => printer.redact(text),
    now: () => new Date(),
    signal: cancellation.signal,
  });
  door.warm();
  return door;
}

function showProgress(line: string): void {
  process.stderr.write(`\r\u001B[2K${line}`);
}
