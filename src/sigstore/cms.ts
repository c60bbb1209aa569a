// The CMS SignedData around a timestamp: one content, one signer, signed attributes.
// Strict DER, which RFC 5652 asks of the signed attributes and every TSA we know writes throughout.
// RFC 5652 sections 5 and 11.
import {
  parseAlgorithmIdentifier,
  parseSignatureAlgorithm,
  type SignatureAlgorithm,
} from "../crypto/algorithms.ts";
import { type DigestAlgorithm, findDigestAlgorithm } from "../crypto/digest.ts";
import { equalBytes } from "../encoding/base64.ts";
import {
  contextTag,
  type DerElement,
  DerFields,
  openSequence,
  parseDer,
  tags,
  unwrapExplicit,
} from "../encoding/der.ts";
import { encodeRetagged } from "../encoding/der-encode.ts";
import {
  expectNull,
  parseOctetString,
  parseOid,
  parseSmallInteger,
  parseUnsignedBytes,
} from "../encoding/der-values.ts";
import { SigstepError } from "../errors.ts";
import type { Certificate } from "./certificate.ts";
import { type DistinguishedName, parseName } from "./x509.ts";

/** A signed content. Unproven. */
export interface SignedData {
  readonly contentType: string;
  readonly content: Uint8Array;
  /** DER of the certificates sent along: hints, never anchors. */
  readonly certificates: readonly Uint8Array[];
  readonly signer: SignerInfo;
}

/** Who claims to have signed, and what. */
export interface SignerInfo {
  readonly identifier: SignerIdentifier;
  readonly digestAlgorithm: DigestAlgorithm;
  /** Value of each signed attribute by dotted identifier. */
  readonly attributes: ReadonlyMap<string, DerElement>;
  /** The bytes that are signed: DER of the attributes as the SET that they are. */
  readonly signedBytes: Uint8Array;
  readonly signatureAlgorithm: SignatureAlgorithm;
  readonly signature: Uint8Array;
}

/** How a signer names its certificate. */
export type SignerIdentifier =
  | {
      readonly type: "issuerAndSerial";
      readonly issuer: DistinguishedName;
      readonly serialNumber: Uint8Array;
    }
  | { readonly type: "keyIdentifier"; readonly keyIdentifier: Uint8Array };

const signedDataOid = "1.2.840.113549.1.7.2";

/**
 * `ContentInfo ::= SEQUENCE { contentType OID, content [0] EXPLICIT SignedData }`
 *
 * @throws SigstepError ENCODING_INVALID, or TIMESTAMP_INVALID when it is not signed data by one signer.
 */
export function parseContentInfo(element: DerElement): SignedData {
  const fields = openSequence(element, "content info");
  const type = parseOid(fields.take(tags.oid, "type"), "content type");
  if (type !== signedDataOid) throw refuse("is not signed data");
  const content = fields.take(contextTag(0, "constructed"), "content");
  fields.end();
  return parseSignedData(unwrapExplicit(content, "content"));
}

/**
 * ```
 * SignedData ::= SEQUENCE { version, digestAlgorithms SET, encapContentInfo,
 *   certificates [0] IMPLICIT OPTIONAL, crls [1] IMPLICIT OPTIONAL, signerInfos SET }
 * ```
 */
function parseSignedData(element: DerElement): SignedData {
  const fields = openSequence(element, "signed data");
  const version = fields.take(tags.integer, "version");
  // 3 because the content is not plain data; 4 and 5 are for attribute and other certificates.
  requireVersion(version, 3);
  const digests = fields.take(tags.set, "digest algorithms").children.map(parseDigestAlgorithm);
  const content = parseEncapsulated(fields.take(tags.sequence, "content"));
  const certificates = fields.takeOptional(contextTag(0, "constructed"))?.children ?? [];
  fields.takeOptional(contextTag(1, "constructed"));
  const [first, ...others] = fields.take(tags.set, "signers").children;
  fields.end();
  if (first === undefined || others.length > 0) {
    throw refuse(`has ${first === undefined ? "no" : others.length + 1} signers instead of one`);
  }
  const signer = parseSignerInfo(first);
  if (!digests.includes(signer.digestAlgorithm)) {
    throw refuse("does not list its signer's digest algorithm");
  }
  return { ...content, certificates: certificates.map(({ raw }) => raw), signer };
}

/** The version follows from the contents, so another one is another structure. */
function requireVersion(element: DerElement, expected: number): void {
  const version = parseSmallInteger(element, "version");
  if (version !== expected) throw element.invalid(`version ${version} instead of ${expected}`);
}

/** `EncapsulatedContentInfo ::= SEQUENCE { eContentType OID, eContent [0] EXPLICIT OCTET STRING }` */
function parseEncapsulated(element: DerElement): { contentType: string; content: Uint8Array } {
  const fields = openSequence(element, "content");
  const contentType = parseOid(fields.take(tags.oid, "type"), "content type");
  const wrapped = unwrapExplicit(fields.take(contextTag(0, "constructed"), "content"), "content");
  fields.end();
  return { contentType, content: parseOctetString(wrapped, "content") };
}

