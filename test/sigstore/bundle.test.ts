// Bundles: written as protobuf's JSON and read back as they were. Older versions: bundle-versions.test.ts.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { computeDigest, digestAlgorithms } from "../../src/crypto/digest.ts";
import {
  type Bundle,
  encodeBundle,
  maxBundleBytes,
  parseBundle,
} from "../../src/sigstore/bundle.ts";
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
  version: "0.3",
  signer: { kind: "certificate", certificate: signed.certificate, chain: [] },
  content: { kind: "message-signature", digest: signed.digest, signature: signed.signature },
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

test("writes an envelope with its one signature, and a key by its hint alone", () => {
  const content = {
    kind: "dsse-envelope",
    payloadType: "application/vnd.in-toto+json",
    payload: Buffer.from("{}"),
    signature: Buffer.from("signature"),
    keyId: "k",
  } as const;
  const given: Bundle = { ...bundle, signer: { kind: "public-key", hint: "k" }, content };
  const json: unknown = JSON.parse(encodeBundle(given));
  assert.deepEqual(at(json, "dsseEnvelope"), {
    payload: "e30=",
    payloadType: "application/vnd.in-toto+json",
    signatures: [{ sig: signed.signature.toString("base64"), keyid: "k" }],
  });
  assert.deepEqual(dig(json, "verificationMaterial", "publicKey"), { hint: "k" });
  assert.equal(dig(json, "verificationMaterial", "certificate"), undefined);
  assert.equal(at(json, "messageSignature"), undefined);
  assert.deepEqual(plain(parse(json)), plain(given));
});

test("writes no chain, which v0.3 has no place for", () => {
  const chain = [Buffer.from("issuer")];
  const signer = { kind: "certificate", certificate: signed.certificate, chain } as const;
  assert.throws(() => encodeBundle({ ...bundle, signer }), TypeError);
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
    ["mediaType", "application/vnd.dev.sigstore.bundle+json;version=0.4"],
    ["mediaType", "application/vnd.dev.sigstore.bundle.v0.1+json"],
    ["mediaType", "application/vnd.dev.sigstore.bundle.v0.2+json"],
    ["mediaType", "application/vnd.dev.sigstore.bundle+json"],
    ["mediaType", "application/vnd.dev.sigstore.bundle.V0.3+json"],
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
      assert.deepEqual(error.step, { number: 1, name: "bundle" });
      assert.match(error.message, /bundle app\.sigstore\.json/);
    });
  }

  test("takes the older spelling of v0.3", () => {
    const older = "application/vnd.dev.sigstore.bundle+json;version=0.3";
    assert.equal(parse(changed("mediaType", older)).version, "0.3");
  });

  test("takes a signature without a digest: it is a hint", () => {
    const { content } = parse(changed(digest, undefined));
    assert.equal(content.kind === "message-signature" && content.digest, undefined);
  });

  test("takes a key without a hint", () => {
    const { signer } = parse(changed(material, { publicKey: {} }));
    assert.deepEqual(signer, { kind: "public-key", hint: "" });
  });

  test("refuses what is no JSON, or too large", () => {
    const line = encodeBundle(bundle);
    const padded = line + " ".repeat(maxBundleBytes - Buffer.byteLength(line));
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
    inclusionProof: proofs,
    canonicalizedBody: bytes,
  });
  const signers = fc.oneof(
    fc.record({
      kind: fc.constant("certificate" as const),
      certificate: bytes,
      chain: fc.constant([]),
    }),
    fc.record({ kind: fc.constant("public-key" as const), hint: fc.string() }),
  );
  const messages = fc.record({
    kind: fc.constant("message-signature" as const),
    digest: fc.option(digests, { nil: undefined }),
    signature: bytes,
  });
  const envelopes = fc.record({
    kind: fc.constant("dsse-envelope" as const),
    payloadType: fc.string(),
    payload: bytes,
    signature: bytes,
    keyId: fc.string(),
  });
  /** As the reader wants it: hint and keyid of one key do not differ. */
  const sameHint = ({ signer, content }: Bundle): boolean =>
    signer.kind !== "public-key" ||
    content.kind !== "dsse-envelope" ||
    [content.keyId, ""].includes(signer.hint) ||
    content.keyId === "";
  /** And no proof twice. */
  const eachOnce = ({ entries: all, timestamps }: Bundle): boolean =>
    new Set(all.map((entry) => JSON.stringify(plain([entry.logId, entry.canonicalizedBody]))))
      .size === all.length &&
    new Set(timestamps.map((stamp) => JSON.stringify(plain(stamp)))).size === timestamps.length;
  const bundles: fc.Arbitrary<Bundle> = fc
    .record({
      version: fc.constant("0.3" as const),
      signer: signers,
      entries: fc.array(entries, { maxLength: 3 }),
      timestamps: fc.array(bytes, { maxLength: 3 }),
      content: fc.oneof(messages, envelopes),
    })
    .filter(sameHint)
    .filter(eachOnce);

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
