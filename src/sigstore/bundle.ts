// Sigstore bundles: v0.1 to v0.3 are read strictly, v0.3 is written.
// protobuf-specs sigstore_bundle.proto.
import { digestAlgorithms, findDigestAlgorithm, type Digest } from "../crypto/digest.ts";
import { encodeBase64 } from "../encoding/base64.ts";
import { parseJson, type JsonValue } from "../encoding/json.ts";
import { quote } from "../errors.ts";
import { encodeEnvelope, parseEnvelope, type Envelope } from "./dsse.ts";
import { encodeLogEntry, parseLogEntry, type LogEntry } from "./entry.ts";
import { inStep } from "./step.ts";

/** Versions of the format. */
export type BundleVersion = "0.1" | "0.2" | "0.3";

const currentType = "application/vnd.dev.sigstore.bundle.v0.3+json";
const versions: ReadonlyMap<string, BundleVersion> = new Map<string, BundleVersion>([
  ["application/vnd.dev.sigstore.bundle+json;version=0.1", "0.1"],
  ["application/vnd.dev.sigstore.bundle+json;version=0.2", "0.2"],
  ["application/vnd.dev.sigstore.bundle+json;version=0.3", "0.3"],
  [currentType, "0.3"],
]);

/** Largest bundle that is read: a predicate of 16 MiB, twice in base64, and room. */
export const maxBundleBytes = 48 * 1024 * 1024;
const maxEntries = 32;
const maxTimestamps = 32;
const maxChain = 10;

/** Who a bundle says has signed. */
export type BundleSigner =
  | {
      readonly kind: "certificate";
      /** DER of the signer's certificate. */
      readonly certificate: Uint8Array;
      /** DER of the certificates that v0.1 and v0.2 put after it; v0.3 has none. */
      readonly chain: readonly Uint8Array[];
    }
  /** A key that the reader has to know already; the hint may help to find it. */
  | { readonly kind: "public-key"; readonly hint: string };

/** A signature over the artifact itself. */
export interface MessageSignature {
  readonly kind: "message-signature";
  /** What the bundle says it signs: a hint, compared and never believed. */
  readonly digest: Digest | undefined;
  readonly signature: Uint8Array;
}

/** A bundle as read: nothing in it is proven. */
export interface Bundle {
  readonly version: BundleVersion;
  readonly signer: BundleSigner;
  readonly entries: readonly LogEntry[];
  /** RFC 3161 responses, DER. */
  readonly timestamps: readonly Uint8Array[];
  readonly content: MessageSignature | Envelope;
  /** What they are over, where it is not the signature: cosign 2 sent the whole envelope that holds it. */
  readonly timestamped?: Uint8Array;
}

/**
 * Reads a bundle.
 *
 * @throws SigstepError BUNDLE_INVALID, of step 1
 */
export function parseBundle(bytes: Uint8Array, label: string): Bundle {
  return inStep(1, () => {
    const json = parseJson(bytes, { label, code: "BUNDLE_INVALID", maxBytes: maxBundleBytes });
    return readBundle(json);
  });
}

function readBundle(json: JsonValue): Bundle {
  const mediaType = json.get("mediaType");
  const version = versions.get(mediaType.string());
  if (version === undefined) {
    throw mediaType.refuse(`is ${quote(mediaType.string(), 80)}, not a bundle of v0.1 to v0.3`);
  }
  const material = json.get("verificationMaterial");
  const bundle = {
    version,
    signer: parseSigner(material, version),
    entries: material
      .get("tlogEntries")
      .itemsOrNone(maxEntries)
      .map((item) => parseEntry(item, version)),
    timestamps: parseTimestamps(material.get("timestampVerificationData")),
    content: parseContent(json),
  };
  requireSameHint(bundle, material);
  requireEachOnce(bundle, material);
  return bundle;
}

/** One of three; which of them, the version decides. */
function parseSigner(material: JsonValue, version: BundleVersion): BundleSigner {
  const forms = ["certificate", "x509CertificateChain", "publicKey"] as const;
  const [form, ...more] = forms.filter((name) => material.get(name).present);
  if (form === undefined || more.length > 0) {
    throw material.refuse(`has not exactly one of ${forms.join(", ")}`);
  }
  const json = material.get(form);
  if (form === "publicKey") {
    return { kind: "public-key", hint: json.get("hint").optional()?.string() ?? "" };
  }
  if ((form === "certificate") !== (version === "0.3")) {
    throw json.refuse(`has no place in a bundle of version ${version}`);
  }
  if (form === "certificate") {
    return { kind: "certificate", certificate: json.get("rawBytes").base64(), chain: [] };
  }
  return parseChain(json.get("certificates"));
}

