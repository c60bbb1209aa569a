// The parts that X.509 certificates are made of: names, validity, and the standard extensions.
// What a whole certificate is, is certificate.ts. RFC 5280 sections 4.1 and 4.2.
import {
  contextTag,
  type DerElement,
  DerFields,
  openSequence,
  parseDer,
  tags,
} from "../encoding/der.ts";
import {
  parseBitString,
  parseBoolean,
  parseOctetString,
  parseOid,
  parseSmallInteger,
  parseTime,
  parseUtf8Content,
} from "../encoding/der-values.ts";
import { SigstepError } from "../errors.ts";

/** Identifiers of the extensions that we understand. */
export const extensionOids = {
  subjectKeyIdentifier: "2.5.29.14",
  keyUsage: "2.5.29.15",
  subjectAlternativeName: "2.5.29.17",
  basicConstraints: "2.5.29.19",
  nameConstraints: "2.5.29.30",
  certificatePolicies: "2.5.29.32",
  authorityKeyIdentifier: "2.5.29.35",
  extendedKeyUsage: "2.5.29.37",
  sctList: "1.3.6.1.4.1.11129.2.4.2",
} as const;

/** Purposes in an extended key usage. */
export const keyPurposes = {
  any: "2.5.29.37.0",
  codeSigning: "1.3.6.1.5.5.7.3.3",
  timeStamping: "1.3.6.1.5.5.7.3.8",
} as const;

/** A name: compared by its bytes, shown by its text. */
export interface DistinguishedName {
  /** DER of the whole Name. */
  readonly raw: Uint8Array;
  readonly commonName: string | undefined;
  readonly organization: string | undefined;
}

/** An extension as it stands in the certificate. */
export interface Extension {
  readonly critical: boolean;
  readonly value: Uint8Array;
}

/** `BasicConstraints`, with its defaults filled in. */
export interface BasicConstraints {
  readonly isAuthority: boolean;
  /** How many intermediates may follow; undefined for any number. */
  readonly pathLength: number | undefined;
}

/** Uses of a key that matter here. */
export interface KeyUsage {
  readonly digitalSignature: boolean;
  readonly contentCommitment: boolean;
  readonly certificateSigning: boolean;
}

const attributeOids = { commonName: "2.5.4.3", organization: "2.5.4.10" } as const;

/** `Name ::= SEQUENCE OF SET OF SEQUENCE { type OID, value ANY }` @throws SigstepError ENCODING_INVALID */
export function parseName(element: DerElement, what: string): DistinguishedName {
  const texts = new Map<string, string>();
  for (const set of element.expect(tags.sequence, what).children) {
    if (set.expect(tags.set, what).children.length === 0)
      throw set.invalid(`${what} has an empty part`);
    for (const attribute of set.children) {
      const fields = openSequence(attribute, what);
      const oid = parseOid(fields.take(tags.oid, "attribute"), what);
      const value = fields.takeAny("value");
      fields.end();
      if (isText(value)) texts.set(oid, parseUtf8Content(value, what));
    }
  }
  return {
    raw: element.raw,
    commonName: texts.get(attributeOids.commonName),
    organization: texts.get(attributeOids.organization),
  };
}

/** A name for messages: `O=sigstore.dev, CN=sigstore`. */
export function describeName(name: DistinguishedName): string {
  const parts: string[] = [];
  if (name.organization !== undefined) parts.push(`O=${name.organization}`);
  if (name.commonName !== undefined) parts.push(`CN=${name.commonName}`);
  return parts.join(", ");
}

/** Kinds of text whose bytes are UTF-8; the historic others are compared, never shown. */
function isText(element: DerElement): boolean {
  return (
    element.tag === tags.utf8String ||
    element.tag === tags.printableString ||
    element.tag === tags.ia5String
  );
}

/** `Validity ::= SEQUENCE { notBefore Time, notAfter Time }` @throws SigstepError ENCODING_INVALID */
export function parseValidityPeriod(element: DerElement): { notBefore: Date; notAfter: Date } {
  const fields = openSequence(element, "validity");
  const notBefore = parseTime(fields.takeAny("notBefore"), "notBefore");
  const notAfter = parseTime(fields.takeAny("notAfter"), "notAfter");
  fields.end();
  return { notBefore, notAfter };
}

