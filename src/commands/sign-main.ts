// `sign` as the command line calls it: inputs, run, JSON.
import type { Console } from "./console.ts";
import { parseFlags } from "./flags.ts";
import { signHelp } from "./help.ts";
import { signInputs } from "./input-table.ts";
import { layerInputs } from "./layer.ts";
import { encodeReport } from "./report-json.ts";
import { parseSignRequest } from "./request.ts";
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
