// The one kind of entry that Rekor v2 takes, hashedrekord 0.0.2: verified, then made canonical.
// https://github.com/sigstore/rekor-tiles/blob/main/api/proto/rekor/v2/hashedrekord.proto
import { createPublicKey, X509Certificate, type KeyObject } from "node:crypto";
import { digestAlgorithms, type DigestAlgorithm } from "../crypto/digest.ts";
import { encodeBase64 } from "../encoding/base64.ts";
import { parseJson, type JsonValue } from "../encoding/json.ts";
import { encodeCanonicalJson } from "./canonical-json.ts";
import type { PrehashedVerifier } from "./prehashed.ts";
import { EntryRefused } from "./rekor1-entry.ts";

/** What a value of PublicKeyDetails demands of key and digest. */
interface KeyRules {
  /** Curve by OpenSSL's name, or RSA by bits. */
  readonly kind: string;
  readonly digest: DigestAlgorithm;
}

const rules: Readonly<Record<string, KeyRules>> = {
  PKIX_ECDSA_P256_SHA_256: { kind: "prime256v1", digest: "sha256" },
  PKIX_ECDSA_P384_SHA_384: { kind: "secp384r1", digest: "sha384" },
  PKIX_ECDSA_P521_SHA_512: { kind: "secp521r1", digest: "sha512" },
  PKIX_RSA_PKCS1V15_2048_SHA256: { kind: "2048", digest: "sha256" },
  PKIX_RSA_PKCS1V15_3072_SHA256: { kind: "3072", digest: "sha256" },
  PKIX_RSA_PKCS1V15_4096_SHA256: { kind: "4096", digest: "sha256" },
};

/**
 * The leaf for a request. Names that it does not know are refused, as protobuf's JSON does.
 *
 * @returns canonical JSON
 * @throws EntryRefused, and SigstepError ENCODING_INVALID for what is not a request at all
 */
export function canonicalizeRequest(body: Uint8Array, verifier: PrehashedVerifier): string {
  const label = "request";
  const json = parseJson(body, { label, code: "ENCODING_INVALID", maxBytes: 4 << 20 });
  const request = json.only("hashedRekordRequestV002").get("hashedRekordRequestV002").optional();
  if (request === undefined) throw new EntryRefused("invalid type, must be hashedrekord");
  request.only("digest", "signature");
  const signature = request.get("signature").only("content", "verifier");
  const holder = signature.get("verifier").only("x509Certificate", "publicKey", "keyDetails");
  const keyDetails = holder.get("keyDetails").string();
  const rule = rules[keyDetails];
  if (rule === undefined) throw new EntryRefused(`unsupported key algorithm ${keyDetails}`);
  const name = JSON.stringify(describeHolder(holder));
  const key = verifier.key(name, () => parseHolder(holder));
  if (kindOf(key) !== rule.kind) throw new EntryRefused("key does not match keyDetails");
  const digest = { algorithm: rule.digest, bytes: request.get("digest").base64() };
  if (digest.bytes.length !== digestAlgorithms[rule.digest].length) {
    throw new EntryRefused("digest has the wrong length");
  }
  const content = signature.get("content").base64();
  if (!verifier.verifies(name, digest, content)) throw new EntryRefused("invalid signature");
  return encodeBody(digest.bytes, rule.digest, {
    content: encodeBase64(content),
    verifier: { ...describeHolder(holder), keyDetails },
  });
}

/** The canonical body of an entry. */
export function encodeBody(
  digest: Uint8Array,
  algorithm: DigestAlgorithm,
  signature: unknown,
): string {
  const data = { algorithm: digestAlgorithms[algorithm].protobuf, digest: encodeBase64(digest) };
  return encodeCanonicalJson({
    apiVersion: "0.0.2",
    kind: "hashedrekord",
    spec: { hashedRekordV002: { data, signature } },
  });
}

function parseHolder(holder: JsonValue): KeyObject {
  const certificate = holder.get("x509Certificate");
  try {
    if (certificate.present) {
      return new X509Certificate(certificate.get("rawBytes").base64()).publicKey;
    }
    const spki = holder.get("publicKey").get("rawBytes").base64();
    return createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
  } catch (error) {
    throw new EntryRefused("invalid verifier", { cause: error });
  }
}

function describeHolder(holder: JsonValue): Record<string, unknown> {
  const name = holder.get("x509Certificate").present ? "x509Certificate" : "publicKey";
  return { [name]: { rawBytes: holder.get(name).only("rawBytes").get("rawBytes").string() } };
}

function kindOf(key: KeyObject): string {
  const details = key.asymmetricKeyDetails;
  return details?.namedCurve ?? String(details?.modulusLength);
}
