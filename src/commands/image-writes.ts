// One write of several artifacts about one image, to a registry or a folder.
import { storeReferrers, type Artifact } from "../registry/add-referrers.ts";
import { writeLayout } from "../registry/layout.ts";
import type { ImageTarget } from "./image-targets.ts";

/** How readers find what was written. */
export interface Written {
  readonly listedBy: "api" | "fallback" | "layout";
}

/**
 * Stores artifacts that refer to `target`.
 *
 * @throws SigstepError those of {@link storeReferrers} and {@link writeLayout}
 */
export async function addReferrersTo(
  { place, manifest }: ImageTarget,
  artifacts: readonly Artifact[],
): Promise<Written> {
  if (place.kind === "layout") {
    await writeLayout(place.folder, artifacts);
    return { listedBy: "layout" };
  }
  const { listedBy } = await storeReferrers(place.repository, {
    subject: manifest.descriptor,
    artifacts,
  });
  return { listedBy };
}
