// Inclusion proofs: the trees of RFC 6962's own test suite, every place of every small tree, and all wrong ones.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { SigstepError } from "../../src/errors.ts";
import { type ProvenCheckpoint, verifyCheckpoint } from "../../src/sigstore/checkpoint.ts";
import { verifyInclusion } from "../../src/sigstore/merkle.ts";
import { leafHash, treeHash } from "../sandbox/rfc6962.ts";
import { refuses, runs } from "../refusal.ts";
import { makeCheckpoint, makeLog, pathOf } from "./own-log.ts";

const own = makeLog(2);

function prove(leaves: readonly Uint8Array[]): ProvenCheckpoint {
  return verifyCheckpoint(makeCheckpoint(own, leaves), own.log);
}

function accepts(
  leaf: Uint8Array,
  proof: { index: bigint; hashes: readonly Uint8Array[] },
  checkpoint: ProvenCheckpoint,
): boolean {
  try {
    verifyInclusion(leaf, proof, checkpoint);
    return true;
  } catch (error) {
    if (error instanceof SigstepError && error.code === "LOG_ENTRY_INVALID") return false;
    throw error;
  }
}

// The eight leaves and their roots of certificate-transparency's merkletree tests.
const reference = [
  "",
  "00",
  "10",
  "2021",
  "3031",
  "40414243",
  "5051525354555657",
  "606162636465666768696a6b6c6d6e6f",
].map((hex) => Buffer.from(hex, "hex"));
const roots = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

suite("the reference trees", () => {
  roots.forEach((root, i) => {
    test(`of ${i + 1} leaves`, () => {
      const leaves = reference.slice(0, i + 1);
      const checkpoint = prove(leaves);
      // The helper that judges below is itself judged by these.
      assert.equal(Buffer.from(checkpoint.rootHash).toString("hex"), root);
      leaves.forEach((leaf, index) =>
        verifyInclusion(
          leaf,
          { index: BigInt(index), hashes: pathOf(index, leaves.map(leafHash)) },
          checkpoint,
        ),
      );
    });
  });

  // Proofs written out in the same tests: leaf, size, path.
  const paths: readonly (readonly [number, number, readonly string[]])[] = [
    [
      0,
      8,
      [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
      ],
    ],
    [
      5,
      8,
      [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
      ],
    ],
    [2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]],
    [
      1,
      5,
      [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
      ],
    ],
  ];
  for (const [index, size, path] of paths) {
    test(`have the written path of leaf ${index} of ${size}`, () => {
      const hashes = path.map((hex) => Buffer.from(hex, "hex"));
      const leaves = reference.slice(0, size);
      verifyInclusion(
        reference[index] ?? Buffer.alloc(0),
        { index: BigInt(index), hashes },
        prove(leaves),
      );
    });
  }
});

test("every leaf of every tree up to 64 has its proof, and up to 32 it serves no other index", () => {
  const all = Array.from({ length: 64 }, (_, i) => Buffer.from(`leaf ${i}`));
  for (let size = 1; size <= all.length; size++) {
    const leaves = all.slice(0, size);
    const hashed = leaves.map(leafHash);
    const checkpoint = prove(leaves);
    leaves.forEach((leaf, i) => {
      const hashes = pathOf(i, hashed);
      const others = size > 32 ? [i] : Array.from({ length: size + 1 }, (_, index) => index);
      for (const index of others) {
        const proof = { index: BigInt(index), hashes };
        assert.equal(accepts(leaf, proof, checkpoint), index === i, `${i} as ${index} of ${size}`);
      }
    });
  }
});

