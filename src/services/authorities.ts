// Whom TLS trusts when a private certificate authority is added.
// Added, never put in place of: the public services stay reachable.

import type { SecureContext } from "node:tls";
import { SigstepError } from "../errors.ts";

/**
 * Checks that `pem` holds certificates and nothing that cannot be read.
 *
 * node:tls takes any text for a CA and silently trusts nobody more, so a key or an empty file would
 * only show as a failed connection later.
 *
 * @param pem - Contents of the file given as `ca-file`.
 * @throws SigstepError INPUT_VALUE.
 */
export function assertAuthorities(pem: string): void {
  const { X509Certificate } = process.getBuiltinModule("node:crypto");
  const blocks = pem.match(certificateBlock) ?? [];
  if (blocks.length === 0) throw invalidFile("holds no certificate");
  blocks.forEach((block, index) => {
    try {
      new X509Certificate(block);
    } catch (cause) {
      throw invalidFile(`has a certificate that cannot be read, number ${index + 1}`, cause);
    }
  });
}

/**
 * Node's own authorities, those of NODE_EXTRA_CA_CERTS, and `pem`.
 *
 * Built once and shared: reading some 150 certificates for each connection would cost more than the
 * handshake.
 */
export async function trustAlso(pem: string): Promise<SecureContext> {
  const { createSecureContext, getCACertificates } = await import("node:tls");
  return createSecureContext({ ca: [...getCACertificates("default"), pem] });
}

const certificateBlock = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g;

function invalidFile(problem: string, cause?: unknown): SigstepError {
  return new SigstepError("INPUT_VALUE", `ca-file ${problem}.`, {
    hint: "Give the authority's certificates in PEM form, one after the other, without keys.",
    where: "ca-file",
    cause,
  });
}
