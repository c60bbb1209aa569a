// The order of signing one artifact or one envelope. Who certifies, logs and timestamps is passed in.
//
// 1. A certificate with enough life left.
// 2. The signature over the artifact's digest, or over an envelope's pre-authentication encoding.
// 3. Log entries and timestamps, all at the same time; none waits for or loses another.
// 4. No log and no timestamp authority twice; every proven time against certificate chain and log.
import { keyFacts } from "../crypto/algorithms.ts";
import { computeDigest, type Digest } from "../crypto/digest.ts";
import type { Signer } from "../crypto/signer.ts";
import { SigstepError, toSigstepError, type ErrorCode } from "../errors.ts";
import type { ProvenCertificate } from "./chain.ts";
import { requireDistinct } from "./distinct.ts";
import { preAuthEncode, type Envelope } from "./dsse.ts";
import type { SignedDigest } from "./entry-request.ts";
import type { LogEntry } from "./entry.ts";
import { verifyTimes, type Evidence } from "./times.ts";
import type { ProvenTimestamp } from "./timestamp.ts";
import type { TrustedRoot } from "./trust.ts";
import type { ProvenEntry } from "./verify-entry.ts";

/** A key and the certificate for it. */
export interface Credential {
  readonly signer: Signer;
  readonly certificate: ProvenCertificate;
  /** Requests under this certificate do not start after it. */
  readonly deadline: Date;
}

/** An artifact that is signed itself. */
export interface Artifact {
  readonly digest: Digest;
  /** The artifact itself, when it is in memory. */
  readonly content?: Uint8Array | undefined;
}

/** A payload that is signed in an envelope. */
export type Payload = Pick<Envelope, "payloadType" | "payload">;

/**
 * Asks a service. Throws DEADLINE_REACHED when the certificate ends before it succeeds, and
 * LOG_ENTRY_EXISTS when the log has this very signature and cannot prove it to us.
 */
export type Log = (
  signed: SignedDigest,
  credential: Credential,
  onAnswer: (publication: Publication) => void,
) => Promise<ProvenEntry>;
/**
 * What a log has made public of an attempt, known the moment it answers and before the answer is
 * proven; without an entry it may have, for its answer was lost.
 */
export interface Publication {
  readonly log: URL;
  readonly entry?: LogEntry;
}

/** Asks a service for the time of a signature. Throws DEADLINE_REACHED as a {@link Log} does. */
export type Timestamp = (signature: Uint8Array, credential: Credential) => Promise<ProvenTimestamp>;

/** Those who help. */
export interface SigningSteps {
  /** A credential to sign with; never `ended`, under which a service answered too late. */
  readonly certify: (ended?: Credential) => Promise<Credential>;
  readonly logs: readonly Log[];
  readonly timestamps: readonly Timestamp[];
  readonly trustedRoot: TrustedRoot;
  /** Hears of everything that becomes public, whatever becomes of the rest. */
  readonly onPublished: (publication: Publication) => void;
  /** Whether a credential's time is up by our own clock. */
  readonly hasEnded: (credential: Credential) => boolean;
}

/** An artifact signed, logged and timestamped, all of it proven. */
export interface SignedArtifact extends Evidence {
  readonly signed: SignedDigest;
}

/** A certificate that ends during the first round is bad luck; a third round in vain is no accident. */
const maxRounds = 3;

/** Failures that a new signature cures. */
const curable: ReadonlySet<string> = new Set<ErrorCode>(["DEADLINE_REACHED", "LOG_ENTRY_EXISTS"]);

/**
 * Signs `artifact`.
 *
 * When the certificate ends before log and timestamp have answered, all is done anew under a new one:
 * an entry later than its certificate proves nothing.
 *
 * @throws SigstepError the first failure of a step.
 */
export function signArtifact(artifact: Artifact, steps: SigningSteps): Promise<SignedArtifact> {
  return signInRounds(steps, async ({ signer, certificate }) => ({
    digest: artifact.digest,
    signature: await signer.sign(artifact.digest, artifact.content),
    certificate: certificate.certificate.der,
  }));
}

/**
 * Signs `payload` in an envelope, as {@link signArtifact} signs an artifact.
 *
 * @see https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
 */
export function signPayload(payload: Payload, steps: SigningSteps): Promise<SignedArtifact> {
  const message = preAuthEncode(payload);
  return signInRounds(steps, async ({ signer, certificate }) => {
    const digest = computeDigest(keyFacts[signer.keyDetails].digest, message);
    const signature = await signer.sign(digest, message);
    const envelope = { kind: "dsse-envelope", ...payload, signature, keyId: "" } as const;
    return { digest, signature, certificate: certificate.certificate.der, envelope };
  });
}

/** Makes the signature of one round. */
type MakeSignature = (credential: Credential) => Promise<SignedDigest>;

async function signInRounds(
  steps: SigningSteps,
  makeSignature: MakeSignature,
): Promise<SignedArtifact> {
  let ended: Credential | undefined;
  for (let round = 1; ; round++) {
    const credential = await steps.certify(ended);
    try {
      return await logAndStamp(await makeSignature(credential), steps, credential);
    } catch (thrown) {
      const error = toSigstepError(thrown);
      if (!curable.has(error.code) || round === maxRounds) throw error;
      if (error.code === "DEADLINE_REACHED") ended = refuseFresh(credential, steps, error);
    }
  }
}

/**
 * A credential that a log or timestamp authority finds ended while our clock does not: every further
 * one would end the same way.
 */
function refuseFresh(credential: Credential, steps: SigningSteps, cause: SigstepError): Credential {
  if (steps.hasEnded(credential)) return credential;
  const { notAfter } = credential.certificate.certificate;
  throw new SigstepError(
    "CERTIFICATE_INVALID",
    `The certificate ends ${notAfter.toISOString()}, and by the proven time that has passed.`,
    {
      hint: "The clocks of Fulcio, the log and the timestamp authority disagree. Tell those who run them.",
      cause,
    },
  );
}

async function logAndStamp(
  signed: SignedDigest,
  steps: SigningSteps,
  credential: Credential,
): Promise<SignedArtifact> {
  const { signature } = signed;
  const [entries, timestamps] = await Promise.all([
    Promise.allSettled(steps.logs.map((log) => log(signed, credential, steps.onPublished))),
    Promise.allSettled(steps.timestamps.map((stamp) => stamp(signature, credential))),
  ]);
  const result = {
    signed,
    certificate: credential.certificate,
    entries: entries.map(unwrap),
    timestamps: timestamps.map(unwrap),
  };
  requireDistinct(result);
  verifyTimes(result, steps.trustedRoot);
  return result;
}

function unwrap<T>(result: PromiseSettledResult<T>): T {
  if (result.status === "fulfilled") return result.value;
  throw toSigstepError(result.reason);
}
