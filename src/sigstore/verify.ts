// The order of verification, numbered as in step.ts. Bytes in, proven values or the first refusal out.
//
//  1. The bundle's shape, before any cryptography (bundle.ts), and the certificates'.
//  2. Every entry's log, by its id: never by a URL, nor by a name in the checkpoint.
//  3. Its promise, whose time counts only when the log has signed it (CVE-2026-48816).
//  4. Its inclusion under a checkpoint that this same log has signed.
//  5. Its body: same content, signature and signer as the bundle's (CVE-2026-22703).
//  6. Every timestamp of a known authority, over the signature (GHSA-xm5m-wgh2-rrg3).
//  7. At least one proven time, none of them yet to come.
//  8. The certificate's whole chain at every proven time (CVE-2026-24122), and the logs' validity.
//  9. The certificate's own log, unless the instance has none.
// 10. Whose certificate it is: everything the policy asks (CVE-2026-48815).
// 11. The signature over the artifact or the envelope.
// 12. The statement: its type, its subject, what the policy asks of it (CVE-2026-39395).
// 13. Enough different operators: nothing is counted twice.
import { computeDigest, type Digest } from "../crypto/digest.ts";
import type { PublicKey } from "../crypto/keys.ts";
import { encodeHex, equalBytes } from "../encoding/base64.ts";
import { SigstepError } from "../errors.ts";
import type { Bundle } from "./bundle.ts";
import { parseCertificate, type Certificate } from "./certificate.ts";
import { requireOrder } from "./chain-order.ts";
import { verifyChain, type ProvenCertificate } from "./chain.ts";
import { statementType } from "./dsse.ts";
import { envelopeContent, type SignedMaterial } from "./entry-body.ts";
import { isSignedArtifact, isSignedEnvelope, type ArtifactDigests } from "./message.ts";
import {
  checkAge,
  checkIdentity,
  checkStatement,
  type AttestationRequirement,
  type IdentityPolicy,
  type Policy,
} from "./policy.ts";
import { verifySct, type ProvenSct } from "./sct.ts";
import {
  findSubject,
  parseStatement,
  requireSubject,
  type Statement,
  type StatementSubject,
} from "./statement.ts";
import { atStep, inStep } from "./step.ts";
import { requireThresholds, thresholdsOf, type Thresholds } from "./thresholds.ts";
import { provenTimes, requireLogsInForce } from "./times.ts";
import { parseTimestampResponse } from "./timestamp-response.ts";
import { verifyTimestamps, type ProvenTimestamp } from "./timestamp.ts";
import type { TrustedRoot } from "./trust.ts";
import { findLogs, verifyEntry, type ProvenEntry } from "./verify-entry.ts";

/** What {@link verifyBundle} is asked. */
export interface VerificationQuestion {
  /** Anyone may have made it. */
  readonly bundle: Bundle;
  /** Digests computed by the caller: all of `neededDigests`, where the artifact is at hand. */
  readonly artifact: ArtifactDigests;
  readonly trustedRoot: TrustedRoot;
  readonly policy: Policy;
  /** A managed key instead of a certificate; then the policy names no identity. */
  readonly key?: PublicKey | undefined;
  readonly now: Date;
}

/** Who signed: a certificate with what it proves, or the key that was given. */
export interface ProvenSigner {
  readonly publicKey: PublicKey;
  /** Undefined with a managed key. */
  readonly certificate: ProvenCertificate | undefined;
  readonly scts: readonly ProvenSct[];
  /** The identity of the policy that it has. */
  readonly matched: IdentityPolicy | undefined;
}

/** A bundle all of which is proven. */
export interface VerifiedBundle extends ProvenSigner {
  readonly bundle: Bundle;
  /** Entries of logs that the trusted root knows. */
  readonly entries: readonly ProvenEntry[];
  /** Timestamps of authorities that it knows. */
  readonly timestamps: readonly ProvenTimestamp[];
  /** Of promises and timestamps. */
  readonly times: readonly Date[];
  /** What is said of the artifact; undefined for a signature over the artifact itself. */
  readonly statement: Statement | undefined;
  /** By which the artifact is what was signed; of the statement itself where a subject was asked for. */
  readonly digest: Digest;
  /** Those of the policy's attestations that it is. Whether all are there, one bundle cannot tell. */
  readonly attestations: readonly AttestationRequirement[];
  readonly thresholds: Thresholds;
}

/**
 * Proves that the bundle is about the artifact, by someone whom the policy accepts, under services that
 * the trusted root vouches for.
 *
 * @throws SigstepError with the first step that failed as its `step`.
 * @see https://github.com/sigstore/architecture-docs client-spec.md section 4
 */
