// Rekor, version 2 of its API (rekor-tiles): a log whose answer waits for the checkpoint that covers
// the entry. It gives proofs but no promises and no times.
// https://github.com/sigstore/rekor-tiles/blob/main/CLIENTS.md
import { setTimeout as sleep } from "node:timers/promises";
import { computeDigest } from "../crypto/digest.ts";
import { encodeBase64, encodeHex } from "../encoding/base64.ts";
import { SigstepError } from "../errors.ts";
import { generateEd25519Key, generateP256Key, type SigningKey } from "./keys.ts";
import { hashLeaf, MerkleTree } from "./merkle-tree.ts";
import { hosts } from "./names.ts";
import { signCheckpoint } from "./note.ts";
import { PrehashedVerifier } from "./prehashed.ts";
import { EntryRefused } from "./rekor1-entry.ts";
import { falsifyProof } from "./rekor1.ts";
import { canonicalizeRequest, encodeBody } from "./rekor2-entry.ts";
import { answerJson, type Answer, type Call } from "./server.ts";

/** A log with Rekor's second interface. */
export class Rekor2 {
  readonly key = generateEd25519Key();
  /** The C2SP key id, which covers the log's name. */
  readonly logId = keyIdOf(hosts.rekor2, this.key);
  readonly tree = new MerkleTree();
  readonly #batchDelayMs: number;
  readonly #verifier = new PrehashedVerifier();
  readonly #indexes = new Map<string, number>();
  #nextCheckpoint: Promise<number> | undefined;

  /** @param batchDelayMs - How long entries are gathered before a checkpoint covers them. */
  constructor(batchDelayMs: number) {
    this.#batchDelayMs = batchDelayMs;
  }

  /** Answers one request. */
  async handle(call: Call): Promise<Answer> {
    switch (`${call.method} ${call.path}`) {
      case "POST /api/v2/log/entries":
        return this.#answerCreate(call);
      case "GET /api/v2/checkpoint":
        return { status: 200, body: this.#checkpoint(this.tree.size, call) };
      default:
        return refuse(404, 5, "Not Found");
    }
  }

  async #answerCreate(call: Call): Promise<Answer> {
    let body: string;
    try {
      body = canonicalizeRequest(call.body, this.#verifier);
    } catch (error) {
      if (!(error instanceof EntryRefused || error instanceof SigstepError)) throw error;
      return refuse(400, 3, error.message);
    }
    const known = this.#indexes.get(keyOf(body));
    if (known !== undefined) return answerConflict(known);
    const logged = this.#append(body);
    const answered = call.corruption === "other-entry" ? this.#append(encodeDecoyBody()) : logged;
    const size = await this.#covered();
    if (call.corruption === "not-json") return { status: 201, body: "not JSON" };
    return answerJson(201, this.#describe(answered, size, call));
  }

  #append(body: string): { readonly body: string; readonly index: number } {
    const index = this.tree.append(hashLeaf(Buffer.from(body)));
    this.#indexes.set(keyOf(body), index);
    return { body, index };
  }

  /** Size of the tree at the next checkpoint; all who wait share it. */
  #covered(): Promise<number> {
    this.#nextCheckpoint ??= sleep(this.#batchDelayMs).then(() => {
      this.#nextCheckpoint = undefined;
      return this.tree.size;
    });
    return this.#nextCheckpoint;
  }

  /** TransparencyLogEntry in protobuf's JSON, empty fields and all. */
  #describe(entry: { body: string; index: number }, size: number, call: Call): unknown {
    const { corruption } = call;
    const hashes = this.tree.inclusionProof(entry.index, size);
    const logId =
      corruption === "other-log" ? computeDigest("sha256", this.logId).bytes : this.logId;
    return {
      logIndex: String(entry.index),
      logId: { keyId: encodeBase64(logId) },
      kindVersion: { kind: "hashedrekord", version: "0.0.2" },
      integratedTime: "0",
      inclusionPromise: null,
      inclusionProof: {
        logIndex: String(entry.index),
        rootHash: encodeBase64(this.tree.rootHash(size)),
        treeSize: String(size),
        hashes: (corruption === "bad-proof" ? falsifyProof(hashes) : hashes).map(encodeBase64),
        checkpoint: { envelope: this.#checkpoint(size, call) },
      },
      canonicalizedBody: encodeBase64(Buffer.from(entry.body)),
    };
  }

  #checkpoint(size: number, { corruption, wrongKey }: Call): string {
    const key = wrongKey ? generateEd25519Key() : this.key;
    const root = this.tree.rootHash(size);
    const rootHash = corruption === "bad-checkpoint" ? computeDigest("sha256", root).bytes : root;
    return signCheckpoint(
      { origin: hosts.rekor2, size, rootHash },
      { name: hosts.rekor2, keyId: this.logId, sign: (bytes) => key.sign(bytes) },
    );
  }
}

/** SHA-256(name ‖ 0A ‖ 01 ‖ key). @see https://c2sp.org/signed-note#signatures */
function keyIdOf(name: string, key: SigningKey): Uint8Array {
  const algorithm = Uint8Array.of(0x0a /* end of name */, 0x01 /* Ed25519 */);
  return computeDigest("sha256", Buffer.from(name), algorithm, key.spki.subarray(-32)).bytes;
}

/** A true entry of somebody else's. */
function encodeDecoyBody(): string {
  const key = generateP256Key();
  return encodeBody(computeDigest("sha256", key.spki).bytes, "sha256", {
    content: encodeBase64(key.sign(key.spki)),
    verifier: {
      publicKey: { rawBytes: encodeBase64(key.spki) },
      keyDetails: "PKIX_ECDSA_P256_SHA_256",
    },
  });
}

function keyOf(body: string): string {
  return encodeHex(computeDigest("sha256", Buffer.from(body)).bytes);
}

function answerConflict(index: number): Answer {
  const message = `an equivalent entry already exists in the transparency log with index ${index}`;
  return answerJson(409, { code: 6, message, details: [] }, { "x-log-index": String(index) });
}

function refuse(status: number, code: number, message: string): Answer {
  return answerJson(status, { code, message, details: [] });
}
