// The runner's list of what a job has declared as its artifacts: the file that $GITHUB_ARTIFACTS_LIST names,
// version 1. https://github.com/actions/runner/pull/4527, actions/attest src/artifacts.ts
import { parseJson, type JsonValue } from "../encoding/json.ts";
import { quote, SigstepError } from "../errors.ts";
import { requireDigest } from "./digest-text.ts";
import { requireName, type Subject } from "./subject.ts";

/** A subject of the list, and whether it is a file or an image. */
export interface ListedArtifact extends Subject {
  readonly kind: "file" | "oci";
}

const label = "artifacts list";
const maxBytes = 1024 * 1024;
const maxItems = 100_000;

/**
 * Reads the list; none when the file is empty, as it is where the feature is off. An entry that is repeated
 * counts once.
 *
 * @throws SigstepError INPUT_VALUE for what is not such a list; INPUT_NAME; INPUT_NAME_CLASH for one name
 * with two digests or kinds.
 */
export function parseArtifactsList(bytes: Uint8Array): ListedArtifact[] {
  if (isBlank(bytes)) return [];
  const json = parseJson(bytes, { label, code: "INPUT_VALUE", maxBytes });
  const version = json.get("version");
  if (version.raw !== 1) throw version.refuse("is not 1, the version that is known");
  const found = new Map<string, ListedArtifact>();
  for (const item of json.get("subjects").items(maxItems)) {
    const artifact = parseItem(item);
    const other = found.get(artifact.name);
    if (other !== undefined && !isSame(artifact, other)) throw clash(item, artifact.name);
    found.set(artifact.name, artifact);
  }
  return [...found.values()];
}

/** A byte order mark is no blank: the JSON reader refuses it. */
function isBlank(bytes: Uint8Array): boolean {
  return bytes.byteLength <= maxBytes && bytes.every((byte) => [9, 10, 13, 32].includes(byte));
}

function parseItem(item: JsonValue): ListedArtifact {
  const name = item.get("name").string();
  requireName(name, `${label} ${item.path}`);
  const kind = item.get("kind").string();
  if (kind !== "file" && kind !== "oci") {
    throw item.get("kind").refuse(`is ${quote(kind, 40)}, neither file nor oci`);
  }
  const digest = item.get("digest");
  const [, digits] = /^sha256:(.*)$/s.exec(digest.string()) ?? [];
  if (digits === undefined) throw digest.refuse("is not sha256: and hexadecimal digits");
  const { algorithm, hex } = requireDigest("sha256", digits, `${label} ${item.path}`);
  return { name, kind, digests: new Map([[algorithm, hex]]) };
}

function isSame(left: ListedArtifact, right: ListedArtifact): boolean {
  return left.kind === right.kind && left.digests.get("sha256") === right.digests.get("sha256");
}

function clash({ path }: JsonValue, name: string): SigstepError {
  return new SigstepError(
    "INPUT_NAME_CLASH",
    `The ${label} has ${quote(name)} twice, with different digests or kinds.`,
    { where: `${label} ${path}`, hint: "Declare each artifact once, after it is finished." },
  );
}
