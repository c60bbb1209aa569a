// Bundles: written as protobuf's JSON and read back as they were; everything that is not v0.3 is refused.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { computeDigest, digestAlgorithms } from "../../src/crypto/digest.ts";
import { type Bundle, encodeBundle, parseBundle } from "../../src/sigstore/bundle.ts";
import { isContained, refusal, refuses, runs } from "../refusal.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { makeEntry, makeLog } from "./own-log.ts";

const code = "BUNDLE_INVALID";
const signed = {
  digest: computeDigest("sha256", Buffer.from("artifact")),
  signature: Buffer.from("signature"),
  certificate: Buffer.from("certificate"),
};
const bundle: Bundle = {
  ...signed,
  entries: [makeEntry(makeLog(1), signed), makeEntry(makeLog(2), signed)],
  timestamps: [Buffer.from("one"), Buffer.from("two")],
};

function parse(textOrValue: unknown): Bundle {
  const given = typeof textOrValue === "string" ? textOrValue : JSON.stringify(textOrValue);
  return parseBundle(Buffer.from(given), "bundle app.sigstore.json");
}

test("is one line of JSON in protobuf's form", () => {
  const line = encodeBundle(bundle);
  assert.ok(line.endsWith("}\n"));
  assert.equal(line.indexOf("\n"), line.length - 1);
  const json: unknown = JSON.parse(line);
  assert.ok(typeof json === "object" && json !== null);
  assert.deepEqual(Object.keys(json), ["mediaType", "verificationMaterial", "messageSignature"]);
  assert.equal(at(json, "mediaType"), "application/vnd.dev.sigstore.bundle.v0.3+json");
  const material = at(json, "verificationMaterial");
  assert.equal(dig(material, "certificate", "rawBytes"), signed.certificate.toString("base64"));
  assert.equal(list(at(material, "tlogEntries")).length, 2);
  assert.deepEqual(dig(material, "timestampVerificationData", "rfc3161Timestamps"), [
    { signedTimestamp: Buffer.from("one").toString("base64") },
    { signedTimestamp: Buffer.from("two").toString("base64") },
  ]);
  assert.deepEqual(at(json, "messageSignature"), {
    messageDigest: {
      algorithm: "SHA2_256",
      digest: Buffer.from(signed.digest.bytes).toString("base64"),
    },
    signature: signed.signature.toString("base64"),
  });
});

test("holds 64-bit numbers as strings, and no null", () => {
  const line = encodeBundle(bundle);
  assert.doesNotMatch(line, /null|undefined/);
  for (const entry of list(dig(JSON.parse(line), "verificationMaterial", "tlogEntries"))) {
    assert.match(text(at(entry, "logIndex")), /^\d+$/);
    assert.match(text(dig(entry, "inclusionProof", "treeSize")), /^\d+$/);
  }
});

test("without log entry or timestamp has their empty lists", () => {
  const again = parse(encodeBundle({ ...bundle, entries: [], timestamps: [] }));
  assert.deepEqual([again.entries, again.timestamps], [[], []]);
});

