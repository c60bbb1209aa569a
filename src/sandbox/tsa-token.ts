// Writes a TimeStampResp: RFC 3161 section 2.4.2, in the CMS of RFC 5652 section 5.
import { computeDigest, digestAlgorithms, type Digest } from "../crypto/digest.ts";
import {
  encodeDer,
  encodeNull,
  encodeOid,
  encodeRetagged,
  encodeSequence,
  encodeUnsigned,
} from "../encoding/der-encode.ts";
import { parseDer, tags } from "../encoding/der.ts";
import { policyOid } from "./tsa-query.ts";

const oids = {
  signedData: "1.2.840.113549.1.7.2",
  tstInfo: "1.2.840.113549.1.9.16.1.4",
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
  signingTime: "1.2.840.113549.1.9.5",
  signingCertificateV2: "1.2.840.113549.1.9.16.2.47",
  sha256: "2.16.840.1.101.3.4.2.1",
  ecdsaWithSha256: "1.2.840.10045.4.3.2",
} as const;

/** What is stamped, and when. */
export interface Stamp {
  readonly imprint: Digest;
  readonly time: Date;
  readonly serialNumber: Uint8Array;
  /** The INTEGER of the query. */
  readonly nonce: Uint8Array | undefined;
}

/** Who stamps. */
export interface Stamper {
  /** DER of the leaf's certificate. */
  readonly certificate: Uint8Array;
  /** What to embed. */
  readonly certificates: readonly Uint8Array[];
  /** ECDSA P-256 with SHA-256. */
  sign(bytes: Uint8Array): Uint8Array;
}

/**
 * TimeStampResp ::= SEQUENCE \{ status PKIStatusInfo, timeStampToken TimeStampToken OPTIONAL \}
 *
 * @see https://www.rfc-editor.org/rfc/rfc3161#section-2.4.2
 */
export function encodeGranted(stamp: Stamp, stamper: Stamper): Uint8Array {
  const granted = encodeSequence(encodeUnsigned(Uint8Array.of(0)));
  return encodeSequence(granted, encodeToken(stamp, stamper));
}

/** A refusal: PKIStatus rejection (2), PKIFailureInfo badRequest (bit 2), and no token. */
export function encodeRejected(): Uint8Array {
  const failure = encodeDer(tags.bitString, Uint8Array.of(5 /* unused bits */, 0b0010_0000));
  return encodeSequence(encodeSequence(encodeUnsigned(Uint8Array.of(2)), failure));
}

/** ContentInfo of a SignedData. @see https://www.rfc-editor.org/rfc/rfc5652#section-5.1 */
function encodeToken(stamp: Stamp, stamper: Stamper): Uint8Array {
  const content = encodeTstInfo(stamp, stamper.certificate);
  const certificates =
    stamper.certificates.length > 0 ? [encodeDer(0xa0, ...stamper.certificates)] : [];
  const signedData = encodeSequence(
    encodeUnsigned(Uint8Array.of(3 /* version: the content is not plain data */)),
    encodeDer(tags.set, algorithm(oids.sha256)),
    encodeSequence(encodeOid(oids.tstInfo), encodeDer(0xa0, encodeDer(tags.octetString, content))),
    ...certificates,
    encodeDer(tags.set, encodeSignerInfo(content, stamp.time, stamper)),
  );
  return encodeSequence(encodeOid(oids.signedData), encodeDer(0xa0, signedData));
}

/**
 * TSTInfo ::= SEQUENCE \{ version, policy, messageImprint, serialNumber, genTime, accuracy, nonce, tsa [0] \}
 */
function encodeTstInfo(stamp: Stamp, certificate: Uint8Array): Uint8Array {
  const { imprint } = stamp;
  const hash = encodeSequence(encodeOid(digestAlgorithms[imprint.algorithm].oid), encodeNull());
  return encodeSequence(
    encodeUnsigned(Uint8Array.of(1)),
    encodeOid(policyOid),
    encodeSequence(hash, encodeDer(tags.octetString, imprint.bytes)),
    encodeUnsigned(stamp.serialNumber),
    encodeDer(tags.generalizedTime, Buffer.from(timeText(stamp.time))),
    encodeSequence(encodeUnsigned(Uint8Array.of(1 /* second of accuracy */))),
    ...(stamp.nonce === undefined ? [] : [stamp.nonce]),
    encodeDer(0xa0 /* tsa */, encodeDer(0xa4 /* directoryName */, namesOf(certificate).subject)),
  );
}

/** @see https://www.rfc-editor.org/rfc/rfc5652#section-5.3 */
function encodeSignerInfo(content: Uint8Array, time: Date, stamper: Stamper): Uint8Array {
  const { issuer, serialNumber } = namesOf(stamper.certificate);
  const attributes = encodeSetOf(
    attribute(oids.contentType, encodeOid(oids.tstInfo)),
    attribute(oids.signingTime, encodeDer(tags.utcTime, Buffer.from(timeText(time).slice(2)))),
    attribute(oids.messageDigest, encodeDer(tags.octetString, sha256(content))),
    attribute(oids.signingCertificateV2, encodeSigningCertificate(stamper.certificate)),
  );
  return encodeSequence(
    encodeUnsigned(Uint8Array.of(1)),
    encodeSequence(issuer, serialNumber),
    algorithm(oids.sha256),
    encodeRetagged(attributes, 0xa0),
    algorithm(oids.ecdsaWithSha256),
    encodeDer(tags.octetString, stamper.sign(attributes)),
  );
}

/** ESSCertIDv2 with its default hash, SHA-256. @see https://www.rfc-editor.org/rfc/rfc5035#section-4 */
function encodeSigningCertificate(certificate: Uint8Array): Uint8Array {
  const { issuer, serialNumber } = namesOf(certificate);
  const issuerSerial = encodeSequence(encodeSequence(encodeDer(0xa4, issuer)), serialNumber);
  const id = encodeSequence(encodeDer(tags.octetString, sha256(certificate)), issuerSerial);
  return encodeSequence(encodeSequence(id));
}

/** TBSCertificate ::= SEQUENCE \{ version [0], serialNumber, signature, issuer, validity, subject … \} */
function namesOf(
  certificate: Uint8Array,
): Record<"serialNumber" | "issuer" | "subject", Uint8Array> {
  const tbs = parseDer(certificate, "certificate").children[0]?.children ?? [];
  const [, serialNumber, , issuer, , subject] = tbs;
  if (serialNumber === undefined || issuer === undefined || subject === undefined) {
    throw new TypeError("not a certificate");
  }
  return { serialNumber: serialNumber.raw, issuer: issuer.raw, subject: subject.raw };
}

function attribute(oid: string, value: Uint8Array): Uint8Array {
  return encodeSequence(encodeOid(oid), encodeDer(tags.set, value));
}

function algorithm(oid: string): Uint8Array {
  return encodeSequence(encodeOid(oid));
}

/** SET OF, sorted by encoding. @see X.690 section 11.6 */
function encodeSetOf(...elements: readonly Uint8Array[]): Uint8Array {
  return encodeDer(tags.set, ...elements.toSorted((left, right) => Buffer.compare(left, right)));
}

/** YYYYMMDDHHMMSSZ */
function timeText(time: Date): string {
  return `${time.toISOString().slice(0, 19).replace(/[-:T]/g, "")}Z`;
}

function sha256(bytes: Uint8Array): Uint8Array {
  return computeDigest("sha256", bytes).bytes;
}
