import assert from "node:assert/strict";
import { createPublicKey, sign, verify } from "node:crypto";
import { after, before, describe, it } from "node:test";
import type { Corruption } from "../../src/sandbox/faults.ts";
import { startSandbox, type Sandbox } from "../../src/sandbox/sandbox.ts";
import {
  askRekor1,
  hashedRekord1,
  newKey,
  pemOf,
  signArtifact,
  trustedLog,
  type Reply,
} from "./client.ts";
import { openNote } from "./note.ts";
import { leafHash, rootFromProof, sha256 } from "./rfc6962.ts";
import { at, dig, getJson, list, onlyMember, text } from "./wire.ts";

describe("the sandbox's Rekor v1", () => {
  const key = newKey();
  let sandbox: Sandbox;
  let count = 0;
  const post = (): Promise<Reply> => {
    count += 1;
    return askRekor1(sandbox, hashedRekord1(signArtifact(key, `file ${count}`), key));
  };
  const judge = (reply: Reply): Judgement => judgeEntry(sandbox, entryOf(reply));
  before(async () => {
    sandbox = await startSandbox();
  });
  after(() => sandbox.close());

  it("promises and proves every entry", async () => {
    for (let round = 0; round < 9; round += 1) {
      const reply = await post();
      assert.equal(reply.status, 201);
      assert.deepEqual(judge(reply), { promise: true, checkpoint: true, proof: true, log: true });
    }
  });

  it("counts over all its trees, and in the tree", async () => {
    const entry = entryOf(await post());
    const shardIndex = Number(dig(entry, "verification", "inclusionProof", "logIndex"));
    assert.equal(at(entry, "logIndex"), 25_000_000 + shardIndex);
  });

  it("answers the same entry with a conflict and its address", async () => {
    const entry = hashedRekord1(signArtifact(key, "twice"), key);
    const first = await askRekor1(sandbox, entry);
    const second = await askRekor1(sandbox, entry);
    assert.equal(second.status, 409);
    const location = second.headers.get("location") ?? "";
    assert.equal(location, first.headers.get("location"));
    const again = await getJson(new URL(location, sandbox.urls.rekor1).href);
    const stored = onlyMember(again);
    assert.equal(at(stored, "body"), at(entryOf(first), "body"));
    assert.equal(judgeEntry(sandbox, stored).promise, true);
  });

  it("takes a DSSE envelope and keeps its hashes", async () => {
    const payload = Buffer.from('{"a":"ü"}');
    const type = "application/vnd.in-toto+json";
    const signed = Buffer.concat([Buffer.from(`DSSEv1 28 ${type} ${payload.length} `), payload]);
    const sig = sign("sha256", signed, key.privateKey).toString("base64");
    const envelope = JSON.stringify({
      payload: payload.toString("base64"),
      payloadType: type,
      signatures: [{ sig, keyid: "" }],
    });
    const verifiers = [Buffer.from(pemOf(key.publicKey)).toString("base64")];
    const proposedContent = { envelope, verifiers };
    const dsse = { apiVersion: "0.0.1", kind: "dsse", spec: { proposedContent } };
    const reply = await askRekor1(sandbox, dsse);
    assert.equal(reply.status, 201);
    assert.equal(judge(reply).proof, true);
    const body: unknown = JSON.parse(
      Buffer.from(text(at(entryOf(reply), "body")), "base64").toString(),
    );
    assert.equal(dig(body, "spec", "payloadHash", "value"), sha256(payload).toString("hex"));
    assert.equal(
      dig(body, "spec", "envelopeHash", "value"),
      sha256(Buffer.from(envelope)).toString("hex"),
    );
    const forged = { envelope: envelope.replace('"payload":"', '"payload":"AAAA'), verifiers };
    const refused = await askRekor1(sandbox, { ...dsse, spec: { proposedContent: forged } });
    assert.equal(refused.status, 400);
  });

  it("refuses a signature that is not the key's, and what is no entry", async () => {
    const signed = signArtifact(key, "file");
    assert.equal((await askRekor1(sandbox, hashedRekord1(signed, newKey()))).status, 400);
    const other = { ...signed, digest: sha256(Buffer.from("other")) };
    assert.equal((await askRekor1(sandbox, hashedRekord1(other, key))).status, 400);
    assert.equal((await askRekor1(sandbox, { kind: "rpm", apiVersion: "0.0.1" })).status, 400);
    assert.equal((await askRekor1(sandbox, [])).status, 400);
  });

  it("is found by index, described and keyed as the real one", async () => {
    const entry = entryOf(await post());
    const { rekor1 } = sandbox.urls;
    const index = String(at(entry, "logIndex"));
    const found = await getJson(`${rekor1}/api/v1/log/entries?logIndex=${index}`);
    assert.equal(at(onlyMember(found), "body"), at(entry, "body"));
    const log = await getJson(`${rekor1}/api/v1/log`);
    const { spki } = trustedLog(sandbox, "tlogs", 0);
    assert.ok(openNote(text(at(log, "signedTreeHead")), spki).verified);
    const pem = await (await fetch(`${rekor1}/api/v1/log/publicKey`)).text();
    assert.deepEqual(createPublicKey(pem).export({ format: "der", type: "spki" }), spki);
    assert.equal((await fetch(`${rekor1}/api/v1/log/entries/00`)).status, 404);
  });

  const right = { promise: true, checkpoint: true, proof: true, log: true };
  const corruptions: readonly (readonly [Corruption, Judgement])[] = [
    ["bad-proof", { ...right, proof: false }],
    ["bad-set", { ...right, promise: false }],
    ["bad-checkpoint", { ...right, proof: false }],
    ["other-log", { ...right, log: false }],
    ["other-entry", right],
  ];
  for (const [what, expected] of corruptions) {
    it(`answers with ${what} when the dial says so`, async () => {
      sandbox.faults.add({ service: "rekor1", times: 1, fault: { kind: "corrupt", what } });
      assert.deepEqual(judge(await post()), expected);
      assert.deepEqual(judge(await post()), right);
    });
  }

  it("signs with an unknown key when the dial says so", async () => {
    sandbox.faults.add({ service: "rekor1", times: 1, fault: { kind: "wrong-key" } });
    const { promise, checkpoint, log } = judge(await post());
    assert.deepEqual(
      { promise, checkpoint, log },
      { promise: false, checkpoint: false, log: true },
    );
  });

  it("keeps an entry whose answer is lost", async () => {
    sandbox.faults.add({ service: "rekor1", times: 1, fault: { kind: "lost" } });
    const entry = hashedRekord1(signArtifact(key, "lost"), key);
    await assert.rejects(askRekor1(sandbox, entry));
    assert.equal((await askRekor1(sandbox, entry)).status, 409);
  });
});