export async function verifyBundle(question: VerificationQuestion): Promise<VerifiedBundle> {
  const { bundle, artifact, trustedRoot, policy, now } = question;
  const chain = inStep(1, () => readSigner(question)); // 1
  const entries = proveEntries(question, chain); // 2 to 5
  const timestamps = inStep(6, () => proveTimestamps(question)); // 6
  const thresholds = thresholdsOf(policy, trustedRoot, question.key);
  const times = provenTimes({ entries, timestamps });
  inStep(7, () => requireTimes(times, question, thresholds)); // 7
  inStep(8, () => requireLogsInForce(entries, times, trustedRoot)); // 8
  const signer = proveSigner(question, chain, { times, thresholds }); // 8, 9, 10
  inStep(10, () => checkAge(times, policy, now)); // 10
  await requireSignature(signer.publicKey, bundle, artifact); // 11
  const subject = inStep(12, () => proveSubject(question, signer)); // 12
  const proven = { bundle, entries, timestamps, times, ...signer, ...subject, thresholds };
  inStep(13, () => requireThresholds(proven, thresholds)); // 13
  return proven;
}

// 1. The certificates of the bundle, the signer's first; none with a key.
function readSigner({ bundle, key }: VerificationQuestion): readonly Certificate[] {
  const { signer } = bundle;
  if (signer.kind === "public-key") {
    if (key !== undefined) return [];
    throw refuse(
      "is signed with a managed key, not with a certificate",
      "Give that key, as its owner publishes it: --key key.pub",
    );
  }
  if (key !== undefined) {
    throw refuse(
      "is signed with a certificate, and a key is given",
      "Say whose certificate it must be, and leave --key out.",
    );
  }
  return [signer.certificate, ...signer.chain].map(parseCertificate);
}

// 2 to 5. Entries of unknown logs say nothing, unless there is no other.
function proveEntries(
  question: VerificationQuestion,
  [leaf]: readonly Certificate[],
): readonly ProvenEntry[] {
  const { bundle, trustedRoot, artifact, key } = question;
  const { logs } = trustedRoot;
  const known = bundle.entries.filter((entry) => findLogs(entry, logs).length > 0);
  const entries = known.length > 0 || logs.length === 0 ? known : bundle.entries;
  inStep(5, () => requireHint(bundle, artifact));
  const verifier =
    leaf === undefined
      ? ({ kind: "public-key", der: key?.spki ?? new Uint8Array() } as const)
      : ({ kind: "certificate", der: leaf.der } as const);
  const { content } = bundle;
  const signed: SignedMaterial = {
    content:
      content.kind === "message-signature"
        ? { kind: "artifact", digests: artifact.digests }
        : envelopeContent(content),
    signature: content.signature,
    verifier,
  };
  const promiseSuffices = bundle.version === "0.1";
  return entries.map((entry) => verifyEntry(entry, signed, { logs, promiseSuffices }));
}

// 5. The bundle's own word on its artifact must not be another's.
function requireHint({ content }: Bundle, { digests }: ArtifactDigests): void {
  if (content.kind !== "message-signature" || content.digest === undefined) return;
  const { algorithm, bytes } = content.digest;
  const own = digests.get(algorithm);
  const name = `${algorithm}:${encodeHex(bytes)}`;
  if (own === undefined) {
    throw refuse(
      `is for ${name}, and the artifact is known by ${[...digests.keys()].join(", ")} only`,
      "Give the file itself, or a digest of that kind.",
    );
  }
  if (!equalBytes(own, bytes)) {
    throw refuse(`is for ${name}, and the artifact is ${algorithm}:${encodeHex(own)}`);
  }
}

// 6.
function proveTimestamps({ bundle, trustedRoot }: VerificationQuestion): ProvenTimestamp[] {
  return verifyTimestamps({
    responses: bundle.timestamps.map(parseTimestampResponse),
    signature: bundle.timestamped ?? bundle.content.signature,
    authorities: trustedRoot.timestampAuthorities,
  });
}

/** Clocks of services and machines differ by no more. */
const skewMs = 5 * 60_000;

// 7. Only a key under a policy that asks for no service at all needs none.
function requireTimes(
  times: readonly Date[],
  { bundle, now, key }: VerificationQuestion,
  { logs, timestamps }: Thresholds,
): void {
  const future = times.find((time) => !(time.getTime() <= now.getTime() + skewMs));
  if (future !== undefined) throw yetToCome(future, now);
  if (times.length > 0 || (key !== undefined && logs === 0 && timestamps === 0)) return;
  const has = bundle.entries.length === 0 ? "no log entry and no timestamp" : "no timestamp";
  throw new SigstepError(
    "TIMESTAMP_INVALID",
    `Nothing proves when the signature was made: the bundle has ${has} that the trusted root knows.`,
    { hint: "It may be from another Sigstore instance: give that instance's trusted root." },
  );
}