/**
 * ```
 * SignerInfo ::= SEQUENCE { version, sid, digestAlgorithm, signedAttrs [0] IMPLICIT SET,
 *   signatureAlgorithm, signature OCTET STRING, unsignedAttrs [1] IMPLICIT OPTIONAL }
 * ```
 */
function parseSignerInfo(element: DerElement): SignerInfo {
  const fields = openSequence(element, "signer");
  const version = fields.take(tags.integer, "version");
  const identifier = parseIdentifier(fields.takeAny("identifier"));
  requireVersion(version, identifier.type === "issuerAndSerial" ? 1 : 3);
  const digestAlgorithm = parseDigestAlgorithm(fields.take(tags.sequence, "digest algorithm"));
  const attributes = fields.take(contextTag(0, "constructed"), "signed attributes");
  const algorithm = fields.take(tags.sequence, "signature algorithm");
  const signature = parseOctetString(fields.take(tags.octetString, "signature"), "signature");
  fields.takeOptional(contextTag(1, "constructed"));
  fields.end();
  const signatureAlgorithm = parseSignatureAlgorithm(algorithm, "signature algorithm");
  if (signatureAlgorithm === undefined) throw refuse("is signed with an unsupported algorithm");
  // Signed as the SET OF that the implicit tag hides (RFC 5652 section 5.4); parsing it as one proves
  // that it is sorted.
  const signedBytes = encodeRetagged(attributes.raw, tags.set);
  return {
    identifier,
    digestAlgorithm,
    attributes: parseAttributes(parseDer(signedBytes, "signed attributes")),
    signedBytes,
    signatureAlgorithm,
    signature,
  };
}

/** `SignerIdentifier ::= CHOICE { SEQUENCE { issuer, serialNumber }, [0] IMPLICIT OCTET STRING }` */
function parseIdentifier(element: DerElement): SignerIdentifier {
  if (element.tag === contextTag(0, "primitive")) {
    return { type: "keyIdentifier", keyIdentifier: element.content };
  }
  const fields = openSequence(element, "signer identifier");
  const issuer = parseName(fields.take(tags.sequence, "issuer"), "issuer");
  const serialNumber = parseUnsignedBytes(
    fields.take(tags.integer, "serial number"),
    "serial number",
  );
  fields.end();
  return { type: "issuerAndSerial", issuer, serialNumber };
}

/** `SET OF SEQUENCE { type OID, values SET OF ANY }`, each with one value: all that we read have one. */
function parseAttributes(element: DerElement): ReadonlyMap<string, DerElement> {
  const attributes = new Map<string, DerElement>();
  for (const child of element.children) {
    const fields = openSequence(child, "attribute");
    const oid = parseOid(fields.take(tags.oid, "type"), "attribute");
    const values = new DerFields(fields.take(tags.set, "values"), `attribute ${oid}`);
    fields.end();
    if (attributes.has(oid)) throw child.invalid(`attribute ${oid} occurs twice`);
    attributes.set(oid, values.takeAny("value"));
    values.end();
  }
  return attributes;
}

/**
 * A digest algorithm we compute; its parameters are absent or NULL (RFC 5754 section 2).
 *
 * @throws SigstepError ENCODING_INVALID, or TIMESTAMP_INVALID for another algorithm.
 */
export function parseDigestAlgorithm(element: DerElement): DigestAlgorithm {
  const { oid, parameters } = parseAlgorithmIdentifier(element, "digest algorithm");
  if (parameters !== undefined) expectNull(parameters, "digest algorithm parameters");
  const algorithm = findDigestAlgorithm("oid", oid);
  if (algorithm === undefined) throw refuse(`uses the unsupported digest algorithm ${oid}`);
  return algorithm;
}

/** Whether the signer names `certificate` as its own. A name proves nothing. */
export function isNamedSigner({ identifier }: SignerInfo, certificate: Certificate): boolean {
  if (identifier.type === "keyIdentifier") {
    const { subjectKeyIdentifier: own } = certificate;
    return own !== undefined && equalBytes(own, identifier.keyIdentifier);
  }
  return (
    equalBytes(identifier.issuer.raw, certificate.issuer.raw) &&
    equalBytes(identifier.serialNumber, certificate.serialNumber)
  );
}

/**
 * Proves that `certificate`'s key signed the attributes.
 *
 * @throws SigstepError TIMESTAMP_INVALID
 * @see RFC 5652 section 5.6
 */
export function verifySigner(signer: SignerInfo, certificate: Certificate): void {
  const { signatureAlgorithm: algorithm, digestAlgorithm } = signer;
  const key = certificate.publicKey;
  if (key.facts.type !== algorithm.type) {
    throw refuse("is signed with another algorithm than its certificate's");
  }
  // rsaEncryption leaves the digest to digestAlgorithm; ECDSA and the others name it themselves.
  if (!key.verify(signer.signedBytes, signer.signature, algorithm.digest ?? digestAlgorithm)) {
    throw refuse("has a signature that is not by its authority");
  }
}

function refuse(reason: string): SigstepError {
  return new SigstepError("TIMESTAMP_INVALID", `The timestamp ${reason}.`);
}
