// A whole log entry: promise, proof, checkpoint and body by one log, and nothing in it that is not so.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { computeDigest } from "../../src/crypto/digest.ts";
import { encodeBase64, equalBytes, parseBase64 } from "../../src/encoding/base64.ts";
import { parseJson } from "../../src/encoding/json.ts";
import { materialOf, type SignedMaterial } from "../../src/sigstore/entry-body.ts";
import type { SignedDigest } from "../../src/sigstore/entry-request.ts";
import { type LogEntry, parseLogEntry } from "../../src/sigstore/entry.ts";
import { parseTrustedRoot } from "../../src/sigstore/trust.ts";
import { type ProvenEntry, verifyEntry } from "../../src/sigstore/verify-entry.ts";
import { refusal, refuses } from "../refusal.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { bodyOf, makeCheckpoint, makeEntry, makeLog, promise } from "./own-log.ts";

const signed: SignedDigest = {
  digest: computeDigest("sha256", Buffer.from("artifact")),
  signature: Buffer.from("signature"),
  certificate: Buffer.from("certificate"),
};
const material: SignedMaterial = materialOf(signed);
const v1 = makeLog(1);
const v2 = makeLog(2);
const logs = [makeLog(1, "other.example").log, v2.log, v1.log, makeLog(2, "other.example").log];

for (const own of [v1, v2]) {
  const right = makeEntry(own, signed, own.version === 1 ? { logIndex: 123_456_789_012n } : {});

  suite(`an entry of Rekor v${own.version}`, () => {
    test("is proven by the log that its id names", () => {
      const proven = verifyEntry(right, material, { logs });
      assert.equal(proven.log, own.log);
      assert.equal(proven.entry, right);
      assert.equal(
        proven.time?.toISOString(),
        own.version === 1 ? "2025-06-01T12:00:00.000Z" : undefined,
      );
    });

    test("is proven at every place of a tree", () => {
      for (const [index, size] of [
        [0, 1],
        [0, 2],
        [1, 2],
        [6, 7],
        [255, 256],
        [256, 257],
      ] as const) {
        verifyEntry(makeEntry(own, signed, { index, size }), material, { logs });
      }
    });

    const { inclusionProof: proof } = right;
    assert.ok(proof !== undefined);
    const another = makeEntry(own, { ...signed, signature: Buffer.from("other") });
    const foreign = makeEntry(makeLog(own.version, own.name), signed);
    const unsigned = { ...right, inclusionPromise: undefined, inclusionProof: undefined };
    // Where the log's key is asked first: about the promise, or about the checkpoint.
    const first = own === v1 ? 3 : 4;
    const wrong: Readonly<Record<string, readonly [step: number, entry: LogEntry]>> = {
      "without proof and promise": [4, unsigned],
      "with a proof alone, without checkpoint": [
        4,
        { ...unsigned, inclusionProof: { ...proof, checkpoint: undefined } },
      ],
      "of a log that is unknown": [2, { ...right, logId: new Uint8Array(32) }],
      "without log id": [2, { ...right, logId: new Uint8Array() }],
      "with four bytes of the log id": [2, { ...right, logId: right.logId.subarray(0, 4) }],
      "that names another known log": [first, { ...right, logId: logs[0]?.logId ?? right.logId }],
      "that names a log of the other version": [
        first,
        { ...right, logId: own === v1 ? v2.log.logId : v1.log.logId },
      ],
      "by a namesake of the log": [2, foreign],
      "by a namesake that uses the log's id": [first, { ...foreign, logId: own.log.logId }],
      "about another signature": [5, another],
      "with another entry's body": [
        first,
        { ...right, canonicalizedBody: another.canonicalizedBody },
      ],
      "with another entry's proof": [4, { ...right, inclusionProof: another.inclusionProof }],
      "with an index in its proof that is another": [
        4,
        { ...right, inclusionProof: { ...proof, logIndex: proof.logIndex + 1n } },
      ],
      "with a size in its proof that is another": [
        4,
        { ...right, inclusionProof: { ...proof, treeSize: proof.treeSize + 1n } },
      ],
      "with a root in its proof that is another": [
        4,
        { ...right, inclusionProof: { ...proof, rootHash: new Uint8Array(32) } },
      ],
      "with a hash missing": [
        4,
        { ...right, inclusionProof: { ...proof, hashes: proof.hashes.slice(1) } },
      ],
      "with an older checkpoint": [
        4,
        {
          ...right,
          inclusionProof: { ...proof, checkpoint: makeCheckpoint(own, [Buffer.from("first")]) },
        },
      ],
      "with an empty checkpoint": [4, { ...right, inclusionProof: { ...proof, checkpoint: "" } }],
      "with another index": [first, { ...right, logIndex: right.logIndex + 1n }],
      "of another kind": [5, { ...right, kind: "dsse" }],
      "of another version": [
        own === v1 ? 3 : 5,
        { ...right, version: own === v1 ? "0.0.2" : "0.0.1" },
      ],
    };
    for (const [name, [step, entry]] of Object.entries(wrong)) {
      test(`${name} is refused at step ${step}`, () => {
        const error = refusal("LOG_ENTRY_INVALID", () => verifyEntry(entry, material, { logs }));
        assert.equal(error.step?.number, step, error.message);
      });
    }

    test("is nothing to those who know no log", () =>
      refuses("LOG_ENTRY_INVALID", () => verifyEntry(right, material, { logs: [] })));

    test("proves nothing about anything else that was signed", () => {
      for (const other of [
        { ...signed, digest: computeDigest("sha256", Buffer.from("other")) },
        { ...signed, signature: Buffer.from("other") },
        { ...signed, certificate: Buffer.from("other") },
      ]) {
        refuses("LOG_ENTRY_INVALID", () => verifyEntry(right, materialOf(other), { logs }));
      }
    });
  });
}

