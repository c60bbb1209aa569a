// What the contents of DER elements mean: booleans, integers, identifiers, bits, texts and times.
// Each accepts only the one canonical spelling. X.690 sections 8 and 11, X.680 section 41.
import { type DerElement, tags } from "./der.ts";

/** 0x00 or 0xff. @throws SigstepError ENCODING_INVALID */
export function parseBoolean(element: DerElement, what: string): boolean {
  const { content } = element.expect(tags.boolean, what);
  if (content.length !== 1 || (content[0] !== 0 && content[0] !== 0xff)) {
    throw element.invalid(`${what} is not a canonical boolean`);
  }
  return content[0] === 0xff;
}

/** Two's complement contents of an INTEGER, in their shortest form. @throws SigstepError ENCODING_INVALID */
export function parseIntegerBytes(element: DerElement, what: string): Uint8Array {
  const { content } = element.expect(tags.integer, what);
  const [first, second] = content;
  if (first === undefined) throw element.invalid(`${what} is an empty integer`);
  const padded =
    second !== undefined && (first === 0 ? second < 0x80 : first === 0xff && second >= 0x80);
  if (padded) throw element.invalid(`${what} is not in its shortest form`);
  return content;
}

/** Magnitude of an INTEGER that may not be negative, without leading zeros. @throws SigstepError ENCODING_INVALID */
export function parseUnsignedBytes(element: DerElement, what: string): Uint8Array {
  const content = parseIntegerBytes(element, what);
  if ((content[0] ?? 0) >= 0x80) throw element.invalid(`${what} is negative`);
  return content[0] === 0 ? content.subarray(1) : content;
}

/** An INTEGER between 0 and 2^31 - 1. @throws SigstepError ENCODING_INVALID */
export function parseSmallInteger(element: DerElement, what: string): number {
  const bytes = parseUnsignedBytes(element, what);
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  if (value > 0x7fffffff) throw element.invalid(`${what} is too large`);
  return value;
}

/** Dotted form of an OBJECT IDENTIFIER. @throws SigstepError ENCODING_INVALID */
export function parseOid(element: DerElement, what: string): string {
  const { content } = element.expect(tags.oid, what);
  if (content.length === 0 || content.length > 64) {
    throw element.invalid(`${what} has ${content.length} bytes`);
  }
  const [first = 0, ...rest] = parseArcs(element, what);
  // The first arc holds two: 40 × root + second, where only root 2 has room above 39.
  const root = first < 80 ? Math.floor(Number(first) / 40) : 2;
  const second = typeof first === "bigint" ? first - 80n : first - root * 40;
  return [root, second, ...rest].join(".");
}

/** Base 128, high bit set on all but the last octet, no leading 0x80. */
function parseArcs(element: DerElement, what: string): (number | bigint)[] {
  const arcs: (number | bigint)[] = [];
  let arc: number | bigint = 0;
  let octets = 0;
  for (const byte of element.content) {
    if (octets === 0 && byte === 0x80) throw element.invalid(`${what} has a padded arc`);
    // Seven octets are 49 bits, which a double holds; only longer arcs pay for big integers.
    arc =
      ++octets <= 7 ? Number(arc) * 128 + (byte & 0x7f) : BigInt(arc) * 128n + BigInt(byte & 0x7f);
    if (byte < 0x80) {
      arcs.push(arc);
      arc = 0;
      octets = 0;
    }
  }
  if (octets !== 0) throw element.invalid(`${what} ends inside an arc`);
  return arcs;
}

/** Contents of an OCTET STRING. @throws SigstepError ENCODING_INVALID */
export function parseOctetString(element: DerElement, what: string): Uint8Array {
  return element.expect(tags.octetString, what).content;
}

/** Bits of a BIT STRING: the bytes, and how many low bits of the last do not count (and are zero). */
export interface BitString {
  readonly bytes: Uint8Array;
  readonly unusedBits: number;
}

