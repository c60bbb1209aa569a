// What is sent to the logs: the members of their schemas, and no other.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { computeDigest } from "../../src/crypto/digest.ts";
import { encodeHashedRekord1, encodeHashedRekord2 } from "../../src/sigstore/entry-request.ts";
import { dig, text } from "../sandbox/wire.ts";

const signed = {
  digest: computeDigest("sha256", Buffer.from("artifact")),
  signature: Buffer.from("signature"),
  certificate: Buffer.from("certificate, of any bytes as long as they are the same everywhere"),
};

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
