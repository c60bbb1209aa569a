// The two spellings of an ECDSA signature: DER (X.509, CMS, Sigstore) and raw r || s (noble, JOSE).
import { openSequence, parseDer, tags } from "../encoding/der.ts";
import { parseUnsignedBytes } from "../encoding/der-values.ts";
import { encodeSequence, encodeUnsigned } from "../encoding/der-encode.ts";
import { SigstepError } from "../errors.ts";

/**
 * r and s, each `size` bytes, big-endian.
 *
 * @throws SigstepError ENCODING_INVALID for anything but strict DER of two numbers that fit.
 * @see RFC 3279 section 2.2.3, Ecdsa-Sig-Value
 */
export function parseEcdsaSignature(der: Uint8Array, size: number): Uint8Array {
  // Ecdsa-Sig-Value ::= SEQUENCE { r INTEGER, s INTEGER }
  const root = parseDer(der, "ECDSA signature");
  const fields = openSequence(root, "signature");
  const numbers = [fields.take(tags.integer, "r"), fields.take(tags.integer, "s")];
  fields.end();
  const raw = new Uint8Array(2 * size);
  for (const [index, number] of numbers.entries()) {
    const bytes = parseUnsignedBytes(number, "number");
    if (bytes.length > size) throw number.invalid("number is larger than the curve");
    raw.set(bytes, (index + 1) * size - bytes.length);
  }
  return raw;
}

/**
 * DER of a raw signature: r and s of equal length.
 *
 * @throws SigstepError ENCODING_INVALID when the length is odd or nothing.
 */
export function encodeEcdsaSignature(raw: Uint8Array): Uint8Array {
  const size = raw.length / 2;
  if (!Number.isInteger(size) || size === 0) {
    throw new SigstepError("ENCODING_INVALID", `Raw ECDSA signature of ${raw.length} bytes.`);
  }
  const r = encodeUnsigned(raw.subarray(0, size));
  return encodeSequence(r, encodeUnsigned(raw.subarray(size)));
}
