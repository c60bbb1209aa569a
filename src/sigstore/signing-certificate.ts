// The signed attribute that ties a timestamp to its signer's certificate, by hash, so that another
// certificate with the same key or name cannot stand in for it. RFC 2634 section 5.4, RFC 5035 section 4.
import { createHash } from "node:crypto";
import { computeDigest } from "../crypto/digest.ts";
import { equalBytes } from "../encoding/base64.ts";
import { type DerElement, openSequence, tags } from "../encoding/der.ts";
import { parseOctetString, parseUnsignedBytes } from "../encoding/der-values.ts";
import { SigstepError } from "../errors.ts";
import type { Certificate } from "./certificate.ts";
import { parseDigestAlgorithm, type SignerInfo } from "./cms.ts";
import { findDirectoryName } from "./general-name.ts";

const oids = { v1: "1.2.840.113549.1.9.16.2.12", v2: "1.2.840.113549.1.9.16.2.47" } as const;

/**
 * Proves that the attribute names `certificate`: at least one of its two versions, and each that is there.
 *
 * @throws SigstepError TIMESTAMP_INVALID, or ENCODING_INVALID for an attribute that cannot be read.
 * @see RFC 3161 section 2.4.2, RFC 5816 section 2.2.1
 */
export function verifySigningCertificate(
  { attributes }: SignerInfo,
  certificate: Certificate,
): void {
  const v1 = attributes.get(oids.v1);
  const v2 = attributes.get(oids.v2);
  if (v1 === undefined && v2 === undefined) {
    throw refuse("does not say by which certificate it is signed (ESSCertID)");
  }
  if (v1 !== undefined) requireMatch(parseIdV1(v1, certificate), certificate);
  if (v2 !== undefined) requireMatch(parseIdV2(v2, certificate), certificate);
}

/** A certificate id, beside the hash that it would have if it were the certificate's. */
interface CertificateId {
  readonly hash: Uint8Array;
  readonly expected: Uint8Array;
  readonly issuerSerial: DerElement | undefined;
}

function requireMatch(id: CertificateId, certificate: Certificate): void {
  if (!equalBytes(id.hash, id.expected) || !isIssuerSerialOf(id.issuerSerial, certificate)) {
    throw refuse("says that it is signed by another certificate than its authority's (ESSCertID)");
  }
}

/** `SEQUENCE { certs SEQUENCE OF ESSCertID, policies OPTIONAL }`; the first is the signer's own. */
function firstId(attribute: DerElement): DerElement {
  const fields = openSequence(attribute, "signing certificate");
  const ids = fields.take(tags.sequence, "certificates");
  fields.takeOptional(tags.sequence);
  fields.end();
  const [first] = ids.children;
  if (first === undefined) throw ids.invalid("signing certificate is empty");
  return first;
}

/** `ESSCertID ::= SEQUENCE { certHash OCTET STRING (SHA-1), issuerSerial OPTIONAL }` */
function parseIdV1(attribute: DerElement, certificate: Certificate): CertificateId {
  const fields = openSequence(firstId(attribute), "certificate id");
  const hash = parseOctetString(fields.take(tags.octetString, "hash"), "hash");
  const issuerSerial = fields.takeOptional(tags.sequence);
  fields.end();
  // SHA-1 is in no table of ours: here it only adds a check to a signature that holds without it.
  const expected = createHash("sha1").update(certificate.der).digest();
  return { hash, expected, issuerSerial };
}

/** `ESSCertIDv2 ::= SEQUENCE { hashAlgorithm DEFAULT sha256, certHash, issuerSerial OPTIONAL }` */
function parseIdV2(attribute: DerElement, certificate: Certificate): CertificateId {
  const fields = openSequence(firstId(attribute), "certificate id");
  const algorithm = fields.takeOptional(tags.sequence);
  const hash = parseOctetString(fields.take(tags.octetString, "hash"), "hash");
  const issuerSerial = fields.takeOptional(tags.sequence);
  fields.end();
  const name = algorithm === undefined ? "sha256" : parseDigestAlgorithm(algorithm);
  return { hash, expected: computeDigest(name, certificate.der).bytes, issuerSerial };
}

/** `IssuerSerial ::= SEQUENCE { issuer GeneralNames, serialNumber INTEGER }`; absent, it agrees. */
function isIssuerSerialOf(element: DerElement | undefined, certificate: Certificate): boolean {
  if (element === undefined) return true;
  const fields = openSequence(element, "issuer and serial number");
  const issuer = findDirectoryName(fields.take(tags.sequence, "issuer"));
  const serialNumber = parseUnsignedBytes(fields.take(tags.integer, "serial"), "serial number");
  fields.end();
  return (
    issuer !== undefined &&
    equalBytes(issuer, certificate.issuer.raw) &&
    equalBytes(serialNumber, certificate.serialNumber)
  );
}

function refuse(reason: string): SigstepError {
  return new SigstepError("TIMESTAMP_INVALID", `The timestamp ${reason}.`);
}
