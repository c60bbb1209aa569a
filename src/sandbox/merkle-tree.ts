// A Merkle tree that grows by one leaf at a time and proves any of them: RFC 6962 section 2.1.
// Hashes of complete subtrees are kept by level, so that a root or a proof of a tree of n leaves costs
// about log(n)² hashes at most, however large it has become.
import { computeDigest } from "../crypto/digest.ts";

/** @see https://www.rfc-editor.org/rfc/rfc6962#section-2.1 */
export function hashLeaf(leaf: Uint8Array): Uint8Array {
  return computeDigest("sha256", Uint8Array.of(0), leaf).bytes;
}

function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  return computeDigest("sha256", Uint8Array.of(1), left, right).bytes;
}

/** An append-only tree of leaf hashes, in memory. */
export class MerkleTree {
  /** `#levels[k][i]` covers leaves i·2^k up to (i + 1)·2^k. */
  readonly #levels: Uint8Array[][] = [[]];

  get size(): number {
    return this.#level(0).length;
  }

  /** Adds a leaf by its hash and gives its index. */
  append(leafHash: Uint8Array): number {
    const index = this.size;
    this.#level(0).push(leafHash);
    for (let depth = 0; this.#level(depth).length % 2 === 0; depth += 1) {
      const [left, right] = this.#level(depth).slice(-2);
      if (left === undefined || right === undefined) break;
      this.#level(depth + 1).push(hashNode(left, right));
    }
    return index;
  }

  /** The root when the tree had `size` leaves; now, when not given. */
  rootHash(size = this.size): Uint8Array {
    if (size === 0) return computeDigest("sha256").bytes;
    return this.#hashRange(0, size);
  }

  /**
   * The hashes that lead from leaf `index` to the root of the first `size` leaves, from below.
   *
   * @see https://www.rfc-editor.org/rfc/rfc6962#section-2.1.1
   */
  inclusionProof(index: number, size = this.size): Uint8Array[] {
    if (index < 0 || index >= size || size > this.size) throw new RangeError("no such leaf");
    const proof: Uint8Array[] = [];
    let [from, to] = [0, size];
    while (to - from > 1) {
      const middle = from + splitOf(to - from);
      const inLeft = index < middle;
      proof.unshift(inLeft ? this.#hashRange(middle, to) : this.#hashRange(from, middle));
      if (inLeft) to = middle;
      else from = middle;
    }
    return proof;
  }

  /** Hash of the leaves from `from` up to `to`; `from` is a multiple of every complete subtree's size. */
  #hashRange(from: number, to: number): Uint8Array {
    const count = to - from;
    const depth = Math.log2(count);
    const kept = Number.isInteger(depth) ? this.#level(depth)[from / count] : undefined;
    if (kept !== undefined) return kept;
    const middle = from + splitOf(count);
    return hashNode(this.#hashRange(from, middle), this.#hashRange(middle, to));
  }

  #level(depth: number): Uint8Array[] {
    return (this.#levels[depth] ??= []);
  }
}

/** The largest power of two below `count`. */
function splitOf(count: number): number {
  return 2 ** (Math.ceil(Math.log2(count)) - 1);
}
