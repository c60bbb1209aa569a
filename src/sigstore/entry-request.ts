// The requests that make a log entry: hashedrekord 0.0.1 and dsse 0.0.1 for Rekor v1, hashedrekord 0.0.2
// for Rekor v2, which logs envelopes by the digest of what of them is signed.
import type { Digest } from "../crypto/digest.ts";
import { encodeBase64, encodeHex } from "../encoding/base64.ts";
import { encodePem } from "../encoding/pem.ts";
import { encodeEnvelope, type Envelope } from "./dsse.ts";

/** What a log entry says: this certificate's key made this signature over this digest. */
export interface SignedDigest {
  /** Of the artifact, or of the envelope's pre-authentication encoding. */
  readonly digest: Digest;
  readonly signature: Uint8Array;
  /** DER of the signer's certificate. */
  readonly certificate: Uint8Array;
  /** The envelope that holds the signature; absent when the artifact itself is signed. */
  readonly envelope?: Envelope | undefined;
}

/**
 * Body of `POST /api/v1/log/entries` for whatever was signed. Sent again, it makes no second entry.
 */
export function encodeEntry1(signed: SignedDigest): string {
  return signed.envelope === undefined
    ? encodeHashedRekord1(signed)
    : encodeDsse1(signed.envelope, signed.certificate);
}

/**
 * An envelope for Rekor v1, which checks it whole and keeps its hashes.
 *
 * @see rekor pkg/types/dsse/v0.0.1/dsse_v0_0_1_schema.json
 */
function encodeDsse1(envelope: Envelope, certificate: Uint8Array): string {
  const pem = Buffer.from(encodePem(certificate, "CERTIFICATE"), "utf8");
  return JSON.stringify({
    apiVersion: "0.0.1",
    kind: "dsse",
    spec: {
      proposedContent: {
        envelope: JSON.stringify(encodeEnvelope(envelope)),
        verifiers: [encodeBase64(pem)],
      },
    },
  });
}

/**
 * Body of `POST /api/v1/log/entries` for an artifact. The same bytes sent again are answered 409, never logged twice.
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
