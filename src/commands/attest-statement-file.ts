// A whole statement from a file, signed as it is: its author answers for what it says.
import { SigstepError, quote, toSigstepError } from "../errors.ts";
import { predicateTypeOf } from "../predicates/predicate-types.ts";
import { parseStatement, type Statement } from "../sigstore/statement.ts";
import type { Subject } from "../subjects/subject.ts";
import { readDocument, type PlannedPredicate } from "./attest-predicates.ts";

/** Subjects and predicate of a statement, as a plan takes them. */
export interface StatementParts {
  readonly subjects: readonly Subject[];
  readonly predicates: readonly PlannedPredicate[];
}

/**
 * Reads the statement at `path`.
 *
 * @throws SigstepError INPUT_UNREADABLE; PREDICATE_INVALID for what is no in-toto statement.
 */
export async function readStatement(path: string): Promise<StatementParts> {
  const payload = await readDocument(path, "statement-path");
  const label = `statement ${quote(path)}`;
  const { subjects, predicateType } = parse(payload, label);
  const type = predicateTypeOf(predicateType);
  return {
    subjects,
    predicates: [{ kind: "statement", label, type, subjects: undefined, payload }],
  };
}

function parse(payload: Uint8Array, label: string): Statement {
  try {
    return parseStatement(payload);
  } catch (thrown) {
    const error = toSigstepError(thrown);
    throw new SigstepError("PREDICATE_INVALID", `The ${label}: ${error.message}`, {
      where: "statement-path",
      hint: "It has to be an in-toto statement, v1 or v0.1, in JSON; for a predicate alone use predicate-path.",
      cause: error,
    });
  }
}
