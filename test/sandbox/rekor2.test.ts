import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Corruption } from "../../src/sandbox/faults.ts";
import { startSandbox, type Sandbox } from "../../src/sandbox/sandbox.ts";
import { askRekor2, certify, hashedRekord2, newKey, signArtifact, trustedLog } from "./client.ts";
import { openNote } from "./note.ts";
import { leafHash, rootFromProof } from "./rfc6962.ts";
import { at, dig, list, text } from "./wire.ts";

interface Judgement {
  readonly checkpoint: boolean;
  readonly proof: boolean;
  readonly log: boolean;
}

const right: Judgement = { checkpoint: true, proof: true, log: true };

describe("the sandbox's Rekor v2", () => {
  const key = newKey();
  let sandbox: Sandbox;
  let count = 0;
  const post = async (): Promise<unknown> => {
    count += 1;
    const reply = await askRekor2(sandbox, hashedRekord2(signArtifact(key, `file ${count}`), key));
    assert.equal(reply.status, 201);
    return reply.body;
  };
  before(async () => {
    sandbox = await startSandbox();
  });
  after(() => sandbox.close());

  it("proves many entries that come at once, in few checkpoints", async () => {
    const entries = await Promise.all(Array.from({ length: 40 }, post));
    for (const entry of entries) assert.deepEqual(judgeEntry(sandbox, entry), right);
    const sizes = entries.map((entry) => at(at(entry, "inclusionProof"), "treeSize"));
    assert.ok(new Set(sizes).size < 40);
  });

  it("gives neither a time nor a promise", async () => {
    const entry = await post();
    assert.equal(at(entry, "integratedTime"), "0");
    assert.equal(at(entry, "inclusionPromise"), null);
    assert.deepEqual(at(entry, "kindVersion"), { kind: "hashedrekord", version: "0.0.2" });
  });

  it("keeps the certificate in the canonical body", async () => {
    const [pem = ""] = await certify(sandbox, "github", key);
    const rawBytes = pem.replace(/-----[A-Z ]+-----|\s/g, "");
    const signed = signArtifact(key, "certified");
    const keyDetails = "PKIX_ECDSA_P256_SHA_256";
    const content = signed.signature.toString("base64");
    const digest = signed.digest.toString("base64");
    const verifier = { x509Certificate: { rawBytes }, keyDetails };
    const reply = await askRekor2(sandbox, {
      hashedRekordRequestV002: { digest, signature: { content, verifier } },
    });
    const body = Buffer.from(text(at(reply.body, "canonicalizedBody")), "base64").toString();
    assert.equal(
      body,
      `{"apiVersion":"0.0.2","kind":"hashedrekord","spec":{"hashedRekordV002":{"data":{"algorithm":"SHA2_256","digest":"${digest}"},"signature":{"content":"${content}","verifier":{"keyDetails":"${keyDetails}","x509Certificate":{"rawBytes":"${rawBytes}"}}}}}}`,
    );
  });

  it("answers the same entry with a conflict and its index, without proof", async () => {
    const request = hashedRekord2(signArtifact(key, "twice"), key);
    const first = await askRekor2(sandbox, request);
    const second = await askRekor2(sandbox, request);
    assert.equal(second.status, 409);
    assert.equal(second.headers.get("x-log-index"), at(first.body, "logIndex"));
  });

  it("refuses other kinds, unknown members, and signatures that are not the key's", async () => {
    const request = hashedRekord2(signArtifact(key, "file"), key);
    const refused = [
      { dsseRequestV002: {} },
      { ...request, extra: 1 },
      hashedRekord2(signArtifact(newKey(), "file"), key),
      JSON.parse(JSON.stringify(request).replace("P256_SHA_256", "P384_SHA_384")),
    ];
    for (const body of refused) {
      const reply = await askRekor2(sandbox, body);
      assert.equal(reply.status, 400);
      assert.equal(at(reply.body, "code"), 3);
    }
  });

  const corruptions: readonly (readonly [Corruption, Judgement])[] = [
    ["bad-proof", { ...right, proof: false }],
    ["bad-checkpoint", { ...right, proof: false }],
    ["other-log", { ...right, log: false }],
    ["other-entry", right],
  ];
  for (const [what, expected] of corruptions) {
    it(`answers with ${what} when the dial says so`, async () => {
      sandbox.faults.add({ service: "rekor2", times: 1, fault: { kind: "corrupt", what } });
      assert.deepEqual(judgeEntry(sandbox, await post()), expected);
      assert.deepEqual(judgeEntry(sandbox, await post()), right);
    });
  }

  it("signs with an unknown key when the dial says so", async () => {
    sandbox.faults.add({ service: "rekor2", times: 1, fault: { kind: "wrong-key" } });
    assert.equal(judgeEntry(sandbox, await post()).checkpoint, false);
  });
});

function judgeEntry(sandbox: Sandbox, entry: unknown): Judgement {
  const { spki, id } = trustedLog(sandbox, "tlogs", 1);
  const proof = at(entry, "inclusionProof");
  const note = openNote(text(dig(proof, "checkpoint", "envelope")), spki);
  const root = rootFromProof(
    leafHash(Buffer.from(text(at(entry, "canonicalizedBody")), "base64")),
    { index: Number(at(entry, "logIndex")), size: note.size },
    list(at(proof, "hashes")).map((hash) => Buffer.from(text(hash), "base64")),
  );
  const logId = Buffer.from(text(dig(entry, "logId", "keyId")), "base64");
  return {
    checkpoint: note.verified,
    proof: root !== undefined && note.rootHash.equals(root),
    log: logId.equals(id) && note.keyId.equals(id),
  };
}
