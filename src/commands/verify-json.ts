// A verified bundle as JSON: everything that was proven, under the names of the formats.
import type { Digest } from "../crypto/digest.ts";
import { encodeHex } from "../encoding/base64.ts";
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

/** An object that JSON.stringify takes. */
export type Json = Readonly<Record<string, unknown>>;

/** What encodes besides the bundle. */
export interface VerifiedTerms {
  readonly label: string;
  readonly trustedRoot: string;
}

/** Everything that is proven of one bundle. */
export function encodeVerified(
  verified: VerifiedBundle,
  steps: readonly PassedStep[],
  { label, trustedRoot }: VerifiedTerms,
): Json {
  const { bundle, certificate, publicKey, statement } = verified;
  return {
    bundle: label,
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
    ...(statement === undefined ? {} : { statement: encodeStatement(statement) }),
    steps,
  };
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

/** Subjects and predicate as they were signed. */
export function encodeStatement(statement: Statement): Json {
  const { type, subjects, predicateType, predicate } = statement;
  return {
    type,
    subjects: subjects.map(({ name, digests }) => ({ name, digest: Object.fromEntries(digests) })),
    predicateType,
    ...(predicate.present ? { predicate: predicate.raw } : {}),
  };
}
