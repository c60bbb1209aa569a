// Log entries as bundles store them and logs answer them. What their bodies say is entry-body.ts.
// protobuf-specs sigstore_rekor.proto, message TransparencyLogEntry.
import { encodeBase64 } from "../encoding/base64.ts";
import type { JsonValue } from "../encoding/json.ts";

const maxHashes = 64;

/** protobuf-specs TransparencyLogEntry as read: nothing in it is proven. */
export interface LogEntry {
  /** Index in the whole log. */
  readonly logIndex: bigint;
  readonly logId: Uint8Array;
  readonly kind: string;
  readonly version: string;
  /** Seconds since 1970; only a Rekor v1 entry with a promise has one that means anything. */
  readonly integratedTime: bigint | undefined;
  /** Signed entry timestamp. */
  readonly inclusionPromise: Uint8Array | undefined;
  readonly inclusionProof: EntryInclusionProof | undefined;
  readonly canonicalizedBody: Uint8Array;
}

/** protobuf-specs InclusionProof. */
export interface EntryInclusionProof {
  /** Index in the tree of the checkpoint: a shard's. */
  readonly logIndex: bigint;
  readonly rootHash: Uint8Array;
  readonly treeSize: bigint;
  readonly hashes: readonly Uint8Array[];
  /** Only old bundles may lack it, and then nothing is proven by the rest. */
  readonly checkpoint: string | undefined;
}

/**
 * Reads a TransparencyLogEntry in protobuf's JSON form, as Rekor v2 answers and bundles store it.
 *
 * @throws SigstepError of the source's code.
 */
export function parseLogEntry(json: JsonValue): LogEntry {
  const kind = json.get("kindVersion");
  const time = json.get("integratedTime").optional()?.int64();
  return {
    // Writers that leave out zero fields leave out the index of a log's first entry.
    logIndex: json.get("logIndex").optional()?.int64() ?? 0n,
    logId: json.get("logId").get("keyId").base64(),
    kind: kind.get("kind").string(),
    version: kind.get("version").string(),
    integratedTime: time === 0n ? undefined : time,
    inclusionPromise: json.get("inclusionPromise").optional()?.get("signedEntryTimestamp").base64(),
    inclusionProof: parseInclusionProof(json.get("inclusionProof").optional()),
    canonicalizedBody: json.get("canonicalizedBody").base64(),
  };
}

function parseInclusionProof(json: JsonValue | undefined): EntryInclusionProof | undefined {
  if (json === undefined) return undefined;
  return {
    logIndex: json.get("logIndex").optional()?.int64() ?? 0n,
    rootHash: json.get("rootHash").base64(),
    treeSize: json.get("treeSize").int64(),
    hashes: json
      .get("hashes")
      .itemsOrNone(maxHashes)
      .map((hash) => hash.base64()),
    checkpoint: json.get("checkpoint").optional()?.get("envelope").string(),
  };
}

/** Its JSON form; zero indexes and empty lists are written out, sigstore-python needs them. */
export function encodeLogEntry(entry: LogEntry): Readonly<Record<string, unknown>> {
  const { inclusionPromise: promise, inclusionProof: proof } = entry;
  return {
    logIndex: String(entry.logIndex),
    logId: { keyId: encodeBase64(entry.logId) },
    kindVersion: { kind: entry.kind, version: entry.version },
    ...(entry.integratedTime === undefined ? {} : { integratedTime: String(entry.integratedTime) }),
    ...(promise === undefined
      ? {}
      : { inclusionPromise: { signedEntryTimestamp: encodeBase64(promise) } }),
    ...(proof === undefined ? {} : { inclusionProof: encodeInclusionProof(proof) }),
    canonicalizedBody: encodeBase64(entry.canonicalizedBody),
  };
}

function encodeInclusionProof(proof: EntryInclusionProof): Readonly<Record<string, unknown>> {
  return {
    logIndex: String(proof.logIndex),
    rootHash: encodeBase64(proof.rootHash),
    treeSize: String(proof.treeSize),
    hashes: proof.hashes.map(encodeBase64),
    ...(proof.checkpoint === undefined ? {} : { checkpoint: { envelope: proof.checkpoint } }),
  };
}
