// Log entries: read as Rekor v2 answers and bundles store them, written so that all clients read them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import fc from "fast-check";
import { computeDigest } from "../../src/crypto/digest.ts";
import { parseJson } from "../../src/encoding/json.ts";
import { encodeLogEntry, type LogEntry, parseLogEntry } from "../../src/sigstore/entry.ts";
import { refuses, runs } from "../refusal.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { makeEntry, makeLog } from "./own-log.ts";

const source = { label: "entry", code: "BUNDLE_INVALID", maxBytes: 1 << 20 } as const;

function parse(value: unknown): LogEntry {
  return parseLogEntry(parseJson(Buffer.from(JSON.stringify(value)), source));
}

const signed = {
  digest: computeDigest("sha256", Buffer.from("artifact")),
  signature: Buffer.from("signature"),
  certificate: Buffer.from("certificate, of any bytes as long as they are the same everywhere"),
};
const v1 = makeLog(1);
const v2 = makeLog(2);

suite("reading", () => {
  const full = {
    logIndex: "9007199254740993",
    logId: { keyId: "AAEC" },
    kindVersion: { kind: "hashedrekord", version: "0.0.1" },
    integratedTime: "1750000000",
    inclusionPromise: { signedEntryTimestamp: "c2V0" },
    inclusionProof: {
      logIndex: "7",
      rootHash: "cm9vdA==",
      treeSize: "9",
      hashes: ["aGFzaA=="],
      checkpoint: { envelope: "note" },
    },
    canonicalizedBody: "Ym9keQ==",
  };

  test("every member", () => {
    const entry = parse(full);
    assert.equal(entry.logIndex, 9007199254740993n);
    assert.deepEqual([...entry.logId], [0, 1, 2]);
    assert.equal(`${entry.kind} ${entry.version}`, "hashedrekord 0.0.1");
    assert.equal(entry.integratedTime, 1750000000n);
    assert.equal(Buffer.from(entry.inclusionPromise ?? []).toString(), "set");
    assert.equal(entry.inclusionProof?.logIndex, 7n);
    assert.equal(entry.inclusionProof.treeSize, 9n);
    assert.equal(Buffer.from(entry.inclusionProof.rootHash).toString(), "root");
    assert.equal(entry.inclusionProof.hashes.length, 1);
    assert.equal(entry.inclusionProof.checkpoint, "note");
    assert.equal(Buffer.from(entry.canonicalizedBody).toString(), "body");
  });

  test("what Rekor v2 answers: zeros and nulls are absent", () => {
    const entry = parse({ ...full, integratedTime: "0", inclusionPromise: null });
    assert.equal(entry.integratedTime, undefined);
    assert.equal(entry.inclusionPromise, undefined);
  });

  test("what protobuf leaves out: an index of zero, an empty list", () => {
    const left = { ...full.inclusionProof, logIndex: undefined, hashes: undefined };
    const entry = parse({ ...full, logIndex: undefined, inclusionProof: left });
    assert.equal(entry.logIndex, 0n);
    assert.equal(entry.inclusionProof?.logIndex, 0n);
    assert.deepEqual(entry.inclusionProof.hashes, []);
  });

  test("what the oldest bundles lack: proof, or its checkpoint", () => {
    assert.equal(parse({ ...full, inclusionProof: null }).inclusionProof, undefined);
    for (const checkpoint of [null, undefined]) {
      const entry = parse({ ...full, inclusionProof: { ...full.inclusionProof, checkpoint } });
      assert.ok(entry.inclusionProof !== undefined);
      assert.equal(entry.inclusionProof.checkpoint, undefined);
    }
  });

  test("a number where protobuf would write a string", () => {
    assert.equal(parse({ ...full, logIndex: 5 }).logIndex, 5n);
  });

  const proof = full.inclusionProof;
  const wrong: Readonly<Record<string, unknown>> = {
    "no object": [],
    "no log": { ...full, logId: undefined },
    "a log without id": { ...full, logId: {} },
    "an id that is not base64": { ...full, logId: { keyId: "x" } },
    "an id in hexadecimal": { ...full, logId: { keyId: 12 } },
    "no kind": { ...full, kindVersion: { version: "0.0.1" } },
    "no version": { ...full, kindVersion: { kind: "hashedrekord" } },
    "no body": { ...full, canonicalizedBody: undefined },
    "a body that is no text": { ...full, canonicalizedBody: {} },
    "a negative index": { ...full, logIndex: "-1" },
    "an index of 2^63": { ...full, logIndex: String(1n << 63n) },
    "an index with a fraction": { ...full, logIndex: 0.5 },
    "an index that is no number": { ...full, logIndex: "x" },
    "a negative time": { ...full, integratedTime: "-1" },
    "a promise without bytes": { ...full, inclusionPromise: {} },
    "a proof without root": { ...full, inclusionProof: { ...proof, rootHash: undefined } },
    "a proof without size": { ...full, inclusionProof: { ...proof, treeSize: undefined } },
    "a checkpoint without text": { ...full, inclusionProof: { ...proof, checkpoint: {} } },
    "a proof of 65 hashes": {
      ...full,
      inclusionProof: { ...proof, hashes: Array(65).fill("AAAA") },
    },
    "a hash that is no text": { ...full, inclusionProof: { ...proof, hashes: [1] } },
  };
  for (const [name, value] of Object.entries(wrong)) {
    test(`refuses ${name}`, () => refuses("BUNDLE_INVALID", () => parse(value)));
  }
});

