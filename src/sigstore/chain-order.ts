// Certificates that old bundles put after the signer's. They may bridge to an anchor and never are one,
// so a root among them is harmless, but a chain in disorder was made by no signer that we know.
import { equalBytes } from "../encoding/base64.ts";
import type { Certificate } from "./certificate.ts";
import { isSignedBy } from "./certificate-signature.ts";
import { refuseCertificate } from "./x509.ts";

/**
 * Checks that each certificate of a chain, the signer's first, was issued by the next.
 *
 * @throws SigstepError CERTIFICATE_INVALID
 * @see protobuf-specs sigstore_common.proto, X509CertificateChain
 */
export function requireOrder(chain: readonly Certificate[]): void {
  for (const [index, subject] of chain.entries()) {
    const issuer = chain[index + 1];
    if (issuer === undefined) return;
    if (!equalBytes(subject.issuer.raw, issuer.subject.raw) || !isSignedBy(subject, issuer)) {
      throw refuseCertificate(
        `is in a chain out of order: certificate ${index + 2} did not issue certificate ${index + 1}`,
      );
    }
  }
}
