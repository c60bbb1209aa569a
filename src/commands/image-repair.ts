// repair-index: entries that others have put into an image's index without saying what they are. Verifiers
// and policy engines pick by artifact type, and pass over them.
import { repairIndex } from "../registry/add-referrers.ts";
import { toSigstepError } from "../errors.ts";
import type { PlannedImages } from "./image-plan.ts";
import type { SignResults } from "./results.ts";
import type { World } from "./world.ts";

/** Repairs the index of every image that has one; what fails is told, and fails nothing else. */
export async function repairImages(
  { files }: SignResults,
  plan: PlannedImages,
  { runner }: Pick<World, "runner">,
): Promise<void> {
  const listed = new Set(
    files.flatMap((result) =>
      result.kind !== "failed" && result.image?.listedBy === "fallback" ? [result.image.name] : [],
    ),
  );
  const targets = new Map(plan.files.map(({ image }) => [image.name, image]));
  for (const { place, digest, name } of targets.values()) {
    if (place.kind !== "registry" || !listed.has(name)) continue;
    try {
      const { repaired, gone } = await repairIndex(place.repository, digest);
      const left = gone.length === 0 ? "" : `; ${gone.length} name what is gone, and were left`;
      runner.info(`Index of ${name}: ${repaired.length} entries repaired${left}.`);
    } catch (thrown) {
      const error = toSigstepError(thrown);
      if (error.code === "CANCELLED") throw error;
      runner.info(`Index of ${name}: not repaired: ${error.message}`);
    }
  }
}
