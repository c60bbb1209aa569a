// What a statement must say: its predicate type, of provenance its builder and source, and which of the
// attestations it is that must all be there.
import type { ProvenCertificate } from "./chain.ts";
import { checkAttestations, type AttestationRequirement } from "./policy-attestations.ts";
import { checkProvenance, refuseStatement, type ProvenancePolicy } from "./policy-provenance.ts";
import { matchProvenance } from "./provenance-match.ts";
import { showText } from "./show-text.ts";
import type { Statement } from "./statement.ts";

const provenanceType = "https://slsa.dev/provenance/v1";

/** What is asked of statements. */
export interface StatementPolicy {
  /** Any one of them; then only statements of these types count. */
  readonly predicateTypes?: readonly string[];
  /** Then only provenance counts. */
  readonly provenance?: ProvenancePolicy;
  /** All of them, each by some bundle; then only statements that are one of them count. */
  readonly attestations?: readonly AttestationRequirement[];
  /** Statements count for their signer alone: provenance may name another builder than its certificate. */
  readonly ignoresProvenanceClaims?: true;
}

/**
 * Checks what a statement says, and for build types that promise it, that provenance says what the
 * certificate says.
 *
 * @returns Those of the policy's attestations that it is; whether all are there, one statement cannot tell.
 * @throws SigstepError POLICY_NOT_SATISFIED; STATEMENT_INVALID for provenance of another build
 */
export function checkStatement(
  statement: Statement,
  policy: StatementPolicy,
  certificate?: ProvenCertificate,
): readonly AttestationRequirement[] {
  checkPredicateType(statement, policy);
  if (policy.provenance !== undefined) checkProvenance(statement, policy.provenance);
  const { attestations } = policy;
  const met = attestations === undefined ? [] : checkAttestations(statement, attestations);
  if (certificate === undefined || policy.ignoresProvenanceClaims === true) return met;
  if (statement.predicateType !== provenanceType) return met;
  matchProvenance(statement.predicate, certificate.certificate.fulcio.named);
  return met;
}

function checkPredicateType(
  { predicateType }: Statement,
  { predicateTypes }: StatementPolicy,
): void {
  if (predicateTypes?.includes(predicateType) !== false) return;
  const wanted = predicateTypes.map((type) => showText(type)).join(" or ");
  throw refuseStatement(
    "predicate type",
    `is ${showText(predicateType)}, and the policy wants ${wanted}`,
  );
}
