// Log entries: the request that makes one, its shape as a bundle stores it, and its body against
// what was signed. Rekor v1 hashedrekord 0.0.1 and Rekor v2 hashedrekord 0.0.2.
import { findDigestAlgorithm, type Digest } from "../crypto/digest.ts";
import { encodeBase64, encodeHex, equalBytes } from "../encoding/base64.ts";
import { parseJson, type JsonValue } from "../encoding/json.ts";
import { encodePem, parsePem } from "../encoding/pem.ts";
import { quote, SigstepError } from "../errors.ts";

const maxBodyBytes = 1024 * 1024;
const maxHashes = 64;

/** What a log entry says: this certificate's key made this signature over this digest. */
export interface SignedDigest {
  readonly digest: Digest;
  readonly signature: Uint8Array;
  /** DER of the signer's certificate. */
  readonly certificate: Uint8Array;
}

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
  readonly checkpoint: string;
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
    checkpoint: json.get("checkpoint").get("envelope").string(),
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
    checkpoint: { envelope: proof.checkpoint },
  };
}

/**
 * Body of `POST /api/v1/log/entries`. The same bytes sent again are answered 409, never logged twice.
 *
 * @see rekor pkg/types/hashedrekord/v0.0.1/hashedrekord_v0_0_1_schema.json
 */
export function encodeHashedRekord1(signed: SignedDigest): string {
  const pem = Buffer.from(encodePem(signed.certificate, "CERTIFICATE"), "utf8");
  return JSON.stringify({
    apiVersion: "0.0.1",
    kind: "hashedrekord",
    spec: {
      data: { hash: { algorithm: signed.digest.algorithm, value: encodeHex(signed.digest.bytes) } },
      signature: {
        content: encodeBase64(signed.signature),
        publicKey: { content: encodeBase64(pem) },
      },
    },
  });
}

/**
 * Body of `POST /api/v2/log/entries`.
 *
 * @param keyDetails - protobuf-specs PublicKeyDetails of the certificate's key.
 * @see rekor-tiles api/proto/rekor/v2/hashedrekord.proto
 */
export function encodeHashedRekord2(signed: SignedDigest, keyDetails: string): string {
  return JSON.stringify({
    hashedRekordRequestV002: {
      digest: encodeBase64(signed.digest.bytes),
      signature: {
        content: encodeBase64(signed.signature),
        verifier: {
          x509Certificate: { rawBytes: encodeBase64(signed.certificate) },
          keyDetails,
        },
      },
    },
  });
}

/**
 * Checks that the logged body is about exactly what was signed: digest, signature and certificate.
 * Without it any entry of the log would do (CVE-2026-22703).
 *
 * @throws SigstepError LOG_ENTRY_INVALID
 */
export function verifyEntryBody(entry: LogEntry, signed: SignedDigest): void {
  const json = parseJson(entry.canonicalizedBody, {
    label: "log entry's body",
    code: "LOG_ENTRY_INVALID",
    maxBytes: maxBodyBytes,
  });
  const logged = readBody(entry, json);
  if (
    logged.algorithm !== signed.digest.algorithm ||
    !equalBytes(logged.digest, signed.digest.bytes)
  ) {
    throw refuse("is about another artifact: its digest differs");
  }
  if (!equalBytes(logged.signature, signed.signature)) {
    throw refuse("is about another signature");
  }
  if (!equalBytes(logged.certificate, signed.certificate)) {
    throw refuse("is about another signer: its certificate differs");
  }
}

interface LoggedDigest {
  readonly algorithm: string | undefined;
  readonly digest: Uint8Array;
  readonly signature: Uint8Array;
  readonly certificate: Uint8Array;
}

function readBody(entry: LogEntry, json: JsonValue): LoggedDigest {
  if (
    json.get("kind").string() !== entry.kind ||
    json.get("apiVersion").string() !== entry.version
  ) {
    throw refuse("has a body of another kind than it says");
  }
  const spec = json.get("spec");
  switch (`${entry.kind} ${entry.version}`) {
    case "hashedrekord 0.0.1":
      return readHashedRekord1(spec);
    case "hashedrekord 0.0.2":
      return readHashedRekord2(spec.get("hashedRekordV002"));
    default:
      throw refuse(`is of a kind we do not know, ${quote(`${entry.kind} ${entry.version}`, 60)}`);
  }
}

function readHashedRekord1(spec: JsonValue): LoggedDigest {
  const hash = spec.get("data").get("hash");
  const signature = spec.get("signature");
  return {
    algorithm: hash.get("algorithm").string(),
    digest: hash.get("value").hex(),
    signature: signature.get("content").base64(),
    certificate: readPem(signature.get("publicKey").get("content")),
  };
}

function readPem(json: JsonValue): Uint8Array {
  const pem = Buffer.from(json.base64()).toString("latin1");
  try {
    const [certificate, ...more] = parsePem(pem, "CERTIFICATE");
    if (certificate !== undefined && more.length === 0) return certificate;
  } catch (error) {
    throw json.refuse("is not a certificate in PEM", error);
  }
  throw json.refuse("is not one certificate in PEM");
}

function readHashedRekord2(spec: JsonValue): LoggedDigest {
  const signature = spec.get("signature");
  return {
    algorithm: findDigestAlgorithm("protobuf", spec.get("data").get("algorithm").string()),
    digest: spec.get("data").get("digest").base64(),
    signature: signature.get("content").base64(),
    certificate: signature.get("verifier").get("x509Certificate").get("rawBytes").base64(),
  };
}

function refuse(why: string): SigstepError {
  return new SigstepError("LOG_ENTRY_INVALID", `The log entry ${why}.`);
}
