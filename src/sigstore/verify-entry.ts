// A log entry proven: promise, inclusion, checkpoint and body, all by one log of the trusted root.
import { encodeBase64, encodeHex, equalBytes } from "../encoding/base64.ts";
import { SigstepError } from "../errors.ts";
import { verifyCheckpoint, type ProvenCheckpoint } from "./checkpoint.ts";
import {
  verifyEntryBody,
  type EntryInclusionProof,
  type LogEntry,
  type SignedDigest,
} from "./entry.ts";
import type { TransparencyLog } from "./log.ts";
import { verifyInclusion } from "./merkle.ts";

/** An entry that a trusted log really holds. Only {@link verifyEntry} makes one. */
export class ProvenEntry {
  readonly entry: LogEntry;
  readonly log: TransparencyLog;
  /** When the log took it in; only from a verified promise, so never with Rekor v2. */
  readonly time: Date | undefined;

  private constructor(entry: LogEntry, log: TransparencyLog, time: Date | undefined) {
    this.entry = entry;
    this.log = log;
    this.time = time;
  }

  /** @see {@link verifyEntry} */
  static verify(
    entry: LogEntry,
    signed: SignedDigest,
    logs: readonly TransparencyLog[],
  ): ProvenEntry {
    // The log is chosen by its id alone and is the same for promise and checkpoint.
    const log = logs.find(({ logId }) => equalBytes(logId, entry.logId));
    if (log === undefined) {
      throw refuse(`is from log ${encodeHex(entry.logId)}, which the trusted root does not know`);
    }
    const time = verifyPromise(entry, log);
    if (entry.inclusionProof === undefined) throw refuse("has no inclusion proof");
    const { logIndex: index, hashes, checkpoint } = entry.inclusionProof;
    const proven = verifyCheckpoint(checkpoint, log);
    verifyInclusion(entry.canonicalizedBody, { index, hashes }, proven);
    requireAgreement(entry, entry.inclusionProof, proven);
    verifyEntryBody(entry, signed);
    return new ProvenEntry(entry, log, time);
  }
}

/**
 * Proves that a log of the trusted root holds `entry`, and that it is about `signed`.
 *
 * @throws SigstepError LOG_ENTRY_INVALID
 * @see https://github.com/sigstore/architecture-docs client-spec.md, transparency log entries
 */
export function verifyEntry(
  entry: LogEntry,
  signed: SignedDigest,
  logs: readonly TransparencyLog[],
): ProvenEntry {
  return ProvenEntry.verify(entry, signed, logs);
}

/**
 * The integrated time, when the log has signed it. Without a verified promise it is anyone's word
 * (CVE-2026-48816), and Rekor v2 makes none.
 */
function verifyPromise(entry: LogEntry, log: TransparencyLog): Date | undefined {
  if (entry.inclusionPromise === undefined) return undefined;
  if (entry.integratedTime === undefined) throw refuse("has a promise without a time");
  if (!log.publicKey.verify(encodePromised(entry), entry.inclusionPromise)) {
    throw refuse("has a promise (signed entry timestamp) that its log has not signed");
  }
  return new Date(Number(entry.integratedTime) * 1000);
}

/**
 * What the entry repeats of the proven checkpoint: other clients read it, so it must not say otherwise.
 * A Rekor v2 log is one tree; with Rekor v1 the promise covers the index in the whole log.
 */
function requireAgreement(
  entry: LogEntry,
  proof: EntryInclusionProof,
  { size, rootHash }: ProvenCheckpoint,
): void {
  if (proof.treeSize !== size || !equalBytes(proof.rootHash, rootHash)) {
    throw refuse("has an inclusion proof for another tree than its checkpoint's");
  }
  if (entry.version === "0.0.2" && entry.logIndex !== proof.logIndex) {
    throw refuse(`says that its index is ${entry.logIndex}, and it is ${proof.logIndex}`);
  }
}

/** RFC 8785 form of what the promise signs; the two strings need no escaping, integers stay exact. */
function encodePromised(entry: LogEntry): Uint8Array {
  const body = encodeBase64(entry.canonicalizedBody);
  const logId = encodeHex(entry.logId);
  return Buffer.from(
    `{"body":"${body}","integratedTime":${entry.integratedTime},"logID":"${logId}","logIndex":${entry.logIndex}}`,
    "utf8",
  );
}

function refuse(why: string): SigstepError {
  return new SigstepError("LOG_ENTRY_INVALID", `The log entry ${why}.`);
}
