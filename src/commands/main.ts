// From arguments or action inputs to an exit code: chooses the command, catches every error.
import { exitCodeOf, SigstepError, toSigstepError } from "../errors.ts";
import type { Console } from "./console.ts";
import { describeError } from "./error-text.ts";
import { parseFlags, wantsJson, type Flags } from "./flags.ts";
import { generalHelp, signHelp } from "./help.ts";
import { signInputs, type InputName } from "./input-table.ts";
import { parseSignRequest, type InputSource } from "./request.ts";
import { sign } from "./sign.ts";
import type { SignReport } from "./report.ts";
import { publishedBy } from "./results.ts";
import type { World } from "./world.ts";

/** Runs the command line `args`; never throws. */
export async function runCommandLine(
  args: readonly string[],
  world: World,
  console: Console,
): Promise<number> {
  const json = wantsJson(args);
  if (json) console.reserveOutput();
  try {
    return await runCommand(args, world, console);
  } catch (thrown) {
    const error = toSigstepError(thrown);
    world.runner.fail(describeError(error));
    if (json) console.print(world.runner.redact(encodeFailure(error)));
    return exitCodeOf(error);
  }
}

async function runCommand(
  [command, ...rest]: readonly string[],
  world: World,
  console: Console,
): Promise<number> {
  switch (command) {
    case "sign":
      return signCommand(parseFlags(rest, signInputs), world, console);
    case "demo": {
      const { demo } = await import("./demo.ts");
      return demo(rest, world, console);
    }
    case undefined:
      throw new SigstepError("INPUT_MISSING", "No command is given.", {
        hint: "Write sigstep sign PATH…, or sigstep --help.",
      });
    case "help":
    case "--help":
    case "-h":
      console.print(generalHelp);
      return 0;
    default:
      throw unknownCommand(command);
  }
}

async function signCommand(flags: Flags, world: World, console: Console): Promise<number> {
  if (flags.help) {
    console.print(signHelp());
    return 0;
  }
  const source = layer(flags, world);
  const report = await sign(parseSignRequest(source, flags.paths), world);
  if (flags.json) console.print(world.runner.redact(encodeReport(report)));
  return report.exitCode;
}

/** Runs the action; never throws. */
export async function runAction(world: World): Promise<number> {
  try {
    const source = layer({ values: new Map(), paths: [] }, world);
    if (source("inputs") === undefined) throw attestNotYet();
    return (await sign(parseSignRequest(source, []), world)).exitCode;
  } catch (thrown) {
    const error = toSigstepError(thrown);
    world.runner.fail(describeError(error));
    await world.runner.output("status", "failed").catch(() => undefined);
    return exitCodeOf(error);
  }
}

/**
 * A flag wins over the runner's own, and paths are a flag of `inputs`. Secrets are hidden the moment
 * they are read.
 */
function layer({ values, paths }: Pick<Flags, "values" | "paths">, { runner }: World): InputSource {
  return (name: InputName) => {
    const isGiven = values.has(name) || (name === "inputs" && paths.length > 0);
    const text = values.get(name) ?? (isGiven ? "" : runner.input(name));
    if (text === "" && !isGiven) return undefined;
    if (name === "identity-token") runner.secret(text.trim());
    return text;
  };
}

function encodeReport(report: SignReport): string {
  const { outputs, published, error } = report;
  const failures = report.failures.map((failure) => ({
    path: failure.file.path,
    ...describeFailure(failure.error),
    published: publishedBy(failure),
  }));
  const json = {
    ...{ ...outputs, failures, published },
    ...(error === undefined
      ? {}
      : { error: { ...describeFailure(error), published: error.published } }),
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

function encodeFailure(error: SigstepError): string {
  const json = {
    status: "failed",
    error: { ...describeFailure(error), published: error.published },
  };
  return `${JSON.stringify(json, null, 2)}\n`;
}

function describeFailure({ code, message, hint, where }: SigstepError): Record<string, string> {
  return { code, message, hint, where };
}

function unknownCommand(command: string): SigstepError {
  return new SigstepError(
    "INPUT_UNKNOWN",
    `There is no command ${JSON.stringify(command.slice(0, 60))}.`,
    {
      hint: "Commands are sign and demo; see --help.",
    },
  );
}

function attestNotYet(): SigstepError {
  return new SigstepError(
    "INPUT_MISSING",
    "Input inputs is missing, and it is what this version signs.",
    {
      where: "inputs",
      hint: "Name the files to sign:\n  with:\n    inputs: dist/*.tar.gz\nAttestations (subject-path and the like) come with a later version.",
    },
  );
}
