// ECDSA and Ed25519ph over a digest, where the message itself is not at hand: node:crypto cannot.
// Costs 23 ms to load, so it is only ever imported dynamically, by the first call that needs it.
import { eddsa } from "@noble/curves/abstract/edwards.js";
import { ed25519 } from "@noble/curves/ed25519.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { concatBytes } from "../encoding/der-encode.ts";
import type { Curve } from "./algorithms.ts";
import { computeDigest, type Digest } from "./digest.ts";

const curves = { "P-256": p256, "P-384": p384, "P-521": p521 } as const;

// Ed25519ph as noble exports it hashes the message itself; this one is given the hash.
// dom2(1, "") = "SigEd25519 no Ed25519 collisions" || 1 || 0 (RFC 8032 section 2).
const dom2 = concatBytes([Buffer.from("SigEd25519 no Ed25519 collisions"), Uint8Array.of(1, 0)]);
const ed25519OfDigest = eddsa(
  ed25519.Point,
  (message: Uint8Array) => computeDigest("sha512", message).bytes,
  {
    domain: (data: Uint8Array) => concatBytes([dom2, data]),
    prehash: (digest: Uint8Array) => digest,
  },
);

/** A key as noble takes it: its curve, and the uncompressed point. */
export interface CurveKey {
  readonly curve: Curve;
  readonly point: Uint8Array;
}

/** Whether the raw signature (r || s) of `digest` is by `key`. High s is as good as low: Go writes both. */
export function isEcdsaSignature(key: CurveKey, digest: Digest, raw: Uint8Array): boolean {
  const options = { prehash: false, lowS: false, format: "compact" } as const;
  return orFalse(() => curves[key.curve].verify(raw, digest.bytes, key.point, options));
}

/** Raw signature (r || s) of a digest with a P-256 scalar, hedged with fresh randomness. */
export function signP256(digest: Digest, scalar: Uint8Array): Uint8Array {
  const options = { prehash: false, lowS: false, format: "compact", extraEntropy: true } as const;
  return p256.sign(digest.bytes, scalar, options);
}

/** Whether the signature of `message` is by `point`, by RFC 8032 alone: ZIP 215 would accept more. */
export function isEd25519Signature(
  point: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): boolean {
  return orFalse(() => ed25519.verify(signature, message, point, { zip215: false }));
}

/** The same for Ed25519ph, whose message is known by its SHA-512. */
export function isEd25519phSignature(
  point: Uint8Array,
  digest: Digest,
  signature: Uint8Array,
): boolean {
  return orFalse(() => ed25519OfDigest.verify(signature, digest.bytes, point, { zip215: false }));
}

/** noble throws where a signature or key is not even well formed; that is a no. */
function orFalse(check: () => boolean): boolean {
  try {
    return check();
  } catch {
    return false;
  }
}
