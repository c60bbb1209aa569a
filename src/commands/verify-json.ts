// A verified bundle as JSON: everything that was proven, under the names of the formats.
import type { Digest } from "../crypto/digest.ts";
import { encodeHex } from "../encoding/base64.ts";
import { memberText } from "../encoding/json-member.ts";
import { JsonText } from "../encoding/json-write.ts";
import { minifyJson } from "../predicates/json-text.ts";
import type { Bundle } from "../sigstore/bundle.ts";
import type { Certificate } from "../sigstore/certificate.ts";
import type { ProvenCertificate } from "../sigstore/chain.ts";
import { provenInclusion, provenIndex } from "../sigstore/entry-proof.ts";
import { findIssuer } from "../sigstore/fulcio-extensions.ts";
import type { TransparencyLog } from "../sigstore/log.ts";
import type { ProvenSct } from "../sigstore/sct.ts";
import type { Statement } from "../sigstore/statement.ts";
import type { PassedStep } from "../sigstore/step.ts";
import type { ProvenTimestamp } from "../sigstore/timestamp.ts";
import type { ProvenEntry } from "../sigstore/verify-entry.ts";
import type { VerifiedBundle } from "../sigstore/verify.ts";
import { describeName } from "../sigstore/x509.ts";

/** An object that `writeJson` takes. */
export type Json = Readonly<Record<string, unknown>>;

/** What encodes besides the bundle. */
export interface VerifiedTerms {
  readonly label: string;
  readonly trustedRoot: string;
  readonly steps: readonly PassedStep[];
  /** What the statement claims, in words. */
  readonly claims: readonly string[];
  /** Where it is stored, of an image's. */
  readonly storage?: Json;
}

/** Everything that is proven of one bundle. */
export function encodeVerified(
  verified: VerifiedBundle,
  { label, trustedRoot, steps, claims, storage }: VerifiedTerms,
): Json {
  const { bundle, certificate, publicKey, statement, attestations } = verified;
  return {
    bundle: label,
    ...(storage === undefined ? {} : { storage }),
    version: bundle.version,
    kind: bundle.content.kind,
    trustedRoot,
    artifact: encodeDigest(verified.digest),
    ...(certificate === undefined
      ? { key: { keyDetails: publicKey.keyDetails, sha256: encodeHex(publicKey.keyId) } }
      : { certificate: encodeProvenCertificate(certificate) }),
    logEntries: verified.entries.map(encodeProvenEntry),
    timestamps: verified.timestamps.map(encodeTimestamp),
    signedCertificateTimestamps: verified.scts.map(encodeSct),
    times: verified.times.map((time) => time.toISOString()),
    ...(statement === undefined ? {} : { statement: encodeSigned(statement, bundle), claims }),
    ...(attestations.length === 0 ? {} : { satisfies: attestations.map(({ name }) => name) }),
    steps,
  };
}

function encodeSigned(statement: Statement, { content }: Bundle): Json {
  if (content.kind !== "dsse-envelope") throw new TypeError("A statement is in an envelope.");
  return encodeStatement(statement, content.payload);
}

/** `{ "sha256": "…" }` */
export function encodeDigest({ algorithm, bytes }: Digest): Json {
  return { [algorithm]: encodeHex(bytes) };
}

function encodeProvenCertificate({ identity, certificate, issuers }: ProvenCertificate): Json {
  return {
    identity: identity.value,
    identityType: identity.type,
    issuer: findIssuer(certificate.fulcio) ?? "",
    ...encodeCertificate(certificate),
    chain: issuers.map((issuer) => ({
      subject: describeName(issuer.subject),
      sha256: issuer.fingerprint,
    })),
  };
}

/** What a certificate says, but for its names. */
export function encodeCertificate(certificate: Certificate): Json {
  const { named, others } = certificate.fulcio;
  return {
    serialNumber: encodeHex(certificate.serialNumber),
    sha256: certificate.fingerprint,
    certificateAuthority: describeName(certificate.issuer),
    notBefore: certificate.notBefore.toISOString(),
    notAfter: certificate.notAfter.toISOString(),
    extensions: { ...named, ...Object.fromEntries(others) },
  };
}

function encodeLog({ baseUrl, logId }: TransparencyLog): Json {
  return { logId: encodeHex(logId), logUrl: baseUrl };
}

function encodeProvenEntry(proven: ProvenEntry): Json {
  const { entry, log, time } = proven;
  const [index, proof] = [provenIndex(proven), provenInclusion(proven)];
  return {
    ...encodeLog(log),
    ...(index === undefined ? {} : { logIndex: String(index) }),
    kind: entry.kind,
    version: entry.version,
    ...(time === undefined ? {} : { integratedTime: time.toISOString() }),
    ...(proof === undefined
      ? {}
      : {
          treeIndex: String(proof.logIndex),
          treeSize: String(proof.treeSize),
          rootHash: encodeHex(proof.rootHash),
        }),
  };
}

function encodeTimestamp({ time, certificate, info }: ProvenTimestamp): Json {
  return {
    time: time.toISOString(),
    authority: describeName(certificate.subject),
    authoritySha256: certificate.fingerprint,
    serialNumber: encodeHex(info.serialNumber),
    policy: info.policy,
  };
}

function encodeSct({ log, time }: ProvenSct): Json {
  return { ...encodeLog(log), time: time.toISOString() };
}

/**
 * Subjects and predicate as they were signed.
 *
 * @param payload - What the statement was read from: its predicate's numbers keep every digit.
 */
export function encodeStatement(statement: Statement, payload: Uint8Array): Json {
  const { type, subjects, predicateType, predicate } = statement;
  return {
    type,
    subjects: subjects.map(({ name, digests }) => ({ name, digest: Object.fromEntries(digests) })),
    predicateType,
    ...(predicate.present ? { predicate: predicateText(payload) } : {}),
  };
}

function predicateText(payload: Uint8Array): JsonText {
  const text = memberText(Buffer.from(payload).toString("utf8"), "predicate");
  if (text === undefined) throw new TypeError("A predicate that was read is not there.");
  return new JsonText(minifyJson(text));
}
