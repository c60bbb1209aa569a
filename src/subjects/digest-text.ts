// Digests as people and tools write them, by algorithm: the names of in-toto's DigestSet and their lengths.
// Only what is fit to name an artifact: no MD5, no SHA-1.
// https://github.com/in-toto/attestation/blob/main/spec/v1/digest_set.md
import { quote, SigstepError } from "../errors.ts";
import type { Place } from "./subject.ts";

/** A digest of a subject. */
export interface DigestText {
  /** in-toto's name: `sha256`, `sha512_224`. */
  readonly algorithm: string;
  /** Lower-case hexadecimal. */
  readonly hex: string;
}

/** Algorithm → hexadecimal digits. */
const hexLengths: ReadonlyMap<string, number> = new Map([
  ["sha224", 56],
  ["sha256", 64],
  ["sha384", 96],
  ["sha512", 128],
  ["sha512_224", 56],
  ["sha512_256", 64],
]);

const weak: ReadonlyMap<number, string> = new Map([
  [8, "CRC-32"],
  [32, "MD5"],
  [40, "SHA-1"],
]);

/**
 * A digest of a named algorithm.
 *
 * @throws SigstepError INPUT_VALUE for an unknown algorithm or a digest that is not one of it.
 */
export function requireDigest(algorithm: string, digits: string, place: Place): DigestText {
  const length = hexLengths.get(algorithm);
  if (length === undefined) {
    const known = [...hexLengths.keys()].join(", ");
    throw refuse(place, `has the algorithm ${quote(algorithm, 40)}; ${known} are known`);
  }
  requireHex(digits, place);
  if (digits.length !== length) {
    throw refuse(place, `has ${digits.length} hexadecimal digits; ${algorithm} has ${length}`);
  }
  return { algorithm, hex: digits.toLowerCase() };
}

/**
 * A digest whose length says what it is, as in the output of sha256sum. Of the two algorithms with one
 * length it is the common one.
 *
 * @throws SigstepError INPUT_VALUE for a length that no algorithm has, or a weak one.
 */
export function requireBareDigest(digits: string, place: Place): DigestText {
  requireHex(digits, place);
  for (const [algorithm, length] of hexLengths) {
    if (length === digits.length) return { algorithm, hex: digits.toLowerCase() };
  }
  const name = weak.get(digits.length);
  const why = name === undefined ? "which no algorithm has" : `as ${name} has, which is too weak`;
  throw refuse(place, `has ${digits.length} hexadecimal digits, ${why}`);
}

function requireHex(digits: string, place: Place): void {
  if (!/^[0-9a-f]+$/i.test(digits)) {
    throw refuse(place, `has ${quote(digits, 80)} where hexadecimal digits belong`);
  }
}

function refuse(place: Place, why: string): SigstepError {
  return new SigstepError("INPUT_VALUE", `The digest in ${place} ${why}.`, {
    where: place,
    hint: "Use sha256 where you can: every store and verifier takes it.",
  });
}
