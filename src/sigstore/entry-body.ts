// What a log entry says, against what a bundle holds: content, signature and signer must be the same.
// Without it any entry of the log would do (CVE-2026-22703).
// Rekor v1: hashedrekord 0.0.1, dsse 0.0.1, intoto 0.0.1 and 0.0.2. Rekor v2: hashedrekord 0.0.2.
import {
  computeDigest,
  findDigestAlgorithm,
  isDigestAlgorithm,
  type DigestAlgorithm,
  type Digests,
} from "../crypto/digest.ts";
import { equalBytes } from "../encoding/base64.ts";
import { JsonValue, parseJson } from "../encoding/json.ts";
import { parsePem } from "../encoding/pem.ts";
import { quote, SigstepError } from "../errors.ts";
import { preAuthEncode, type Envelope } from "./dsse.ts";
import type { SignedDigest } from "./entry-request.ts";
import type { LogEntry } from "./entry.ts";

/** Attached payloads never reach a body, but a certificate and many signatures may. */
const maxBodyBytes = 1024 * 1024;

/** What was signed, as its log entry may name it. */
export type SignedContent =
  /** The artifact itself, known by some digests. */
  | { readonly kind: "artifact"; readonly digests: Digests }
  /** An envelope: its payload, and what of it was signed. */
  | {
      readonly kind: "envelope";
      readonly payload: Uint8Array;
      readonly preAuthEncoding: Uint8Array;
    };

/** Who can check the signature: DER of the certificate, or of the SubjectPublicKeyInfo. */
export interface Verifier {
  readonly kind: "certificate" | "public-key";
  readonly der: Uint8Array;
}

/** What an entry must be about. */
export interface SignedMaterial {
  readonly content: SignedContent;
  readonly signature: Uint8Array;
  readonly verifier: Verifier;
}

/** What a signature by a certificate means to a log. */
export function materialOf(signed: SignedDigest): SignedMaterial {
  const { digest, signature, certificate, envelope } = signed;
  return {
    content:
      envelope === undefined
        ? { kind: "artifact", digests: new Map([[digest.algorithm, digest.bytes]]) }
        : envelopeContent(envelope),
    signature,
    verifier: { kind: "certificate", der: certificate },
  };
}

/** An envelope as logs name it. */
export function envelopeContent(envelope: Envelope): SignedContent {
  const { payload } = envelope;
  return { kind: "envelope", payload, preAuthEncoding: preAuthEncode(envelope) };
}

/**
 * Checks that the logged body is about exactly what was signed.
 *
 * @throws SigstepError LOG_ENTRY_INVALID
 */
export function verifyEntryBody(entry: LogEntry, signed: SignedMaterial): void {
  const json = parseJson(entry.canonicalizedBody, {
    label: "log entry's body",
    code: "LOG_ENTRY_INVALID",
    maxBytes: maxBodyBytes,
  });
  const logged = readBody(entry, json);
  for (const { algorithm, value, of } of logged.digests) {
    const own = ownDigest(of, algorithm, signed.content);
    if (own === undefined || !equalBytes(value, own)) throw refuse(anotherArtifact);
  }
  if (logged.signature !== undefined && !equalBytes(logged.signature, signed.signature)) {
    throw refuse("is about another signature");
  }
  const { verifier } = logged;
  if (verifier.kind !== signed.verifier.kind || !equalBytes(verifier.der, signed.verifier.der)) {
    throw refuse(`is about another signer: its ${describeVerifier(signed.verifier)} differs`);
  }
}

const anotherArtifact = "is about another artifact: its digest differs";

function describeVerifier({ kind }: Verifier): string {
  return kind === "certificate" ? "certificate" : "public key";
}

/** Kinds of Rekor v1, whose promise carries a time (protocol of Rekor v2: none does). */
const promisedKinds: ReadonlySet<string> = new Set([
  "hashedrekord 0.0.1",
  "dsse 0.0.1",
  "intoto 0.0.1",
  "intoto 0.0.2",
]);

/** Whether entries of this kind can have a promise, and with it a time. */
export function canBePromised({ kind, version }: LogEntry): boolean {
  return promisedKinds.has(`${kind} ${version}`);
}

/** What one digest in a body is of. */
type Digested = "signed bytes" | "payload";

interface LoggedDigest {
  readonly of: Digested;
  readonly algorithm: DigestAlgorithm | undefined;
  readonly value: Uint8Array;
}

interface LoggedSignature {
  /** One at least. */
  readonly digests: readonly LoggedDigest[];
  /** Undefined with intoto 0.0.1, which keeps none: payload and signer bind it. */
  readonly signature: Uint8Array | undefined;
  readonly verifier: Verifier;
}

/** The digest of our own content, or undefined when it cannot be known. */
function ownDigest(
  of: Digested,
  algorithm: DigestAlgorithm | undefined,
  content: SignedContent,
): Uint8Array | undefined {
  if (algorithm === undefined) return undefined;
  if (content.kind === "artifact") {
    return of === "payload" ? undefined : content.digests.get(algorithm);
  }
  const bytes = of === "payload" ? content.payload : content.preAuthEncoding;
  return computeDigest(algorithm, bytes).bytes;
}

