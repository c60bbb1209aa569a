// Log entries: read as Rekor v2 answers and bundles store them, written so that all clients read them.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import fc from "fast-check";
import { computeDigest } from "../../src/crypto/digest.ts";
import { parseJson } from "../../src/encoding/json.ts";
import {
  encodeHashedRekord1,
  encodeHashedRekord2,
  encodeLogEntry,
  type LogEntry,
  parseLogEntry,
  verifyEntryBody,
} from "../../src/sigstore/entry.ts";
import { isContained, refuses, runs } from "../refusal.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { bodyOf, makeEntry, makeLog } from "./own-log.ts";

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
    "a proof without checkpoint": { ...full, inclusionProof: { ...proof, checkpoint: null } },
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
          checkpoint: fc.string(),
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

suite("requests", () => {
  test("to Rekor v1 have the schema's members and no other", () => {
    const json: unknown = JSON.parse(encodeHashedRekord1(signed));
    const pem = Buffer.from(
      text(dig(json, "spec", "signature", "publicKey", "content")),
      "base64",
    ).toString();
    assert.match(pem, /^-----BEGIN CERTIFICATE-----\n[\w+/=\n]+-----END CERTIFICATE-----\n$/);
    assert.deepEqual(json, {
      apiVersion: "0.0.1",
      kind: "hashedrekord",
      spec: {
        data: {
          hash: {
            algorithm: "sha256",
            value: Buffer.from(signed.digest.bytes).toString("hex"),
          },
        },
        signature: {
          content: signed.signature.toString("base64"),
          publicKey: { content: Buffer.from(pem).toString("base64") },
        },
      },
    });
  });

  test("to Rekor v2 likewise: unknown members are refused there", () => {
    assert.deepEqual(JSON.parse(encodeHashedRekord2(signed, "PKIX_ECDSA_P256_SHA_256")), {
      hashedRekordRequestV002: {
        digest: Buffer.from(signed.digest.bytes).toString("base64"),
        signature: {
          content: signed.signature.toString("base64"),
          verifier: {
            x509Certificate: { rawBytes: signed.certificate.toString("base64") },
            keyDetails: "PKIX_ECDSA_P256_SHA_256",
          },
        },
      },
    });
  });

  test("are the same bytes each time", () => {
    assert.equal(encodeHashedRekord1(signed), encodeHashedRekord1({ ...signed }));
    assert.equal(encodeHashedRekord2(signed, "x"), encodeHashedRekord2({ ...signed }, "x"));
  });
});

for (const own of [v1, v2]) {
  const right = makeEntry(own, signed);
  const body = bodyOf(own, signed);
  const withBody = (changed: string): LogEntry => ({
    ...right,
    canonicalizedBody: Buffer.from(changed),
  });

  suite(`the body of hashedrekord ${right.version}`, () => {
    test("is about what was signed", () => verifyEntryBody(right, signed));

    test("is about nothing else", () => {
      const other = Buffer.from("other");
      for (const wrong of [
        { ...signed, digest: computeDigest("sha256", other) },
        { ...signed, digest: { ...signed.digest, algorithm: "sha512" } as const },
        { ...signed, signature: other },
        { ...signed, signature: new Uint8Array() },
        { ...signed, certificate: other },
        { ...signed, certificate: new Uint8Array() },
      ]) {
        refuses("LOG_ENTRY_INVALID", () => verifyEntryBody(right, wrong));
      }
    });

    test("may be of another digest algorithm, when that is what was signed", () => {
      const digest = computeDigest("sha512", Buffer.from("artifact"));
      verifyEntryBody(makeEntry(own, { ...signed, digest }), { ...signed, digest });
    });

    test("is of the kind and version that the entry says", () => {
      for (const entry of [
        { ...right, kind: "dsse" },
        { ...right, version: "0.0.3" },
        { ...right, version: own.version === 1 ? "0.0.2" : "0.0.1" },
        { ...withBody(body.replace('"kind":"hashedrekord"', '"kind":"dsse"')), kind: "dsse" },
        { ...withBody(body.replace(right.version, "0.0.9")), version: "0.0.9" },
        withBody(body.replace('"kind":"hashedrekord"', '"kind":"dsse"')),
        withBody(body.replace(right.version, "0.0.9")),
      ]) {
        refuses("LOG_ENTRY_INVALID", () => verifyEntryBody(entry, signed));
      }
    });

    test("is one JSON text without doubles", () => {
      for (const changed of [
        "",
        "null",
        "{}",
        "x",
        `${body}x`,
        body.slice(0, -1),
        body.replace('"kind"', '"kind":"hashedrekord","kind"'),
        `\uFEFF${body}`,
        " ".repeat(1 << 20) + body,
      ]) {
        refuses("LOG_ENTRY_INVALID", () => verifyEntryBody(withBody(changed), signed));
      }
    });

    test("with any string in it changed is refused", () => {
      for (const [found] of body.matchAll(/"[^"]*"/g)) {
        for (const other of [`""`, `null`, `1`, `"x"`, `{}`, found.slice(0, -2) + '"']) {
          const changed = body.replace(found, other);
          if (changed === body || found === '"keyDetails"' || found.startsWith('"PKIX')) continue;
          refuses("LOG_ENTRY_INVALID", () => verifyEntryBody(withBody(changed), signed));
        }
      }
    });
  });
}

suite("the body of hashedrekord 0.0.1", () => {
  const body = bodyOf(v1, signed);
  const right = makeEntry(v1, signed);
  const hex = Buffer.from(signed.digest.bytes).toString("hex");
  const judge = (from: string, to: string): void => {
    assert.ok(body.includes(from));
    const canonicalizedBody = Buffer.from(body.replace(from, to));
    refuses("LOG_ENTRY_INVALID", () => verifyEntryBody({ ...right, canonicalizedBody }, signed));
  };

  test("has its digest in lower-case hexadecimal, whole", () => {
    for (const other of [
      `${hex}zz`,
      `${hex}00`,
      `${hex}z`,
      hex.toUpperCase(),
      hex.slice(2),
      ` ${hex}`,
    ]) {
      judge(`"${hex}"`, `"${other}"`);
    }
  });

  test("has one certificate, in PEM", () => {
    const content = text(dig(JSON.parse(body), "spec", "signature", "publicKey", "content"));
    const pem = Buffer.from(content, "base64").toString();
    const encode = (changed: string): string => Buffer.from(changed).toString("base64");
    for (const other of [
      encode(pem + pem),
      encode(""),
      encode(pem.replaceAll("CERTIFICATE", "PUBLIC KEY")),
      encode(`${pem}x`),
      encode(`\n${pem.slice(0, 40)}`),
      encode("x"),
      signed.certificate.toString("base64"),
    ]) {
      judge(`"${content}"`, `"${other}"`);
    }
  });
});

test("any bytes as body give a verdict", () => {
  const entry = makeEntry(v1, signed);
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.json().map((json) => Buffer.from(json)),
  );
  fc.assert(
    fc.property(bytes, (canonicalizedBody) =>
      isContained(() => verifyEntryBody({ ...entry, canonicalizedBody }, signed)),
    ),
    { numRuns: runs },
  );
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
