// Verifies signatures when only the digest is known, as a log does: ECDSA on the NIST curves, and RSA
// PKCS #1 v1.5. node:crypto cannot verify ECDSA of a digest, so the curve is @noble's; because one key
// signs the thousands of entries of a run, its multiples are tabled once it comes again.
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { publicDecrypt, constants, type KeyObject } from "node:crypto";
import { digestAlgorithms, type Digest } from "../crypto/digest.ts";
import { encodeHex, equalBytes } from "../encoding/base64.ts";
import { encodeDer, encodeNull, encodeOid, encodeSequence } from "../encoding/der-encode.ts";
import { tags } from "../encoding/der.ts";

type Curve = typeof p256;
type Point = InstanceType<Curve["Point"]>;

const curves: Readonly<Record<string, Curve>> = {
  prime256v1: p256,
  secp384r1: p384,
  secp521r1: p521,
};

const tableAfter = 4;
const maxKeys = 64;

/** A key made ready. */
interface KnownKey {
  readonly key: KeyObject;
  /** undefined for RSA. */
  readonly ecdsa: { readonly curve: Curve; readonly point: Point } | undefined;
  uses: number;
}

/** Verifies for a log, and remembers the keys it has met. */
export class PrehashedVerifier {
  readonly #keys = new Map<string, KnownKey>();

  /** The key written as `text`; `parse` is asked when it is new. */
  key(text: string, parse: () => KeyObject): KeyObject {
    return this.#known(text, parse).key;
  }

  /** Whether `signature` is of what `digest` is the digest of, by the key met as `text`. */
  verifies(text: string, digest: Digest, signature: Uint8Array): boolean {
    const known = this.#keys.get(text);
    if (known === undefined) throw new TypeError("a key is parsed before it verifies");
    known.uses += 1;
    if (known.uses === tableAfter) known.ecdsa?.point.precompute(6, false);
    if (known.key.asymmetricKeyType === "rsa") return verifiesRsa(known.key, digest, signature);
    if (known.ecdsa === undefined) return false;
    try {
      return verifiesEcdsa(known.ecdsa.curve, known.ecdsa.point, { digest, signature });
    } catch {
      return false;
    }
  }

  #known(text: string, parse: () => KeyObject): KnownKey {
    const found = this.#keys.get(text);
    if (found !== undefined) return found;
    if (this.#keys.size >= maxKeys) this.#keys.clear();
    const key = parse();
    const known = { key, ecdsa: pointOf(key), uses: 0 };
    this.#keys.set(text, known);
    return known;
  }
}

function pointOf(key: KeyObject): KnownKey["ecdsa"] {
  const curve = curves[key.asymmetricKeyDetails?.namedCurve ?? ""];
  if (curve === undefined) return undefined;
  const { x = "", y = "" } = key.export({ format: "jwk" });
  return { curve, point: curve.Point.fromAffine({ x: integerOf(x), y: integerOf(y) }) };
}

/** x(u1·G + u2·Q) = r. @see https://www.rfc-editor.org/rfc/rfc6979#section-2.4 and FIPS 186-5, 6.4.2 */
function verifiesEcdsa(
  curve: Curve,
  key: Point,
  { digest, signature }: { digest: Digest; signature: Uint8Array },
): boolean {
  const { r, s } = curve.Signature.fromBytes(signature, "der");
  const field = curve.Point.Fn;
  const hash = field.create(BigInt(`0x${encodeHex(digest.bytes.subarray(0, field.BYTES))}`));
  const inverse = field.inv(s);
  const point = curve.Point.BASE.multiplyUnsafe(field.mul(hash, inverse)).add(
    key.multiplyUnsafe(field.mul(r, inverse)),
  );
  return field.create(point.toAffine().x) === r;
}

function integerOf(base64url: string): bigint {
  return BigInt(`0x${Buffer.from(base64url, "base64url").toString("hex")}`);
}

/** @see https://www.rfc-editor.org/rfc/rfc8017#section-8.2.2 */
function verifiesRsa(key: KeyObject, digest: Digest, signature: Uint8Array): boolean {
  const algorithm = encodeSequence(encodeOid(digestAlgorithms[digest.algorithm].oid), encodeNull());
  const info = encodeSequence(algorithm, encodeDer(tags.octetString, digest.bytes));
  try {
    const padding = constants.RSA_PKCS1_PADDING;
    return equalBytes(publicDecrypt({ key, padding }, signature), info);
  } catch {
    return false;
  }
}
