// The requests that make a log entry: hashedrekord 0.0.1 for Rekor v1, 0.0.2 for Rekor v2.
import type { Digest } from "../crypto/digest.ts";
import { encodeBase64, encodeHex } from "../encoding/base64.ts";
import { encodePem } from "../encoding/pem.ts";

/** What a log entry says: this certificate's key made this signature over this digest. */
export interface SignedDigest {
  readonly digest: Digest;
  readonly signature: Uint8Array;
  /** DER of the signer's certificate. */
  readonly certificate: Uint8Array;
}

/**
 * Body of `POST /api/v1/log/entries`. The same bytes sent again are answered 409, never logged twice.
 *
 * @see rekor pkg/types/hashedrekord/v0.0.1/hashedrekord_v0_0_1_schema.json
 */
export function encodeHashedRekord1(signed: SignedDigest): string {
  const pem = Buffer.from(encodePem(signed.certificate, "CERTIFICATE"), "utf8");
  return JSON.stringify({
    apiVersion: "0.0.1",
    kind: "hashedrekord",
    spec: {
      data: { hash: { algorithm: signed.digest.algorithm, value: encodeHex(signed.digest.bytes) } },
      signature: {
        content: encodeBase64(signed.signature),
        publicKey: { content: encodeBase64(pem) },
      },
    },
  });
}

/**
 * Body of `POST /api/v2/log/entries`.
 *
 * @param keyDetails - protobuf-specs PublicKeyDetails of the certificate's key.
 * @see rekor-tiles api/proto/rekor/v2/hashedrekord.proto
 */
export function encodeHashedRekord2(signed: SignedDigest, keyDetails: string): string {
  return JSON.stringify({
    hashedRekordRequestV002: {
      digest: encodeBase64(signed.digest.bytes),
      signature: {
        content: encodeBase64(signed.signature),
        verifier: {
          x509Certificate: { rawBytes: encodeBase64(signed.certificate) },
          keyDetails,
        },
      },
    },
  });
}