function entryOf(reply: Reply): unknown {
  return onlyMember(reply.body);
}

interface Judgement {
  readonly promise: boolean;
  readonly checkpoint: boolean;
  readonly proof: boolean;
  readonly log: boolean;
}

function judgeEntry(sandbox: Sandbox, entry: unknown): Judgement {
  const { spki, id } = trustedLog(sandbox, "tlogs", 0);
  const body = text(at(entry, "body"));
  // In the order of RFC 8785, spelled out.
  const { integratedTime, logId, logIndex } = {
    integratedTime: String(at(entry, "integratedTime")),
    logId: text(at(entry, "logID")),
    logIndex: String(at(entry, "logIndex")),
  };
  const promised = `{"body":"${body}","integratedTime":${integratedTime},"logID":"${logId}","logIndex":${logIndex}}`;
  const set = Buffer.from(text(dig(entry, "verification", "signedEntryTimestamp")), "base64");
  const key = createPublicKey({ key: spki, format: "der", type: "spki" });
  const proof = dig(entry, "verification", "inclusionProof");
  const note = openNote(text(at(proof, "checkpoint")), spki);
  const root = rootFromProof(
    leafHash(Buffer.from(body, "base64")),
    { index: Number(at(proof, "logIndex")), size: note.size },
    list(at(proof, "hashes")).map((hash) => Buffer.from(text(hash), "hex")),
  );
  return {
    promise: verify("sha256", Buffer.from(promised), key, set),
    checkpoint: note.verified,
    proof: root !== undefined && note.rootHash.equals(root),
    log: logId === id.toString("hex"),
  };
}
