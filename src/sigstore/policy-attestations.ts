// Several attestations at once: a release is good when each of them is there, by one bundle or another.
// One bundle is judged alone, and says which of them it is; whether all are there, the caller asks when
// every bundle has been judged.
import { toSigstepError, type SigstepError } from "../errors.ts";
import { checkProvenance, refuseStatement, type ProvenancePolicy } from "./policy-provenance.ts";
import { showText } from "./show-text.ts";
import type { Statement } from "./statement.ts";

/** An attestation that must be there. */
export interface AttestationRequirement {
  /** As its author calls it, for messages: a short name or a URI. */
  readonly name: string;
  /** Any one of them. */
  readonly predicateTypes: readonly string[];
  /** What it must say besides; of provenance alone. */
  readonly provenance?: ProvenancePolicy;
}

/**
 * Those of `attestations` that `statement` is.
 *
 * @returns One at least.
 * @throws SigstepError POLICY_NOT_SATISFIED when it is none, with the reason of the one whose type it has.
 */
export function checkAttestations(
  statement: Statement,
  attestations: readonly AttestationRequirement[],
): readonly AttestationRequirement[] {
  const met: AttestationRequirement[] = [];
  let reason: SigstepError | undefined;
  for (const wanted of attestations) {
    if (!wanted.predicateTypes.includes(statement.predicateType)) continue;
    try {
      if (wanted.provenance !== undefined) checkProvenance(statement, wanted.provenance);
      met.push(wanted);
    } catch (error) {
      reason ??= toSigstepError(error);
    }
  }
  if (met.length > 0) return met;
  if (reason !== undefined) throw reason;
  const found = showText(statement.predicateType);
  const names = listNames(attestations, "or");
  throw refuseStatement("predicate type", `is ${found}, and the policy wants ${names}`);
}

/** Those of `attestations` that none of `met` is. */
export function findMissing(
  attestations: readonly AttestationRequirement[],
  met: ReadonlySet<AttestationRequirement>,
): readonly AttestationRequirement[] {
  return attestations.filter((wanted) => !met.has(wanted));
}

/** `"provenance" and "sbom"` */
export function listNames(
  attestations: readonly AttestationRequirement[],
  word: "and" | "or",
): string {
  const names = [...new Set(attestations.map(({ name }) => showText(name)))];
  const last = names.pop() ?? "";
  return names.length === 0 ? last : `${names.join(", ")} ${word} ${last}`;
}
