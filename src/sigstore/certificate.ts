// An X.509 certificate, read strictly and completely before anything is believed about it.
// Only version 3; whether it may be trusted is chain.ts. RFC 5280 section 4.1.
import { computeDigest } from "../crypto/digest.ts";
import { parseSignatureAlgorithm, type SignatureAlgorithm } from "../crypto/algorithms.ts";
import { parsePublicKey, type PublicKey } from "../crypto/keys.ts";
import { encodeHex, equalBytes } from "../encoding/base64.ts";
import {
  contextTag,
  type DerElement,
  type DerFields,
  openSequence,
  parseDer,
  tags,
  unwrapExplicit,
} from "../encoding/der.ts";
import {
  parseOctetString,
  parseSmallInteger,
  parseUnsignedBytes,
  parseWholeBytes,
} from "../encoding/der-values.ts";
import { type FulcioExtensions, parseFulcioExtensions } from "./fulcio-extensions.ts";
import { type GeneralName, parseGeneralNames } from "./general-name.ts";
import {
  type BasicConstraints,
  type DistinguishedName,
  type Extension,
  extensionOids,
  type KeyUsage,
  parseAuthorityKeyIdentifier,
  parseBasicConstraints,
  parseExtendedKeyUsage,
  parseExtensions,
  parseKeyUsage,
  parseName,
  parseSubjectKeyIdentifier,
  parseValidityPeriod,
} from "./x509.ts";

/** What a certificate says. Nothing of it is proven. Only {@link parseCertificate} makes one. */
export class Certificate {
  /** The whole certificate. */
  readonly der: Uint8Array;
  /** DER of the part that the issuer signed. */
  readonly tbs: Uint8Array;
  /** Undefined when it is none of ours; such a certificate reads but never verifies. */
  readonly signatureAlgorithm: SignatureAlgorithm | undefined;
  readonly signature: Uint8Array;
  /** Magnitude, big-endian, without leading zeros. */
  readonly serialNumber: Uint8Array;
  readonly issuer: DistinguishedName;
  readonly subject: DistinguishedName;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  /** Every extension by dotted identifier, in the certificate's order. */
  readonly extensions: ReadonlyMap<string, Extension>;
  readonly basicConstraints: BasicConstraints | undefined;
  readonly keyUsage: KeyUsage | undefined;
  /** Purposes by dotted identifier; undefined means any. */
  readonly extendedKeyUsage: readonly string[] | undefined;
  readonly subjectAlternativeNames: readonly GeneralName[];
  readonly subjectKeyIdentifier: Uint8Array | undefined;
  readonly authorityKeyIdentifier: Uint8Array | undefined;
  /** The embedded list of signed certificate timestamps, in its TLS encoding (sct-list.ts reads it). */
  readonly sctList: Uint8Array | undefined;
  readonly fulcio: FulcioExtensions;
  /** SHA-256 of the certificate, hexadecimal. */
  readonly fingerprint: string;
  #publicKey: PublicKey | undefined;

  private constructor(der: Uint8Array, fingerprint: string) {
    const outer = parseOuter(der);
    const tbs = parseTbs(outer);
    const { extensions } = tbs;
    const parse = <T>(oid: string, parser: (value: Uint8Array) => T): T | undefined => {
      const extension = extensions.get(oid);
      return extension === undefined ? undefined : parser(extension.value);
    };
    this.der = der;
    this.fingerprint = fingerprint;
    this.tbs = outer.tbs.raw;
    this.signatureAlgorithm = parseSignatureAlgorithm(outer.algorithm, "signature algorithm");
    this.signature = outer.signature;
    this.serialNumber = tbs.serialNumber;
    this.issuer = tbs.issuer;
    this.subject = tbs.subject;
    this.notBefore = tbs.notBefore;
    this.notAfter = tbs.notAfter;
    this.spki = tbs.spki;
    this.extensions = extensions;
    this.basicConstraints = parse(extensionOids.basicConstraints, parseBasicConstraints);
    this.keyUsage = parse(extensionOids.keyUsage, parseKeyUsage);
    this.extendedKeyUsage = parse(extensionOids.extendedKeyUsage, parseExtendedKeyUsage);
    this.subjectAlternativeNames = parse(extensionOids.subjectAlternativeName, parseNames) ?? [];
    this.subjectKeyIdentifier = parse(
      extensionOids.subjectKeyIdentifier,
      parseSubjectKeyIdentifier,
    );
    this.authorityKeyIdentifier = parse(
      extensionOids.authorityKeyIdentifier,
      parseAuthorityKeyIdentifier,
    );
    this.sctList = parse(extensionOids.sctList, parseWrappedOctets);
    this.fulcio = parseFulcioExtensions(extensions);
  }

