// Writes the few DER structures we send or hash: timestamp requests, rebuilt certificates, signatures.
// X.690 sections 8 and 10.
import { tags } from "./der.ts";

/** tag, length in its shortest form, and the joined parts as contents. */
export function encodeDer(tag: number, ...parts: readonly Uint8Array[]): Uint8Array {
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return concatBytes([Uint8Array.of(tag, ...encodeLength(length)), ...parts]);
}

/** SEQUENCE of the parts, each already encoded. */
export function encodeSequence(...parts: readonly Uint8Array[]): Uint8Array {
  return encodeDer(tags.sequence, ...parts);
}

/** INTEGER of a number that is not negative, given as big-endian bytes of any length. */
export function encodeUnsigned(bytes: Uint8Array): Uint8Array {
  const first = bytes.findIndex((byte) => byte !== 0);
  if (first === -1) return encodeDer(tags.integer, Uint8Array.of(0));
  const magnitude = bytes.subarray(first);
  const sign = (magnitude[0] ?? 0) >= 0x80 ? [0] : [];
  return encodeDer(tags.integer, Uint8Array.of(...sign), magnitude);
}

/** OBJECT IDENTIFIER from its dotted form. */
export function encodeOid(dotted: string): Uint8Array {
  const [root = 0n, second = 0n, ...rest] = dotted.split(".").map((arc) => BigInt(arc));
  const octets = [root * 40n + second, ...rest].flatMap(encodeArc);
  return encodeDer(tags.oid, Uint8Array.from(octets));
}

/** NULL. */
export function encodeNull(): Uint8Array {
  return Uint8Array.of(tags.null, 0);
}

/** BOOLEAN TRUE. FALSE is never written: in what we encode it is a default. */
export function encodeTrue(): Uint8Array {
  return Uint8Array.of(tags.boolean, 1, 0xff);
}

/** The same contents under another tag: `[0] IMPLICIT SET OF` hashed as the SET that it is. */
export function encodeRetagged(raw: Uint8Array, tag: number): Uint8Array {
  const copy = new Uint8Array(raw);
  copy[0] = tag;
  return copy;
}

/** The parts, one after the other. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

function encodeLength(length: number): number[] {
  if (length < 0x80) return [length];
  const octets: number[] = [];
  for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) octets.unshift(rest % 256);
  return [0x80 + octets.length, ...octets];
}

/** Base 128, high bit set on all but the last octet. */
function encodeArc(arc: bigint): number[] {
  const octets = [Number(arc & 0x7fn)];
  for (let rest = arc >> 7n; rest > 0n; rest >>= 7n) octets.unshift(Number(rest & 0x7fn) | 0x80);
  return octets;
}
