// Storing what refers to an image, so that everyone finds it: by the API, or by the index at a tag.
// distribution-spec, "Pushing Manifests with Subject".
import { findManifest, getManifest, putManifest } from "./client.ts";
import type { Descriptor } from "./descriptor.ts";
import {
  encodeIndex,
  holdsAll,
  isComplete,
  rawEntries,
  remember,
  type RawEntry,
} from "./fallback-index.ts";
import { describeReferrer, type Manifest } from "./manifest.ts";
import { fallbackTag, hasReferrersApi, listReferrers, notAnIndex } from "./referrers.ts";
import { updateTag, type SettleOptions, type TagChange } from "./shared-tag.ts";
import type { Repository } from "./transport.ts";
import { putBlob } from "./upload.ts";

/** A manifest with the blobs that it names. */
export interface Artifact {
  readonly manifest: Manifest;
  readonly blobs: readonly Blob[];
}

/** A blob with its description. */
export interface Blob {
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
}

/** Where readers find what was stored. */
export interface Stored {
  readonly listedBy: "api" | "fallback";
  /** One for each artifact, in order. */
  readonly entries: readonly Descriptor[];
}

/**
 * Stores artifacts that refer to `subject`: blobs, manifests, and where the registry does not list them
 * itself, the index at the fallback tag, once for all of them.
 *
 * @throws SigstepError those of {@link putBlob}, {@link putManifest} and {@link updateTag}
 */
export async function storeReferrers(
  repository: Repository,
  { subject, artifacts }: { readonly subject: Descriptor; readonly artifacts: readonly Artifact[] },
  options: SettleOptions = {},
): Promise<Stored> {
  // One blob is often in all of them: the empty config.
  const blobs = new Map(
    artifacts.flatMap((artifact) => artifact.blobs.map((blob) => [blob.descriptor.digest, blob])),
  );
  await Promise.all(
    [...blobs.values()].map(({ descriptor, bytes }) => putBlob(repository, descriptor, bytes)),
  );
  const seen = await Promise.all(
    artifacts.map(({ manifest }) => putManifest(repository, manifest)),
  );
  const entries = artifacts.map(({ manifest }) => describeReferrer(manifest));
  const wasSeen = seen.every((digest) => digest === subject.digest);
  if (await isListed(repository, subject.digest, { entries, wasSeen })) {
    return { listedBy: "api", entries };
  }
  await addToFallback(repository, { digest: subject.digest, entries }, options);
  return { listedBy: "fallback", entries };
}

/**
 * By what the registry does. OCI-Subject alone is no proof (some send it and have no API), and without it
 * the API may still list what was stored.
 */
async function isListed(
  repository: Repository,
  digest: string,
  { entries, wasSeen }: { readonly entries: readonly Descriptor[]; readonly wasSeen: boolean },
): Promise<boolean> {
  if (wasSeen) return hasReferrersApi(repository, digest);
  const listed = await listReferrers(repository, digest, { maxEntries: 20_000 });
  if (listed.listedBy !== "api") return false;
  const found = new Set(listed.entries.map((entry) => entry.digest));
  return entries.every((entry) => found.has(entry.digest));
}

/**
 * Puts entries into the index at the fallback tag of an image, beside what is there.
 *
 * @throws SigstepError IMAGE_INVALID when something else stands at that tag, and those of {@link updateTag}
 */
export async function addToFallback(
  repository: Repository,
  addition: FallbackAddition,
  options: SettleOptions = {},
): Promise<void> {
  await updateTag(repository, additionOf(repository, addition), options);
}

/** What to add to which index. */
export interface FallbackAddition {
  /** Of the image that the entries refer to. */
  readonly digest: string;
  readonly entries: readonly Descriptor[];
}

function additionOf(
  repository: Repository,
  { digest, entries: added }: FallbackAddition,
): TagChange {
  const ours = new Map(added.map((entry) => [entry.digest, entry]));
  const entries = [...ours.values()];
  const seen = new Map<string, RawEntry>();
  return {
    tag: fallbackTag(digest),
    merge: (current) => {
      if (current !== undefined && current.content.kind !== "index") {
        return Promise.reject(notAnIndex(repository, digest));
      }
      const there = current === undefined ? [] : rawEntries(current);
      remember(seen, there);
      const others = [...seen.values()].filter(({ entry }) => !ours.has(entry.digest));
      const held = there.map(({ entry }) => entry);
      const isWhole = others.every(({ entry }) => held.some((one) => one.digest === entry.digest));
      if (isWhole && holdsAll(held, entries)) return Promise.resolve(undefined);
      const merged = [...others.map(({ raw }) => raw), ...entries];
      return Promise.resolve(encodeIndex(merged, current?.content.annotations));
    },
  };
}

/** What {@link repairIndex} did. */
export interface Repair {
  /** Entries that now say what they are. */
  readonly repaired: readonly Descriptor[];
  /** Entries whose manifest is gone, left as they are. */
  readonly gone: readonly Descriptor[];
}

const maxRepairs = 1000;

/**
 * Gives the entries of the index at the fallback tag of `digest` the artifact type and annotations that
 * their writers left out, from the manifests themselves.
 *
 * @throws SigstepError as {@link addToFallback} and {@link getManifest}
 */
export async function repairIndex(
  repository: Repository,
  digest: string,
  options: SettleOptions = {},
): Promise<Repair> {
  const index = await getManifest(repository, fallbackTag(digest));
  if (index.content.kind !== "index") throw notAnIndex(repository, digest);
  const lacking = index.content.manifests
    .filter((entry) => !isComplete(entry))
    .slice(0, maxRepairs);
  const found = await Promise.all(
    lacking.map(async (entry) => ({
      entry,
      manifest: await findManifest(repository, entry.digest),
    })),
  );
  const gone = found.flatMap(({ entry, manifest }) => (manifest === undefined ? [entry] : []));
  const repaired = found.flatMap(({ manifest }) =>
    manifest === undefined ? [] : [describeReferrer(manifest)],
  );
  const hasDuplicates = !holdsAll(index.content.manifests, []);
  if (repaired.length > 0 || hasDuplicates) {
    await addToFallback(repository, { digest, entries: repaired }, options);
  }
  return { repaired, gone };
}
