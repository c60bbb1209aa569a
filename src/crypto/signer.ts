// The keys that sign. Now the only kind is ephemeral: made for one run, never written, never shown.
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { openSequence, parseDer, tags } from "../encoding/der.ts";
import { parseOctetString } from "../encoding/der-values.ts";
import type { Digest } from "./digest.ts";
import { encodeEcdsaSignature } from "./ecdsa.ts";

/** A key that signs artifacts by their digest. Implementations may be called concurrently. */
export interface Signer {
  /** DER SubjectPublicKeyInfo. */
  readonly spki: Uint8Array;
  readonly keyDetails: "PKIX_ECDSA_P256_SHA_256";
  /**
   * DER signature over the artifact with this digest, which is sha256.
   *
   * `message` may be given when the whole artifact is in memory, and must then be what `digest` was
   * computed of: node:crypto signs it ten times faster.
   */
  sign(digest: Digest, message?: Uint8Array): Promise<Uint8Array>;
}

/** A fresh P-256 key that lives as long as the object. */
export function createEphemeralSigner(): Signer {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const spki = new Uint8Array(publicKey.export({ format: "der", type: "spki" }));
  return {
    spki,
    keyDetails: "PKIX_ECDSA_P256_SHA_256",
    async sign(digest, message) {
      if (digest.algorithm !== "sha256") {
        throw new TypeError(`A P-256 key signs sha256, not ${digest.algorithm}.`);
      }
      if (message !== undefined) return new Uint8Array(sign("sha256", message, privateKey));
      return signDigest(privateKey, digest);
    },
  };
}

/**
 * Signs by digest with noble: node:crypto has no prehashed ECDSA. The scalar leaves the key object for
 * this call only, and is wiped after it.
 */
async function signDigest(key: KeyObject, digest: Digest): Promise<Uint8Array> {
  const { signP256 } = await import("./prehashed.ts");
  const der = key.export({ format: "der", type: "sec1" });
  try {
    return encodeEcdsaSignature(signP256(digest, findScalar(der)));
  } finally {
    der.fill(0);
  }
}

/** `ECPrivateKey ::= SEQUENCE { version 1, privateKey OCTET STRING, … }` (RFC 5915): a view, not a copy. */
function findScalar(der: Uint8Array): Uint8Array {
  const fields = openSequence(parseDer(der, "private key"), "ECPrivateKey");
  fields.take(tags.integer, "version");
  return parseOctetString(fields.take(tags.octetString, "scalar"), "scalar");
}
