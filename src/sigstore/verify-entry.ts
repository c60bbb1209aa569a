// A log entry proven: promise, inclusion, checkpoint and body, all by one log of the trusted root.
import { encodeBase64, encodeHex, equalBytes } from "../encoding/base64.ts";
import { quote, SigstepError } from "../errors.ts";
import { verifyCheckpoint, type ProvenCheckpoint } from "./checkpoint.ts";
import { canBePromised, verifyEntryBody, type SignedMaterial } from "./entry-body.ts";
import type { EntryInclusionProof, LogEntry } from "./entry.ts";
import type { TransparencyLog } from "./log.ts";
import { verifyInclusion } from "./merkle.ts";
import { atStep, inStep } from "./step.ts";
import type { ValidityRange } from "./validity.ts";

/** An entry that a trusted log really holds. Only {@link verifyEntry} makes one. */
export class ProvenEntry {
  readonly entry: LogEntry;
  /** The log's key, as the trusted root first lists it. */
  readonly log: TransparencyLog;
  /** Every period for which the trusted root lists that key under that id. */
  readonly periods: readonly ValidityRange[];
  /** When the log took it in; only from a verified promise, so never with Rekor v2. */
  readonly time: Date | undefined;

  private constructor(entry: LogEntry, { log, periods, time }: Proof) {
    this.entry = entry;
    this.log = log;
    this.periods = periods;
    this.time = time;
  }

  /** @see {@link verifyEntry} */
  static verify(
    entry: LogEntry,
    signed: SignedMaterial,
    { logs, promiseSuffices = false }: EntryTerms,
  ): ProvenEntry {
    const proof = prove(entry, logs);
    if (!proof.isIncluded && !promiseSuffices) throw atStep(4, refuse(withoutProof));
    inStep(5, () => verifyEntryBody(entry, signed));
    return new ProvenEntry(entry, proof);
  }
}

/** What an entry is judged by. */
export interface EntryTerms {
  /** Those of the trusted root. */
  readonly logs: readonly TransparencyLog[];
  /**
   * Whether the log's promise stands in for an inclusion proof: only in a bundle of v0.1, which could do
   * without. Anyone could take the proof out of another.
   */
  readonly promiseSuffices?: boolean;
}

const withoutProof =
  "has no inclusion proof under a checkpoint, and only a bundle of v0.1 may lack it";

/**
 * Proves that a log of the trusted root holds `entry`, and that it is about `signed`.
 *
 * @throws SigstepError LOG_ENTRY_INVALID
 * @see https://github.com/sigstore/architecture-docs client-spec.md, transparency log entries
 */
export function verifyEntry(
  entry: LogEntry,
  signed: SignedMaterial,
  terms: EntryTerms,
): ProvenEntry {
  return ProvenEntry.verify(entry, signed, terms);
}

/** What proved an entry. */
interface Proof extends Pick<ProvenEntry, "log" | "periods" | "time"> {
  /** Under a signed checkpoint; otherwise the promise is all there is. */
  readonly isIncluded: boolean;
}

/**
 * By one log for promise and checkpoint, chosen by its id alone. An id may be listed several times, for
 * other periods or with another key; then one of them must prove everything.
 */
function prove(entry: LogEntry, logs: readonly TransparencyLog[]): Proof {
  const named = findLogs(entry, logs);
  if (named.length === 0) throw atStep(2, unknownLog(entry, logs));
  let reason: unknown;
  for (const log of named) {
    try {
      const { time, isIncluded } = proveBy(log, entry);
      const same = named.filter(({ publicKey }) => equalBytes(publicKey.spki, log.publicKey.spki));
      return { log, time, isIncluded, periods: same.map(({ validFor }) => validFor) };
    } catch (error) {
      if (log === named[0]) reason = error;
    }
  }
  throw reason;
}

/** The logs that an entry may be of: by its id, and by nothing else in it. */
export function findLogs(
  entry: LogEntry,
  logs: readonly TransparencyLog[],
): readonly TransparencyLog[] {
  return logs.filter(({ logId }) => equalBytes(logId, entry.logId));
}

/** Promise, checkpoint and inclusion; the time is the one that was promised. */
function proveBy(log: TransparencyLog, entry: LogEntry): Pick<Proof, "time" | "isIncluded"> {
  const time = inStep(3, () => verifyPromise(entry, log));
  const isIncluded = inStep(4, () => proveInclusion(log, entry));
  if (isIncluded || time !== undefined) return { time, isIncluded };
  throw atStep(4, refuse("has neither an inclusion proof nor a promise"));
}

/** False where there is no proof, or one without a checkpoint, which proves nothing. */
function proveInclusion(log: TransparencyLog, entry: LogEntry): boolean {
  const proof = entry.inclusionProof;
  if (proof?.checkpoint === undefined) return false;
  const { logIndex: index, hashes } = proof;
  const proven = verifyCheckpoint(proof.checkpoint, log);
  verifyInclusion(entry.canonicalizedBody, { index, hashes }, proven);
  requireAgreement(entry, proof, proven);
  return true;
}

/**
 * The integrated time, when the log has signed it. Without a verified promise it is anyone's word
 * (CVE-2026-48816), and Rekor v2 makes none.
 */
function verifyPromise(entry: LogEntry, log: TransparencyLog): Date | undefined {
  if (entry.inclusionPromise === undefined) return undefined;
  if (!canBePromised(entry)) throw refuse("has a promise, which no entry of its kind has");
  if (entry.integratedTime === undefined) throw refuse("has a promise without a time");
  if (!log.publicKey.verify(encodePromised(entry), entry.inclusionPromise)) {
    const name = `${encodeHex(log.logId)} (${quote(log.baseUrl)})`;
    throw refuse(`has a promise (signed entry timestamp) that its log ${name} has not signed`);
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
  if (!canBePromised(entry) && entry.logIndex !== proof.logIndex) {
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

function unknownLog({ logId }: LogEntry, logs: readonly TransparencyLog[]): SigstepError {
  const known = logs.map((log) => `${encodeHex(log.logId)} (${quote(log.baseUrl, 60)})`);
  const list = known.length === 0 ? "no log" : known.slice(0, maxShown).join(", ");
  const more = known.length > maxShown ? ", …" : "";
  return refuse(
    `is from log ${encodeHex(logId)}, which the trusted root does not know: it has ${list}${more}`,
  );
}

const maxShown = 5;

function refuse(why: string): SigstepError {
  return new SigstepError("LOG_ENTRY_INVALID", `The log entry ${why}.`);
}