/** @throws SigstepError ENCODING_INVALID */
export function parseBitString(element: DerElement, what: string): BitString {
  const { content } = element.expect(tags.bitString, what);
  const unusedBits = content[0];
  const bytes = content.subarray(1);
  if (unusedBits === undefined || unusedBits > 7 || (bytes.length === 0 && unusedBits > 0)) {
    throw element.invalid(`${what} has no valid count of unused bits`);
  }
  const last = bytes.at(-1) ?? 0;
  if ((last & ((1 << unusedBits) - 1)) !== 0) {
    throw element.invalid(`${what} has unused bits that are set`);
  }
  return { bytes, unusedBits };
}

/** Bytes of a BIT STRING that is made of whole ones: keys and signatures. @throws SigstepError ENCODING_INVALID */
export function parseWholeBytes(element: DerElement, what: string): Uint8Array {
  const { bytes, unusedBits } = parseBitString(element, what);
  if (unusedBits !== 0) throw element.invalid(`${what} is not made of whole bytes`);
  return bytes;
}

/** A NULL. @throws SigstepError ENCODING_INVALID */
export function expectNull(element: DerElement, what: string): void {
  if (element.expect(tags.null, what).content.length !== 0) {
    throw element.invalid(`${what} is not empty`);
  }
}

// ignoreBOM keeps a byte order mark as the character it is: dropping it would make two names equal.
const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Text of an element whose contents are UTF-8, whatever its tag. @throws SigstepError ENCODING_INVALID */
export function parseUtf8Content(element: DerElement, what: string): string {
  try {
    return utf8.decode(element.content);
  } catch {
    throw element.invalid(`${what} is not UTF-8`);
  }
}

/** Text of a UTF8String. @throws SigstepError ENCODING_INVALID */
export function parseUtf8String(element: DerElement, what: string): string {
  return parseUtf8Content(element.expect(tags.utf8String, what), what);
}

/** Text of an element whose contents are printable ASCII (an IA5String under an implicit tag). @throws SigstepError ENCODING_INVALID */
export function parseAsciiContent(element: DerElement, what: string): string {
  for (const byte of element.content) {
    if (byte < 0x20 || byte > 0x7e) throw element.invalid(`${what} is not printable ASCII`);
  }
  return latin1(element.content);
}

/** Time of an X.509 validity field: UTCTime (1950-2049) or GeneralizedTime, in seconds, UTC. @throws SigstepError ENCODING_INVALID */
export function parseTime(element: DerElement, what: string): Date {
  if (element.tag === tags.generalizedTime) {
    const text = latin1(element.content);
    if (!/^\d{14}Z$/.test(text)) throw element.invalid(`${what} is not YYYYMMDDHHMMSSZ`);
    return parseDate(element, text, what);
  }
  const text = latin1(element.expect(tags.utcTime, what).content);
  if (!/^\d{12}Z$/.test(text)) throw element.invalid(`${what} is not YYMMDDHHMMSSZ`);
  return parseDate(element, `${Number(text.slice(0, 2)) < 50 ? "20" : "19"}${text}`, what);
}

/**
 * A GeneralizedTime with optional fraction of a second, as timestamp authorities write it; what is
 * finer than a millisecond is cut.
 *
 * @throws SigstepError ENCODING_INVALID
 * @see X.690 section 11.7
 */
export function parseGeneralizedTime(element: DerElement, what: string): Date {
  const text = latin1(element.expect(tags.generalizedTime, what).content);
  const match = /^(\d{14})(?:\.(\d{0,8}[1-9]))?Z$/.exec(text);
  if (match === null) throw element.invalid(`${what} is not YYYYMMDDHHMMSS[.f]Z`);
  const date = parseDate(element, text, what);
  const milliseconds = (match[2] ?? "").padEnd(3, "0").slice(0, 3);
  return new Date(date.getTime() + Number(milliseconds));
}

/** Seconds of a text that starts with YYYYMMDDHHMMSS, which must exist in the calendar. */
function parseDate(element: DerElement, text: string, what: string): Date {
  const iso = text.replace(/^(....)(..)(..)(..)(..)(..).*$/, "$1-$2-$3T$4:$5:$6.000Z");
  const date = new Date(iso);
  // Date.parse rolls 30 February over and takes hour 24: only what comes back unchanged exists.
  if (Number.isNaN(date.getTime()) || date.toISOString() !== iso) {
    throw element.invalid(`${what} is not a date`);
  }
  return date;
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}
