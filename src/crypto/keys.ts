// Public keys: read from a SubjectPublicKeyInfo, then asked whether a signature is theirs.
// Refused: keys outside the table of algorithms.ts, compressed points, RSA with odd sizes or exponents.
// RFC 5280 section 4.1.2.7, RFC 5480 section 2, RFC 8017 appendix A, RFC 8410 section 4.
import { constants, createPublicKey, type KeyObject, publicDecrypt, verify } from "node:crypto";
import { equalBytes } from "../encoding/base64.ts";
import {
  concatBytes,
  encodeDer,
  encodeNull,
  encodeOid,
  encodeSequence,
} from "../encoding/der-encode.ts";
import { type DerElement, openSequence, parseDer, tags } from "../encoding/der.ts";
import {
  expectNull,
  parseOid,
  parseUnsignedBytes,
  parseWholeBytes,
} from "../encoding/der-values.ts";
import { SigstepError } from "../errors.ts";
import {
  type AlgorithmIdentifier,
  curveOids,
  type KeyDetails,
  type KeyFacts,
  keyFacts,
  keyOids,
  parseAlgorithmIdentifier,
} from "./algorithms.ts";
import { computeDigest, type Digest, type DigestAlgorithm, digestAlgorithms } from "./digest.ts";
import { parseEcdsaSignature } from "./ecdsa.ts";

/** A public key that can be asked about signatures. Only {@link parsePublicKey} makes one. */
export class PublicKey {
  /** DER SubjectPublicKeyInfo, as it was given. */
  readonly spki: Uint8Array;
  readonly facts: KeyFacts;
  /** The key alone: EC point, Ed25519 public key, or RSAPublicKey. */
  readonly #bits: Uint8Array;
  readonly #handle: KeyObject;
  #keyId: Uint8Array | undefined;

  private constructor(spki: Uint8Array, parsed: ParsedKey) {
    this.spki = spki;
    this.facts = keyFacts[parsed.keyDetails];
    this.#bits = parsed.bits;
    this.#handle = importKey(spki);
  }

  /** @see {@link parsePublicKey} */
  static parse(spki: Uint8Array): PublicKey {
    const copy = new Uint8Array(spki);
    return new PublicKey(copy, parseSpki(copy));
  }

  get keyDetails(): KeyDetails {
    return this.facts.keyDetails;
  }

  /** SHA-256 of the SubjectPublicKeyInfo: the name of a log, and of an issuer in an SCT. */
  get keyId(): Uint8Array {
    this.#keyId ??= computeDigest("sha256", this.spki).bytes;
    return this.#keyId;
  }

