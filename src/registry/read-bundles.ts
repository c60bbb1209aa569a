// The bundles that refer to an image, in a registry or a folder. Nothing in them is proven.
import { maxBundleBytes } from "../sigstore/bundle.ts";
import { bundleTypePrefix, findBundleLayer, mayBeBundle } from "./bundle-artifact.ts";
import type { Descriptor } from "./descriptor.ts";
import { SigstepError } from "../errors.ts";
import type { ImageStore } from "./image-store.ts";

/** A bundle as found. */
export interface FoundBundle {
  /** The artifact's manifest. */
  readonly artifact: Descriptor;
  /** The bundle's JSON, or why it could not be had. */
  readonly bundle: Uint8Array | SigstepError;
}

/** What is read at most. */
export interface BundleLimits {
  /** Artifacts to look into; 100 unless given. */
  readonly maxBundles?: number;
  /** All bundles together, in bytes; 128 MiB unless given. */
  readonly maxTotalBytes?: number;
}

/**
 * Reads the bundles about `subject`, in the order of the list. One that cannot be read says so in its place:
 * anybody who may push could otherwise keep all others from being verified.
 *
 * @throws SigstepError REGISTRY_ANSWER_INVALID when there are more than the limits allow, and those of the list
 */
export async function readBundles(
  store: ImageStore,
  subject: string,
  { maxBundles = 100, maxTotalBytes = 128 * 1024 * 1024 }: BundleLimits = {},
): Promise<readonly FoundBundle[]> {
  const { entries } = await store.listReferrers(subject);
  const candidates = entries.filter(mayBeBundle);
  const tooMany = (what: string): SigstepError =>
    new SigstepError("REGISTRY_ANSWER_INVALID", `${store.name} has ${what} about ${subject}.`, {
      where: store.name,
    });
  if (candidates.length > maxBundles) throw tooMany(`more than ${maxBundles} bundles`);
  const found: FoundBundle[] = [];
  let total = 0;
  for (const artifact of candidates) {
    const bundle = await readBundle(store, artifact, subject);
    if (bundle === undefined) continue;
    total += bundle instanceof SigstepError ? 0 : bundle.byteLength;
    if (total > maxTotalBytes) throw tooMany(`more than ${maxTotalBytes} bytes of bundles`);
    found.push({ artifact, bundle });
  }
  return found;
}

async function readBundle(
  store: ImageStore,
  artifact: Descriptor,
  subject: string,
): Promise<Uint8Array | SigstepError | undefined> {
  try {
    const manifest = await store.readManifest(artifact.digest);
    const layer = findBundleLayer(manifest, subject);
    return layer === undefined ? undefined : await store.readBlob(layer, maxBundleBytes);
  } catch (error) {
    // What calls itself something else is nobody's bundle; what the registry cannot give is everyone's matter.
    if (error instanceof SigstepError && ofOneArtifact.has(error.code)) {
      return artifact.artifactType?.startsWith(bundleTypePrefix) === true ? error : undefined;
    }
    throw error;
  }
}

const ofOneArtifact: ReadonlySet<string> = new Set([
  "BUNDLE_INVALID",
  "IMAGE_INVALID",
  "IMAGE_NOT_FOUND",
  "REGISTRY_ANSWER_INVALID",
]);
