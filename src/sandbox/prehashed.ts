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

/** Remembers the keys it has met. */
export class PrehashedVerifier {
  readonly #points = new Map<string, { point: Point; uses: number }>();

  /** Whether `signature` is `key`'s over what `digest` is the digest of; false for other kinds of key. */
  verifies(key: KeyObject, digest: Digest, signature: Uint8Array): boolean {
    if (key.asymmetricKeyType === "rsa") return verifiesRsa(key, digest, signature);
    const curve = curves[key.asymmetricKeyDetails?.namedCurve ?? ""];
    if (curve === undefined) return false;
    try {
      return verifiesEcdsa(curve, this.#point(curve, key), { digest, signature });
    } catch {
      return false;
    }
  }

  #point(curve: Curve, key: KeyObject): Point {
    const { x = "", y = "" } = key.export({ format: "jwk" });
    const name = `${x}.${y}`;
    let known = this.#points.get(name);
    if (known === undefined) {
      if (this.#points.size >= maxKeys) this.#points.clear();
      const affine = { x: integerOf(x), y: integerOf(y) };
      known = { point: curve.Point.fromAffine(affine), uses: 0 };
      this.#points.set(name, known);
    }
    known.uses += 1;
    if (known.uses === tableAfter) known.point.precompute(6, false);
    return known.point;
  }
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