suite("reading", () => {
  const json = (): unknown => JSON.parse(encodeBundle(bundle));

  test("takes what may be left out as empty", () => {
    for (const left of [null, undefined]) {
      const value = json();
      Object.assign(Object(at(value, "verificationMaterial")), {
        tlogEntries: left,
        timestampVerificationData: left,
      });
      assert.deepEqual([parse(value).entries, parse(value).timestamps], [[], []]);
    }
  });

  /** Sets the member at a path, or takes it away. */
  function changed(path: string, to: unknown): unknown {
    const value: unknown = json();
    const names = path.split(".");
    const last = names.pop() ?? "";
    Object.assign(Object(names.reduce(at, value)), { [last]: to });
    return value;
  }
  const material = "verificationMaterial";
  const digest = "messageSignature.messageDigest";
  const wrong: readonly (readonly [path: string, to: unknown])[] = [
    ["mediaType", undefined],
    ["mediaType", "application/vnd.dev.sigstore.bundle+json;version=0.1"],
    ["mediaType", "application/vnd.dev.sigstore.bundle+json;version=0.2"],
    ["mediaType", "application/vnd.dev.sigstore.bundle.v0.4+json"],
    ["mediaType", "application/vnd.dev.sigstore.bundle.v0.3+json "],
    ["mediaType", 3],
    [material, undefined],
    [material, []],
    [`${material}.certificate`, undefined],
    [`${material}.certificate`, { rawBytes: "!" }],
    [`${material}.certificate`, {}],
    [`${material}.certificate`, "AAAA"],
    [`${material}.tlogEntries`, {}],
    [`${material}.tlogEntries`, [{}]],
    [`${material}.tlogEntries`, [null]],
    [`${material}.tlogEntries`, Array(33).fill({})],
    [`${material}.timestampVerificationData`, []],
    [`${material}.timestampVerificationData`, { rfc3161Timestamps: {} }],
    [`${material}.timestampVerificationData`, { rfc3161Timestamps: [{}] }],
    [`${material}.timestampVerificationData`, { rfc3161Timestamps: ["AAAA"] }],
    [
      `${material}.timestampVerificationData`,
      { rfc3161Timestamps: Array(33).fill({ signedTimestamp: "AAAA" }) },
    ],
    ["messageSignature", undefined],
    ["messageSignature", null],
    ["messageSignature.signature", undefined],
    ["messageSignature.signature", "AAA"],
    ["messageSignature.signature", 7],
    [digest, undefined],
    [`${digest}.algorithm`, undefined],
    [`${digest}.algorithm`, "sha256"],
    [`${digest}.algorithm`, "SHA1"],
    [`${digest}.algorithm`, "SHA2_384"],
    [`${digest}.algorithm`, "HASH_ALGORITHM_UNSPECIFIED"],
    [`${digest}.algorithm`, "2.16.840.1.101.3.4.2.1"],
    [`${digest}.algorithm`, 1],
    [`${digest}.digest`, undefined],
    [`${digest}.digest`, ""],
    [`${digest}.digest`, Buffer.alloc(31).toString("base64")],
    [`${digest}.digest`, Buffer.alloc(33).toString("base64")],
    [`${digest}.digest`, "00".repeat(32)],
  ];
  for (const [path, to] of wrong) {
    test(`refuses ${path} ${JSON.stringify({ to }).slice(0, 70)}`, () => {
      const error = refusal(code, () => parse(changed(path, to)));
      assert.match(error.message, /bundle app\.sigstore\.json/);
    });
  }

  test("refuses what holds an envelope instead, or a key, or a chain", () => {
    const value = json();
    refuses(code, () => parse({ ...Object(value), messageSignature: undefined, dsseEnvelope: {} }));
    for (const other of [{ publicKey: { hint: "x" } }, { x509CertificateChain: {} }]) {
      refuses(code, () => parse({ ...Object(value), verificationMaterial: other }));
    }
  });

  test("refuses what is no JSON, or larger than 8 MiB", () => {
    const line = encodeBundle(bundle);
    const padded = line + " ".repeat((8 << 20) - Buffer.byteLength(line));
    parse(padded);
    for (const given of ["", "{", line + line, `${padded} `, `\uFEFF${line}`]) {
      refuses(code, () => parse(given));
    }
  });
});

suite("properties", () => {
  const bytes = fc.uint8Array({ maxLength: 60 });
  const digests = fc.constantFrom("sha256", "sha384", "sha512").chain((algorithm) =>
    fc
      .uint8Array({
        minLength: digestAlgorithms[algorithm].length,
        maxLength: digestAlgorithms[algorithm].length,
      })
      .map((value) => ({ algorithm, bytes: value })),
  );
  const int64 = fc.bigInt({ min: 0n, max: (1n << 63n) - 1n });
  const proofs = fc.record({
    logIndex: int64,
    rootHash: bytes,
    treeSize: int64,
    hashes: fc.array(bytes, { maxLength: 3 }),
    checkpoint: fc.string({ unit: "grapheme" }),
  });
  const entries = fc.record({
    logIndex: int64,
    logId: bytes,
    kind: fc.string(),
    version: fc.string(),
    integratedTime: fc.option(fc.bigInt({ min: 1n, max: 1n << 40n }), { nil: undefined }),
    inclusionPromise: fc.option(bytes, { nil: undefined }),
    inclusionProof: fc.option(proofs, { nil: undefined }),
    canonicalizedBody: bytes,
  });
  const bundles: fc.Arbitrary<Bundle> = fc.record({
    certificate: bytes,
    entries: fc.array(entries, { maxLength: 3 }),
    timestamps: fc.array(bytes, { maxLength: 3 }),
    digest: digests,
    signature: bytes,
  });

  test("parse undoes encode, and encode undoes parse", () => {
    fc.assert(
      fc.property(bundles, (given) => {
        const line = encodeBundle(given);
        const again = parse(line);
        assert.deepEqual(plain(again), plain(given));
        assert.equal(encodeBundle(again), line);
      }),
      { numRuns: runs },
    );
  });

  test("any bytes give a bundle or our error, a cut or changed bundle among them", () => {
    const line = encodeBundle(bundle);
    const texts = fc.oneof(
      fc.nat(line.length).map((length) => line.slice(0, length)),
      fc
        .tuple(fc.nat(line.length), fc.string({ maxLength: 3 }))
        .map(([where, other]) => line.slice(0, where) + other + line.slice(where + 1)),
      fc.json(),
    );
    fc.assert(
      fc.property(texts, (given) => isContained(() => parse(given))),
      { numRuns: runs },
    );
  });
});

/** Bytes as hexadecimal, so that a Buffer and a Uint8Array compare equal. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}
