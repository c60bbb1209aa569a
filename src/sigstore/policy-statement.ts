// What a statement must say: its predicate type, and of provenance its builder and source.
import { SigstepError } from "../errors.ts";
import type { ProvenCertificate } from "./chain.ts";
import { fits, type Matcher } from "./matcher.ts";
import { describeMatcher } from "./policy-words.ts";
import { matchProvenance } from "./provenance-match.ts";
import { isProvenance, readProvenance } from "./provenance.ts";
import { showText } from "./show-text.ts";
import type { Statement } from "./statement.ts";

const provenanceType = "https://slsa.dev/provenance/v1";

/** What provenance must say of where an artifact comes from. */
export interface ProvenancePolicy {
  readonly builderId?: Matcher;
  /** Address of the repository, as in `https://github.com/acme/widget`. */
  readonly sourceUri?: Matcher;
}

/** What is asked of statements. */
export interface StatementPolicy {
  /** Any one of them; then only statements of these types count. */
  readonly predicateTypes?: readonly string[];
  /** Then only provenance counts. */
  readonly provenance?: ProvenancePolicy;
  /** Statements count for their signer alone: provenance may name another builder than its certificate. */
  readonly ignoresProvenanceClaims?: true;
}

/**
 * Checks what a statement says, and for build types that promise it, that provenance says what the
 * certificate says.
 *
 * @throws SigstepError POLICY_NOT_SATISFIED
 */
export function checkStatement(
  statement: Statement,
  policy: StatementPolicy,
  certificate?: ProvenCertificate,
): void {
  checkPredicateType(statement, policy);
  if (policy.provenance !== undefined) checkProvenance(statement, policy.provenance);
  if (certificate === undefined || policy.ignoresProvenanceClaims === true) return;
  if (statement.predicateType !== provenanceType) return;
  matchProvenance(statement.predicate, certificate.certificate.fulcio.named);
}

function checkPredicateType(
  { predicateType }: Statement,
  { predicateTypes }: StatementPolicy,
): void {
  if (predicateTypes?.includes(predicateType) !== false) return;
  const wanted = predicateTypes.map((type) => showText(type)).join(" or ");
  throw refuse("predicate type", `is ${showText(predicateType)}, and the policy wants ${wanted}`);
}

function checkProvenance(statement: Statement, policy: ProvenancePolicy): void {
  if (!isProvenance(statement)) {
    const found = showText(statement.predicateType);
    throw refuse("predicate type", `is ${found}, and the policy wants SLSA provenance`);
  }
  const { builderId, sources } = readProvenance(statement);
  if (policy.builderId !== undefined) check("builder id", builderId, policy.builderId);
  const { sourceUri } = policy;
  if (sourceUri === undefined) return;
  if (sources.length === 0) check("source", undefined, sourceUri);
  // All that are named: one that fits must not stand in front of another.
  for (const source of sources) check("source", source, sourceUri);
}

function check(what: string, found: string | undefined, wanted: Matcher): void {
  if (found !== undefined && fits(wanted, found)) return;
  const is = found === undefined ? "is missing" : `is ${showText(found)}`;
  throw refuse(what, `${is}, and the policy wants ${describeMatcher(wanted)}`);
}

function refuse(what: string, why: string): SigstepError {
  return new SigstepError("POLICY_NOT_SATISFIED", `The statement's ${what} ${why}.`, {
    where: what,
  });
}
