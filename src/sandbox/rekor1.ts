// Rekor, version 1 of its API: a log that answers at once with a promise (SET) and a proof.
// Its tree is the last of several: indexes of the whole log run on where earlier trees ended, so that
// the index in the log and the index in the tree differ, as they do in the public one.
// https://github.com/sigstore/rekor/blob/main/openapi.yaml
import { randomInt } from "node:crypto";
import { computeDigest } from "../crypto/digest.ts";
import { encodeBase64, encodeHex } from "../encoding/base64.ts";
import { encodePem } from "../encoding/pem.ts";
import { SigstepError } from "../errors.ts";
import { encodeCanonicalJson } from "./canonical-json.ts";
import type { Corruption } from "./faults.ts";
import { generateP256Key, type SigningKey } from "./keys.ts";
import { hashLeaf, MerkleTree } from "./merkle-tree.ts";
import { hosts } from "./names.ts";
import { signCheckpoint } from "./note.ts";
import { PrehashedVerifier } from "./prehashed.ts";
import { canonicalizeEntry, encodeDecoyEntry, EntryRefused } from "./rekor1-entry.ts";
import { answerJson, type Answer, type Call, type World } from "./server.ts";

/** Entries in the trees before this one. */
const firstIndex = 25_000_000;
const entriesPath = "/api/v1/log/entries";

interface StoredEntry {
  readonly uuid: string;
  readonly body: string;
  /** Index in the tree. */
  readonly index: number;
  readonly integratedTime: number;
}