function yetToCome(time: Date, now: Date): SigstepError {
  const at = Number.isNaN(time.getTime()) ? "no time at all" : time.toISOString();
  return new SigstepError(
    "TIMESTAMP_INVALID",
    `The signature was made at ${at}, and this machine's clock says ${now.toISOString()}.`,
    {
      hint: "Set this machine's clock. If it is right, the log's or timestamp authority's is not.",
    },
  );
}

/** What steps 8 to 10 take from those before. */
interface Proven {
  readonly times: readonly Date[];
  readonly thresholds: Thresholds;
}

// 8, 9, 10.
function proveSigner(
  { trustedRoot, policy, key }: VerificationQuestion,
  [leaf, ...intermediates]: readonly Certificate[],
  { times, thresholds }: Proven,
): ProvenSigner {
  if (leaf === undefined) {
    if (key === undefined) throw new TypeError("There is neither certificate nor key.");
    return { publicKey: key, certificate: undefined, scts: [], matched: undefined };
  }
  const { ctLogs, label, certificateAuthorities: authorities } = trustedRoot;
  const certificate = inStep(8, () => {
    requireOrder([leaf, ...intermediates]);
    return verifyChain({ leaf, intermediates, authorities, at: times });
  });
  const scts = inStep(9, () =>
    thresholds.scts === 0 ? [] : verifySct({ certificate, ctLogs, label }),
  );
  const matched = inStep(10, () => checkIdentity(certificate, policy));
  return { publicKey: leaf.publicKey, certificate, scts, matched };
}

// 11.
async function requireSignature(
  key: PublicKey,
  { content }: Bundle,
  artifact: ArtifactDigests,
): Promise<void> {
  try {
    const isSigned =
      content.kind === "dsse-envelope"
        ? isSignedEnvelope(key, content)
        : await isSignedArtifact(key, content, artifact);
    if (isSigned) return;
    const what = content.kind === "dsse-envelope" ? "this statement" : "this artifact";
    throw new SigstepError("SIGNATURE_INVALID", `The signature is not over ${what}.`);
  } catch (error) {
    throw atStep(11, error);
  }
}

/** What was signed. */
type Subject = Pick<VerifiedBundle, "statement" | "digest" | "attestations">;

// 12.
function proveSubject(
  { bundle, artifact, policy }: VerificationQuestion,
  { certificate }: ProvenSigner,
): Subject {
  const { content } = bundle;
  if (content.kind === "message-signature") {
    requireNoStatementPolicy(policy);
    return {
      statement: undefined,
      digest: knownDigest(content.digest, artifact),
      attestations: [],
    };
  }
  if (content.payloadType !== statementType) {
    throw new SigstepError("STATEMENT_INVALID", `The envelope holds no in-toto statement.`);
  }
  const statement = parseStatement(content.payload);
  const digest =
    artifact.subject === undefined
      ? findSubject(statement, artifact.digests)
      : proveNamed(statement, artifact.subject, content.payload);
  const attestations = checkStatement(statement, policy, certificate);
  return { statement, digest, attestations };
}

/** A subject that its signer has put into the statement, name and digests and all. */
function proveNamed(statement: Statement, wanted: StatementSubject, payload: Uint8Array): Digest {
  requireSubject(statement, wanted);
  return computeDigest("sha256", payload);
}

/** A signature over the artifact itself says nothing about it, so it cannot say what was asked for. */
function requireNoStatementPolicy(policy: Policy): void {
  const { predicateTypes, provenance, attestations } = policy;
  if ([predicateTypes, provenance, attestations].every((asked) => asked === undefined)) return;
  throw new SigstepError(
    "POLICY_NOT_SATISFIED",
    "The bundle is a signature over the artifact, and the policy asks for an attestation about it.",
    { where: "predicate type" },
  );
}

function knownDigest(hint: Digest | undefined, { digests }: ArtifactDigests): Digest {
  if (hint !== undefined) return hint;
  const [first] = digests;
  if (first === undefined) throw new TypeError("An artifact without any digest was verified.");
  return { algorithm: first[0], bytes: first[1] };
}

function refuse(why: string, hint = ""): SigstepError {
  return new SigstepError("BUNDLE_INVALID", `The bundle ${why}.`, { hint });
}
