// What of a proven entry is itself proven: the rest of it stays anyone's word, and is not shown as more.
import { canBePromised } from "./entry-body.ts";
import type { EntryInclusionProof } from "./entry.ts";
import type { ProvenEntry } from "./verify-entry.ts";

/**
 * Its index in the whole log. A Rekor v1 log has several trees, and of the index in all of them only the
 * promise speaks; a Rekor v2 log is one tree.
 */
export function provenIndex({ entry, time }: ProvenEntry): bigint | undefined {
  return time === undefined && canBePromised(entry) ? undefined : entry.logIndex;
}

/** Its inclusion proof; one without a checkpoint, which v0.1 may have, proves nothing and is none. */
export function provenInclusion({ entry }: ProvenEntry): EntryInclusionProof | undefined {
  return entry.inclusionProof?.checkpoint === undefined ? undefined : entry.inclusionProof;
}
