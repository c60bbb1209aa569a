// Sigstore bundle v0.3 with a certificate and a message signature: written one way, read strictly.
// protobuf-specs sigstore_bundle.proto.
import { digestAlgorithms, findDigestAlgorithm, type Digest } from "../crypto/digest.ts";
import { encodeBase64 } from "../encoding/base64.ts";
import { parseJson, type JsonValue } from "../encoding/json.ts";
import { encodeLogEntry, parseLogEntry, type LogEntry } from "./entry.ts";

const mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";
const maxBytes = 8 * 1024 * 1024;
const maxEntries = 32;
const maxTimestamps = 32;

/** A bundle as read: nothing in it is proven. */
export interface Bundle {
  /** DER of the signer's certificate. */
  readonly certificate: Uint8Array;
  readonly entries: readonly LogEntry[];
  /** RFC 3161 responses, DER. */
  readonly timestamps: readonly Uint8Array[];
  /** What the bundle says it signs: a hint, compared and never believed. */
  readonly digest: Digest;
  readonly signature: Uint8Array;
}

/**
 * Reads a bundle.
 *
 * @throws SigstepError BUNDLE_INVALID
 */
export function parseBundle(bytes: Uint8Array, label: string): Bundle {
  const json = parseJson(bytes, { label, code: "BUNDLE_INVALID", maxBytes });
  if (json.get("mediaType").string() !== mediaType) {
    throw json.get("mediaType").refuse(`is not ${mediaType}`);
  }
  const material = json.get("verificationMaterial");
  const message = json.get("messageSignature");
  return {
    certificate: material.get("certificate").get("rawBytes").base64(),
    entries: material.get("tlogEntries").itemsOrNone(maxEntries).map(parseLogEntry),
    timestamps: parseTimestamps(material.get("timestampVerificationData")),
    digest: parseDigest(message.get("messageDigest")),
    signature: message.get("signature").base64(),
  };
}

function parseTimestamps(json: JsonValue): Uint8Array[] {
  if (!json.present) return [];
  return json
    .get("rfc3161Timestamps")
    .itemsOrNone(maxTimestamps)
    .map((item) => item.get("signedTimestamp").base64());
}

function parseDigest(json: JsonValue): Digest {
  const algorithm = findDigestAlgorithm("protobuf", json.get("algorithm").string());
  if (algorithm === undefined) throw json.get("algorithm").refuse("is not one that we compute");
  const bytes = json.get("digest").base64();
  if (bytes.byteLength !== digestAlgorithms[algorithm].length) {
    throw json.get("digest").refuse(`is not ${digestAlgorithms[algorithm].length} bytes long`);
  }
  return { algorithm, bytes };
}

/** The bundle as one line of JSON with a line feed. */
export function encodeBundle(bundle: Bundle): string {
  const json = {
    mediaType,
    verificationMaterial: {
      certificate: { rawBytes: encodeBase64(bundle.certificate) },
      tlogEntries: bundle.entries.map(encodeLogEntry),
      timestampVerificationData: {
        rfc3161Timestamps: bundle.timestamps.map((der) => ({ signedTimestamp: encodeBase64(der) })),
      },
    },
    messageSignature: {
      messageDigest: {
        algorithm: digestAlgorithms[bundle.digest.algorithm].protobuf,
        digest: encodeBase64(bundle.digest.bytes),
      },
      signature: encodeBase64(bundle.signature),
    },
  };
  return `${JSON.stringify(json)}\n`;
}
