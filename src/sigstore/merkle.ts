// Inclusion of a leaf in a Merkle tree. RFC 6962 section 2.1, RFC 9162 section 2.1.3.2.
import { computeDigest } from "../crypto/digest.ts";
import { equalBytes } from "../encoding/base64.ts";
import { SigstepError } from "../errors.ts";
import type { ProvenCheckpoint } from "./checkpoint.ts";

const leafPrefix = Uint8Array.of(0);
const nodePrefix = Uint8Array.of(1);
const hashLength = 32;

/** What a log says about the place of a leaf. The tree is the checkpoint's: nothing else is believed. */
export interface InclusionProof {
  /** Index of the leaf in this tree (a shard's, not the log's global one). */
  readonly index: bigint;
  /** Sibling hashes from the leaf upwards. */
  readonly hashes: readonly Uint8Array[];
}

/**
 * Proves that `leaf` stands at `proof.index` of the tree whose checkpoint is given.
 *
 * Index and hashes come from an attacker; their count is checked before any hashing.
 *
 * @throws SigstepError LOG_ENTRY_INVALID
 */
export function verifyInclusion(
  leaf: Uint8Array,
  proof: InclusionProof,
  checkpoint: ProvenCheckpoint,
): void {
  const { index, hashes } = proof;
  if (index < 0n || index >= checkpoint.size) {
    throw refuse(`index ${index} is outside a tree of ${checkpoint.size} entries`);
  }
  if (hashes.some((hash) => hash.byteLength !== hashLength)) {
    throw refuse("a hash is not 32 bytes long");
  }
  const inner = bitLength(index ^ (checkpoint.size - 1n));
  const border = countOnes(index >> BigInt(inner));
  if (hashes.length !== inner + border) {
    throw refuse(`it has ${hashes.length} hashes, this tree needs ${inner + border}`);
  }
  let root = hashLeaf(leaf);
  hashes.forEach((hash, level) => {
    const onRight = level < inner && ((index >> BigInt(level)) & 1n) === 0n;
    root = onRight ? hashNode(root, hash) : hashNode(hash, root);
  });
  if (!equalBytes(root, checkpoint.rootHash)) {
    throw refuse("it leads to another root than the checkpoint's");
  }
}

function hashLeaf(leaf: Uint8Array): Uint8Array {
  return computeDigest("sha256", leafPrefix, leaf).bytes;
}

function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  return computeDigest("sha256", nodePrefix, left, right).bytes;
}

function bitLength(value: bigint): number {
  return value === 0n ? 0 : value.toString(2).length;
}

function countOnes(value: bigint): number {
  return value.toString(2).replaceAll("0", "").length;
}

function refuse(why: string): SigstepError {
  return new SigstepError("LOG_ENTRY_INVALID", `The log entry's inclusion proof is wrong: ${why}.`);
}
