// Several logs or timestamp authorities are worth no more than one when they are the same one.
import { encodeHex } from "../encoding/base64.ts";
import { SigstepError } from "../errors.ts";
import type { Evidence } from "./times.ts";
import { countTimestampAuthorities } from "./timestamp.ts";

const hint =
  "Two of the signing config's URLs lead to the same service. List each once, under one operator.";

/**
 * Proves that each entry is of another log and each timestamp of another authority.
 *
 * Operators are names in the signing config; keys decide.
 *
 * @throws SigstepError LOG_ENTRY_INVALID, TIMESTAMP_INVALID
 * @see https://github.com/sigstore/architecture-docs client-spec.md: thresholds count distinct ones
 */
export function requireDistinct({ entries, timestamps }: Omit<Evidence, "certificate">): void {
  const seen = new Set<string>();
  for (const { entry } of entries) {
    const id = encodeHex(entry.logId);
    if (seen.has(id)) {
      throw new SigstepError(
        "LOG_ENTRY_INVALID",
        `Two of the selected logs are one: both entries are of log ${id}.`,
        { hint },
      );
    }
    seen.add(id);
  }
  if (countTimestampAuthorities(timestamps) < timestamps.length) {
    throw new SigstepError(
      "TIMESTAMP_INVALID",
      "Two of the selected timestamp authorities are one: both timestamps are by the same certificate.",
      { hint },
    );
  }
}
