import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hashLeaf, MerkleTree } from "../../src/sandbox/merkle-tree.ts";
import { leafHash, rootFromProof, treeHash } from "./rfc6962.ts";

describe("the sandbox's Merkle tree", () => {
  it("has the root of RFC 6962 at each size, also looking back", () => {
    const { tree, leaves } = grow(70);
    for (let size = 0; size <= leaves.length; size += 1) {
      assert.deepEqual(
        Buffer.from(tree.rootHash(size)),
        Buffer.from(treeHash(leaves.slice(0, size))),
      );
    }
  });

  it("proves each leaf at each size", () => {
    const { tree, leaves } = grow(40);
    for (let size = 1; size <= leaves.length; size += 1) {
      for (let index = 0; index < size; index += 1) {
        const proof = tree.inclusionProof(index, size);
        const root = rootFromProof(hashLeaf(Buffer.from(String(index))), { index, size }, proof);
        assert.deepEqual(root, tree.rootHash(size));
      }
    }
  });

  it("proves no leaf that is not there", () => {
    const { tree } = grow(3);
    assert.throws(() => tree.inclusionProof(3), RangeError);
    assert.throws(() => tree.inclusionProof(0, 4), RangeError);
  });

  it("takes 20,000 leaves, each with its root and proof, in a few seconds", () => {
    const tree = new MerkleTree();
    const begin = performance.now();
    for (let count = 0; count < 20_000; count += 1) {
      const index = tree.append(hashLeaf(Buffer.from(String(count))));
      tree.rootHash();
      tree.inclusionProof(index);
    }
    assert.ok(performance.now() - begin < 20_000);
  });
});

function grow(size: number): { tree: MerkleTree; leaves: Buffer[] } {
  const tree = new MerkleTree();
  const leaves = Array.from({ length: size }, (_, index) => leafHash(Buffer.from(String(index))));
  for (const leaf of leaves) tree.append(leaf);
  return { tree, leaves };
}
