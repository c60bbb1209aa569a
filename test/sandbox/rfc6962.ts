// RFC 6962 once more, as the RFC writes it and without regard to speed: to judge the tree by.
import { createHash } from "node:crypto";

export function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
}

export function leafHash(leaf: Uint8Array): Buffer {
  return sha256(Buffer.of(0), leaf);
}

/** MTH, section 2.1, of leaves that are hashed already. */
export function treeHash(leaves: readonly Uint8Array[]): Uint8Array {
  const [only] = leaves;
  if (only === undefined) return sha256();
  if (leaves.length === 1) return only;
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return sha256(Buffer.of(1), treeHash(leaves.slice(0, split)), treeHash(leaves.slice(split)));
}

/** The root that a proof leads to: RFC 9162, section 2.1.3.2. */
export function rootFromProof(
  leaf: Uint8Array,
  place: { readonly index: number; readonly size: number },
  proof: readonly Uint8Array[],
): Uint8Array | undefined {
  let [index, last, root] = [place.index, place.size - 1, leaf];
  for (const hash of proof) {
    if (last === 0) return undefined;
    if (index % 2 === 1 || index === last) {
      root = sha256(Buffer.of(1), hash, root);
      while (index % 2 === 0 && index !== 0) [index, last] = [index >> 1, last >> 1];
    } else root = sha256(Buffer.of(1), root, hash);
    [index, last] = [index >> 1, last >> 1];
  }
  return last === 0 ? root : undefined;
}
