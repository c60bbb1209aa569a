// in-toto statements: which artifacts, by digest, and what is said of them. Read, and matched against
// an artifact; a name in a statement proves nothing.
// https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
import {
  digestAlgorithms,
  isDigestAlgorithm,
  type Digest,
  type DigestAlgorithm,
  type Digests,
} from "../crypto/digest.ts";
import { encodeHex } from "../encoding/base64.ts";
import { parseJson, type JsonValue } from "../encoding/json.ts";
import { quote, SigstepError } from "../errors.ts";

const types = ["https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"] as const;
const maxBytes = 32 * 1024 * 1024;
const maxSubjects = 16_384;
const maxDigests = 32;

/** A statement as read. */
export interface Statement {
  readonly type: (typeof types)[number];
  readonly subjects: readonly StatementSubject[];
  readonly predicateType: string;
  /** May be absent: some predicate types say all by their name. */
  readonly predicate: JsonValue;
}

/** An artifact that a statement is about. */
export interface StatementSubject {
  /** Empty when it has none. */
  readonly name: string;
  /** Algorithm → lower-case hexadecimal, or whatever else the algorithm's name asks for. */
  readonly digests: ReadonlyMap<string, string>;
}

/**
 * Reads a statement.
 *
 * @throws SigstepError STATEMENT_INVALID
 */
export function parseStatement(payload: Uint8Array): Statement {
  const json = parseJson(payload, { label: "statement", code: "STATEMENT_INVALID", maxBytes });
  const type = types.find((known) => known === json.get("_type").string());
  if (type === undefined) throw json.get("_type").refuse("is not an in-toto statement v1 or v0.1");
  const subjects = json.get("subject").items(maxSubjects).map(parseSubject);
  if (subjects.length === 0) throw json.get("subject").refuse("is empty");
  const predicateType = json.get("predicateType").string();
  if (predicateType === "") throw json.get("predicateType").refuse("is empty");
  return { type, subjects, predicateType, predicate: json.get("predicate") };
}

function parseSubject(json: JsonValue): StatementSubject {
  const digest = json.get("digest");
  const names = Object.keys(digest.members());
  if (names.length === 0) throw digest.refuse("is empty");
  if (names.length > maxDigests) throw digest.refuse(`has more than ${maxDigests} members`);
  return {
    name: json.get("name").optional()?.string() ?? "",
    digests: new Map(names.map((name) => [name, readDigest(digest.get(name), name)])),
  };
}

/** A digest that we compute has its one spelling, but for the case of its letters. */
function readDigest(json: JsonValue, name: string): string {
  const text = json.string();
  if (!isDigestAlgorithm(name)) return text;
  const { length } = digestAlgorithms[name];
  if (!/^[0-9a-fA-F]*$/.test(text) || text.length !== 2 * length) {
    throw json.refuse(`is not a ${name} digest of ${2 * length} hexadecimal digits`);
  }
  return text.toLowerCase();
}

/** Algorithms that we compute and by which `statement` names an artifact. */
export function subjectAlgorithms({ subjects }: Statement): Set<DigestAlgorithm> {
  const names = subjects.flatMap(({ digests }) => [...digests.keys()]);
  return new Set(names.filter(isDigestAlgorithm));
}

/**
 * The digest by which `statement` is about the artifact: some subject has it, and none of that
 * subject's other digests that are known contradicts it.
 *
 * @throws SigstepError STATEMENT_INVALID
 * @see https://github.com/sigstore/architecture-docs client-spec.md section 4.5
 */
export function findSubject(statement: Statement, artifact: Digests): Digest {
  for (const { digests } of statement.subjects) {
    const common = [...artifact].filter(([algorithm]) => digests.has(algorithm));
    const [first] = common;
    if (first === undefined) continue;
    if (common.every(([algorithm, bytes]) => digests.get(algorithm) === encodeHex(bytes))) {
      return { algorithm: first[0], bytes: first[1] };
    }
  }
  throw notASubject(statement, artifact);
}

/**
 * Checks that `wanted` is a subject of the statement, name and digests and all.
 *
 * @throws SigstepError STATEMENT_INVALID
 */
export function requireSubject(statement: Statement, wanted: StatementSubject): void {
  const isThere = statement.subjects.some(
    ({ name, digests }) =>
      name === wanted.name &&
      digests.size === wanted.digests.size &&
      [...wanted.digests].every(([algorithm, value]) => digests.get(algorithm) === value),
  );
  if (!isThere) throw refuse(`is not about ${quote(wanted.name)}`);
}

const maxShown = 3;

function notASubject(statement: Statement, artifact: Digests): SigstepError {
  const known = [...artifact].map(([algorithm, bytes]) => `${algorithm}:${encodeHex(bytes)}`);
  const named = new Set(statement.subjects.flatMap(({ digests }) => [...digests.keys()]));
  if (![...artifact.keys()].some((algorithm) => named.has(algorithm))) {
    const list = [...named].map((name) => quote(name, 20)).slice(0, maxShown);
    return refuse(
      `names its subjects by ${list.join(", ")} only, and the artifact is known by ${[...artifact.keys()].join(", ")}`,
      "Give the file itself, or a digest of that kind.",
    );
  }
  const names = statement.subjects.map(({ name }) => quote(name, 60)).slice(0, maxShown);
  const more = statement.subjects.length > maxShown ? ", …" : "";
  return refuse(`is about ${names.join(", ")}${more}, not about the artifact ${known.join(" ")}`);
}

function refuse(why: string, hint = ""): SigstepError {
  return new SigstepError("STATEMENT_INVALID", `The statement ${why}.`, { hint });
}
