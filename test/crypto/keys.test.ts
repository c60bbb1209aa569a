// Keys: which are taken, which are refused, and that both ways to sign and verify say the same.
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { ed25519ph } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { computeDigest, type DigestAlgorithm } from "../../src/crypto/digest.ts";
import { encodeEcdsaSignature, parseEcdsaSignature } from "../../src/crypto/ecdsa.ts";
import { parsePublicKey } from "../../src/crypto/keys.ts";
import { createEphemeralSigner } from "../../src/crypto/signer.ts";
import {
  encodeDer,
  encodeNull,
  encodeOid,
  encodeSequence,
  encodeUnsigned,
} from "../../src/encoding/der-encode.ts";
import { tags } from "../../src/encoding/der.ts";
import { SigstepError } from "../../src/errors.ts";

const message = Buffer.from("message");
const other = Buffer.from("another");

function refuses(spki: Uint8Array): void {
  assert.throws(
    () => parsePublicKey(spki),
    (error) => error instanceof SigstepError && error.code === "ENCODING_INVALID",
  );
}

/** `SEQUENCE { SEQUENCE { OID, parameters }, BIT STRING }` */
function spki(oid: string, parameters: readonly Uint8Array[], bits: Uint8Array): Uint8Array {
  const bitString = encodeDer(tags.bitString, Uint8Array.of(0), bits);
  return encodeSequence(encodeSequence(encodeOid(oid), ...parameters), bitString);
}

for (const [namedCurve, keyDetails] of [
  ["P-256", "PKIX_ECDSA_P256_SHA_256"],
  ["P-384", "PKIX_ECDSA_P384_SHA_384"],
  ["P-521", "PKIX_ECDSA_P521_SHA_512"],
] as const) {
  test(`${namedCurve} verifies with every digest, prehashed or not`, async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve });
    const key = parsePublicKey(publicKey.export({ format: "der", type: "spki" }));
    assert.equal(key.keyDetails, keyDetails);
    for (const digest of ["sha256", "sha384", "sha512"] satisfies DigestAlgorithm[]) {
      const signature = sign(digest, message, privateKey);
      assert.equal(key.verify(message, signature, digest), true);
      assert.equal(key.verify(other, signature, digest), false);
      assert.equal(await key.verifyDigest(computeDigest(digest, message), signature), true);
      assert.equal(await key.verifyDigest(computeDigest(digest, other), signature), false);
    }
  });
}

for (const modulusLength of [2048, 3072, 4096]) {
  test(`RSA ${modulusLength} verifies with every digest, prehashed or not`, async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength });
    const key = parsePublicKey(publicKey.export({ format: "der", type: "spki" }));
    assert.equal(key.keyDetails, `PKIX_RSA_PKCS1V15_${modulusLength}_SHA256`);
    for (const digest of ["sha256", "sha384", "sha512"] satisfies DigestAlgorithm[]) {
      const signature = sign(digest, message, privateKey);
      assert.equal(key.verify(message, signature, digest), true);
      assert.equal(await key.verifyDigest(computeDigest(digest, message), signature), true);
      assert.equal(await key.verifyDigest(computeDigest(digest, other), signature), false);
    }
  });
}

test("Ed25519 verifies messages; a digest means Ed25519ph", async () => {
  const { secretKey, publicKey } = ed25519ph.keygen();
  const key = parsePublicKey(spki("1.3.101.112", [], publicKey));
  const signature = ed25519ph.sign(message, secretKey);
  assert.equal(await key.verifyDigest(computeDigest("sha512", message), signature), true);
  assert.equal(await key.verifyDigest(computeDigest("sha512", other), signature), false);
  assert.equal(await key.verifyDigest(computeDigest("sha256", message), signature), false);
  assert.equal(key.verify(message, signature), false);
});

