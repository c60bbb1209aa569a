// Proof that a certificate transparency log has promised to show a certificate to everyone.
// What the log signed is rebuilt from the certificate itself. RFC 6962 section 3.2.
import type { KeyType } from "../crypto/algorithms.ts";
import { encodeHex, equalBytes } from "../encoding/base64.ts";
import { contextTag, type DerElement, parseDer } from "../encoding/der.ts";
import { concatBytes, encodeDer, encodeOid, encodeSequence } from "../encoding/der-encode.ts";
import { quote, SigstepError } from "../errors.ts";
import type { Certificate } from "./certificate.ts";
import type { ProvenCertificate } from "./chain.ts";
import type { TransparencyLog } from "./log.ts";
import { parseSctList, type Sct } from "./sct-list.ts";
import { isWithin } from "./validity.ts";
import { extensionOids } from "./x509.ts";

/** What {@link verifySct} is asked. */
export interface SctQuestion {
  /** Its chain is proven, so its issuer's key is known. */
  readonly certificate: ProvenCertificate;
  readonly ctLogs: readonly TransparencyLog[];
  /** Fulcio's detached SCT, for instances that do not embed it. */
  readonly detached?: Sct;
  /** Where the logs come from, for messages. */
  readonly label?: string;
}

/** A promise that a trusted log really made. Only {@link verifySct} makes one. */
export class ProvenSct {
  readonly log: TransparencyLog;
  /** When the log promised. */
  readonly time: Date;

  private constructor(log: TransparencyLog, time: Date) {
    this.log = log;
    this.time = time;
  }

