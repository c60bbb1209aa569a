// Proof that a signature existed at a time that a trusted timestamp authority vouches for.
// Each check has its own message; certificates inside a timestamp are never anchors.
// RFC 3161 sections 2.2 and 2.3; RFC 5652 section 5.6.
import { computeDigest } from "../crypto/digest.ts";
import { equalBytes } from "../encoding/base64.ts";
import { encodeUnsigned } from "../encoding/der-encode.ts";
import { parseOctetString, parseOid } from "../encoding/der-values.ts";
import { quote, SigstepError } from "../errors.ts";
import { type Certificate, parseCertificate } from "./certificate.ts";
import { requireTimestampLeaf } from "./certificate-profile.ts";
import { type CertificateAuthority, findPath } from "./chain.ts";
import { isNamedSigner, type SignedData, type SignerInfo, verifySigner } from "./cms.ts";
import { verifySigningCertificate } from "./signing-certificate.ts";
import {
  parseTimestampInfo,
  type TimestampInfo,
  type TimestampResponse,
} from "./timestamp-response.ts";
import { describeName } from "./x509.ts";

/** A timestamp authority of the trusted root: its own certificate first, the anchor last. */
export type TimestampAuthority = CertificateAuthority;

/** What {@link verifyTimestamp} is asked. */
export interface TimestampQuestion {
  readonly response: TimestampResponse;
  /** The bytes that should have been timestamped. */
  readonly signature: Uint8Array;
  readonly authorities: readonly TimestampAuthority[];
  /** The nonce that was sent; only who asked knows it. */
  readonly nonce?: Uint8Array;
}

/** A time by which the signature existed. Only {@link verifyTimestamp} makes one. */
export class ProvenTimestamp {
  readonly time: Date;
  readonly authority: TimestampAuthority;
  /** The authority's own certificate: the same for every check and for the signature. */
  readonly certificate: Certificate;
  readonly info: TimestampInfo;
  readonly response: TimestampResponse;

  private constructor(response: TimestampResponse, info: TimestampInfo, signer: TrustedSigner) {
    this.response = response;
    this.time = info.time;
    this.authority = signer.authority;
    this.certificate = signer.certificate;
    this.info = info;
  }

  /** @see {@link verifyTimestamp} */
  static verify(question: TimestampQuestion): ProvenTimestamp {
    const token = requireToken(question.response); // 1
    const info = requireInfo(token); // 2, 3
    requireImprint(info, question.signature); // 4
    if (question.nonce !== undefined) requireNonce(info, question.nonce); // 5
    const signer = proveSigner(token, info, question.authorities); // 6 to 10
    return new ProvenTimestamp(question.response, info, signer);
  }
}

/**
 * Proves that a trusted authority timestamped `signature`.
 *
 * 1. The authority granted it (sigstore-js does not look).
 * 2. It is signed data around a TSTInfo, by exactly one signer.
 * 3. The signed attributes name that type, and hold the content's digest.
 * 4. The imprint is the signature's digest.
 * 5. The nonce is the one that was sent, where one was.
 * 6. The signer is a trusted authority's certificate, by name or key id and by hash (ESSCertID).
 * 7. That certificate's key made the signature.
 * 8. That same certificate (GHSA-xm5m-wgh2-rrg3) is for timestamps only.
 * 9. Its chain leads to the authority's anchor and is valid at the time of the timestamp.
 * 10. The trusted root trusts the authority at that time, both ends included.
 *
 * Whether the time lies within the signing certificate is decided by verifyChain, which is given it.
 *
 * @throws SigstepError TIMESTAMP_INVALID, CERTIFICATE_INVALID as its cause where a certificate is why, or
 * ENCODING_INVALID.
 * @see RFC 3161 section 2.2
 */
export function verifyTimestamp(question: TimestampQuestion): ProvenTimestamp {
  return ProvenTimestamp.verify(question);
}

/** Several responses to one question, as a bundle has them. */
export interface TimestampsQuestion {
  readonly responses: readonly TimestampResponse[];
  readonly signature: Uint8Array;
  readonly authorities: readonly TimestampAuthority[];
}

const maxTimestamps = 32;

/**
 * Every proven timestamp among the responses.
 *
 * One by an authority that the trusted root does not know says nothing and is passed over; one that
 * names a known authority must hold. There may be none left. Who wants several counts authorities, not
 * timestamps: {@link countTimestampAuthorities}.
 *
 * @throws SigstepError as {@link verifyTimestamp}.
 */
export function verifyTimestamps(question: TimestampsQuestion): ProvenTimestamp[] {
  const { responses, ...rest } = question;
  if (responses.length > maxTimestamps) throw refuse(`is one of more than ${maxTimestamps}`);
  return responses
    .filter(({ token }) => token === undefined || findSigners(token, rest.authorities).length > 0)
    .map((response) => verifyTimestamp({ response, ...rest }));
}

/** How many different authorities vouch, whatever the number of timestamps. */
export function countTimestampAuthorities(timestamps: readonly ProvenTimestamp[]): number {
  return new Set(timestamps.map(({ certificate }) => certificate.fingerprint)).size;
}

