// The one table of key types and signature algorithms: protobuf names, curves, sizes, ASN.1 identifiers.
// A key or algorithm that is not here is refused, never guessed.
// protobuf-specs sigstore_common.proto PublicKeyDetails; RFC 5480, 5758, 8017, 8410.
import { type DerElement, openSequence, tags } from "../encoding/der.ts";
import { expectNull, parseOid } from "../encoding/der-values.ts";
import type { DigestAlgorithm } from "./digest.ts";

/** protobuf-specs PublicKeyDetails of the keys that we verify with. */
export type KeyDetails =
  | "PKIX_ECDSA_P256_SHA_256"
  | "PKIX_ECDSA_P384_SHA_384"
  | "PKIX_ECDSA_P521_SHA_512"
  | "PKIX_ED25519"
  | "PKIX_RSA_PKCS1V15_2048_SHA256"
  | "PKIX_RSA_PKCS1V15_3072_SHA256"
  | "PKIX_RSA_PKCS1V15_4096_SHA256";

/** Families of signature algorithms. */
export type KeyType = "ecdsa" | "ed25519" | "rsa";

/** A NIST curve, by its SEC name as node and JOSE write it. */
export type Curve = "P-256" | "P-384" | "P-521";

/** Facts of one kind of key. */
export interface KeyFacts {
  readonly keyDetails: KeyDetails;
  readonly type: KeyType;
  /** Size of the field or modulus. */
  readonly bits: number;
  /** ECDSA only. */
  readonly curve?: Curve;
  /** The digest that `keyDetails` names. Ed25519 hashes by itself; sha512 is what Ed25519ph takes. */
  readonly digest: DigestAlgorithm;
}

/** Every kind of key, by its protobuf name. */
export const keyFacts: Readonly<Record<KeyDetails, KeyFacts>> = {
  PKIX_ECDSA_P256_SHA_256: ecdsa("PKIX_ECDSA_P256_SHA_256", "P-256", "sha256"),
  PKIX_ECDSA_P384_SHA_384: ecdsa("PKIX_ECDSA_P384_SHA_384", "P-384", "sha384"),
  PKIX_ECDSA_P521_SHA_512: ecdsa("PKIX_ECDSA_P521_SHA_512", "P-521", "sha512"),
  PKIX_ED25519: { keyDetails: "PKIX_ED25519", type: "ed25519", bits: 256, digest: "sha512" },
  PKIX_RSA_PKCS1V15_2048_SHA256: rsa("PKIX_RSA_PKCS1V15_2048_SHA256", 2048),
  PKIX_RSA_PKCS1V15_3072_SHA256: rsa("PKIX_RSA_PKCS1V15_3072_SHA256", 3072),
  PKIX_RSA_PKCS1V15_4096_SHA256: rsa("PKIX_RSA_PKCS1V15_4096_SHA256", 4096),
};

function ecdsa(keyDetails: KeyDetails, curve: Curve, digest: DigestAlgorithm): KeyFacts {
  return { keyDetails, type: "ecdsa", bits: Number(curve.slice(2)), curve, digest };
}

function rsa(keyDetails: KeyDetails, bits: number): KeyFacts {
  return { keyDetails, type: "rsa", bits, digest: "sha256" };
}

/** Identifiers of key types and curves in a SubjectPublicKeyInfo. */
export const keyOids = {
  ecdsa: "1.2.840.10045.2.1",
  ed25519: "1.3.101.112",
  rsa: "1.2.840.113549.1.1.1",
} as const;

/** Curve by the identifier of its parameters. */
export const curveOids: ReadonlyMap<string, Curve> = new Map<string, Curve>([
  ["1.2.840.10045.3.1.7", "P-256"],
  ["1.3.132.0.34", "P-384"],
  ["1.3.132.0.35", "P-521"],
]);

/** How a certificate or CMS message was signed. */
export interface SignatureAlgorithm {
  readonly type: KeyType;
  /** Undefined when the algorithm hashes by itself (Ed25519) or leaves it open (CMS rsaEncryption). */
  readonly digest: DigestAlgorithm | undefined;
}

/** Signature algorithms by identifier; MD5 and SHA-1 have no entry. */
const signatureOids: ReadonlyMap<string, SignatureAlgorithm> = new Map<string, SignatureAlgorithm>([
  ["1.2.840.10045.4.3.2", { type: "ecdsa", digest: "sha256" }],
  ["1.2.840.10045.4.3.3", { type: "ecdsa", digest: "sha384" }],
  ["1.2.840.10045.4.3.4", { type: "ecdsa", digest: "sha512" }],
  ["1.2.840.113549.1.1.11", { type: "rsa", digest: "sha256" }],
  ["1.2.840.113549.1.1.12", { type: "rsa", digest: "sha384" }],
  ["1.2.840.113549.1.1.13", { type: "rsa", digest: "sha512" }],
  [keyOids.rsa, { type: "rsa", digest: undefined }],
  [keyOids.ed25519, { type: "ed25519", digest: undefined }],
]);

/** An AlgorithmIdentifier: its identifier, and its parameters when there are any. */
export interface AlgorithmIdentifier {
  readonly oid: string;
  readonly parameters: DerElement | undefined;
}

/**
 * `SEQUENCE { algorithm OID, parameters ANY OPTIONAL }`
 *
 * @throws SigstepError ENCODING_INVALID
 */
export function parseAlgorithmIdentifier(element: DerElement, what: string): AlgorithmIdentifier {
  const fields = openSequence(element, what);
  const oid = parseOid(fields.take(tags.oid, "algorithm"), what);
  const parameters = element.children.length > 1 ? fields.takeAny("parameters") : undefined;
  fields.end();
  return { oid, parameters };
}

/**
 * How something was signed; undefined for an algorithm that is not ours.
 *
 * RSA may carry NULL, or nothing as Go's CMS writes it (RFC 4055 section 5: both must be accepted); the
 * others carry no parameters (RFC 5758 section 3.2, RFC 8410 section 3).
 *
 * @throws SigstepError ENCODING_INVALID
 */
export function parseSignatureAlgorithm(
  element: DerElement,
  what: string,
): SignatureAlgorithm | undefined {
  const { oid, parameters } = parseAlgorithmIdentifier(element, what);
  const algorithm = signatureOids.get(oid);
  if (algorithm === undefined) return undefined;
  if (parameters === undefined) return algorithm;
  if (algorithm.type !== "rsa") throw element.invalid(`${what} has parameters`);
  expectNull(parameters, what);
  return algorithm;
}
