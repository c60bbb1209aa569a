// From the images that a user names to manifests with a digest: each tag is looked up once.
import { basename } from "node:path";
import { formatPlatform } from "../registry/descriptor.ts";
import { storeOf, type ImageStore } from "../registry/image-store.ts";
import { findImages } from "../registry/index-walk.ts";
import { openLayout } from "../registry/layout.ts";
import type { Manifest } from "../registry/manifest.ts";
import { formatRepository, type RepositoryName } from "../registry/reference.ts";
import { resolveImage } from "../registry/resolve.ts";
import type { Repository } from "../registry/transport.ts";
import { quote } from "../errors.ts";
import type { Runner } from "../runner/runner.ts";
import type { ImageChoice, ImageRequest } from "./image-request.ts";

/** Where images lie and what is said of them is stored. */
export type ImagePlace =
  | { readonly kind: "registry"; readonly repository: Repository; readonly store: ImageStore }
  | { readonly kind: "layout"; readonly folder: string; readonly store: ImageStore };

/** One manifest to sign. */
export interface ImageTarget {
  /** `registry/repository@sha256:…`, or `oci-layout:folder@sha256:…`. */
  readonly name: string;
  /** Name in a statement: `registry/repository`; of a folder its tag, else its last part. */
  readonly subjectName: string;
  /** `sha256:…`, computed here. */
  readonly digest: string;
  readonly manifest: Manifest;
  /** `linux/amd64`; undefined for what the user has named itself. */
  readonly platform: string | undefined;
  readonly place: ImagePlace;
}

/** What finding images takes. */
export interface TargetTools {
  readonly open: (name: RepositoryName) => Repository;
  readonly runner: Pick<Runner, "info">;
}

/**
 * The manifests that `request` means, each place's once, in the order of the request.
 *
 * @throws SigstepError IMAGE_NOT_FOUND, IMAGE_INVALID, REFERENCE_INVALID when tag and digest disagree, and
 * those of the places
 */
export async function findTargets(
  request: Pick<ImageRequest, "images" | "recursion">,
  tools: TargetTools,
): Promise<readonly ImageTarget[]> {
  const found = await Promise.all(request.images.map((image) => findTarget(image, request, tools)));
  return [...new Map(found.flat().map((target) => [target.name, target])).values()];
}

async function findTarget(
  image: ImageChoice,
  { recursion }: Pick<ImageRequest, "recursion">,
  { open, runner }: TargetTools,
): Promise<readonly ImageTarget[]> {
  const place = await openPlace(image, open);
  const { tag, digest } = image.kind === "registry" ? image.reference : image;
  const root = await resolveImage(place.store, { tag, digest });
  if (digest === undefined) runner.info(describeTag(image, root));
  const images = await findImages(place.store, root, recursion);
  return images.map(({ manifest, platform }) => ({
    ...{ ...nameOf(image, manifest.descriptor.digest), digest: manifest.descriptor.digest },
    ...{ manifest, place },
    platform: platform === undefined ? undefined : formatPlatform(platform),
  }));
}

async function openPlace(image: ImageChoice, open: TargetTools["open"]): Promise<ImagePlace> {
  if (image.kind === "layout") {
    return { kind: "layout", folder: image.folder, store: await openLayout(image.folder) };
  }
  const repository = open(image.reference);
  return { kind: "registry", repository, store: storeOf(repository) };
}

function nameOf(image: ImageChoice, digest: string): Pick<ImageTarget, "name" | "subjectName"> {
  if (image.kind === "layout") {
    const name = `oci-layout:${image.folder}@${digest}`;
    return { name, subjectName: image.tag ?? basename(image.folder) };
  }
  const subjectName = formatRepository(image.reference);
  return { name: `${subjectName}@${digest}`, subjectName };
}

function describeTag({ text }: ImageChoice, { descriptor }: Manifest): string {
  return `${quote(text)} is ${descriptor.digest} now, and that is what is signed. A tag can move: name the digest that the push gave (require-digest: true insists).`;
}