function parseChain(json: JsonValue): BundleSigner {
  const items = json.items(maxChain).map((item) => item.get("rawBytes").base64());
  const [certificate, ...chain] = items;
  if (certificate === undefined) throw json.refuse("is empty");
  return { kind: "certificate", certificate, chain };
}

/** v0.1 asked for a promise, later versions ask for a proof whose checkpoint the log has signed. */
function parseEntry(json: JsonValue, version: BundleVersion): LogEntry {
  const entry = parseLogEntry(json);
  if (version === "0.1") {
    if (entry.inclusionPromise === undefined)
      throw json.get("inclusionPromise").refuse("is missing");
    return entry;
  }
  if (entry.inclusionProof === undefined) throw json.get("inclusionProof").refuse("is missing");
  if (entry.inclusionProof.checkpoint === undefined) {
    throw json.get("inclusionProof").get("checkpoint").refuse("is missing");
  }
  return entry;
}

function parseTimestamps(json: JsonValue): Uint8Array[] {
  if (!json.present) return [];
  return json
    .get("rfc3161Timestamps")
    .itemsOrNone(maxTimestamps)
    .map((item) => item.get("signedTimestamp").base64());
}

function parseContent(json: JsonValue): MessageSignature | Envelope {
  const message = json.get("messageSignature");
  const envelope = json.get("dsseEnvelope");
  if (message.present === envelope.present) {
    throw json.refuse("has not exactly one of messageSignature, dsseEnvelope");
  }
  if (envelope.present) return parseEnvelope(envelope);
  return {
    kind: "message-signature",
    digest: parseDigest(message.get("messageDigest").optional()),
    signature: message.get("signature").base64(),
  };
}

function parseDigest(json: JsonValue | undefined): Digest | undefined {
  if (json === undefined) return undefined;
  const algorithm = findDigestAlgorithm("protobuf", json.get("algorithm").string());
  if (algorithm === undefined) throw json.get("algorithm").refuse("is not one that we compute");
  const bytes = json.get("digest").base64();
  if (bytes.byteLength !== digestAlgorithms[algorithm].length) {
    throw json.get("digest").refuse(`is not ${digestAlgorithms[algorithm].length} bytes long`);
  }
  return { algorithm, bytes };
}

/** Two hints at two keys: a reader could take either. */
function requireSameHint({ signer, content }: Bundle, material: JsonValue): void {
  if (signer.kind !== "public-key" || content.kind !== "dsse-envelope") return;
  if (content.keyId === "" || signer.hint === "" || content.keyId === signer.hint) return;
  throw material.get("publicKey").get("hint").refuse("is not the envelope's keyid");
}

/** The same proof twice proves nothing more, and readers that count would be misled. */
function requireEachOnce({ entries, timestamps }: Bundle, material: JsonValue): void {
  const logged = entries.map(
    ({ logId, canonicalizedBody }) => `${encodeBase64(logId)} ${encodeBase64(canonicalizedBody)}`,
  );
  if (new Set(logged).size < logged.length) {
    throw material.get("tlogEntries").refuse("holds one entry twice");
  }
  if (new Set(timestamps.map(encodeBase64)).size < timestamps.length) {
    throw material.get("timestampVerificationData").refuse("holds one timestamp twice");
  }
}

/**
 * The bundle as one line of JSON with a line feed, always v0.3.
 *
 * @throws TypeError for a bundle with a chain, which v0.3 has no place for.
 */
export function encodeBundle(bundle: Bundle): string {
  const json = {
    mediaType: currentType,
    verificationMaterial: {
      ...encodeSigner(bundle.signer),
      tlogEntries: bundle.entries.map(encodeLogEntry),
      timestampVerificationData: {
        rfc3161Timestamps: bundle.timestamps.map((der) => ({ signedTimestamp: encodeBase64(der) })),
      },
    },
    ...encodeContent(bundle.content),
  };
  return `${JSON.stringify(json)}\n`;
}

function encodeSigner(signer: BundleSigner): object {
  if (signer.kind === "public-key") return { publicKey: { hint: signer.hint } };
  if (signer.chain.length > 0) throw new TypeError("A bundle v0.3 has no chain.");
  return { certificate: { rawBytes: encodeBase64(signer.certificate) } };
}

function encodeContent(content: MessageSignature | Envelope): object {
  if (content.kind === "dsse-envelope") return { dsseEnvelope: encodeEnvelope(content) };
  const { digest, signature } = content;
  return {
    messageSignature: {
      ...(digest === undefined ? {} : { messageDigest: encodeDigest(digest) }),
      signature: encodeBase64(signature),
    },
  };
}

function encodeDigest({ algorithm, bytes }: Digest): object {
  return { algorithm: digestAlgorithms[algorithm].protobuf, digest: encodeBase64(bytes) };
}
