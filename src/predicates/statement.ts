// in-toto statements v1, written: the exact bytes that a signature covers. The same subjects and
// predicate give the same bytes.
// https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
import type { StatementSubject } from "../sigstore/statement.ts";

/** What a statement is made of. */
export interface StatementParts {
  /** At least one; digests by algorithm in lower-case hexadecimal. */
  readonly subjects: readonly StatementSubject[];
  /** A type URI. */
  readonly predicateType: string;
  /** JSON text of the predicate, which is embedded as it stands. */
  readonly predicateJson: string;
}

/** No more subjects are in one statement; GitHub's store takes no more. */
export const maxSubjects = 1024;

/**
 * The statement's bytes: members in the specification's order, digests in the order of algorithm names,
 * subjects in their own.
 */
export function encodeStatement({
  subjects,
  predicateType,
  predicateJson,
}: StatementParts): Uint8Array {
  if (subjects.length === 0 || subjects.length > maxSubjects) {
    throw new TypeError(`${subjects.length} subjects in one statement`);
  }
  const head = {
    _type: "https://in-toto.io/Statement/v1",
    subject: subjects.map(describeSubject),
    predicateType,
  };
  return Buffer.from(`${JSON.stringify(head).slice(0, -1)},"predicate":${predicateJson}}`);
}

function describeSubject({ name, digests }: StatementSubject): object {
  const sorted = [...digests].sort(([left], [right]) => (left < right ? -1 : 1));
  const digest = Object.fromEntries(sorted);
  return name === "" ? { digest } : { name, digest };
}

/** `subjects` in their order, in as few groups as one statement each can hold. */
export function shardSubjects<Subject>(subjects: readonly Subject[]): Subject[][] {
  const count = Math.ceil(subjects.length / maxSubjects);
  return Array.from({ length: count }, (_, index) =>
    subjects.slice(index * maxSubjects, (index + 1) * maxSubjects),
  );
}
