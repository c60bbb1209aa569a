// The subjects of an earlier run, from the manifest that it wrote (commands/manifest.ts).
import { parseJson, type JsonValue } from "../encoding/json.ts";
import { requireDigest } from "./digest-text.ts";
import { requireName, type Subject } from "./subject.ts";

const schemaVersion = 1;
const maxBytes = 128 * 1024 * 1024;
const maxItems = 1_000_000;

/**
 * The subjects that a manifest lists. What the run could not sign is not among them.
 *
 * @param label - For messages: `manifest sigstep-manifest.json`.
 * @throws SigstepError INPUT_VALUE for what is not a manifest, INPUT_NAME
 */
export function parseManifestSubjects(bytes: Uint8Array, label: string): Subject[] {
  const json = parseJson(bytes, { label, code: "INPUT_VALUE", maxBytes });
  const version = json.get("schemaVersion");
  if (version.integer() !== schemaVersion) {
    throw version.refuse(`is not ${schemaVersion}, the version that is known`);
  }
  const subjects = json.get("subjects");
  const found = subjects.items(maxItems).map((item) => parseItem(item, label));
  if (found.length === 0) throw subjects.refuse("is empty: the run that wrote it signed nothing");
  return found;
}

function parseItem(item: JsonValue, label: string): Subject {
  const place = `${label} ${item.path}`;
  const name = item.get("name").string();
  requireName(name, place);
  const digest = item.get("digest");
  const entries = Object.keys(digest.members()).map((algorithm) => {
    const { hex } = requireDigest(algorithm, digest.get(algorithm).string(), place);
    return [algorithm, hex] as const;
  });
  if (entries.length === 0) throw digest.refuse("is empty");
  return { name, digests: new Map(entries) };
}