suite("a proof is refused", () => {
  const leaves = Array.from({ length: 11 }, (_, i) => Buffer.from(`leaf ${i}`));
  const checkpoint = prove(leaves);
  const hashed = leaves.map(leafHash);
  const leaf = leaves[9] ?? Buffer.alloc(0);
  const right = { index: 9n, hashes: pathOf(9, hashed) };

  test("unless it is the right one", () => verifyInclusion(leaf, right, checkpoint));

  const [first = new Uint8Array(), ...rest] = right.hashes;
  const flipped = Uint8Array.from(first, (byte, i) => (i === 31 ? byte ^ 1 : byte));
  const wrong: Readonly<Record<string, { index?: bigint; hashes?: readonly Uint8Array[] }>> = {
    "for a negative index": { index: -1n },
    "for the index of its neighbour": { index: 8n },
    "for the index after the last": { index: 11n },
    "for an index of 64 bits": { index: (1n << 63n) - 1n },
    "for an index beyond 64 bits": { index: 9n + (1n << 64n) },
    "without hashes": { hashes: [] },
    "without its first hash": { hashes: rest },
    "without its last hash": { hashes: right.hashes.slice(0, -1) },
    "with a hash too many": { hashes: [...right.hashes, first] },
    "with 64 hashes": { hashes: Array<Uint8Array>(64).fill(first) },
    "with hashes in another order": { hashes: right.hashes.toReversed() },
    "with a changed hash": { hashes: [flipped, ...rest] },
    "with a hash of 31 bytes": { hashes: [first.subarray(1), ...rest] },
    "with a hash of 33 bytes": { hashes: [Uint8Array.of(...first, 0), ...rest] },
    "with an empty hash": { hashes: [new Uint8Array(), ...rest] },
  };
  for (const [name, change] of Object.entries(wrong)) {
    test(name, () =>
      refuses("LOG_ENTRY_INVALID", () =>
        verifyInclusion(leaf, { ...right, ...change }, checkpoint),
      ),
    );
  }

  test("for another leaf", () => {
    for (const other of [leaves[8], Buffer.from("x"), Buffer.alloc(0), hashed[9]]) {
      refuses("LOG_ENTRY_INVALID", () =>
        verifyInclusion(other ?? Buffer.alloc(0), right, checkpoint),
      );
    }
  });

  test("for a smaller or larger tree", () => {
    for (const size of [10, 12]) {
      const other = prove(
        Array.from({ length: size }, (_, i) => leaves[i] ?? Buffer.from(`leaf ${i}`)),
      );
      refuses("LOG_ENTRY_INVALID", () => verifyInclusion(leaf, right, other));
    }
  });

  test("in an empty tree", () => {
    const empty = prove([]);
    assert.equal(empty.size, 0n);
    refuses("LOG_ENTRY_INVALID", () =>
      verifyInclusion(Buffer.alloc(0), { index: 0n, hashes: [] }, empty),
    );
  });

  test("where a node stands in for a leaf", () => {
    // Second preimage: the children of an inner node, given as a leaf, must not lead to the root.
    const pair = [leaves[0], leaves[1]].map((one) => leafHash(one ?? Buffer.alloc(0)));
    const two = prove(leaves.slice(0, 2));
    refuses("LOG_ENTRY_INVALID", () =>
      verifyInclusion(Buffer.concat(pair), { index: 0n, hashes: [] }, two),
    );
    refuses("LOG_ENTRY_INVALID", () =>
      verifyInclusion(
        Buffer.concat([Buffer.of(1), ...pair]),
        { index: 0n, hashes: [treeHash(pair)] },
        two,
      ),
    );
  });
});

test("any index and hashes give a verdict", () => {
  const leaves = [Buffer.from("a"), Buffer.from("b"), Buffer.from("c")];
  const checkpoint = prove(leaves);
  const hash = fc.uint8Array({ minLength: 31, maxLength: 33 });
  const hashes = fc.array(hash, { maxLength: 70 });
  fc.assert(
    fc.property(fc.bigInt({ min: -(1n << 70n), max: 1n << 70n }), hashes, (index, all) => {
      assert.equal(accepts(Buffer.from("a"), { index, hashes: all }, checkpoint), false);
    }),
    { numRuns: runs },
  );
});
