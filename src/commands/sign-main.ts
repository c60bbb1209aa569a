// `sign` as the command line and the action call it: inputs, run, JSON.
import { SigstepError } from "../errors.ts";
import type { ActionCommand } from "./action-command.ts";
import type { Console } from "./console.ts";
import { parseFlags } from "./flags.ts";
import { signHelp } from "./help.ts";
import { signInputs } from "./input-table.ts";
import { layerInputs } from "./layer.ts";
import type { SignReport } from "./report.ts";
import { parseSignRequest } from "./request.ts";
import { publishedBy } from "./results.ts";
import { sign } from "./sign.ts";
import type { World } from "./world.ts";

/**
 * Runs `sigstep sign ARGS…`.
 *
 * @throws SigstepError whatever stops the run as a whole.
 */
export async function signCommand(
  args: readonly string[],
  world: World,
  console: Console,
): Promise<number> {
  const flags = parseFlags(args, signInputs);
  if (flags.help) {
    console.print(signHelp());
    return 0;
  }
  const report = await sign(parseSignRequest(layerInputs(flags, world), flags.paths), world);
  if (flags.json) console.print(world.runner.redact(encodeReport(report)));
  return report.exitCode;
}

/** The action that signs. */
export const signAction: ActionCommand = {
  failed: ["status", "failed"],
  run: async (world) => {
    const source = layerInputs({ values: new Map(), paths: [] }, world);
    if (source("inputs") === undefined) throw attestNotYet();
    return (await sign(parseSignRequest(source, []), world)).exitCode;
  },
};

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

function describeFailure({ code, message, hint, where }: SigstepError): Record<string, string> {
  return { code, message, hint, where };
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