suite("a promise", () => {
  const right = makeEntry(v1, signed, { logIndex: 9_007_199_254_740_993n });
  const { integratedTime: time = 0n } = right;

  test("covers an index beyond what a double holds, exactly", () => {
    verifyEntry(right, material, { logs });
    const near = { ...right, logIndex: right.logIndex - 1n };
    refuses("LOG_ENTRY_INVALID", () => verifyEntry(near, material, { logs }));
  });

  const foreign = makeLog(1, v1.name);
  const wrong: Readonly<Record<string, LogEntry>> = {
    "for another time": { ...right, integratedTime: time + 1n },
    "for no time": { ...right, integratedTime: undefined },
    "by another log": { ...right, inclusionPromise: promise(foreign, right) },
    "over another body": {
      ...right,
      inclusionPromise: promise(v1, { ...right, canonicalizedBody: Buffer.from("{}") }),
    },
    "over another log's id": {
      ...right,
      inclusionPromise: promise(v1, { ...right, logId: v2.log.logId }),
    },
    "that is empty": { ...right, inclusionPromise: new Uint8Array() },
    "that is cut": { ...right, inclusionPromise: right.inclusionPromise?.subarray(1) },
  };
  for (const [name, entry] of Object.entries(wrong)) {
    test(`${name} is refused`, () =>
      refuses("LOG_ENTRY_INVALID", () => verifyEntry(entry, material, { logs })));
  }

  test("is what makes a time: without it there is none (CVE-2026-48816)", () => {
    const { time: proven } = verifyEntry({ ...right, inclusionPromise: undefined }, material, {
      logs,
    });
    assert.equal(proven, undefined);
  });

  test("stands in for the proof, which the oldest bundles lack, or for its checkpoint", () => {
    const { inclusionProof: proof } = right;
    assert.ok(proof !== undefined);
    for (const inclusionProof of [undefined, { ...proof, checkpoint: undefined }]) {
      const terms = { logs, promiseSuffices: true };
      const { time: proven } = verifyEntry({ ...right, inclusionProof }, material, terms);
      assert.equal(proven?.toISOString(), "2025-06-01T12:00:00.000Z");
    }
  });

  test("stands in for nothing unless the caller says that the bundle is one of those", () => {
    const { inclusionProof: proof } = right;
    assert.ok(proof !== undefined);
    for (const inclusionProof of [undefined, { ...proof, checkpoint: undefined }]) {
      const error = refusal("LOG_ENTRY_INVALID", () =>
        verifyEntry({ ...right, inclusionProof }, material, { logs }),
      );
      assert.equal(error.step?.number, 4);
      assert.match(
        error.message,
        /has no inclusion proof under a checkpoint, and only a bundle of/,
      );
    }
  });

  test("of a Rekor v2 log is none, whoever has signed it", () => {
    const entry = { ...makeEntry(v2, signed), integratedTime: time };
    const forged = { ...entry, inclusionPromise: promise(v1, entry) };
    const error = refusal("LOG_ENTRY_INVALID", () => verifyEntry(forged, material, { logs }));
    assert.equal(error.step?.number, 3);
    // Its own signature over one changes nothing: it promises none.
    const own = { ...entry, inclusionPromise: promise(v2, entry) };
    const { message } = refusal("LOG_ENTRY_INVALID", () => verifyEntry(own, material, { logs }));
    assert.match(message, /a promise, which no entry of its kind has/);
    // Without a promise the time is passed over.
    assert.equal(verifyEntry(entry, material, { logs }).time, undefined);
  });

  test("for a time beyond every calendar proves a time in no range", () => {
    const late = { ...right, integratedTime: (1n << 63n) - 1n };
    const { time: proven } = verifyEntry(
      { ...late, inclusionPromise: promise(v1, late) },
      material,
      { logs },
    );
    assert.ok(Number.isNaN(proven?.getTime()));
  });
});

