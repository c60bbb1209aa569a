// From what a user names to one digest: the tag is looked up once, and from then on the digest counts.
import { SigstepError } from "../errors.ts";
import { digestText } from "./descriptor.ts";
import type { ImageStore } from "./image-store.ts";
import type { Manifest } from "./manifest.ts";
import type { ImageReference } from "./reference.ts";

/**
 * The manifest that `reference` names; without tag and digest, that of the tag `latest`.
 *
 * With both, both have to lead to the same: a tag that has moved on is a build that was overtaken.
 *
 * @throws SigstepError IMAGE_NOT_FOUND, REFERENCE_INVALID when tag and digest disagree, and those of the store
 */
export async function resolveImage(
  store: ImageStore,
  { tag, digest }: Pick<ImageReference, "tag" | "digest">,
): Promise<Manifest> {
  if (digest === undefined) return store.readManifest(tag ?? "latest");
  const manifest = await store.readManifest(digest);
  if (tag === undefined) return manifest;
  const tagged = await store.readManifest(tag);
  const found = digestText(tagged.bytes);
  if (found === digestText(manifest.bytes)) return manifest;
  throw new SigstepError(
    "REFERENCE_INVALID",
    `The tag ${tag} of ${store.name} is ${found} now, not ${digest}.`,
    { hint: "Another push has moved the tag. Name the digest alone.", where: store.name },
  );
}
