// `verify` as the command line and the action call it: inputs, run, JSON.
import type { ActionCommand } from "./action-command.ts";
import type { Console } from "./console.ts";
import { parseFlags } from "./flags.ts";
import { layerInputs } from "./layer.ts";
import { verify } from "./verify.ts";
import { verifyHelp } from "./verify-help.ts";
import { parseVerifyRequest } from "./verify-request.ts";
import { verifyInputs } from "./verify-table.ts";
import type { World } from "./world.ts";

/**
 * Runs `sigstep verify ARGS…`.
 *
 * @throws SigstepError whatever stops the run as a whole.
 */
export async function verifyCommand(
  args: readonly string[],
  world: World,
  console: Console,
): Promise<number> {
  const flags = parseFlags(args, verifyInputs);
  if (flags.help) {
    console.print(verifyHelp());
    return 0;
  }
  const request = parseVerifyRequest(layerInputs(flags, world), flags.paths);
  const report = await verify(request, world, { json: flags.json });
  if (flags.json) console.print(report.encode());
  return report.exitCode;
}

/** The action that verifies. */
export const verifyAction: ActionCommand = {
  failed: ["verified", "false"],
  run: async (world) => {
    const request = parseVerifyRequest(layerInputs({ values: new Map(), paths: [] }, world), []);
    const resultsFolder = world.temporaryDirectory;
    return (await verify(request, world, { json: false, resultsFolder })).exitCode;
  },
};
