// The results of `verify` in words, for the log: a line for each artifact, and one reason for each refusal.
import { quote, type SigstepError } from "../errors.ts";
import type { Runner } from "../runner/runner.ts";
import {
  isVerified,
  type RefusedResult,
  type VerifiedResult,
  type VerifyResult,
} from "./verify-results.ts";
import type { VerifiedFacts } from "./verify-facts.ts";

const maxReasons = 5;
const maxClaims = 20;
const maxShown = 500;

/** Prints what became of each artifact, in their order; of refusals nothing is cut but long lists of reasons. */
export function printVerifyResults(results: readonly VerifyResult[], runner: Runner): void {
  for (const result of results) {
    if (isVerified(result)) runner.info(describeVerified(result));
    else runner.fail(describeRefused(result));
  }
}

/** How many were verified. */
export function describeVerifyCount(results: readonly VerifyResult[]): string {
  const verified = results.filter(isVerified).length;
  const all = results.length === 1 ? "1 artifact" : `${results.length} artifacts`;
  return verified === results.length ? `Verified ${all}` : `Verified ${verified} of ${all}`;
}

function describeVerified({ name, proofs }: VerifiedResult): string {
  const [first, ...more] = proofs;
  const types = proofs.flatMap(({ predicateType }) =>
    predicateType === undefined ? [] : [shown(predicateType)],
  );
  const parts = [
    `verified  ${quote(name, maxShown)}  by ${signerOf(first)}`,
    first.time === undefined ? "" : ` at ${first.time.toISOString()}`,
    first.logIndexes.length === 0 ? "" : `, log index ${first.logIndexes.join(", ")}`,
    types.length === 0 ? "" : `, ${[...new Set(types)].join(", ")}`,
    more.length === 0 ? "" : ` (${proofs.length} bundles)`,
  ];
  return [parts.join(""), ...describeProofs(proofs)].join("\n");
}

/** What each statement claims; its signer's word, which nothing here has checked. */
function describeProofs(proofs: readonly VerifiedFacts[]): string[] {
  const lines = proofs.slice(0, maxClaims).flatMap(({ claims }) => {
    const [first, ...more] = claims;
    return first === undefined ? [] : [`  says ${first}`, ...more.map((line) => `    ${line}`)];
  });
  const rest = proofs.slice(maxClaims).filter(({ claims }) => claims.length > 0).length;
  return rest === 0 ? lines : [...lines, `  and ${rest} more`];
}

/** Who signed: identity and issuer, or the key. */
export function signerOf({ signer, keyId }: VerifiedFacts): string {
  if (signer === undefined) return `the key SHA-256 ${keyId}`;
  return `${shown(signer.identity)} (${shown(signer.issuer)})`;
}

function describeRefused(result: RefusedResult): string {
  const { name, error, refusals, missing } = result;
  const isTold = refusals.length < 2 && missing === undefined;
  const reasons = isTold ? [] : refusals.slice(0, maxReasons).map(describeReason);
  const rest = refusals.length - maxReasons;
  return [
    `refused  ${quote(name, maxShown)}  ${describeStep(error)}${error.message}`,
    ...reasons,
    ...(rest > 0 && reasons.length > 0 ? [`  and ${rest} more`] : []),
    ...(error.hint === "" ? [] : [error.hint]),
  ].join("\n");
}

function describeReason({ bundle, error }: RefusedResult["refusals"][number]): string {
  return `  ${quote(bundle, maxShown)}: ${describeStep(error)}${error.message}`;
}

/** `step 8, certificate: `; nothing for what fails outside of the steps. */
export function describeStep({ step }: SigstepError): string {
  return step === undefined ? "" : `step ${step.number}, ${step.name}: `;
}

/** Text from a bundle, without the quotes where it is what anyone would expect. */
function shown(text: string): string {
  const quoted = quote(text, maxShown);
  return quoted === `"${text}"` && !/[ ()]/.test(text) ? text : quoted;
}
