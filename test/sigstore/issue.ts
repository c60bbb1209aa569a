// Certificates made for tests, right or wrong in one chosen way, by another library than the one tested.
import { createPublicKey, type KeyObject, webcrypto } from "node:crypto";
import "reflect-metadata";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from "@peculiar/x509";
import { type Certificate, parseCertificate } from "../../src/sigstore/certificate.ts";

/** A certificate with its private key. */
export interface Issued {
  readonly certificate: Certificate;
  readonly name: string;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** What {@link issue} makes; the issuer signs with its own key, or the certificate with its own. */
export interface Wish {
  readonly name?: string;
  readonly issuer?: Issued;
  readonly notBefore?: string;
  readonly notAfter?: string;
  readonly extensions: readonly Extension[];
  readonly keys?: webcrypto.CryptoKeyPair;
  /** Signs with another digest than SHA-384, which Fulcio's authorities use. */
  readonly hash?: string;
}

const algorithm = { name: "ECDSA", namedCurve: "P-384" };

export async function issue(wish: Wish): Promise<Issued> {
  const keys =
    wish.keys ?? (await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]));
  const name = wish.name === undefined ? "" : `CN=${wish.name}`;
  const made = await X509CertificateGenerator.create({
    serialNumber: "0a0b0c",
    subject: name,
    issuer: wish.issuer?.name ?? name,
    notBefore: new Date(wish.notBefore ?? "2025-01-01T00:00:00Z"),
    notAfter: new Date(wish.notAfter ?? "2026-01-01T00:00:00Z"),
    publicKey: keys.publicKey,
    signingKey: (wish.issuer?.keys ?? keys).privateKey,
    signingAlgorithm: { name: "ECDSA", hash: wish.hash ?? "SHA-384" },
    extensions: [...wish.extensions],
  });
  return { certificate: parseCertificate(new Uint8Array(made.rawData)), name, keys };
}

export const codeSigning = "1.3.6.1.5.5.7.3.3";
export const timeStamping = "1.3.6.1.5.5.7.3.8";

export function authorityConstraints(pathLength?: number): Extension {
  return new BasicConstraintsExtension(true, pathLength, true);
}

export function usage(flag: KeyUsageFlags): Extension {
  return new KeyUsagesExtension(flag, true);
}

export function purposes(critical: boolean, ...oids: readonly string[]): Extension {
  return new ExtendedKeyUsageExtension([...oids], critical);
}

export function names(critical: boolean, ...urls: readonly string[]): Extension {
  return new SubjectAlternativeNameExtension(
    urls.map((value) => ({ type: "url" as const, value })),
    critical,
  );
}

export function unknown(critical: boolean, oid = "1.2.3.4"): Extension {
  return new Extension(oid, critical, Uint8Array.of(5, 0));
}

export const authority: readonly Extension[] = [
  authorityConstraints(),
  usage(KeyUsageFlags.keyCertSign),
];

export const identity =
  "https://github.com/acme/widget/.github/workflows/release.yml@refs/heads/main";

/** Fulcio's profile. */
export const signingLeaf: readonly Extension[] = [
  usage(KeyUsageFlags.digitalSignature),
  purposes(false, codeSigning),
  names(true, identity),
];

/** The profile of RFC 3161. */
export const timestampLeaf: readonly Extension[] = [
  usage(KeyUsageFlags.digitalSignature),
  purposes(true, timeStamping),
];

export function publicKeyOf({ certificate }: Issued): KeyObject {
  return createPublicKey({ key: Buffer.from(certificate.spki), format: "der", type: "spki" });
}

export { Extension, KeyUsageFlags };
