// The keys of the sandbox's own logs and authorities. Made at start, never written anywhere.
import { generateKeyPairSync, sign, type KeyObject } from "node:crypto";

/** A key that signs bytes: ECDSA P-256 with SHA-256 in DER, or Ed25519. */
export interface SigningKey {
  readonly publicKey: KeyObject;
  /** SubjectPublicKeyInfo in DER. */
  readonly spki: Uint8Array;
  sign(bytes: Uint8Array): Uint8Array;
}

/** A new ECDSA P-256 key. */
export function generateP256Key(): SigningKey {
  return keyOf(generateKeyPairSync("ec", { namedCurve: "P-256" }), "sha256");
}

/** A new Ed25519 key. */
export function generateEd25519Key(): SigningKey {
  return keyOf(generateKeyPairSync("ed25519"), null);
}

function keyOf(
  { privateKey, publicKey }: { privateKey: KeyObject; publicKey: KeyObject },
  digest: "sha256" | null,
): SigningKey {
  return {
    publicKey,
    spki: publicKey.export({ format: "der", type: "spki" }),
    sign: (bytes) => sign(digest, bytes, privateKey),
  };
}
