// Bytes that nobody should send: any at all, and good ones that were cut, spliced, repeated and bent.
import fc from "fast-check";

/** Any bytes, texts that look like JSON, and changed `seeds`. */
export function badBytes(seeds: readonly Uint8Array[]): fc.Arbitrary<Uint8Array> {
  const any = fc.uint8Array({ maxLength: 300 });
  const words = fc
    .array(fc.constantFrom(...tokens), { maxLength: 40 })
    .map((all) => Buffer.from(all.join("")));
  const json = fc.json({ maxDepth: 5 }).map((text) => Buffer.from(text));
  if (seeds.length === 0) return fc.oneof(any, words, json);
  const changed = fc
    .tuple(
      fc.constantFrom(...seeds),
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      fc.constantFrom(...seeds),
    )
    .map(([seed, edits, other]) => edits.reduce((bytes, each) => each(bytes, other), seed));
  return fc.oneof(
    { weight: 1, arbitrary: any },
    { weight: 1, arbitrary: words },
    { weight: 1, arbitrary: json },
    { weight: 6, arbitrary: changed },
  );
}

const tokens = [
  ...[
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    '"',
    '"a"',
    "null",
    "true",
    "1e400",
    "-0",
    "\\u0000",
    "\\ud800",
  ],
  ...[
    "\n",
    "\r\n",
    "\n\n",
    " ",
    "\t",
    "\u2014 ",
    "- ",
    "&a ",
    "*a",
    "<<: ",
    "!!js ",
    "|",
    ">",
    "#",
    "%",
    "? ",
  ],
  ...[
    "-----BEGIN CERTIFICATE-----\n",
    "-----END CERTIFICATE-----\n",
    "MA==",
    "=",
    "(",
    ")",
    "{0,9}",
    "*",
    "+",
    "\\",
  ],
];

/** A change of bytes; another good input may lend some. */
type Edit = (bytes: Uint8Array, other: Uint8Array) => Uint8Array;

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const at = (bytes: Uint8Array, where: number): number => Math.floor(where * bytes.length);

const edit: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(place, fc.nat(255)).map(([where, value]): Edit => (bytes) => {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[at(copy, where)] = value;
    return copy;
  }),
  place.map(
    (where): Edit =>
      (bytes) =>
        bytes.subarray(0, at(bytes, where)),
  ),
  place.map(
    (where): Edit =>
      (bytes) =>
        bytes.subarray(at(bytes, where)),
  ),
  fc.tuple(place, fc.uint8Array({ maxLength: 8 })).map(
    ([where, added]): Edit =>
      (bytes) =>
        Buffer.concat([
          bytes.subarray(0, at(bytes, where)),
          added,
          bytes.subarray(at(bytes, where)),
        ]),
  ),
  fc.tuple(place, fc.constantFrom(...tokens)).map(
    ([where, added]): Edit =>
      (bytes) =>
        Buffer.concat([
          bytes.subarray(0, at(bytes, where)),
          Buffer.from(added),
          bytes.subarray(at(bytes, where)),
        ]),
  ),
  fc.tuple(place, fc.nat(40)).map(
    ([where, length]): Edit =>
      (bytes) =>
        Buffer.concat([
          bytes.subarray(0, at(bytes, where)),
          bytes.subarray(at(bytes, where) + length),
        ]),
  ),
  fc
    .tuple(place, fc.integer({ min: 1, max: 60 }), fc.integer({ min: 2, max: 30 }))
    .map(([where, length, times]): Edit => (bytes) => {
      const start = at(bytes, where);
      const part = bytes.subarray(start, start + length);
      const many = Array.from({ length: times }, () => part);
      return Buffer.concat([bytes.subarray(0, start), ...many, bytes.subarray(start + length)]);
    }),
  fc.tuple(place, place).map(
    ([from, to]): Edit =>
      (bytes, other) =>
        Buffer.concat([bytes.subarray(0, at(bytes, from)), other.subarray(at(other, to))]),
  ),
);
