// The one table of digest algorithms: names in every format, lengths, and how to compute them.
import { createHash, type Hash } from "node:crypto";

/** A digest algorithm by its in-toto name, which is also node's. */
export type DigestAlgorithm = "sha256" | "sha384" | "sha512";

/** A digest: the bytes and what made them. */
export interface Digest {
  readonly algorithm: DigestAlgorithm;
  readonly bytes: Uint8Array;
}

/** Digests of one artifact, by algorithm. */
export type Digests = ReadonlyMap<DigestAlgorithm, Uint8Array>;

/** Facts of one algorithm: its length, its protobuf name (HashAlgorithm) and its ASN.1 identifier. */
export interface DigestFacts {
  readonly length: number;
  readonly protobuf: "SHA2_256" | "SHA2_384" | "SHA2_512";
  readonly oid: string;
}

/** Every algorithm this program computes. */
export const digestAlgorithms: Readonly<Record<DigestAlgorithm, DigestFacts>> = {
  sha256: { length: 32, protobuf: "SHA2_256", oid: "2.16.840.1.101.3.4.2.1" },
  sha384: { length: 48, protobuf: "SHA2_384", oid: "2.16.840.1.101.3.4.2.2" },
  sha512: { length: 64, protobuf: "SHA2_512", oid: "2.16.840.1.101.3.4.2.3" },
};

const names: readonly DigestAlgorithm[] = ["sha256", "sha384", "sha512"];

/** Narrows a name to an algorithm we compute. */
export function isDigestAlgorithm(name: string): name is DigestAlgorithm {
  return names.some((known) => known === name);
}

/** The algorithm with this protobuf name, or with this ASN.1 identifier, or undefined. */
export function findDigestAlgorithm(
  by: "protobuf" | "oid",
  name: string,
): DigestAlgorithm | undefined {
  return names.find((known) => digestAlgorithms[known][by] === name);
}

/** Digest of bytes that are already in memory. */
export function computeDigest(algorithm: DigestAlgorithm, ...parts: readonly Uint8Array[]): Digest {
  const hash = startDigest(algorithm);
  for (const part of parts) hash.update(part);
  return { algorithm, bytes: hash.digest() };
}

/** A digest to be fed piece by piece. */
export function startDigest(algorithm: DigestAlgorithm): Hash {
  return createHash(algorithm);
}
