// The proven times of a signature, and all that must hold at each of them.
import { encodeHex } from "../encoding/base64.ts";
import { quote, SigstepError } from "../errors.ts";
import { verifyChain, type ProvenCertificate } from "./chain.ts";
import type { ProvenTimestamp } from "./timestamp.ts";
import type { TrustedRoot } from "./trust.ts";
import { isWithin } from "./validity.ts";
import type { ProvenEntry } from "./verify-entry.ts";

/** What proves who signed and when. */
export interface Evidence {
  readonly certificate: ProvenCertificate;
  readonly entries: readonly ProvenEntry[];
  readonly timestamps: readonly ProvenTimestamp[];
}

/** Times of promises and timestamps. */
export function provenTimes({ entries, timestamps }: Omit<Evidence, "certificate">): Date[] {
  const promised = entries.flatMap(({ time }) => (time === undefined ? [] : [time]));
  return [...promised, ...timestamps.map(({ time }) => time)];
}

/**
 * Proves that at every proven time, and there is one, the certificate's chain and the logs were valid.
 *
 * @throws SigstepError TIMESTAMP_INVALID without a time, DEADLINE_REACHED when one lies behind the
 * certificate's end, CERTIFICATE_INVALID, LOG_ENTRY_INVALID
 */
export function verifyTimes(evidence: Evidence, trustedRoot: TrustedRoot): void {
  const { certificate: leaf, issuers } = evidence.certificate;
  const times = provenTimes(evidence);
  if (times.length === 0) {
    throw new SigstepError("TIMESTAMP_INVALID", "Nothing proves when the artifact was signed.");
  }
  if (times.some((time) => time > leaf.notAfter)) {
    throw new SigstepError(
      "DEADLINE_REACHED",
      "The certificate had ended when the entry was made.",
    );
  }
  const authorities = trustedRoot.certificateAuthorities;
  verifyChain({ leaf, intermediates: issuers, authorities, at: times });
  requireLogsInForce(evidence.entries, times, trustedRoot);
}

/**
 * Proves that the trusted root trusted each entry's log when it took the entry in: at its promised time
 * or, as Rekor v2 promises none, at every proven one.
 *
 * @throws SigstepError LOG_ENTRY_INVALID
 */
export function requireLogsInForce(
  entries: readonly ProvenEntry[],
  times: readonly Date[],
  { label }: TrustedRoot,
): void {
  for (const { log, periods, time } of entries) {
    const at = time === undefined ? times : [time];
    if (at.every((each) => periods.some((period) => isWithin(each, period)))) continue;
    throw new SigstepError(
      "LOG_ENTRY_INVALID",
      `The log entry is of log ${encodeHex(log.logId)} (${quote(log.baseUrl)}), which the trusted root ${quote(label)} does not trust at that time.`,
      { hint: "Get the instance's current trusted root." },
    );
  }
}