  /** @see {@link parseCertificate} */
  static parse(der: Uint8Array): Certificate {
    const fingerprint = encodeHex(computeDigest("sha256", der).bytes);
    const known = recent.get(fingerprint);
    if (known !== undefined) return known;
    const certificate = new Certificate(new Uint8Array(der), fingerprint);
    if (recent.size >= maxRecent) recent.clear();
    recent.set(fingerprint, certificate);
    return certificate;
  }

  /** The subject's key. @throws SigstepError ENCODING_INVALID when it is none that we verify with. */
  get publicKey(): PublicKey {
    this.#publicKey ??= parsePublicKey(this.spki);
    return this.#publicKey;
  }
}

// Certificates read lately, by fingerprint: a job that verifies many bundles meets the same ones again.
// A pure function's memory, bounded; the hash of the whole input decides.
const recent = new Map<string, Certificate>();
const maxRecent = 256;

/**
 * The certificate in `der`, which anyone may have made. The bytes are copied.
 *
 * @throws SigstepError ENCODING_INVALID for anything but one certificate, version 3, in strict DER, whose
 * known extensions are what their identifiers promise.
 * @see RFC 5280 section 4.1
 */
export function parseCertificate(der: Uint8Array): Certificate {
  return Certificate.parse(der);
}

interface Outer {
  readonly tbs: DerElement;
  readonly algorithm: DerElement;
  readonly signature: Uint8Array;
}

/** `Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue BIT STRING }` */
function parseOuter(der: Uint8Array): Outer {
  const fields = openSequence(parseDer(der, "certificate"), "certificate");
  const tbs = fields.take(tags.sequence, "contents");
  const algorithm = fields.take(tags.sequence, "signature algorithm");
  const signature = parseWholeBytes(fields.take(tags.bitString, "signature"), "signature");
  fields.end();
  return { tbs, algorithm, signature };
}

interface Tbs {
  readonly serialNumber: Uint8Array;
  readonly issuer: DistinguishedName;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly subject: DistinguishedName;
  readonly spki: Uint8Array;
  readonly extensions: ReadonlyMap<string, Extension>;
}

/**
 * ```
 * TBSCertificate ::= SEQUENCE {
 *   version [0] EXPLICIT INTEGER, serialNumber INTEGER, signature AlgorithmIdentifier,
 *   issuer Name, validity Validity, subject Name, subjectPublicKeyInfo SubjectPublicKeyInfo,
 *   issuerUniqueID [1] OPTIONAL, subjectUniqueID [2] OPTIONAL, extensions [3] EXPLICIT OPTIONAL }
 * ```
 */
function parseTbs(outer: Outer): Tbs {
  const fields = openSequence(outer.tbs, "certificate");
  const version = unwrapExplicit(fields.take(contextTag(0, "constructed"), "version"), "version");
  if (parseSmallInteger(version, "version") !== 2) throw version.invalid("version is not 3");
  const serial = fields.take(tags.integer, "serial number");
  const serialNumber = parseUnsignedBytes(serial, "serial number");
  if (serialNumber.length > 20) throw serial.invalid("serial number is longer than 20 bytes");
  const algorithm = fields.take(tags.sequence, "signature algorithm");
  // The unsigned copy outside must not say anything else (RFC 5280 section 4.1.1.2).
  if (!equalBytes(algorithm.raw, outer.algorithm.raw)) {
    throw algorithm.invalid("signature algorithm is not the same inside and outside");
  }
  const issuer = parseName(fields.take(tags.sequence, "issuer"), "issuer");
  const validity = parseValidityPeriod(fields.take(tags.sequence, "validity"));
  const subject = parseName(fields.take(tags.sequence, "subject"), "subject");
  const spki = fields.take(tags.sequence, "public key").raw;
  const extensions = parseTail(fields);
  return { serialNumber, issuer, ...validity, subject, spki, extensions };
}

/** What follows the key. The unique identifiers are obsolete and without meaning here. */
function parseTail(fields: DerFields): ReadonlyMap<string, Extension> {
  fields.takeOptional(contextTag(1, "primitive"));
  fields.takeOptional(contextTag(2, "primitive"));
  const extensions = fields.takeOptional(contextTag(3, "constructed"));
  fields.end();
  return extensions === undefined
    ? new Map()
    : parseExtensions(unwrapExplicit(extensions, "extensions"));
}

function parseNames(value: Uint8Array): GeneralName[] {
  return parseGeneralNames(parseDer(value, "subject alternative name"));
}

function parseWrappedOctets(value: Uint8Array): Uint8Array {
  return parseOctetString(parseDer(value, "SCT list"), "SCT list");
}
