// The table of digests against node and against names that others use.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import {
  computeDigest,
  digestAlgorithms,
  findDigestAlgorithm,
  isDigestAlgorithm,
  startDigest,
} from "../../src/crypto/digest.ts";
import { encodeHex, equalBytes } from "../../src/encoding/base64.ts";
import { runs } from "../refusal.ts";

// FIPS 180-4: "abc".
const abc = {
  sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  sha384:
    "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
  sha512:
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
} as const;
const algorithms = ["sha256", "sha384", "sha512"] as const;

for (const algorithm of algorithms) {
  const facts = digestAlgorithms[algorithm];
  test(`${algorithm} of "abc", whole and in pieces`, () => {
    const whole = computeDigest(algorithm, Buffer.from("abc"));
    assert.equal(whole.algorithm, algorithm);
    assert.equal(encodeHex(whole.bytes), abc[algorithm]);
    const pieces = computeDigest(algorithm, Buffer.from("a"), new Uint8Array(), Buffer.from("bc"));
    assert.deepEqual(pieces, whole);
    assert.equal(startDigest(algorithm).update("abc").digest("hex"), abc[algorithm]);
    assert.equal(whole.bytes.byteLength, facts.length);
  });

  test(`${algorithm} is found by each of its names and by no other`, () => {
    assert.equal(findDigestAlgorithm("protobuf", facts.protobuf), algorithm);
    assert.equal(findDigestAlgorithm("oid", facts.oid), algorithm);
    assert.ok(isDigestAlgorithm(algorithm));
    assert.ok(!isDigestAlgorithm(algorithm.toUpperCase()));
    assert.ok(!isDigestAlgorithm(facts.protobuf));
    assert.equal(findDigestAlgorithm("protobuf", facts.oid), undefined);
    assert.equal(findDigestAlgorithm("oid", facts.protobuf), undefined);
    assert.equal(findDigestAlgorithm("protobuf", algorithm), undefined);
    assert.equal(findDigestAlgorithm("protobuf", facts.protobuf.toLowerCase()), undefined);
  });
}

test("no other name is an algorithm, inherited ones least of all", () => {
  for (const name of ["", "md5", "sha1", "SHA1", "SHA2_224", "SHA3_256", "toString", "__proto__"]) {
    assert.ok(!isDigestAlgorithm(name));
    assert.equal(findDigestAlgorithm("protobuf", name), undefined);
    assert.equal(findDigestAlgorithm("oid", name), undefined);
  }
});

test("parts are one message", () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 });
  fc.assert(
    fc.property(fc.constantFrom(...algorithms), parts, (algorithm, all) => {
      const expected = createHash(algorithm).update(Buffer.concat(all)).digest();
      assert.ok(equalBytes(computeDigest(algorithm, ...all).bytes, expected));
    }),
    { numRuns: runs },
  );
});