/** A log with Rekor's first interface. */
export class Rekor1 {
  readonly key = generateP256Key();
  /** SHA-256 of the key. */
  readonly logId = computeDigest("sha256", this.key.spki).bytes;
  readonly tree = new MerkleTree();
  readonly treeId = String(randomInt(10 ** 14, 10 ** 14 * 2));
  readonly #world: World;
  readonly #verifier = new PrehashedVerifier();
  readonly #entries: StoredEntry[] = [];
  readonly #indexes = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
  }

  /** Answers one request. */
  handle(call: Call): Answer {
    if (call.method === "POST" && call.path === entriesPath) return this.#answerCreate(call);
    if (call.method !== "GET") return refuse(405, "method not allowed");
    if (call.path === "/api/v1/log") return answerJson(200, this.#describe(call));
    if (call.path === "/api/v1/log/publicKey") {
      const body = encodePem(this.key.spki, "PUBLIC KEY");
      return { status: 200, headers: { "content-type": "application/x-pem-file" }, body };
    }
    const entry = this.#find(call);
    return entry === undefined
      ? refuse(404, "entry not found")
      : answerJson(200, this.#describeEntry(entry, call));
  }

  #answerCreate(call: Call): Answer {
    try {
      const body = canonicalizeEntry(call.body, this.#verifier);
      const known = this.#indexes.get(encodeHex(hashLeaf(Buffer.from(body))));
      const existing = known === undefined ? undefined : this.#entries[known];
      if (existing !== undefined) return answerConflict(existing);
      return this.#answerCreated(this.#append(body), call);
    } catch (error) {
      if (error instanceof EntryRefused || error instanceof SigstepError) {
        return refuse(400, `error processing entry: ${error.message}`);
      }
      throw error;
    }
  }

  #answerCreated(entry: StoredEntry, call: Call): Answer {
    if (call.corruption === "not-json") return { status: 201, body: "not JSON" };
    const other = call.corruption === "other-entry" ? this.#appendDecoy() : entry;
    return answerJson(201, this.#describeEntry(other, call), {
      location: `${entriesPath}/${other.uuid}`,
      etag: other.uuid,
    });
  }

  #append(body: string): StoredEntry {
    const leafHash = hashLeaf(Buffer.from(body));
    const index = this.tree.append(leafHash);
    const uuid = `${BigInt(this.treeId).toString(16).padStart(16, "0")}${encodeHex(leafHash)}`;
    const integratedTime = Math.floor(this.#world.now().getTime() / 1000);
    const entry = { uuid, body, index, integratedTime };
    this.#entries.push(entry);
    this.#indexes.set(encodeHex(leafHash), index);
    return entry;
  }

  /** A true entry of somebody else's. */
  #appendDecoy(): StoredEntry {
    const key = generateP256Key();
    const artifact = key.spki;
    const digest = computeDigest("sha256", artifact).bytes;
    const pem = encodePem(key.spki, "PUBLIC KEY");
    return this.#append(encodeDecoyEntry(digest, key.sign(artifact), pem));
  }

  #find(call: Call): StoredEntry | undefined {
    if (call.path === entriesPath) {
      const index = Number(call.query.get("logIndex") ?? "-1");
      return this.#entries[index - firstIndex];
    }
    if (!call.path.startsWith(`${entriesPath}/`)) return undefined;
    const index = this.#indexes.get(call.path.slice(entriesPath.length + 1).slice(-64));
    return index === undefined ? undefined : this.#entries[index];
  }

  /** An entry as answered, with a promise and a proof for the tree as it is now. */
  #describeEntry(entry: StoredEntry, { corruption, wrongKey }: Call): unknown {
    const key = wrongKey ? generateP256Key() : this.key;
    const logId =
      corruption === "other-log" ? computeDigest("sha256", this.logId).bytes : this.logId;
    const signed = {
      body: encodeBase64(Buffer.from(entry.body)),
      integratedTime: entry.integratedTime,
      logID: encodeHex(logId),
      logIndex: firstIndex + entry.index,
    };
    const promised =
      corruption === "bad-set" ? { ...signed, logIndex: signed.logIndex + 1 } : signed;
    const set = key.sign(Buffer.from(encodeCanonicalJson(promised)));
    return {
      [entry.uuid]: {
        ...signed,
        verification: {
          inclusionProof: this.#describeProof(entry, key, corruption),
          signedEntryTimestamp: encodeBase64(set),
        },
      },
    };
  }

  #describeProof(entry: StoredEntry, key: SigningKey, corruption?: Corruption): unknown {
    const treeSize = this.tree.size;
    const hashes = this.tree.inclusionProof(entry.index, treeSize);
    return {
      checkpoint: this.#checkpoint(key, corruption),
      hashes: (corruption === "bad-proof" ? falsifyProof(hashes) : hashes).map(encodeHex),
      logIndex: entry.index,
      rootHash: encodeHex(this.tree.rootHash(treeSize)),
      treeSize,
    };
  }

  /** The origin is not the signer's name: Rekor v1 adds the tree to it. */
  #checkpoint(key: SigningKey, corruption?: Corruption): string {
    const root = this.tree.rootHash();
    const head = {
      origin: `${hosts.rekor1} - ${this.treeId}`,
      size: this.tree.size,
      rootHash: corruption === "bad-checkpoint" ? computeDigest("sha256", root).bytes : root,
    };
    return signCheckpoint(head, {
      name: hosts.rekor1,
      keyId: this.logId,
      sign: (bytes) => key.sign(bytes),
    });
  }

  #describe(call: Call): unknown {
    const key = call.wrongKey ? generateP256Key() : this.key;
    return {
      inactiveShards: null,
      rootHash: encodeHex(this.tree.rootHash()),
      signedTreeHead: this.#checkpoint(key),
      treeID: this.treeId,
      treeSize: this.tree.size,
    };
  }
}

/** A proof that proves nothing: one hash changed, or one too many where none is needed. */
export function falsifyProof(hashes: readonly Uint8Array[]): Uint8Array[] {
  const [first, ...rest] = hashes;
  return [computeDigest("sha256", first ?? Uint8Array.of()).bytes, ...rest];
}

function answerConflict(entry: StoredEntry): Answer {
  const message = `an equivalent entry already exists in the transparency log with UUID ${entry.uuid}`;
  return answerJson(409, { code: 409, message }, { location: `${entriesPath}/${entry.uuid}` });
}

function refuse(code: number, message: string): Answer {
  return answerJson(code, { code, message });
}
