// `attest` as the command line calls it: inputs, run, JSON.
import { attestHelp } from "./attest-help.ts";
import { attestInputs } from "./attest-inputs.ts";
import { parseAttestRequest } from "./attest-request.ts";
import { attest } from "./attest.ts";
import { parseImageAttestation } from "./image-run-request.ts";
import type { Console } from "./console.ts";
import { parseFlags } from "./flags.ts";
import { layerInputs } from "./layer.ts";
import { encodeReport } from "./report-json.ts";
import type { World } from "./world.ts";

/**
 * Runs `sigstep attest ARGS…`.
 *
 * @throws SigstepError whatever stops the run as a whole.
 */
export async function attestCommand(
  args: readonly string[],
  world: World,
  console: Console,
): Promise<number> {
  const flags = parseFlags(args, attestInputs);
  if (flags.help) {
    console.print(attestHelp());
    return 0;
  }
  const { artifactsList } = world.job;
  const around = { paths: flags.paths, artifactsList, jobFolder: undefined };
  const source = layerInputs(flags, world, "subject-path");
  const images = parseImageAttestation(source, around);
  const report =
    images === undefined
      ? await attest(parseAttestRequest(source, around), world)
      : await (await import("./image-run.ts")).runImages(images, world);
  if (flags.json) console.print(world.runner.redact(encodeReport(report)));
  return report.exitCode;
}
