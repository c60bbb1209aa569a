// What provenance must say: its builder, source, build type and the inputs of its run. Whoever signed it
// says so; what of it the certificate says, too, is compared in provenance-match.ts.
import { SigstepError } from "../errors.ts";
import { fits, type Matcher } from "./matcher.ts";
import { describeMatcher } from "./policy-words.ts";
import { isProvenance, readInput, readProvenance } from "./provenance.ts";
import { showText } from "./show-text.ts";
import type { Statement } from "./statement.ts";

/** What provenance must say of where an artifact comes from. */
export interface ProvenancePolicy {
  readonly builderId?: Matcher;
  /** Address of the repository, as in `https://github.com/acme/widget`. */
  readonly sourceUri?: Matcher;
  readonly buildType?: Matcher;
  /** Inputs of the workflow by name. No identity token vouches for them, only the signer. */
  readonly inputs?: ReadonlyMap<string, Matcher>;
}

/**
 * Checks that a statement is provenance, and says all that the policy asks of it.
 *
 * @throws SigstepError POLICY_NOT_SATISFIED
 */
export function checkProvenance(statement: Statement, policy: ProvenancePolicy): void {
  if (!isProvenance(statement)) {
    const found = showText(statement.predicateType);
    throw refuseStatement("predicate type", `is ${found}, and the policy wants SLSA provenance`);
  }
  const { builderId, buildType, sources } = readProvenance(statement);
  if (policy.builderId !== undefined) check("builder id", builderId, policy.builderId);
  if (policy.buildType !== undefined) check("build type", buildType, policy.buildType);
  if (policy.sourceUri !== undefined) checkSources(sources, policy.sourceUri);
  for (const [name, wanted] of policy.inputs ?? []) {
    check(`input ${showText(name)}`, readInput(statement, name), wanted);
  }
}

/** All that are named: one that fits must not stand in front of another. */
function checkSources(sources: readonly string[], wanted: Matcher): void {
  if (sources.length === 0) check("source", undefined, wanted);
  for (const source of sources) check("source", source, wanted);
}

function check(what: string, found: string | undefined, wanted: Matcher): void {
  if (found !== undefined && fits(wanted, found)) return;
  const is = found === undefined ? "is missing" : `is ${showText(found)}`;
  throw refuseStatement(what, `${is}, and the policy wants ${describeMatcher(wanted)}`);
}

/** A refusal because of what a statement says of `what`. */
export function refuseStatement(what: string, why: string): SigstepError {
  return new SigstepError("POLICY_NOT_SATISFIED", `The statement's ${what} ${why}.`, {
    where: what,
  });
}
