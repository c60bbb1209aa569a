// How many services vouch, counted by who runs them: two logs of one operator are one witness.
// https://github.com/sigstore/architecture-docs client-spec.md: thresholds count distinct operators
import type { PublicKey } from "../crypto/keys.ts";
import { encodeHex } from "../encoding/base64.ts";
import { SigstepError } from "../errors.ts";
import type { Policy, RequiredServices } from "./policy.ts";
import type { ProvenSct } from "./sct.ts";
import type { ProvenTimestamp } from "./timestamp.ts";
import type { TrustedRoot } from "./trust.ts";
import type { ProvenEntry } from "./verify-entry.ts";

/** Least numbers of distinct operators. */
export type Thresholds = Readonly<Required<RequiredServices>>;

/**
 * What a policy asks for; a key has no certificate, so there is nothing to show of it. What it leaves open, the trusted root decides: an instance that has a log must
 * have logged, an instance that has certificate logs must have shown the certificate. An instance without
 * a log proves its times by timestamps.
 */
export function thresholdsOf(
  { required = {} }: Pick<Policy, "required">,
  root: TrustedRoot,
  key?: PublicKey,
): Thresholds {
  return {
    logs: required.logs ?? Math.min(1, root.logs.length),
    timestamps: required.timestamps ?? (root.logs.length === 0 ? 1 : 0),
    scts: key === undefined ? (required.scts ?? Math.min(1, root.ctLogs.length)) : 0,
  };
}

/** Everything that was proven and counts. */
export interface Witnesses {
  readonly entries: readonly ProvenEntry[];
  readonly timestamps: readonly ProvenTimestamp[];
  readonly scts: readonly ProvenSct[];
}

/**
 * Proves that enough different operators vouch.
 *
 * @throws SigstepError LOG_ENTRY_INVALID, TIMESTAMP_INVALID, SCT_INVALID
 */
export function requireThresholds(
  { entries, timestamps, scts }: Witnesses,
  least: Thresholds,
): void {
  const counts: readonly Count[] = [
    {
      what: "transparency log",
      code: "LOG_ENTRY_INVALID",
      found: countDistinct(entries.map(({ log }) => [log.operator, encodeHex(log.logId)])),
      least: least.logs,
    },
    {
      what: "timestamp authority",
      code: "TIMESTAMP_INVALID",
      found: countDistinct(
        timestamps.map(({ authority, certificate }) => [
          authority.operator ?? "",
          certificate.fingerprint,
        ]),
      ),
      least: least.timestamps,
    },
    {
      what: "certificate log",
      code: "SCT_INVALID",
      found: countDistinct(scts.map(({ log }) => [log.operator, encodeHex(log.logId)])),
      least: least.scts,
    },
  ];
  for (const count of counts) if (count.found < count.least) throw tooFew(count);
}

/** By operator, or by key where the trusted root names none. */
function countDistinct(witnesses: readonly (readonly [operator: string, key: string])[]): number {
  return new Set(witnesses.map(([operator, key]) => (operator === "" ? key : operator))).size;
}

interface Count {
  readonly what: string;
  readonly code: "LOG_ENTRY_INVALID" | "TIMESTAMP_INVALID" | "SCT_INVALID";
  readonly found: number;
  readonly least: number;
}

function tooFew({ what, code, found, least }: Count): SigstepError {
  const few = found === 0 ? `no ${what} vouches` : `${found} ${what} vouches`;
  return new SigstepError(
    code,
    `For this bundle ${few} that the trusted root knows, and ${least} must.`,
    { hint: "It may be from another Sigstore instance, or was made without that service." },
  );
}