test("refuses keys that are not in the table", () => {
  const rsa = (modulus: Uint8Array, exponent: number): Uint8Array => {
    const key = encodeSequence(encodeUnsigned(modulus), encodeUnsigned(Uint8Array.of(exponent)));
    return spki("1.2.840.113549.1.1.1", [encodeNull()], key);
  };
  const modulus = new Uint8Array(256).fill(0xff);
  parsePublicKey(rsa(modulus, 3));
  refuses(rsa(modulus, 1));
  refuses(rsa(modulus, 4));
  refuses(rsa(modulus.subarray(1), 3));
  refuses(rsa(new Uint8Array([1, ...modulus]), 3));
  refuses(rsa(modulus.with(255, 0xfe), 3));
  const { publicKey: short } = generateKeyPairSync("rsa", { modulusLength: 1024 });
  refuses(short.export({ format: "der", type: "spki" }));
  for (const namedCurve of ["secp256k1", "P-224"]) {
    const { publicKey } = generateKeyPairSync("ec", { namedCurve });
    refuses(publicKey.export({ format: "der", type: "spki" }));
  }
  refuses(generateKeyPairSync("ed448").publicKey.export({ format: "der", type: "spki" }));
  refuses(generateKeyPairSync("x25519").publicKey.export({ format: "der", type: "spki" }));
});

test("refuses other spellings of a good key", () => {
  const p256 = encodeOid("1.2.840.10045.3.1.7");
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const good = publicKey.export({ format: "der", type: "spki" });
  const point = good.subarray(-65);
  const ec = "1.2.840.10045.2.1";
  assert.deepEqual(Buffer.from(spki(ec, [p256], point)), good);
  refuses(spki(ec, [p256], new Uint8Array([2, ...point.subarray(1, 33)])));
  refuses(spki(ec, [p256], new Uint8Array(65).fill(4)));
  refuses(spki(ec, [], point));
  refuses(spki(ec, [encodeNull()], point));
  refuses(spki("1.3.101.112", [encodeNull()], point.subarray(0, 32)));
  refuses(spki("1.3.101.112", [], point.subarray(0, 31)));
  refuses(new Uint8Array([...good, 0]));
});

test("any bytes are a key or an error of ours", () => {
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const good = publicKey.export({ format: "der", type: "spki" });
  const changed = fc
    .tuple(fc.nat(good.length - 1), fc.nat(255))
    .map(([index, byte]) => new Uint8Array(good).with(index, byte));
  fc.assert(
    fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 100 })), (bytes) => {
      try {
        parsePublicKey(bytes);
      } catch (error) {
        assert.ok(error instanceof SigstepError && error.code === "ENCODING_INVALID");
      }
    }),
    { numRuns: 2000 },
  );
});

test("signatures translate between DER and raw, both ways", () => {
  const raw = fc.uint8Array({ minLength: 64, maxLength: 64 });
  fc.assert(
    fc.property(raw, (bytes) => {
      const der = encodeEcdsaSignature(bytes);
      assert.deepEqual(Buffer.from(parseEcdsaSignature(der, 32)), Buffer.from(bytes));
    }),
  );
  assert.throws(() => encodeEcdsaSignature(new Uint8Array(63)), SigstepError);
  assert.throws(() => encodeEcdsaSignature(new Uint8Array()), SigstepError);
});

test("the ephemeral signer signs by digest and by message; its key verifies both", async () => {
  const signer = createEphemeralSigner();
  const key = parsePublicKey(signer.spki);
  assert.equal(key.keyDetails, signer.keyDetails);
  const digest = computeDigest("sha256", message);
  for (const signature of [await signer.sign(digest), await signer.sign(digest, message)]) {
    assert.equal(key.verify(message, signature), true);
    assert.equal(await key.verifyDigest(digest, signature), true);
    assert.equal(key.verify(other, signature), false);
  }
  await assert.rejects(signer.sign(computeDigest("sha512", message)), TypeError);
});

test("every ephemeral signer has its own key, and shows no part of it", () => {
  const signer = createEphemeralSigner();
  assert.notDeepEqual(signer.spki, createEphemeralSigner().spki);
  assert.deepEqual(Object.keys(signer), ["spki", "keyDetails", "sign"]);
});
