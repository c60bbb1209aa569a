// What a timestamp authority answers, read but not yet believed: that is timestamp.ts.
// RFC 3161 sections 2.4.2 and 3.
import type { Digest } from "../crypto/digest.ts";
import { contextTag, type DerElement, openSequence, parseDer, tags } from "../encoding/der.ts";
import { encodeRetagged } from "../encoding/der-encode.ts";
import {
  parseGeneralizedTime,
  parseOctetString,
  parseOid,
  parseSmallInteger,
  parseIntegerBytes,
  parseUtf8String,
} from "../encoding/der-values.ts";
import { SigstepError } from "../errors.ts";
import { parseContentInfo, parseDigestAlgorithm, type SignedData } from "./cms.ts";
import { parseDefaultFalse, parseExtensions } from "./x509.ts";

/** An authority's answer. Unproven. */
export interface TimestampResponse {
  /** The whole answer, as received: what a bundle stores. */
  readonly der: Uint8Array;
  /** PKIStatus: 0 granted, 1 granted with changes, above that refused. */
  readonly status: number;
  /** The authority's own words; text from outside. */
  readonly statusText: string;
  /** Absent when the authority refused. */
  readonly token: SignedData | undefined;
}

/** What the authority signed: that something with this digest existed at this time. */
export interface TimestampInfo {
  readonly policy: string;
  readonly imprint: Digest;
  /** Contents of the INTEGER; some authorities' are negative. */
  readonly serialNumber: Uint8Array;
  readonly time: Date;
  /** DER of the INTEGER. */
  readonly nonce: Uint8Array | undefined;
}

/**
 * `TimeStampResp ::= SEQUENCE { status PKIStatusInfo, timeStampToken ContentInfo OPTIONAL }`
 *
 * @throws SigstepError ENCODING_INVALID, or TIMESTAMP_INVALID when the token is not signed data.
 * @see RFC 3161 section 2.4.2
 */
export function parseTimestampResponse(bytes: Uint8Array): TimestampResponse {
  const der = new Uint8Array(bytes);
  const root = parseDer(der, "timestamp");
  const fields = openSequence(root, "response");
  const status = parseStatus(fields.take(tags.sequence, "status"));
  const token = fields.takeOptional(tags.sequence);
  fields.end();
  return { der, ...status, token: token === undefined ? undefined : parseContentInfo(token) };
}

/** `PKIStatusInfo ::= SEQUENCE { INTEGER, SEQUENCE OF UTF8String OPTIONAL, BIT STRING OPTIONAL }` */
function parseStatus(element: DerElement): { status: number; statusText: string } {
  const fields = openSequence(element, "status");
  const status = parseSmallInteger(fields.take(tags.integer, "status"), "status");
  const texts = fields.takeOptional(tags.sequence)?.children ?? [];
  fields.takeOptional(tags.bitString);
  fields.end();
  const statusText = texts.map((text) => parseUtf8String(text, "status text")).join(" ");
  return { status, statusText };
}

/**
 * ```
 * TSTInfo ::= SEQUENCE { version INTEGER 1, policy OID, messageImprint, serialNumber INTEGER,
 *   genTime GeneralizedTime, accuracy SEQUENCE OPTIONAL, ordering BOOLEAN DEFAULT FALSE,
 *   nonce INTEGER OPTIONAL, tsa [0] EXPLICIT OPTIONAL, extensions [1] IMPLICIT OPTIONAL }
 * ```
 *
 * @throws SigstepError ENCODING_INVALID, or TIMESTAMP_INVALID for what is well-formed but not ours.
 */
export function parseTimestampInfo(content: Uint8Array): TimestampInfo {
  const fields = openSequence(parseDer(content, "timestamp content"), "timestamp");
  const version = parseSmallInteger(fields.take(tags.integer, "version"), "version");
  if (version !== 1) throw refuse(`is of version ${version}`);
  const policy = parseOid(fields.take(tags.oid, "policy"), "policy");
  const imprint = parseImprint(fields.take(tags.sequence, "message imprint"));
  const serialNumber = parseIntegerBytes(fields.take(tags.integer, "serial"), "serial number");
  const time = parseGeneralizedTime(fields.take(tags.generalizedTime, "time"), "time");
  fields.takeOptional(tags.sequence);
  parseDefaultFalse(fields.takeOptional(tags.boolean), "ordering");
  const nonce = fields.takeOptional(tags.integer);
  if (nonce !== undefined) parseIntegerBytes(nonce, "nonce");
  fields.takeOptional(contextTag(0, "constructed"));
  const extensions = fields.takeOptional(contextTag(1, "constructed"));
  fields.end();
  if (extensions !== undefined) requireNoCritical(extensions);
  return { policy, imprint, serialNumber, time, nonce: nonce?.raw };
}

/** `MessageImprint ::= SEQUENCE { AlgorithmIdentifier, hashedMessage OCTET STRING }` */
function parseImprint(element: DerElement): Digest {
  const fields = openSequence(element, "message imprint");
  const algorithm = parseDigestAlgorithm(fields.take(tags.sequence, "digest algorithm"));
  const bytes = parseOctetString(fields.take(tags.octetString, "digest"), "digest");
  fields.end();
  return { algorithm, bytes };
}

/** No extension of a timestamp has a meaning for us, so a critical one makes it refused. */
function requireNoCritical(element: DerElement): void {
  const extensions = parseDer(encodeRetagged(element.raw, tags.sequence), "timestamp extensions");
  for (const [oid, { critical }] of parseExtensions(extensions)) {
    if (critical) throw refuse(`has the critical extension ${oid}, which is not supported`);
  }
}

function refuse(reason: string): SigstepError {
  return new SigstepError("TIMESTAMP_INVALID", `The timestamp ${reason}.`);
}