test("an entry of Rekor v2 is at the place that it says, not at another where its body also stands", () => {
  const twice = makeEntry(v2, signed, { index: 4, size: 11 });
  const moved = { ...makeEntry(v2, signed), inclusionProof: twice.inclusionProof };
  refuses("LOG_ENTRY_INVALID", () => verifyEntry(moved, material, { logs }));
});

test("an unknown kind is refused even when the log has it", () => {
  const body = bodyOf(v1, signed).replaceAll("hashedrekord", "rekord");
  const entry = { ...makeEntry(v1, signed, { body }), kind: "rekord" };
  refuses("LOG_ENTRY_INVALID", () => verifyEntry(entry, material, { logs }));
});

suite("real entries", () => {
  const folder = new URL("../vectors/sigstore-conformance/", import.meta.url);
  const publicGood = new URL("../../src/sigstore/public-good/trusted_root.json", import.meta.url);

  /** The entry of a case about the case's own artifact, signature and certificate. */
  function verifyCase(name: string): ProvenEntry {
    const read = (file: string): Buffer => readFileSync(new URL(`${name}/${file}`, folder));
    const has = (file: string): boolean => existsSync(new URL(`${name}/${file}`, folder));
    const json: unknown = JSON.parse(read("bundle.sigstore.json").toString());
    const found = at(json, "verificationMaterial");
    const [raw] = list(at(found, "tlogEntries"));
    const chain = at(found, "x509CertificateChain");
    const leaf = at(found, "certificate") ?? list(dig(chain, "certificates"))[0];
    const artifact = has("artifact") ? read("artifact") : readFileSync(new URL("a.txt", folder));
    const source = { label: "entry", code: "LOG_ENTRY_INVALID", maxBytes: 1 << 20 } as const;
    const entry = parseLogEntry(parseJson(Buffer.from(JSON.stringify(raw)), source));
    const root = parseTrustedRoot(
      has("trusted_root.json") ? read("trusted_root.json") : readFileSync(publicGood),
      name,
    );
    return verifyEntry(
      entry,
      materialOf({
        digest: computeDigest("sha256", artifact),
        signature: parseBase64(text(dig(json, "messageSignature", "signature")), "signature"),
        certificate: parseBase64(text(at(leaf, "rawBytes")), "certificate"),
      }),
      root,
    );
  }

  // Rekor v1 first, with the time of the promise.
  const right: Readonly<Record<string, string | undefined>> = {
    "happy-path-v0.1": "2023-07-12T15:56:36.000Z",
    "happy-path-v0.3": "2024-03-19T17:26:26.000Z",
    "happy-path-v0.3-new-mediaType": "2024-03-19T17:26:26.000Z",
    "bundle-with-sct-with-extensions": undefined,
    "rekor2-happy-path": undefined,
    "rekor2-checkpoint-cosigned": undefined,
    "rekor2-checkpoint-multiple-cosigs": undefined,
    "rekor2-checkpoint-two-sigs-cosigned": undefined,
    "rekor2-timestamp-with-embedded-cert": undefined,
    "rekor2-timestamp-without-embedded-cert": undefined,
    "trust-root-tsa-validity-end-inclusive": undefined,
    // Their fault lies elsewhere.
    "rekor2-no-timestamp_fail": undefined,
    "rekor2-timestamp-outside-trust-root-tsa-validity_fail": undefined,
    "rekor2-timestamp-with-incorrect-time_fail": undefined,
    "integrated-time-in-future_fail": "2026-05-07T15:34:11.000Z",
  };
  for (const [name, time] of Object.entries(right)) {
    test(`${name} is proven`, () => assert.equal(verifyCase(name).time?.toISOString(), time));
  }

  for (const name of [
    "checkpoint-wrong-roothash_fail",
    "inclusion-proof-corrupted-hash_fail",
    "invalid-checkpoint-signature_fail",
    "bundle-from-wrong-instance_fail",
    "rekor2-checkpoint-missing-log-signature_fail",
    "rekor2-checkpoint-missing-origin_fail",
    "rekor2-checkpoint-missing-root-hash_fail",
    "rekor2-checkpoint-no-matching-signature_fail",
    "rekor2-no-inclusion-proof_fail",
    "signature-mismatch_fail",
    "wrong-hashedrekord-artifact_fail",
    "wrong-hashedrekord-entry_fail",
  ]) {
    test(`${name} is refused`, () => refuses("LOG_ENTRY_INVALID", () => verifyCase(name)));
  }

  test("of an unknown log say which log that is", () => {
    const error = refusal("LOG_ENTRY_INVALID", () =>
      verifyEntry(makeEntry(v1, signed), material, { logs: [v2.log] }),
    );
    assert.ok(error.message.includes(Buffer.from(v1.log.logId).toString("hex")));
    assert.ok(!equalBytes(v1.log.logId, v2.log.logId), encodeBase64(v2.log.logId));
  });
});