/**
 * `Extensions ::= SEQUENCE OF SEQUENCE { extnID OID, critical BOOLEAN DEFAULT FALSE, extnValue OCTET STRING }`
 *
 * @throws SigstepError ENCODING_INVALID, also when one occurs twice (RFC 5280 section 4.2).
 */
export function parseExtensions(element: DerElement): Map<string, Extension> {
  const extensions = new Map<string, Extension>();
  for (const child of element.expect(tags.sequence, "extensions").children) {
    const fields = openSequence(child, "extension");
    const oid = parseOid(fields.take(tags.oid, "identifier"), "extension");
    const critical = parseDefaultFalse(fields.takeOptional(tags.boolean), "critical");
    const value = parseOctetString(fields.take(tags.octetString, "value"), "extension");
    fields.end();
    if (extensions.has(oid)) throw child.invalid(`extension ${oid} occurs twice`);
    extensions.set(oid, { critical, value });
  }
  return extensions;
}

/** A BOOLEAN DEFAULT FALSE, which DER never writes when it is false (X.690 section 11.5). */
export function parseDefaultFalse(element: DerElement | undefined, what: string): boolean {
  if (element === undefined) return false;
  if (!parseBoolean(element, what)) throw element.invalid(`${what} spells out its default`);
  return true;
}

/** `SEQUENCE { cA BOOLEAN DEFAULT FALSE, pathLenConstraint INTEGER OPTIONAL }` @throws SigstepError ENCODING_INVALID */
export function parseBasicConstraints(value: Uint8Array): BasicConstraints {
  const root = parseDer(value, "basic constraints");
  const fields = openSequence(root, "basic constraints");
  const isAuthority = parseDefaultFalse(fields.takeOptional(tags.boolean), "cA");
  const pathElement = fields.takeOptional(tags.integer);
  fields.end();
  if (pathElement === undefined) return { isAuthority, pathLength: undefined };
  if (!isAuthority) throw root.invalid("path length without cA");
  return { isAuthority, pathLength: parseSmallInteger(pathElement, "path length") };
}

/** `KeyUsage ::= BIT STRING`, bit 0 first. @throws SigstepError ENCODING_INVALID */
export function parseKeyUsage(value: Uint8Array): KeyUsage {
  const first = parseBitString(parseDer(value, "key usage"), "key usage").bytes[0] ?? 0;
  return {
    digitalSignature: (first & 0x80) !== 0,
    contentCommitment: (first & 0x40) !== 0,
    certificateSigning: (first & 0x04) !== 0,
  };
}

/** `SEQUENCE SIZE (1..MAX) OF OID` @throws SigstepError ENCODING_INVALID */
export function parseExtendedKeyUsage(value: Uint8Array): string[] {
  const root = parseDer(value, "extended key usage").expect(tags.sequence, "extended key usage");
  if (root.children.length === 0) throw root.invalid("extended key usage is empty");
  return root.children.map((child) => parseOid(child, "extended key usage"));
}

/** `SubjectKeyIdentifier ::= OCTET STRING` @throws SigstepError ENCODING_INVALID */
export function parseSubjectKeyIdentifier(value: Uint8Array): Uint8Array {
  return parseOctetString(parseDer(value, "subject key identifier"), "subject key identifier");
}

/** `SEQUENCE { keyIdentifier [0] OPTIONAL, … }`: the key identifier alone. @throws SigstepError ENCODING_INVALID */
export function parseAuthorityKeyIdentifier(value: Uint8Array): Uint8Array | undefined {
  const root = parseDer(value, "authority key identifier");
  const fields = new DerFields(root.expect(tags.sequence, "value"), "authority key identifier");
  return fields.takeOptional(contextTag(0, "primitive"))?.content;
}

/** An error about a certificate that is well-formed but must not be believed. */
export function refuseCertificate(reason: string, cause?: unknown): SigstepError {
  return new SigstepError("CERTIFICATE_INVALID", `The certificate ${reason}.`, { cause });
}
