// A certificate authority of two levels, root and intermediate, and its issuing of leaves. Both of the
// sandbox's authorities (Fulcio's and the timestamp authority's) are one of these.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import { randomBytes, webcrypto } from "node:crypto";
import { organisation } from "./names.ts";

const algorithm = { name: "ECDSA", namedCurve: "P-384", hash: "SHA-384" } as const;
const hour = 3_600_000;
const year = 365 * 24 * hour;

/** What an authority certifies. */
export type Purpose = "code signing" | "timestamping";

/** One certificate to issue. */
export interface Leaf {
  /** SubjectPublicKeyInfo in DER. */
  readonly spki: Uint8Array;
  readonly subject: x509.JsonName;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Upper-case hexadecimal; a random one when absent. */
  readonly serialNumber?: string;
  readonly extensions: readonly x509.Extension[];
  /** Sign with a key that is not the authority's. */
  readonly wrongKey?: boolean;
}

/** A root, an intermediate, and the key that issues. */
export interface Authority {
  /** DER: intermediate, then root. */
  readonly chain: readonly Uint8Array[];
  /** Of the intermediate. */
  readonly spki: Uint8Array;
  issue(leaf: Leaf): Promise<Uint8Array>;
}

/** Whose authority, and for what. */
export interface AuthorityOptions {
  readonly purpose: Purpose;
  readonly now: Date;
  /** The sandbox's own name when absent. */
  readonly organisation?: string | undefined;
}

/** Makes new keys and certificates, valid from an hour before `now`, for a year. */
export async function createAuthority(options: AuthorityOptions): Promise<Authority> {
  const { purpose, now } = options;
  const validity = {
    notBefore: new Date(now.getTime() - hour),
    notAfter: new Date(now.getTime() + year),
  };
  const [rootKeys, keys] = await Promise.all([generateKeys(), generateKeys()]);
  const rootName = nameOf(`${purpose} root`, options.organisation);
  const name = nameOf(`${purpose} intermediate`, options.organisation);
  const root = await x509.X509CertificateGenerator.create({
    ...validity,
    serialNumber: randomSerialNumber(),
    subject: rootName,
    issuer: rootName,
    publicKey: rootKeys.publicKey,
    signingKey: rootKeys.privateKey,
    signingAlgorithm: algorithm,
    extensions: await authorityExtensions(rootKeys.publicKey, undefined, 1),
  });
  const intermediate = await x509.X509CertificateGenerator.create({
    ...validity,
    serialNumber: randomSerialNumber(),
    subject: name,
    issuer: rootName,
    publicKey: keys.publicKey,
    signingKey: rootKeys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      ...(await authorityExtensions(keys.publicKey, rootKeys.publicKey, 0)),
      new x509.ExtendedKeyUsageExtension([usageOf(purpose)]),
    ],
  });
  return {
    chain: [new Uint8Array(intermediate.rawData), new Uint8Array(root.rawData)],
    spki: new Uint8Array(intermediate.publicKey.rawData),
    issue: (leaf) => issue(leaf, name, keys),
  };
}

/** The extended key usage that a purpose asks for. */
export function usageOf(purpose: Purpose): x509.ExtendedKeyUsage {
  return purpose === "timestamping"
    ? x509.ExtendedKeyUsage.timeStamping
    : x509.ExtendedKeyUsage.codeSigning;
}

/** A distinguished name that says that it is the sandbox's. */
export function nameOf(role: string, owner: string = organisation): x509.JsonName {
  return [{ O: [owner] }, { CN: [`sigstep sandbox ${role}, not for production`] }];
}

/** 159 random bits, so that it is positive and never empty. */
export function randomSerialNumber(): string {
  const bytes = randomBytes(20);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString("hex");
}

async function issue(
  leaf: Leaf,
  issuer: x509.JsonName,
  keys: webcrypto.CryptoKeyPair,
): Promise<Uint8Array> {
  const publicKey = new x509.PublicKey(leaf.spki);
  const signer = leaf.wrongKey === true ? await generateKeys() : keys;
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: leaf.serialNumber ?? randomSerialNumber(),
    subject: leaf.subject,
    issuer,
    notBefore: leaf.notBefore,
    notAfter: leaf.notAfter,
    publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      ...leaf.extensions,
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return new Uint8Array(certificate.rawData);
}

async function authorityExtensions(
  key: webcrypto.CryptoKey,
  issuer: webcrypto.CryptoKey | undefined,
  pathLength: number,
): Promise<x509.Extension[]> {
  const own = [
    new x509.BasicConstraintsExtension(true, pathLength, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    await x509.SubjectKeyIdentifierExtension.create(key),
  ];
  if (issuer === undefined) return own;
  return [...own, await x509.AuthorityKeyIdentifierExtension.create(issuer)];
}

function generateKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, false, ["sign", "verify"]);
}
