// The order of verification, for the bundles that this program writes. Bytes in, proven values out.
//
// 1. The certificate and the shape of the bundle.
// 2. Every log entry: log, promise, inclusion, and its body against what was signed.
// 3. Every timestamp by an authority of the trusted root.
// 4. The certificate's chain at each proven time, of which there is one.
// 5. The certificate's own log.
// 6. The signature over the artifact.
import { equalBytes, encodeHex } from "../encoding/base64.ts";
import { SigstepError } from "../errors.ts";
import type { Bundle } from "./bundle.ts";
import { parseCertificate } from "./certificate.ts";
import { verifyChain } from "./chain.ts";
import { verifySct } from "./sct.ts";
import type { Artifact, SignedArtifact } from "./sign.ts";
import { provenTimes, verifyTimes } from "./times.ts";
import { parseTimestampResponse } from "./timestamp-response.ts";
import { verifyTimestamps } from "./timestamp.ts";
import type { TrustedRoot } from "./trust.ts";
import { verifyEntry } from "./verify-entry.ts";

/**
 * Proves that `bundle` signs `artifact` under a certificate that `trustedRoot` vouches for. Whose
 * certificate it is, the caller judges.
 *
 * Every service that the trusted root knows must have had its part: log, timestamp, certificate log.
 *
 * @throws SigstepError with the first step that failed.
 * @see https://github.com/sigstore/architecture-docs client-spec.md section 4
 */
export async function verifyBundle(
  bundle: Bundle,
  artifact: Artifact,
  trustedRoot: TrustedRoot,
): Promise<SignedArtifact> {
  // 1.
  const leaf = parseCertificate(bundle.certificate);
  const { digest } = artifact;
  if (
    bundle.digest.algorithm !== digest.algorithm ||
    !equalBytes(bundle.digest.bytes, digest.bytes)
  ) {
    throw refuse(
      `is for the digest ${bundle.digest.algorithm}:${encodeHex(bundle.digest.bytes)}, not for this artifact`,
    );
  }
  // 2.
  const signed = { digest, signature: bundle.signature, certificate: bundle.certificate };
  const entries = bundle.entries.map((entry) => verifyEntry(entry, signed, trustedRoot.logs));
  if (entries.length === 0 && trustedRoot.logs.length > 0) throw refuse("has no log entry");
  // 3.
  const timestamps = verifyTimestamps({
    responses: bundle.timestamps.map(parseTimestampResponse),
    signature: bundle.signature,
    authorities: trustedRoot.timestampAuthorities,
  });
  // 4.
  const at = provenTimes({ entries, timestamps });
  if (at.length === 0) throw refuse("proves no time");
  const certificate = verifyChain({ leaf, authorities: trustedRoot.certificateAuthorities, at });
  verifyTimes({ certificate, entries, timestamps }, trustedRoot);
  // 5.
  const { ctLogs, label } = trustedRoot;
  if (ctLogs.length > 0) verifySct({ certificate, ctLogs, label });
  // 6.
  const { publicKey } = leaf;
  const isSigned =
    artifact.content === undefined
      ? await publicKey.verifyDigest(digest, bundle.signature)
      : publicKey.verify(artifact.content, bundle.signature, digest.algorithm);
  if (!isSigned)
    throw new SigstepError("SIGNATURE_INVALID", "The signature is not over this artifact.");
  return { signed, certificate, entries, timestamps };
}

function refuse(why: string): SigstepError {
  return new SigstepError("BUNDLE_INVALID", `The bundle ${why}.`);
}
