// `sign` as the command line calls it: inputs, run, JSON.
import type { Console } from "./console.ts";
import type { ImageRunRequest } from "./image-run-request.ts";
import { imageInputs } from "./image-table.ts";
import type { InputSource } from "./input-reader.ts";
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
  const source = layerInputs(flags, world);
  const images = await parseImages(source, flags.paths);
  const report =
    images === undefined
      ? await sign(parseSignRequest(source, flags.paths), world)
      : await (await import("./image-run.ts")).runImages(images, world);
  if (flags.json) console.print(world.runner.redact(encodeReport(report)));
  return report.exitCode;
}

/** Files are signed without the code that images need. */
async function parseImages(
  source: InputSource,
  paths: readonly string[],
): Promise<ImageRunRequest | undefined> {
  if (imageInputs.every(({ name }) => (source(name) ?? "") === "")) return undefined;
  const { parseImageSigning } = await import("./image-run-request.ts");
  return parseImageSigning(source, { paths, jobFolder: undefined });
}