function readBody(entry: LogEntry, json: JsonValue): LoggedSignature {
  if (
    json.get("kind").string() !== entry.kind ||
    json.get("apiVersion").string() !== entry.version
  ) {
    throw refuse("has a body of another kind than it says");
  }
  const spec = json.get("spec");
  switch (`${entry.kind} ${entry.version}`) {
    case "hashedrekord 0.0.1":
      return readHashedRekord1(spec);
    case "hashedrekord 0.0.2":
      return readHashedRekord2(spec.get("hashedRekordV002"));
    case "dsse 0.0.1":
      return readDsse1(spec);
    case "intoto 0.0.1":
      return readIntoto1(spec);
    case "intoto 0.0.2":
      return readIntoto2(spec);
    default:
      throw refuse(`is of a kind we do not know, ${quote(`${entry.kind} ${entry.version}`, 60)}`);
  }
}

function readHashedRekord1(spec: JsonValue): LoggedSignature {
  const signature = spec.get("signature");
  return {
    digests: [readHash(spec.get("data").get("hash"), "signed bytes")],
    signature: signature.get("content").base64(),
    verifier: readPem(signature.get("publicKey").get("content")),
  };
}

function readHashedRekord2(spec: JsonValue): LoggedSignature {
  const signature = spec.get("signature");
  const data = spec.get("data");
  const algorithm = findDigestAlgorithm("protobuf", data.get("algorithm").string());
  return {
    digests: [{ of: "signed bytes", algorithm, value: data.get("digest").base64() }],
    signature: signature.get("content").base64(),
    verifier: readVerifier(signature.get("verifier")),
  };
}

/** protobuf-specs rekor/v2 Verifier: one of the two. */
function readVerifier(json: JsonValue): Verifier {
  const certificate = json.get("x509Certificate").optional();
  const key = json.get("publicKey").optional();
  if (certificate !== undefined && key !== undefined) throw json.refuse("is two verifiers");
  if (key !== undefined) return { kind: "public-key", der: key.get("rawBytes").base64() };
  return { kind: "certificate", der: json.get("x509Certificate").get("rawBytes").base64() };
}

/**
 * `envelopeHash` is of the envelope's spelling as it was sent, which nobody has any more; payload,
 * signature and signer are the whole of what it meant.
 */
function readDsse1(spec: JsonValue): LoggedSignature {
  const signature = onlyItem(spec.get("signatures"));
  return {
    digests: [readHash(spec.get("payloadHash"), "payload")],
    signature: signature.get("signature").base64(),
    verifier: readPem(signature.get("verifier")),
  };
}

/** Keeps neither envelope nor signature. */
function readIntoto1(spec: JsonValue): LoggedSignature {
  return {
    digests: [readHash(spec.get("content").get("payloadHash"), "payload")],
    signature: undefined,
    verifier: readPem(spec.get("publicKey")),
  };
}

function readIntoto2(spec: JsonValue): LoggedSignature {
  const content = spec.get("content");
  const signature = onlyItem(content.get("envelope").get("signatures"));
  return {
    digests: [readHash(content.get("payloadHash"), "payload")],
    signature: readTwiceEncoded(signature.get("sig")),
    verifier: readPem(signature.get("publicKey")),
  };
}

/** Clients of intoto 0.0.2 had to send base64 of base64, and the log keeps it so. */
function readTwiceEncoded(json: JsonValue): Uint8Array {
  const inner = Buffer.from(json.base64()).toString("latin1");
  return new JsonValue(inner, json.path, json.source).base64();
}

function onlyItem(json: JsonValue): JsonValue {
  const [first, ...more] = json.items(maxSignatures);
  if (first === undefined || more.length > 0) throw json.refuse("has not exactly one item");
  return first;
}

const maxSignatures = 32;

function readHash(json: JsonValue, of: Digested): LoggedDigest {
  const algorithm = json.get("algorithm").string();
  return {
    of,
    algorithm: isDigestAlgorithm(algorithm) ? algorithm : undefined,
    value: json.get("value").hex(),
  };
}

/** Base64 of one certificate or public key in PEM. */
function readPem(json: JsonValue): Verifier {
  const text = Buffer.from(json.base64()).toString("latin1");
  const isCertificate = text.includes("-----BEGIN CERTIFICATE-----");
  try {
    const [der, ...more] = parsePem(text, isCertificate ? "CERTIFICATE" : "PUBLIC KEY");
    if (der !== undefined && more.length === 0) {
      return { kind: isCertificate ? "certificate" : "public-key", der };
    }
  } catch (error) {
    throw json.refuse("is not a certificate or public key in PEM", error);
  }
  throw json.refuse("is not one certificate or public key in PEM");
}

function refuse(why: string): SigstepError {
  return new SigstepError("LOG_ENTRY_INVALID", `The log entry ${why}.`);
}
