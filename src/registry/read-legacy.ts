// What cosign 2 stored beside an image, from a registry or a folder, within limits. Nothing of it is proven.
import { SigstepError } from "../errors.ts";
import type { Descriptor } from "./descriptor.ts";
import type { ImageStore } from "./image-store.ts";
import {
  legacyTag,
  legacyTypes,
  parseLegacyEntry,
  type LegacyEntry,
  type LegacyKind,
} from "./legacy.ts";
import type { Manifest } from "./manifest.ts";
import type { BundleLimits } from "./read-bundles.ts";

/** A signature or attestation as found. */
export interface FoundLegacy {
  readonly kind: LegacyKind;
  readonly tag: string;
  /** Digest of the layer; undefined when not even the manifest at the tag can be read. */
  readonly layer: string | undefined;
  /** What was found, or why it could not be had. */
  readonly entry: LegacyEntry | SigstepError;
}

/** A predicate of 16 MiB in base64, and room. */
const maxPayloadBytes = 24 * 1024 * 1024;

/**
 * Reads what stands at the tag of `kind` about `subject`, in the order of the layers. What cannot be read
 * says so in its place, as with bundles.
 *
 * @throws SigstepError REGISTRY_ANSWER_INVALID when there is more than the limits allow, and those of the store
 */
export async function readLegacyEntries(
  store: ImageStore,
  { subject, kind }: { readonly subject: string; readonly kind: LegacyKind },
  { maxBundles = 100, maxTotalBytes = 128 * 1024 * 1024 }: BundleLimits = {},
): Promise<readonly FoundLegacy[]> {
  const tag = legacyTag(subject, kind);
  const place = { kind, tag };
  const layers = await layersAt(store, place);
  if (layers instanceof SigstepError) return [{ ...place, layer: undefined, entry: layers }];
  const total = layers.reduce((sum, { size }) => sum + size, 0);
  if (layers.length > maxBundles) throw tooMuch(store, tag, `${maxBundles} layers`);
  if (total > maxTotalBytes) throw tooMuch(store, tag, `${maxTotalBytes} bytes`);
  const found: FoundLegacy[] = [];
  for (const layer of layers) {
    found.push({ ...place, layer: layer.digest, entry: await readLayer(store, layer) });
  }
  return found;
}

async function layersAt(
  store: ImageStore,
  { kind, tag }: Pick<FoundLegacy, "kind" | "tag">,
): Promise<readonly Descriptor[] | SigstepError> {
  const manifest = await attempt(() => store.findManifest(tag));
  if (manifest === undefined || manifest instanceof SigstepError) return manifest ?? [];
  return layersOf(manifest, { kind, tag });
}

function layersOf(
  { content }: Manifest,
  { kind, tag }: Pick<FoundLegacy, "kind" | "tag">,
): readonly Descriptor[] | SigstepError {
  if (content.kind === "image") {
    return content.layers.filter(({ mediaType }) => mediaType === legacyTypes[kind]);
  }
  const text = `The tag ${tag} is an index, and holds no signatures.`;
  return new SigstepError("IMAGE_INVALID", text, { where: tag });
}

async function readLayer(
  store: ImageStore,
  layer: Descriptor,
): Promise<LegacyEntry | SigstepError> {
  return attempt(async () => parseLegacyEntry(layer, await store.readBlob(layer, maxPayloadBytes)));
}

/** What is wrong with one thing that anyone may have pushed; what the registry cannot give is thrown on. */
async function attempt<T>(read: () => Promise<T>): Promise<T | SigstepError> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof SigstepError && ofOneArtifact.has(error.code)) return error;
    throw error;
  }
}

const ofOneArtifact: ReadonlySet<string> = new Set([
  "IMAGE_INVALID",
  "IMAGE_NOT_FOUND",
  "REGISTRY_ANSWER_INVALID",
]);

function tooMuch({ name }: ImageStore, tag: string, limit: string): SigstepError {
  const text = `${name} has more than ${limit} of signatures at the tag ${tag}.`;
  return new SigstepError("REGISTRY_ANSWER_INVALID", text, { where: name });
}