// 1.
function requireToken({ status, statusText, token }: TimestampResponse): SignedData {
  if (status !== 0 && status !== 1) {
    const words = statusText === "" ? "" : `: ${quote(statusText)}`;
    throw refuse(`was not granted (status ${status}${words})`);
  }
  if (token === undefined) throw refuse("was granted but is missing");
  return token;
}

const timestampInfoOid = "1.2.840.113549.1.9.16.1.4";
const attributeOids = {
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
} as const;

// 2. and 3.; one signer is all that cms.ts reads.
function requireInfo({ contentType, content, signer }: SignedData): TimestampInfo {
  if (contentType !== timestampInfoOid) throw refuse("is signed data about something else");
  const typeAttribute = signer.attributes.get(attributeOids.contentType);
  if (typeAttribute === undefined || parseOid(typeAttribute, "content type") !== contentType) {
    throw refuse("is signed as another type of content");
  }
  const digestAttribute = signer.attributes.get(attributeOids.messageDigest);
  if (digestAttribute === undefined) throw refuse("is signed without its content's digest");
  const digest = parseOctetString(digestAttribute, "message digest");
  if (!equalBytes(digest, computeDigest(signer.digestAlgorithm, content).bytes)) {
    throw refuse("has a content that its signer did not sign");
  }
  return parseTimestampInfo(content);
}

// 4.
function requireImprint({ imprint }: TimestampInfo, signature: Uint8Array): void {
  if (!equalBytes(imprint.bytes, computeDigest(imprint.algorithm, signature).bytes)) {
    throw refuse("is of another signature");
  }
}

// 5. A nonce is a number: what was sent, without leading zeros.
function requireNonce({ nonce }: TimestampInfo, sent: Uint8Array): void {
  if (nonce === undefined || !equalBytes(nonce, encodeUnsigned(sent))) {
    throw refuse("is the answer to another request (nonce)");
  }
}

interface TrustedSigner {
  readonly authority: TimestampAuthority;
  readonly certificate: Certificate;
}

// 6. to 10., with one certificate object throughout.
function proveSigner(
  token: SignedData,
  { time }: TimestampInfo,
  authorities: readonly TimestampAuthority[],
): TrustedSigner {
  let reason: SigstepError | undefined;
  for (const signer of findSigners(token, authorities)) {
    try {
      verifySigningCertificate(token.signer, signer.certificate); // 6
      requireSentAlong(token, signer.certificate); // 6
      verifySigner(token.signer, signer.certificate); // 7
      requireTimestampLeaf(signer.certificate); // 8
      const question = { leaf: signer.certificate, authorities: [signer.authority], at: [time] };
      findPath(question, "timeStamping"); // 9, 10
      return signer;
    } catch (error) {
      if (!(error instanceof SigstepError)) throw error;
      reason = asTimestampError(error);
    }
  }
  throw reason ?? unknownAuthority(token.signer);
}

/** RFC 3161 section 2.4.1: certificates are sent along for the signer's own, so it must be one of them. */
function requireSentAlong({ certificates }: SignedData, own: Certificate): void {
  if (certificates.length > 0 && !certificates.some((der) => equalBytes(der, own.der))) {
    throw refuse("has a signer whose certificate is not among those sent along");
  }
}

/**
 * Certificates that the signer names, each with the authority that would vouch for it: the authority's
 * own first certificate, or, where the trusted root has only its issuers, one sent along.
 */
function findSigners(
  token: SignedData,
  authorities: readonly TimestampAuthority[],
): TrustedSigner[] {
  return authorities.flatMap((authority) => {
    const [first] = authority.certificates;
    if (first === undefined) return [];
    const candidates =
      first.basicConstraints?.isAuthority === true ? findEmbedded(token, authority) : [first];
    return candidates
      .filter((certificate) => isNamedSigner(token.signer, certificate))
      .map((certificate) => ({ authority, certificate }));
  });
}

/** Embedded certificates that say one of the authority's issued them. */
function findEmbedded(token: SignedData, { certificates }: TimestampAuthority): Certificate[] {
  return token.certificates
    .slice(0, maxEmbedded)
    .map(parseCertificate)
    .filter(({ issuer }) =>
      certificates.some(({ subject }) => equalBytes(subject.raw, issuer.raw)),
    );
}

const maxEmbedded = 10;

/** A certificate's fault, told as the timestamp's. */
function asTimestampError(error: SigstepError): SigstepError {
  if (error.code !== "CERTIFICATE_INVALID") return error;
  const message = error.message.replace(
    /^The certificate/,
    "The timestamp authority's certificate",
  );
  return new SigstepError("TIMESTAMP_INVALID", message, { cause: error });
}

function unknownAuthority({ identifier }: SignerInfo): SigstepError {
  const who =
    identifier.type === "issuerAndSerial"
      ? ` (issuer ${quote(describeName(identifier.issuer))})`
      : "";
  return new SigstepError(
    "TIMESTAMP_INVALID",
    `The timestamp is by an authority that the trusted root does not know${who}.`,
    { hint: "It may be from another Sigstore instance: give that instance's trusted root." },
  );
}

function refuse(reason: string): SigstepError {
  return new SigstepError("TIMESTAMP_INVALID", `The timestamp ${reason}.`);
}
