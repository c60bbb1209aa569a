// The action: `inputs` signs files, everything else attests, as actions/attest does without any input. Images
// are attested, and signed where sign-images says so.
import { SigstepError } from "../errors.ts";
import type { ActionCommand } from "./action-command.ts";
import { attestOwnInputs } from "./attest-table.ts";
import { imageInputs, signImagesInput } from "./image-table.ts";
import type { InputSource } from "./input-reader.ts";
import { layerInputs } from "./layer.ts";
import { parseSignRequest } from "./request.ts";
import type { World } from "./world.ts";

/** The action that signs and attests. */
export const rootAction: ActionCommand = {
  failed: ["status", "failed"],
  run: async (world) => {
    const source = layerInputs({ values: new Map(), paths: [] }, world);
    if (source("inputs") === undefined) return attestAll(source, world);
    refuseMixture(source);
    const { sign } = await import("./sign.ts");
    return (await sign(parseSignRequest(source, []), world)).exitCode;
  },
};

/**
 * As actions/attest reads inputs: a block of YAML ends with a line break. A list in
 * YAML is left alone, as its first line may be indented.
 */
function trimmed(source: InputSource): InputSource {
  return (name) => (name === "predicates" ? source(name) : source(name)?.trim());
}

async function attestAll(source: InputSource, world: World): Promise<number> {
  const { parseAttestRequest } = await import("./attest-request.ts");
  const { attest } = await import("./attest.ts");
  const { artifactsList } = world.job;
  const around = { paths: [], artifactsList, jobFolder: world.temporaryDirectory };
  const { parseImageAttestation } = await import("./image-run-request.ts");
  const images = parseImageAttestation(trimmed(source), around);
  if (images !== undefined) {
    const { runImages } = await import("./image-run.ts");
    return (await runImages(images, world)).exitCode;
  }
  return (await attest(parseAttestRequest(trimmed(source), around), world)).exitCode;
}

/** Inputs of one mode would be ignored in the other. */
function refuseMixture(source: InputSource): void {
  const other = [...attestOwnInputs, ...imageInputs, signImagesInput].find(
    ({ name }) => name !== "bundle-dir" && (source(name) ?? "") !== "",
  );
  if (other === undefined) return;
  throw new SigstepError("INPUT_CONFLICT", `Inputs inputs and ${other.name} are both given.`, {
    where: other.name,
    hint: "inputs signs the files themselves; subject-path and the like attest. Use two steps for both.",
  });
}