  /**
   * Whether `signature` is this key's over `message`. ECDSA signatures are strict DER.
   *
   * @param digest - Where the format names another digest than the key's own; Ed25519 ignores it.
   */
  verify(
    message: Uint8Array,
    signature: Uint8Array,
    digest: DigestAlgorithm = this.facts.digest,
  ): boolean {
    if (this.facts.type === "ed25519") return verify(null, message, this.#handle, signature);
    if (this.facts.type === "rsa") {
      const key = { key: this.#handle, padding: constants.RSA_PKCS1_PADDING };
      return verify(digest, message, key, signature);
    }
    if (this.#rawEcdsa(signature) === undefined) return false;
    return verify(digest, message, { key: this.#handle, dsaEncoding: "der" }, signature);
  }

  /**
   * Whether `signature` is this key's over the message with this digest.
   *
   * Slower than {@link PublicKey.verify} for ECDSA, whose prehashed form node:crypto lacks. An Ed25519
   * key takes sha512 and then means Ed25519ph: plain Ed25519 signs messages only.
   */
  async verifyDigest(digest: Digest, signature: Uint8Array): Promise<boolean> {
    if (this.facts.type === "rsa") return this.#isRsaSignature(digest, signature);
    const prehashed = await import("./prehashed.ts");
    if (this.facts.curve === undefined) {
      if (digest.algorithm !== "sha512") return false;
      return prehashed.isEd25519phSignature(this.#bits, digest, signature);
    }
    const raw = this.#rawEcdsa(signature);
    if (raw === undefined) return false;
    return prehashed.isEcdsaSignature({ curve: this.facts.curve, point: this.#bits }, digest, raw);
  }

  /** r || s of a strict DER signature, else undefined. */
  #rawEcdsa(signature: Uint8Array): Uint8Array | undefined {
    try {
      return parseEcdsaSignature(signature, Math.ceil(this.facts.bits / 8));
    } catch {
      return undefined;
    }
  }

  /**
   * Opens the signature and compares it whole with the one correct block, so no padding is parsed.
   *
   * @see RFC 8017 section 8.2.2, and section 9.2 for the block
   */
  #isRsaSignature(digest: Digest, signature: Uint8Array): boolean {
    const size = this.facts.bits / 8;
    if (signature.length !== size) return false;
    // DigestInfo ::= SEQUENCE { SEQUENCE { OID, NULL }, OCTET STRING }
    const algorithm = encodeSequence(
      encodeOid(digestAlgorithms[digest.algorithm].oid),
      encodeNull(),
    );
    const info = encodeSequence(algorithm, encodeDer(tags.octetString, digest.bytes));
    const padding = new Uint8Array(size - info.length - 3).fill(0xff);
    const block = concatBytes([Uint8Array.of(0, 1), padding, Uint8Array.of(0), info]);
    try {
      const key = { key: this.#handle, padding: constants.RSA_NO_PADDING };
      return equalBytes(publicDecrypt(key, signature), block);
    } catch {
      return false; // not below the modulus
    }
  }
}

/**
 * The key in a DER SubjectPublicKeyInfo, which anyone may have made.
 *
 * @throws SigstepError ENCODING_INVALID for anything that is not a key of our table, written canonically.
 * @see RFC 5280 section 4.1.2.7
 */
export function parsePublicKey(spki: Uint8Array): PublicKey {
  return PublicKey.parse(spki);
}

interface ParsedKey {
  readonly keyDetails: KeyDetails;
  readonly bits: Uint8Array;
}

/** `SEQUENCE { AlgorithmIdentifier, subjectPublicKey BIT STRING }` */
function parseSpki(spki: Uint8Array): ParsedKey {
  const root = parseDer(spki, "public key");
  const fields = openSequence(root, "SubjectPublicKeyInfo");
  const algorithmElement = fields.take(tags.sequence, "algorithm");
  const algorithm = parseAlgorithmIdentifier(algorithmElement, "algorithm");
  const bits = parseWholeBytes(fields.take(tags.bitString, "key"), "key");
  fields.end();
  const keyDetails = findKeyDetails(algorithmElement, algorithm, bits);
  return { keyDetails, bits };
}

function findKeyDetails(
  element: DerElement,
  { oid, parameters }: AlgorithmIdentifier,
  bits: Uint8Array,
): KeyDetails {
  switch (oid) {
    case keyOids.ecdsa:
      return findEcdsaKey(element, parameters, bits);
    case keyOids.ed25519:
      if (parameters !== undefined || bits.length !== 32) {
        throw element.invalid("not an Ed25519 key of 32 bytes");
      }
      return "PKIX_ED25519";
    case keyOids.rsa:
      if (parameters === undefined) throw element.invalid("RSA without parameters");
      expectNull(parameters, "RSA parameters");
      return findRsaKey(bits);
    default:
      throw element.invalid(`key algorithm ${oid} is not supported`);
  }
}

/** Named curves and uncompressed points only: 04 || x || y. */
function findEcdsaKey(
  element: DerElement,
  parameters: DerElement | undefined,
  point: Uint8Array,
): KeyDetails {
  if (parameters === undefined) throw element.invalid("EC key without a curve");
  const oid = parseOid(parameters, "curve");
  const curve = curveOids.get(oid);
  const facts = Object.values(keyFacts).find((known) => known.curve === curve);
  if (curve === undefined || facts === undefined) {
    throw element.invalid(`curve ${oid} is not supported`);
  }
  if (point.length !== 1 + 2 * Math.ceil(facts.bits / 8) || point[0] !== 4) {
    throw element.invalid("EC key is not an uncompressed point");
  }
  return facts.keyDetails;
}

/** `RSAPublicKey ::= SEQUENCE { modulus INTEGER, publicExponent INTEGER }` */
function findRsaKey(bits: Uint8Array): KeyDetails {
  const root = parseDer(bits, "RSA key");
  const fields = openSequence(root, "RSAPublicKey");
  const modulus = parseUnsignedBytes(fields.take(tags.integer, "modulus"), "modulus");
  const exponent = parseUnsignedBytes(fields.take(tags.integer, "exponent"), "exponent");
  fields.end();
  const bitLength = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
  const facts = Object.values(keyFacts).find(
    (known) => known.type === "rsa" && known.bits === bitLength,
  );
  if (facts === undefined) {
    throw root.invalid(`RSA key of ${bitLength} bits; 2048, 3072 and 4096 are supported`);
  }
  const value = exponent.reduce((sum, byte) => sum * 256 + byte, 0);
  if (exponent.length > 4 || value < 3 || value % 2 === 0 || (modulus.at(-1) ?? 0) % 2 === 0) {
    throw root.invalid("RSA key has an impossible modulus or exponent");
  }
  return facts.keyDetails;
}

/** OpenSSL checks what shape alone cannot tell: that a point lies on its curve. */
function importKey(spki: Uint8Array): KeyObject {
  try {
    return createPublicKey({ key: Buffer.from(spki), format: "der", type: "spki" });
  } catch (error) {
    throw new SigstepError("ENCODING_INVALID", "public key: not a point of its curve.", {
      cause: error,
    });
  }
}
