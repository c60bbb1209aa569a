// The signature over an artifact or an envelope, and the digests that it takes to check it.
import type { DigestAlgorithm, Digests } from "../crypto/digest.ts";
import type { PublicKey } from "../crypto/keys.ts";
import { SigstepError } from "../errors.ts";
import type { Bundle, MessageSignature } from "./bundle.ts";
import { parseCertificate } from "./certificate.ts";
import { preAuthEncode, type Envelope } from "./dsse.ts";
import { parseStatement, subjectAlgorithms, type StatementSubject } from "./statement.ts";

/** An artifact as far as it is known. */
export interface ArtifactDigests {
  readonly digests: Digests;
  /** The artifact itself, when it is in memory: faster, and plain Ed25519 needs it. */
  readonly content?: Uint8Array | undefined;
  /** Instead of digests: a subject that the statement must have, name and digests and all. */
  readonly subject?: StatementSubject | undefined;
}

/**
 * Digests with which a key of this kind may have signed. Clients before the algorithm registry signed
 * with SHA-256 whatever the curve.
 */
function signingDigests(key: PublicKey): readonly DigestAlgorithm[] {
  const { digest, type } = key.facts;
  return type === "ecdsa" && digest !== "sha256" ? [digest, "sha256"] : [digest];
}

/** Whether `key` signed the envelope. @see dsse.ts preAuthEncode */
export function isSignedEnvelope(key: PublicKey, envelope: Envelope): boolean {
  const message = preAuthEncode(envelope);
  return signingDigests(key).some((digest) => key.verify(message, envelope.signature, digest));
}

/**
 * Whether `key` signed the artifact.
 *
 * @throws SigstepError SIGNATURE_INVALID when too little is known of the artifact to tell.
 */
export async function isSignedArtifact(
  key: PublicKey,
  message: MessageSignature,
  { digests, content }: ArtifactDigests,
): Promise<boolean> {
  const { signature } = message;
  if (key.facts.type === "ed25519") return isEd25519Signed(key, signature, { digests, content });
  for (const algorithm of messageDigests(key, message)) {
    const bytes = digests.get(algorithm);
    if (bytes === undefined) continue;
    const isSigned =
      content === undefined
        ? await key.verifyDigest({ algorithm, bytes }, signature)
        : key.verify(content, signature, algorithm);
    if (isSigned) return true;
  }
  if (messageDigests(key, message).some((algorithm) => digests.has(algorithm))) return false;
  const list = messageDigests(key, message).join(" or ");
  throw unknown(`The signature is over the artifact's ${list} digest, which is not given.`);
}

/** Plain over the content; or Ed25519ph, over its digest. */
async function isEd25519Signed(
  key: PublicKey,
  signature: Uint8Array,
  { digests, content }: ArtifactDigests,
): Promise<boolean> {
  if (content !== undefined && key.verify(content, signature)) return true;
  const bytes = digests.get("sha512");
  if (bytes !== undefined) return await key.verifyDigest({ algorithm: "sha512", bytes }, signature);
  if (content !== undefined) return false;
  throw unknown("An Ed25519 signature is over the artifact itself, and only a digest is given.");
}

function messageDigests(key: PublicKey, { digest }: MessageSignature): readonly DigestAlgorithm[] {
  return digest === undefined ? signingDigests(key) : [digest.algorithm];
}

function unknown(message: string): SigstepError {
  return new SigstepError("SIGNATURE_INVALID", message, { hint: "Give the file itself." });
}

/**
 * Every digest of the artifact that verification will ask for, so that a file is read once.
 *
 * @param key - The managed key, when the bundle is to be verified with one.
 * @throws SigstepError as what it has to read of the bundle; STATEMENT_INVALID for a statement that names
 * its subjects by no algorithm that we compute.
 */
export function neededDigests(bundle: Bundle, key?: PublicKey): ReadonlySet<DigestAlgorithm> {
  const { content } = bundle;
  if (content.kind === "dsse-envelope") return statementDigests(content);
  const signer = signingKey(bundle, key);
  const needed = new Set(signer === undefined ? [] : messageDigests(signer, content));
  if (content.digest !== undefined) needed.add(content.digest.algorithm);
  return needed.size === 0 ? new Set(["sha256"]) : needed;
}

function statementDigests({ payload }: Envelope): ReadonlySet<DigestAlgorithm> {
  const statement = parseStatement(payload);
  const algorithms = subjectAlgorithms(statement);
  if (algorithms.size > 0) return algorithms;
  throw new SigstepError(
    "STATEMENT_INVALID",
    "The statement names its subjects by no digest that we compute (sha256, sha384, sha512).",
  );
}

/** Whether the artifact itself must be at hand: plain Ed25519 signs nothing less. */
export function needsContent(bundle: Bundle, key?: PublicKey): boolean {
  if (bundle.content.kind === "dsse-envelope") return false;
  return signingKey(bundle, key)?.facts.type === "ed25519";
}

function signingKey({ signer }: Bundle, key: PublicKey | undefined): PublicKey | undefined {
  return signer.kind === "certificate" ? parseCertificate(signer.certificate).publicKey : key;
}
