// Whose signature counts, for what, and for how long. A policy says what must hold of things that are
// proven already; it proves nothing itself, and everything that it asks for is asked.
// Steps 10 and 12 of the verification; identity in policy-identity.ts, statements in policy-statement.ts.
import { SigstepError } from "../errors.ts";
import type { IdentityPolicy } from "./policy-identity.ts";
import type { StatementPolicy } from "./policy-statement.ts";

export type { Matcher } from "./matcher.ts";
export { requireMeaningful } from "./policy-reach.ts";
export { checkIdentity, type IdentityPolicy } from "./policy-identity.ts";
export { findMissing, listNames, type AttestationRequirement } from "./policy-attestations.ts";
export type { ProvenancePolicy } from "./policy-provenance.ts";
export { checkStatement } from "./policy-statement.ts";

/** How many distinct operators must vouch for a signature. Absent: the trusted root decides, see thresholds.ts. */
export interface RequiredServices {
  readonly logs?: number;
  readonly timestamps?: number;
  readonly scts?: number;
}

/** All that is asked of a signature. */
export interface Policy extends StatementPolicy {
  /** Any one of them; none only where a key is trusted instead. */
  readonly identities: readonly IdentityPolicy[];
  /** Against the earliest proven time: anyone can have an old signature timestamped again. */
  readonly maxAgeMs?: number;
  readonly required?: RequiredServices;
}

/** Clocks of services and machines differ by no more. */
const skewMs = 5 * 60_000;

/**
 * Checks that a signature was made within the policy's maximum age.
 *
 * @param times - Proven times; the earliest counts.
 * @throws SigstepError POLICY_NOT_SATISFIED
 */
export function checkAge(times: readonly Date[], { maxAgeMs }: Policy, now: Date): void {
  if (maxAgeMs === undefined) return;
  const earliest = Math.min(...times.map((time) => time.getTime()));
  if (!Number.isFinite(earliest)) {
    throw refuseAge("No time of the signature is proven, and the policy has a maximum age.");
  }
  const ageMs = now.getTime() - earliest;
  const at = new Date(earliest).toISOString();
  if (ageMs < -skewMs) {
    throw refuseAge(
      `The signature was made at ${at}, and this machine's clock says ${now.toISOString()}: one of the two is wrong.`,
      "Set this machine's clock; if it is right, the clock of the log or timestamp authority is not.",
    );
  }
  if (ageMs <= maxAgeMs) return;
  throw refuseAge(
    `The signature was made at ${at}, ${describeSpan(ageMs)} ago, and the policy allows ${describeSpan(maxAgeMs)}.`,
    "Sign again, or allow a greater age.",
  );
}

/** In the largest unit of which there are two, rounded down. */
function describeSpan(ms: number): string {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 120) return `${minutes} minutes`;
  return minutes < 48 * 60
    ? `${Math.floor(minutes / 60)} hours`
    : `${Math.floor(minutes / 1440)} days`;
}

function refuseAge(message: string, hint = ""): SigstepError {
  return new SigstepError("POLICY_NOT_SATISFIED", message, { where: "maximum age", hint });
}
