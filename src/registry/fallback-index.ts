// The index at `sha256-…`: entries added whole, nothing of others lost or changed.
// distribution-spec, "Referrers Tag Schema".
import { parseJson } from "../encoding/json.ts";
import { describe, type Descriptor } from "./descriptor.ts";
import { imageIndexType, maxManifestBytes, type Manifest } from "./manifest.ts";

/** Types that say nothing of what an artifact is: what writers put who did not look. */
const empty: ReadonlySet<string> = new Set(["", "application/vnd.oci.empty.v1+json"]);

/** Whether `entries` hold each of `wanted` exactly as given, and once, and nothing twice. */
export function holdsAll(entries: readonly Descriptor[], wanted: readonly Descriptor[]): boolean {
  const held = new Map(entries.map((entry) => [entry.digest, entry]));
  if (held.size !== entries.length) return false;
  return wanted.every((entry) => {
    const found = held.get(entry.digest);
    return found !== undefined && canonical(found) === canonical(entry);
  });
}

/** Whether an entry says what it is: readers pick by artifact type. */
export function isComplete({ artifactType = "" }: Descriptor): boolean {
  return !empty.has(artifactType);
}

/** An entry as it stands in an index of somebody's, with members that we do not know. */
export interface RawEntry {
  readonly entry: Descriptor;
  readonly raw: unknown;
}

/** The entries of an index, whole. */
export function rawEntries({ bytes, content, descriptor }: Manifest): readonly RawEntry[] {
  if (content.kind !== "index") return [];
  const source = {
    label: descriptor.digest,
    code: "IMAGE_INVALID",
    maxBytes: maxManifestBytes,
  } as const;
  const items = parseJson(bytes, source).get("manifests").itemsOrNone(content.manifests.length);
  return items.flatMap(({ raw }, index) => {
    const entry = content.manifests[index];
    return entry === undefined ? [] : [{ entry, raw }];
  });
}

/** Adds to `seen`, each digest once; an entry that says what it is goes before one that does not. */
export function remember(seen: Map<string, RawEntry>, entries: readonly RawEntry[]): void {
  for (const found of entries) {
    const known = seen.get(found.entry.digest);
    if (known === undefined || (!isComplete(known.entry) && isComplete(found.entry))) {
      seen.set(found.entry.digest, found);
    }
  }
}

/** An index of `entries`, with the annotations of the one it replaces. */
export function encodeIndex(
  entries: readonly unknown[],
  annotations: Readonly<Record<string, string>> = {},
): Pick<Manifest, "descriptor" | "bytes"> {
  const index = {
    schemaVersion: 2,
    mediaType: imageIndexType,
    manifests: entries,
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
  const bytes = Buffer.from(JSON.stringify(index), "utf8");
  return { descriptor: describe(imageIndexType, bytes), bytes };
}

/** A text that is the same for the same meaning, whatever the order of members. */
function canonical({ mediaType, digest, size, artifactType, annotations }: Descriptor): string {
  const notes = Object.entries(annotations ?? {}).sort(([left], [right]) =>
    left < right ? -1 : 1,
  );
  return JSON.stringify([mediaType, digest, size, artifactType ?? "", notes]);
}
