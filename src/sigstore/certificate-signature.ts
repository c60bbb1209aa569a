// Whether one certificate was signed by another's key, remembered: a job that verifies many bundles
// meets the same few issuers, and often the same leaf, again and again.
import { SigstepError } from "../errors.ts";
import type { Certificate } from "./certificate.ts";

// Signatures that held, as `subject issuer` fingerprints. A pure function's memory, not state: a hash of
// both certificates whole decides, so nothing that comes in can make another answer come out.
const proven = new Set<string>();
const maxProven = 4096;

/**
 * Whether `issuer`'s key signed `subject`. Names are not looked at.
 *
 * False also when either uses an algorithm that is not ours.
 */
export function isSignedBy(subject: Certificate, issuer: Certificate): boolean {
  const link = `${subject.fingerprint} ${issuer.fingerprint}`;
  if (proven.has(link)) return true;
  if (!checkSignature(subject, issuer)) return false;
  if (proven.size >= maxProven) proven.clear();
  proven.add(link);
  return true;
}

/**
 * Checks the links inside a chain ahead of time, while there is nothing else to do; those that hold are
 * remembered. Decides nothing.
 */
export function rememberLinks(chain: readonly Certificate[]): void {
  chain.forEach((subject, index) => {
    const issuer = chain[index + 1];
    if (issuer !== undefined) isSignedBy(subject, issuer);
  });
}

function checkSignature(subject: Certificate, issuer: Certificate): boolean {
  const { signatureAlgorithm: algorithm, tbs, signature } = subject;
  if (algorithm === undefined) return false;
  // rsaEncryption, which names no digest, is for CMS alone.
  if (algorithm.digest === undefined && algorithm.type !== "ed25519") return false;
  try {
    const key = issuer.publicKey;
    return key.facts.type === algorithm.type && key.verify(tbs, signature, algorithm.digest);
  } catch (error) {
    if (error instanceof SigstepError) return false;
    throw error;
  }
}
