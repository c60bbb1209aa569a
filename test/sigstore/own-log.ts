// A log of the test's own, right or wrong in one chosen way. Keys by node:crypto, trees by RFC 6962 as it is
// written; of what is tested only the key reader is used.
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { parsePublicKey } from "../../src/crypto/keys.ts";
import type { SignedDigest } from "../../src/sigstore/entry-request.ts";
import type { LogEntry } from "../../src/sigstore/entry.ts";
import type { TransparencyLog } from "../../src/sigstore/log.ts";
import { leafHash, sha256, treeHash } from "../sandbox/rfc6962.ts";

/** A log and its private key. */
export interface OwnLog {
  readonly version: 1 | 2;
  readonly name: string;
  /** First line of its checkpoints. */
  readonly origin: string;
  readonly log: TransparencyLog;
  readonly privateKey: KeyObject;
}

const start = new Date("2025-01-01T00:00:00Z");

/** Rekor v1: P-256, and an origin with a tree id. Rekor v2: Ed25519, and its name alone. */
export function makeLog(version: 1 | 2, name = `v${version}.log.example`): OwnLog {
  const { publicKey, privateKey } =
    version === 1
      ? generateKeyPairSync("ec", { namedCurve: "P-256" })
      : generateKeyPairSync("ed25519");
  const spki = publicKey.export({ format: "der", type: "spki" });
  return {
    version,
    name,
    origin: version === 1 ? `${name} - 1193050959916656506` : name,
    privateKey,
    log: {
      baseUrl: `https://${name}`,
      logId: version === 1 ? sha256(spki) : ed25519Id(name, spki),
      publicKey: parsePublicKey(spki),
      validFor: { start },
      operator: name,
    },
  };
}

/** C2SP signed-note: SHA-256(name || 0x0A || 0x01 || key). */
function ed25519Id(name: string, spki: Uint8Array): Buffer {
  return sha256(Buffer.from(`${name}\n\u0001`), spki.subarray(-32));
}

/** A signature by the log's key over any bytes. */
export function signBy({ version, privateKey }: OwnLog, bytes: Uint8Array): Buffer {
  return sign(version === 1 ? "sha256" : null, bytes, privateKey);
}

/** A signature line of a note; parts that are given replace the right ones. */
export function signatureLine(
  own: OwnLog,
  body: string,
  {
    name = own.name,
    id = Buffer.from(own.log.logId),
    signature = signBy(own, Buffer.from(body)),
  } = {},
): string {
  return `\u2014 ${name} ${Buffer.concat([id.subarray(0, 4), signature]).toString("base64")}\n`;
}

/** The signed text of a checkpoint over `leaves`. */
export function checkpointBody(own: OwnLog, leaves: readonly Uint8Array[]): string {
  const root = Buffer.from(treeHash(leaves.map(leafHash))).toString("base64");
  return `${own.origin}\n${leaves.length}\n${root}\n`;
}

/** A checkpoint as the log publishes it. */
export function makeCheckpoint(own: OwnLog, leaves: readonly Uint8Array[]): string {
  const body = checkpointBody(own, leaves);
  return `${body}\n${signatureLine(own, body)}`;
}

/** PATH(index, leaves) of RFC 6962 section 2.1.1, over leaves that are hashed already. */
export function pathOf(index: number, leaves: readonly Uint8Array[]): Uint8Array[] {
  if (leaves.length <= 1) return [];
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  const [left, right] = [leaves.slice(0, split), leaves.slice(split)];
  return index < split
    ? [...pathOf(index, left), treeHash(right)]
    : [...pathOf(index - split, right), treeHash(left)];
}

/** What may differ from a right entry. */
export interface EntryWish {
  /** Where it stands; the other leaves are of no interest. */
  readonly index?: number;
  readonly size?: number;
  /** Index in the whole log, when that is more than one tree. */
  readonly logIndex?: bigint;
  readonly time?: Date;
  /** The logged text, canonical JSON. */
  readonly body?: string;
  /** What the entry says that its body is. */
  readonly kind?: string;
  readonly version?: string;
}

