// The two kinds of entry that Rekor v1 takes here, hashedrekord 0.0.1 and dsse 0.0.1: verified as the
// log verifies them, then brought into the canonical form that becomes the leaf.
// https://github.com/sigstore/rekor/tree/main/pkg/types
import { createPublicKey, verify, X509Certificate, type KeyObject } from "node:crypto";
import { computeDigest, isDigestAlgorithm } from "../crypto/digest.ts";
import { encodeBase64, encodeHex, parseHex } from "../encoding/base64.ts";
import { parseJson, type JsonValue } from "../encoding/json.ts";
import { encodeCanonicalJson } from "./canonical-json.ts";
import type { PrehashedVerifier } from "./prehashed.ts";

/** The entry is not accepted; the message is for the client. */
export class EntryRefused extends Error {}

/**
 * The leaf for a proposed entry.
 *
 * @returns canonical JSON
 * @throws EntryRefused, and SigstepError ENCODING_INVALID for what is not an entry at all
 */
export function canonicalizeEntry(request: Uint8Array, verifier: PrehashedVerifier): string {
  const entry = parseText(request, "proposed entry");
  const kind = entry.get("kind").string();
  const apiVersion = entry.get("apiVersion").string();
  if (apiVersion !== "0.0.1") throw new EntryRefused(`unknown version ${apiVersion}`);
  const spec = entry.get("spec");
  if (kind === "hashedrekord") {
    return encodeCanonicalJson({ apiVersion, kind, spec: canonicalizeDigest(spec, verifier) });
  }
  if (kind === "dsse")
    return encodeCanonicalJson({ apiVersion, kind, spec: canonicalizeDsse(spec) });
  throw new EntryRefused(`unknown kind ${kind}`);
}

/** The body of a valid hashedrekord by a key and for a digest of nobody's interest. */
export function encodeDecoyEntry(
  digest: Uint8Array,
  signature: Uint8Array,
  publicKeyPem: string,
): string {
  return encodeCanonicalJson({
    apiVersion: "0.0.1",
    kind: "hashedrekord",
    spec: {
      data: { hash: { algorithm: "sha256", value: encodeHex(digest) } },
      signature: {
        content: encodeBase64(signature),
        publicKey: { content: encodeBase64(Buffer.from(publicKeyPem)) },
      },
    },
  });
}

function canonicalizeDigest(spec: JsonValue, verifier: PrehashedVerifier): unknown {
  const hash = spec.get("data").get("hash");
  const algorithm = hash.get("algorithm").string();
  if (!isDigestAlgorithm(algorithm)) throw new EntryRefused("unsupported hash algorithm");
  const value = hash.get("value").string();
  const digest = { algorithm, bytes: parseHex(value, "hash value") };
  const signature = spec.get("signature").get("content");
  const publicKey = spec.get("signature").get("publicKey").get("content");
  verifier.key(publicKey.string(), () => parseVerifier(publicKey.base64()));
  if (!verifier.verifies(publicKey.string(), digest, signature.base64())) {
    throw new EntryRefused(
      "verifying signature: invalid signature when validating ASN.1 encoded signature",
    );
  }
  return {
    data: { hash: { algorithm, value } },
    signature: { content: signature.string(), publicKey: { content: publicKey.string() } },
  };
}

function canonicalizeDsse(spec: JsonValue): unknown {
  const proposed = spec.get("proposedContent");
  const text = proposed.get("envelope").string();
  const envelope = parseText(Buffer.from(text), "envelope");
  const payload = envelope.get("payload").base64();
  const signed = preAuthEncode(envelope.get("payloadType").string(), payload);
  const signatures = envelope.get("signatures").items(32);
  const verifiers = proposed.get("verifiers").items(32);
  const pairs = signatures.map((signature) => {
    const sig = signature.get("sig");
    const verifier = verifiers.find((candidate) => verifies(candidate, signed, sig.base64()));
    if (verifier === undefined) throw new EntryRefused("could not verify envelope");
    return { signature: sig.string(), verifier: verifier.string() };
  });
  if (pairs.length === 0) throw new EntryRefused("no signatures in envelope");
  return {
    envelopeHash: hashOf(Buffer.from(text)),
    payloadHash: hashOf(payload),
    signatures: pairs,
  };
}

function verifies(verifier: JsonValue, signed: Uint8Array, signature: Uint8Array): boolean {
  const key = parseVerifier(verifier.base64());
  const curve = key.asymmetricKeyDetails?.namedCurve ?? "";
  const digest = { secp384r1: "sha384", secp521r1: "sha512" }[curve] ?? "sha256";
  return verify(key.asymmetricKeyType === "ed25519" ? null : digest, signed, key, signature);
}

/** The key in PEM: its own, or that of a certificate. @throws EntryRefused */
export function parseVerifier(bytes: Uint8Array): KeyObject {
  const pem = Buffer.from(bytes).toString("utf8");
  try {
    if (pem.includes("BEGIN CERTIFICATE")) return new X509Certificate(pem).publicKey;
    return createPublicKey(pem);
  } catch (error) {
    throw new EntryRefused("invalid public key", { cause: error });
  }
}

/** @see https://github.com/secure-systems-lab/dsse/blob/master/protocol.md#signature-definition */
function preAuthEncode(type: string, payload: Uint8Array): Uint8Array {
  const typeBytes = Buffer.byteLength(type);
  const head = `DSSEv1 ${typeBytes} ${type} ${payload.length} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

function hashOf(bytes: Uint8Array): unknown {
  return { algorithm: "sha256", value: encodeHex(computeDigest("sha256", bytes).bytes) };
}

function parseText(bytes: Uint8Array, label: string): JsonValue {
  return parseJson(bytes, { label, code: "ENCODING_INVALID", maxBytes: 4 << 20 });
}