  /** @see {@link verifySct} */
  static verify(question: SctQuestion): ProvenSct[] {
    const { certificate, ctLogs, detached } = question;
    const leaf = certificate.certificate;
    const embedded = leaf.sctList === undefined ? [] : parseSctList(leaf.sctList);
    if (embedded.length === 0 && detached === undefined) {
      throw refuse("has no signed certificate timestamp");
    }
    const precertificate = embedded.length === 0 ? undefined : encodePrecertificate(certificate);
    const proven = [
      ...embedded.map((sct) => ProvenSct.#prove(sct, ctLogs, precertificate)),
      ...(detached === undefined ? [] : [ProvenSct.#prove(detached, ctLogs, encodeEntry(leaf))]),
    ].filter((sct) => sct !== undefined);
    if (proven.length > 0) return proven;
    throw unknownLogs([...embedded, ...(detached === undefined ? [] : [detached])], question);
  }

  /** Undefined when the log is unknown, which says nothing; a known log's bad promise is refused. */
  static #prove(
    sct: Sct,
    ctLogs: readonly TransparencyLog[],
    entry: Uint8Array | undefined,
  ): ProvenSct | undefined {
    // RFC 6962 section 3.2: the id is the hash of the key. The trusted root's own label is not asked.
    const known = ctLogs.filter(({ publicKey }) => equalBytes(publicKey.keyId, sct.logId));
    const [first] = known;
    if (first === undefined || entry === undefined) return undefined;
    verifySignature(sct, first, entry);
    const time = new Date(Number(sct.timestamp));
    // One key may be listed for several periods.
    const log = known.find(({ validFor }) => isWithin(time, validFor));
    if (log === undefined) {
      throw refuse(
        `has an SCT of ${describeTime(time)}, at which its log ${describeLog(first)} is not trusted`,
      );
    }
    return new ProvenSct(log, time);
  }
}

/**
 * Proves that trusted logs know the certificate: embedded SCTs over the precertificate, a detached one
 * over the certificate. At least one must be from a known log, and all from known logs must hold.
 *
 * @throws SigstepError SCT_INVALID
 * @see RFC 6962 sections 3.2 and 3.3
 */
export function verifySct(question: SctQuestion): ProvenSct[] {
  return ProvenSct.verify(question);
}

// TLS 1.2 code points; RFC 6962 section 2.1.4 allows SHA-256 with ECDSA or RSA alone.
const sha256Hash = 4;
const signatureTypes: ReadonlyMap<number, KeyType> = new Map([
  [1, "rsa"],
  [3, "ecdsa"],
]);

function verifySignature(sct: Sct, log: TransparencyLog, entry: Uint8Array): void {
  const { type } = log.publicKey.facts;
  if (sct.hashAlgorithm !== sha256Hash || signatureTypes.get(sct.signatureAlgorithm) !== type) {
    throw refuse(`has an SCT signed with another algorithm than its log's, ${describeLog(log)}`);
  }
  if (!log.publicKey.verify(encodeSigned(sct, entry), sct.signature, "sha256")) {
    throw refuse(`has an SCT that its log ${describeLog(log)} has not signed for it`);
  }
}

/**
 * ```
 * version u8 = 0, signature type u8 = 0, timestamp u64, entry, extensions: length u16
 * ```
 */
function encodeSigned(sct: Sct, entry: Uint8Array): Uint8Array {
  return concatBytes([
    Uint8Array.of(0, 0),
    encodeNumber(sct.timestamp, 8),
    entry,
    encodeVector(sct.extensions, 2),
  ]);
}

/** `x509_entry(0) u16, certificate: length u24` */
function encodeEntry(leaf: Certificate): Uint8Array {
  return concatBytes([encodeNumber(0n, 2), encodeVector(leaf.der, 3)]);
}

/** `precert_entry(1) u16, issuer key hash [32], TBSCertificate without SCTs: length u24` */
function encodePrecertificate({ certificate, issuers: [issuer] }: ProvenCertificate): Uint8Array {
  return concatBytes([
    encodeNumber(1n, 2),
    issuer.publicKey.keyId,
    encodeVector(encodeTbsWithoutScts(certificate.tbs), 3),
  ]);
}

/**
 * The TBSCertificate without its SCT extension, all other bytes as they were.
 *
 * @throws SigstepError ENCODING_INVALID
 * @see RFC 6962 section 3.2
 */
export function encodeTbsWithoutScts(tbs: Uint8Array): Uint8Array {
  const fields = parseDer(tbs, "certificate").children.map((field) =>
    field.tag === contextTag(3, "constructed") ? encodeKeptExtensions(field) : field.raw,
  );
  return encodeSequence(...fields);
}

/** `[3] EXPLICIT SEQUENCE OF Extension`; nothing at all when none is left. */
function encodeKeptExtensions(field: DerElement): Uint8Array {
  const kept = (field.children[0]?.children ?? [])
    .filter(({ children: [oid] }) => oid === undefined || !isSctList(oid))
    .map((extension) => extension.raw);
  return kept.length === 0 ? new Uint8Array() : encodeDer(field.tag, encodeSequence(...kept));
}

const sctListOid = encodeOid(extensionOids.sctList);

function isSctList(oid: DerElement): boolean {
  return equalBytes(oid.raw, sctListOid);
}

function encodeVector(bytes: Uint8Array, octets: number): Uint8Array {
  return concatBytes([encodeNumber(BigInt(bytes.length), octets), bytes]);
}

/** Big-endian, `octets` bytes; what does not fit cannot occur: certificates and lists are bounded. */
function encodeNumber(value: bigint, octets: number): Uint8Array {
  const bytes = new Uint8Array(octets);
  for (let index = octets - 1, rest = value; index >= 0; index--, rest >>= 8n) {
    bytes[index] = Number(rest & 0xffn);
  }
  return bytes;
}

function unknownLogs(scts: readonly Sct[], { ctLogs, label }: SctQuestion): SigstepError {
  const ids = [...new Set(scts.map(({ logId }) => encodeHex(logId)))];
  const known = ctLogs.map(describeLog);
  return new SigstepError(
    "SCT_INVALID",
    `The certificate is in no certificate transparency log that the trusted root${label === undefined ? "" : ` ${quote(label)}`} knows: it is in ${ids.join(", ")}; the trusted root has ${known.length === 0 ? "none" : known.join(", ")}.`,
    { hint: "It may be from another Sigstore instance: give that instance's trusted root." },
  );
}

function describeLog({ publicKey, baseUrl }: TransparencyLog): string {
  return `${encodeHex(publicKey.keyId)} (${quote(baseUrl, 60)})`;
}

/** A number from a log can be beyond every calendar. */
function describeTime(time: Date): string {
  return Number.isNaN(time.getTime()) ? "no time at all" : time.toISOString();
}

function refuse(reason: string): SigstepError {
  return new SigstepError("SCT_INVALID", `The certificate ${reason}.`);
}