/** The entry that `own` makes for `signed`, with its promise (v1), proof and checkpoint. */
export function makeEntry(own: OwnLog, signed: SignedDigest, wish: EntryWish = {}): LogEntry {
  const { index = 5, size = 11, logIndex = BigInt(index), body = bodyOf(own, signed) } = wish;
  const bytes = Buffer.from(body);
  const leaves = Array.from({ length: size }, (_, i) => (i === index ? bytes : Buffer.from([i])));
  const { kind = kindOf(own, signed), version = `0.0.${own.version}` } = wish;
  const bare = {
    logIndex,
    logId: own.log.logId,
    kind,
    version,
    inclusionProof: {
      logIndex: BigInt(index),
      rootHash: treeHash(leaves.map(leafHash)),
      treeSize: BigInt(size),
      hashes: pathOf(index, leaves.map(leafHash)),
      checkpoint: makeCheckpoint(own, leaves),
    },
    canonicalizedBody: bytes,
  };
  if (own.version === 2) return { ...bare, integratedTime: undefined, inclusionPromise: undefined };
  const { time = new Date("2025-06-01T12:00:00Z") } = wish;
  const integratedTime = BigInt(Math.floor(time.getTime() / 1000));
  return { ...bare, integratedTime, inclusionPromise: promise(own, { ...bare, integratedTime }) };
}

/** The signed entry timestamp over these four members, in RFC 8785's order. */
export function promise(
  own: OwnLog,
  entry: Pick<LogEntry, "canonicalizedBody" | "integratedTime" | "logId" | "logIndex">,
): Buffer {
  const body = Buffer.from(entry.canonicalizedBody).toString("base64");
  const logId = Buffer.from(entry.logId).toString("hex");
  const text = `{"body":"${body}","integratedTime":${entry.integratedTime},"logID":"${logId}","logIndex":${entry.logIndex}}`;
  return signBy(own, Buffer.from(text));
}

/** Rekor v1 has a kind of its own for envelopes; Rekor v2 logs what of them is signed. */
function kindOf({ version }: OwnLog, { envelope }: SignedDigest): string {
  return version === 1 && envelope !== undefined ? "dsse" : "hashedrekord";
}

/** PEM in base64, as Rekor v1 keeps certificates and keys. */
export function pemOf(der: Uint8Array, label = "CERTIFICATE"): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  const pem = `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
  return Buffer.from(pem).toString("base64");
}

/** The canonical body, members sorted by name. */
export function bodyOf({ version }: OwnLog, signed: SignedDigest): string {
  const content = Buffer.from(signed.signature).toString("base64");
  const der = Buffer.from(signed.certificate).toString("base64");
  if (version === 2) {
    const digest = Buffer.from(signed.digest.bytes).toString("base64");
    const algorithm = { sha256: "SHA2_256", sha384: "SHA2_384", sha512: "SHA2_512" }[
      signed.digest.algorithm
    ];
    return `{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"${algorithm}","digest":"${digest}"},"signature":{"content":"${content}","verifier":{"keyDetails":"PKIX_ECDSA_P256_SHA_256","x509Certificate":{"rawBytes":"${der}"}}}}}}`;
  }
  const pem = pemOf(signed.certificate);
  if (signed.envelope !== undefined) {
    const [whole, payload] = [signed.envelope.payloadType, signed.envelope.payload].map((part) =>
      sha256(Buffer.from(part)).toString("hex"),
    );
    return `{"apiVersion":"0.0.1","kind":"dsse","spec":{"envelopeHash":{"algorithm":"sha256","value":"${whole}"},"payloadHash":{"algorithm":"sha256","value":"${payload}"},"signatures":[{"signature":"${content}","verifier":"${pem}"}]}}`;
  }
  const value = Buffer.from(signed.digest.bytes).toString("hex");
  return `{"apiVersion":"0.0.1","kind":"hashedrekord","spec":{"data":{"hash":{"algorithm":"${signed.digest.algorithm}","value":"${value}"}},"signature":{"content":"${content}","publicKey":{"content":"${pem}"}}}}`;
}
