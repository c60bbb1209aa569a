// The order of signing one artifact. Who certifies, logs and timestamps is passed in.
//
// 1. A certificate with enough life left.
// 2. The signature over the artifact's digest.
// 3. Log entries and timestamps, all at the same time; none waits for or loses another.
// 4. Every proven time against certificate chain and log.
import type { Digest } from "../crypto/digest.ts";
import type { Signer } from "../crypto/signer.ts";
import { toSigstepError, type ErrorCode } from "../errors.ts";
import type { ProvenCertificate } from "./chain.ts";
import type { SignedDigest } from "./entry.ts";
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

/** What is signed. */
export interface Artifact {
  readonly digest: Digest;
  /** The artifact itself, when it is in memory. */
  readonly content?: Uint8Array | undefined;
}

/**
 * Asks a service. Throws DEADLINE_REACHED when the certificate ends before it succeeds, and
 * LOG_ENTRY_EXISTS when the log has this very signature and cannot prove it to us.
 */
export type Log = (signed: SignedDigest, credential: Credential) => Promise<ProvenEntry>;
/** Asks a service for the time of a signature. Throws DEADLINE_REACHED as a {@link Log} does. */
export type Timestamp = (signature: Uint8Array, credential: Credential) => Promise<ProvenTimestamp>;

/** Those who help. */
export interface SigningSteps {
  readonly certify: () => Promise<Credential>;
  readonly logs: readonly Log[];
  readonly timestamps: readonly Timestamp[];
  readonly trustedRoot: TrustedRoot;
  /** Hears of every entry as soon as it is public, whatever becomes of the rest. */
  readonly onPublished: (entry: ProvenEntry) => void;
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
export async function signArtifact(
  artifact: Artifact,
  steps: SigningSteps,
): Promise<SignedArtifact> {
  for (let round = 1; ; round++) {
    const credential = await steps.certify();
    try {
      return await signOnce(artifact, steps, credential);
    } catch (error) {
      if (!curable.has(toSigstepError(error).code) || round === maxRounds) throw error;
    }
  }
}

async function signOnce(
  artifact: Artifact,
  steps: SigningSteps,
  credential: Credential,
): Promise<SignedArtifact> {
  const { signer, certificate } = credential;
  const { digest, content } = artifact;
  const signature = await signer.sign(digest, content);
  const signed = { digest, signature, certificate: certificate.certificate.der };
  const [entries, timestamps] = await Promise.all([
    Promise.allSettled(steps.logs.map((log) => publish(log(signed, credential), steps))),
    Promise.allSettled(steps.timestamps.map((stamp) => stamp(signature, credential))),
  ]);
  const result = {
    signed,
    certificate,
    entries: entries.map(unwrap),
    timestamps: timestamps.map(unwrap),
  };
  verifyTimes(result, steps.trustedRoot);
  return result;
}

async function publish(entry: Promise<ProvenEntry>, steps: SigningSteps): Promise<ProvenEntry> {
  const proven = await entry;
  steps.onPublished(proven);
  return proven;
}

function unwrap<T>(result: PromiseSettledResult<T>): T {
  if (result.status === "fulfilled") return result.value;
  throw toSigstepError(result.reason);
}
