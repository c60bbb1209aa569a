// Everything that is stored about one image and may say who made it: bundles that refer to it, and cosign 2's
// signatures and attestations at tags. Anyone who may push can have put it there.
import { toSigstepError, SigstepError } from "../errors.ts";
import type { ImageStore } from "../registry/image-store.ts";
import { legacyBundle } from "../registry/legacy-bundle.ts";
import { readBundles, type FoundBundle } from "../registry/read-bundles.ts";
import { readLegacyEntries, type FoundLegacy } from "../registry/read-legacy.ts";
import type { Referrers } from "../registry/referrers.ts";
import { parseBundle, type Bundle } from "../sigstore/bundle.ts";
import { atStep } from "../sigstore/step.ts";

/** Where a bundle of an image is stored. */
export interface StoragePlace {
  /** By the referrers API, by the index at a tag, in a folder's index, or at cosign 2's tags. */
  readonly kind:
    "referrers" | "fallback-index" | "layout" | "legacy-signature" | "legacy-attestation";
  /** Of the artifact's manifest, or of the layer at the tag. */
  readonly digest?: string;
  readonly tag?: string;
}

/** A bundle as it was found, or why it cannot be read. */
export interface ImageCandidate {
  /** The place in words. */
  readonly label: string;
  readonly storage: StoragePlace;
  readonly bundle: Bundle | SigstepError;
  /** What a signature of cosign 2 is over, in place of the image. */
  readonly payload?: Uint8Array;
}

/** Of one image, each kind together: all of it is in memory, for several images at once. */
const limits = { maxBundles: 100, maxTotalBytes: 64 * 1024 * 1024 };
/** What is signed of an image is a few hundred bytes. */
const signatureLimits = { maxBundles: 100, maxTotalBytes: 1024 * 1024 };

/**
 * What is stored about the image `digest`. One thing that cannot be read does not keep the others back.
 *
 * @throws SigstepError when the store cannot give its lists, or has more than is read
 */
export async function readImageBundles(
  store: ImageStore,
  digest: string,
  isLayout: boolean,
): Promise<readonly ImageCandidate[]> {
  const [bundles, signatures, attestations] = await Promise.all([
    readReferrers(store, digest, isLayout),
    readLegacyEntries(store, { subject: digest, kind: "sig" }, signatureLimits),
    readLegacyEntries(store, { subject: digest, kind: "att" }, limits),
  ]);
  return [...bundles, ...[...signatures, ...attestations].map(legacyCandidate)];
}

async function readReferrers(
  store: ImageStore,
  digest: string,
  isLayout: boolean,
): Promise<readonly ImageCandidate[]> {
  const lists: Referrers[] = [];
  const noting: ImageStore = {
    ...store,
    listReferrers: async (of, filter) => {
      const listed = await store.listReferrers(of, filter);
      lists.push(listed);
      return listed;
    },
  };
  const found = await readBundles(noting, digest, limits);
  const isFallback = lists.some(({ listedBy }) => listedBy === "fallback");
  const listed = isFallback ? "fallback-index" : "referrers";
  return found.map((each) => referrerCandidate(each, isLayout ? "layout" : listed));
}

function referrerCandidate(
  { artifact: { digest }, bundle }: FoundBundle,
  kind: StoragePlace["kind"],
): ImageCandidate {
  const place = { label: `referrer ${digest}`, storage: { kind, digest } };
  const read = (bytes: Uint8Array): Bundle => parseBundle(bytes, `bundle of referrer ${digest}`);
  return { ...place, bundle: readOr(bundle, read) };
}

function legacyCandidate({ kind, tag, layer, entry }: FoundLegacy): ImageCandidate {
  const label = layer === undefined ? `tag ${tag}` : `tag ${tag}, layer ${layer}`;
  const storage = {
    kind: kind === "sig" ? "legacy-signature" : "legacy-attestation",
    tag,
    ...(layer === undefined ? {} : { digest: layer }),
  } as const;
  const bundle = readOr(entry, (one) => legacyBundle(one, kind));
  if (entry instanceof SigstepError || kind === "att") return { label, storage, bundle };
  return { label, storage, bundle, payload: entry.payload };
}

function readOr<T>(found: T | SigstepError, read: (found: T) => Bundle): Bundle | SigstepError {
  try {
    if (found instanceof SigstepError) throw found;
    return read(found);
  } catch (thrown) {
    return toSigstepError(atStep(1, thrown));
  }
}
