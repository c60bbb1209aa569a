// The attestations of a manifest: each subject against the file of its name that is there, or else by its
// digest alone, with every bundle that the manifest lists for it.
import { isAbsolute, join } from "node:path";
import { digestAlgorithms, isDigestAlgorithm, type Digest } from "../crypto/digest.ts";
import { parseHex } from "../encoding/base64.ts";
import type { JsonValue } from "../encoding/json.ts";
import { quote, SigstepError } from "../errors.ts";
import type { StatementSubject } from "../sigstore/statement.ts";
import { isLines } from "./bundle-file.ts";
import type { Artifact, ListedBundle } from "./verify-artifacts.ts";
import type { Place } from "./verify-manifest-place.ts";
import { refuseListed, type RefusedResult } from "./verify-results.ts";

const maxSubjects = 100_000;
const maxDigests = 32;

/** An attestation as the manifest lists it. */
export interface ListedAttestation {
  readonly predicateType: string;
  readonly subjects: readonly StatementSubject[];
  /** Relative to the manifest's folder. */
  readonly bundle: string;
}

/**
 * Reads one item of `attestations`.
 *
 * @throws SigstepError of the manifest's code.
 */
export function parseAttestation(json: JsonValue): ListedAttestation {
  const [predicateType, bundle] = [json.get("predicateType"), json.get("bundle")];
  if (predicateType.string() === "") throw predicateType.refuse("is empty");
  const path = bundle.string();
  if (path === "" || path.includes("\0") || isLines(path)) throw bundle.refuse("is not a bundle");
  const subjects = json.get("subjects").items(maxSubjects).map(parseSubject);
  if (subjects.length === 0) throw json.get("subjects").refuse("is empty");
  return { predicateType: predicateType.string(), subjects, bundle: path };
}

function parseSubject(json: JsonValue): StatementSubject {
  const digest = json.get("digest");
  const names = Object.keys(digest.members());
  if (names.length === 0) throw digest.refuse("is empty");
  if (names.length > maxDigests) throw digest.refuse(`has more than ${maxDigests} members`);
  const digests = new Map(names.map((name) => [name, readDigest(digest.get(name), name)]));
  return { name: json.get("name").optional()?.string() ?? "", digests };
}

function readDigest(json: JsonValue, name: string): string {
  if (isDigestAlgorithm(name) && json.hex().length !== digestAlgorithms[name].length) {
    throw json.refuse(`is not a ${name} digest`);
  }
  return json.string();
}

/** What the attestations ask for. */
export interface LocatedAttestations {
  readonly artifacts: readonly Artifact[];
  /** Attestations whose bundle is not there. */
  readonly refused: readonly RefusedResult[];
}

/** Finds bundles and files; a subject of several attestations is one artifact with several bundles. */
export async function locateAttestations(
  attestations: readonly ListedAttestation[],
  place: Place,
): Promise<LocatedAttestations> {
  const found = new Map<string, { subject: StatementSubject; bundles: ListedBundle[] }>();
  const refused: RefusedResult[] = [];
  for (const { predicateType, subjects, bundle } of attestations) {
    const path = join(place.folder, bundle);
    if (!(await place.has(path))) {
      refused.push(noBundle(bundle, predicateType));
      continue;
    }
    for (const subject of subjects) {
      const known = found.get(keyOf(subject)) ?? { subject, bundles: [] };
      known.bundles.push({ path, predicateType });
      found.set(keyOf(subject), known);
    }
  }
  const artifacts: Artifact[] = [];
  for (const { subject, bundles } of found.values()) {
    for (const found of await locate(subject, place)) artifacts.push({ ...found, bundles });
  }
  return { artifacts, refused };
}

function keyOf({ name, digests }: StatementSubject): string {
  return JSON.stringify([name, [...digests].sort()]);
}

/** The file below the manifest's folder or the working directory; the digest alone where there is none. */
async function locate(
  subject: StatementSubject,
  place: Place,
): Promise<Exclude<Artifact, { kind: "digest" }>[]> {
  const listed = computable(subject);
  const { name } = subject;
  const isPath = name !== "" && !isAbsolute(name) && !name.includes("\0") && listed.length > 0;
  const files = isPath ? await place.findAll([join(place.folder, name), name]) : [];
  if (files.length > 0) {
    return files.map((file) => ({ kind: "file", name: file.path, file, listed }));
  }
  return [{ kind: "subject", name: describeSubject(subject), subject, bundles: [] }];
}

/** Digests that a file can be compared with. */
function computable({ digests }: StatementSubject): Digest[] {
  return [...digests].flatMap(([algorithm, hex]) =>
    isDigestAlgorithm(algorithm) ? [{ algorithm, bytes: parseHex(hex, "digest") }] : [],
  );
}

function describeSubject({ name, digests }: StatementSubject): string {
  const [[algorithm, value] = ["", ""]] = digests;
  const digest = `${algorithm}:${value}`;
  return name === ""
    ? `${digest} (no file here, by digest alone)`
    : `${name} ${digest} (no file here, by digest alone)`;
}

function noBundle(bundle: string, predicateType: string): RefusedResult {
  const error = new SigstepError(
    "BUNDLE_MISSING",
    `The manifest lists ${quote(bundle)}, an attestation of type ${quote(predicateType, 200)}, and it is neither in the working directory nor in the manifest's folder.`,
    {
      where: bundle,
      hint: "Put the bundles where they were, or beside the manifest. Paths that lead out of both folders are not followed.",
      step: { number: 1, name: "bundle" },
    },
  );
  return refuseListed(bundle, error);
}