suite("writing", () => {
  test("undoes reading, for any entry", () => {
    const bytes = fc.uint8Array({ maxLength: 40 });
    const int64 = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n });
    const entries = fc.record({
      logIndex: int64,
      logId: bytes,
      kind: fc.string(),
      version: fc.string(),
      integratedTime: fc.option(fc.bigInt({ min: 1n, max: 1n << 40n }), { nil: undefined }),
      inclusionPromise: fc.option(bytes, { nil: undefined }),
      inclusionProof: fc.option(
        fc.record({
          logIndex: int64,
          rootHash: bytes,
          treeSize: int64,
          hashes: fc.array(bytes, { maxLength: 5 }),
          checkpoint: fc.option(fc.string(), { nil: undefined }),
        }),
        { nil: undefined },
      ),
      canonicalizedBody: bytes,
    });
    const plain = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value, (_, inner: unknown) =>
          typeof inner === "bigint" ? `${inner}n` : inner,
        ),
        (_, inner: unknown) => inner,
      );
    fc.assert(
      fc.property(entries, (entry) => {
        const again = parse(encodeLogEntry(entry));
        assert.deepEqual(normal(again), normal(entry));
        assert.deepEqual(plain(encodeLogEntry(again)), plain(encodeLogEntry(entry)));
      }),
      { numRuns: runs },
    );
  });

  test("always has index, size and hashes, and of time and promise only what is there", () => {
    const first = makeEntry(v2, signed, { index: 0, size: 1 });
    const json: unknown = JSON.parse(JSON.stringify(encodeLogEntry(first)));
    assert.equal(at(json, "logIndex"), "0");
    assert.deepEqual(list(dig(json, "inclusionProof", "hashes")), []);
    assert.equal(dig(json, "inclusionProof", "logIndex"), "0");
    assert.equal(dig(json, "inclusionProof", "treeSize"), "1");
    assert.equal(at(json, "integratedTime"), undefined);
    assert.equal(at(json, "inclusionPromise"), undefined);
    const promised: unknown = JSON.parse(JSON.stringify(encodeLogEntry(makeEntry(v1, signed))));
    assert.match(text(at(promised, "integratedTime")), /^\d+$/);
    assert.ok(text(dig(promised, "inclusionPromise", "signedEntryTimestamp")) !== "");
  });
});

test("a real entry of Rekor v2 is read and written again as it was", () => {
  const file = new URL(
    "../vectors/sigstore-conformance/rekor2-happy-path/bundle.sigstore.json",
    import.meta.url,
  );
  const bundle: unknown = JSON.parse(readFileSync(file, "utf8"));
  const [entry] = list(dig(bundle, "verificationMaterial", "tlogEntries"));
  const again: unknown = JSON.parse(JSON.stringify(encodeLogEntry(parse(entry))));
  for (const name of ["logIndex", "logId", "kindVersion", "inclusionProof", "canonicalizedBody"]) {
    assert.deepEqual(at(again, name), at(entry, name));
  }
});

/** Bytes as hexadecimal, so that a Buffer and a Uint8Array compare equal. */
function normal(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(normal);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, normal(inner)]));
}
