// The strict reader: what it takes, what it refuses, and that any bytes give a value or our error.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeHex } from "../../src/encoding/base64.ts";
import {
  encodeDer,
  encodeNull,
  encodeOid,
  encodeSequence,
  encodeUnsigned,
} from "../../src/encoding/der-encode.ts";
import { type DerElement, openSequence, parseDer, tags } from "../../src/encoding/der.ts";
import {
  parseBitString,
  parseBoolean,
  parseGeneralizedTime,
  parseIntegerBytes,
  parseOid,
  parseSmallInteger,
  parseTime,
  parseUnsignedBytes,
  parseUtf8String,
} from "../../src/encoding/der-values.ts";
import { SigstepError } from "../../src/errors.ts";

const runs = process.env.SLOW === "1" ? 100_000 : 2_000;

function der(hex: string): DerElement {
  return parseDer(Buffer.from(hex.replaceAll(" ", ""), "hex"), "test");
}

function refuses(action: () => unknown): void {
  assert.throws(
    action,
    (error) => error instanceof SigstepError && error.code === "ENCODING_INVALID",
  );
}

const wrongStructures: Readonly<Record<string, string>> = {
  nothing: "",
  "a tag alone": "30",
  "a length that is cut": "30 82 01",
  "contents that are cut": "04 05 00 00",
  "bytes after the end": "05 00 00",
  "an indefinite length": "30 80 05 00 00 00",
  "a long length below 128": "04 81 05 00 00 00 00 00",
  "a length with a leading zero": "04 82 00 80",
  "a length of five octets": "04 85 00 00 00 00 01 00",
  "a length of 127 octets": "04 ff",
  "a tag of several octets": "1f 81 01 00",
  "a tag of several octets in a context": "bf 1f 00",
  "tag 0": "00 00",
  "a primitive sequence": "10 00",
  "a primitive set": "11 00",
  "a constructed octet string": "24 04 04 02 00 00",
  "a constructed integer": "22 03 02 01 00",
  "a child longer than its parent": "30 03 04 05 00",
  "an unsorted set": "31 06 02 01 02 02 01 01",
};

for (const [name, hex] of Object.entries(wrongStructures)) {
  test(`refuses ${name}`, () => refuses(() => der(hex)));
}

test("reads nested elements with their bytes", () => {
  const root = der("30 08 02 01 05 a0 03 04 01 ff");
  assert.deepEqual(
    root.children.map(({ tag }) => tag),
    [tags.integer, 0xa0],
  );
  assert.equal(encodeHex(root.children[1]?.children[0]?.content ?? new Uint8Array()), "ff");
  assert.equal(encodeHex(root.children[1]?.raw ?? new Uint8Array()), "a0030401ff");
});

test("takes fields in order and leaves none unread", () => {
  const fields = openSequence(der("30 06 02 01 05 02 01 06"), "pair");
  assert.equal(parseSmallInteger(fields.take(tags.integer, "first"), "first"), 5);
  refuses(() => fields.take(tags.boolean, "second"));
  const unread = openSequence(der("30 06 02 01 05 02 01 06"), "pair");
  unread.take(tags.integer, "first");
  refuses(() => unread.end());
  refuses(() => openSequence(der("30 00"), "pair").take(tags.integer, "first"));
});

test("names what it read and where", () => {
  assert.throws(() => der("30 03 04 05 00"), {
    message: "test: length reaches past the end (at byte 2).",
  });
});

test("depth is limited, and 32 levels are enough", () => {
  const nest = (levels: number): Uint8Array => {
    let bytes: Uint8Array = encodeNull();
    for (let level = 0; level < levels; level++) bytes = encodeSequence(bytes);
    return bytes;
  };
  parseDer(nest(32), "test");
  refuses(() => parseDer(nest(33), "test"));
  refuses(() => parseDer(nest(10_000), "test"));
});

test("elements and bytes are limited, and the limit is reached quickly", () => {
  const started = process.cpuUsage();
  refuses(() => parseDer(encodeDer(tags.sequence, new Uint8Array(400_000).fill(5)), "test"));
  const nulls = Buffer.alloc(200_002, Buffer.from([5, 0]));
  refuses(() => parseDer(encodeDer(tags.sequence, nulls), "test"));
  refuses(() => parseDer(encodeDer(tags.octetString, new Uint8Array(5 << 20)), "test"));
  assert.ok(process.cpuUsage(started).user < 2_000_000);
});

const wrongValues: readonly (readonly [string, string, (element: DerElement) => unknown])[] = [
  ["an empty boolean", "01 00", (element) => parseBoolean(element, "it")],
  ["a boolean of 1", "01 01 01", (element) => parseBoolean(element, "it")],
  ["an empty integer", "02 00", (element) => parseIntegerBytes(element, "it")],
  ["a padded integer", "02 02 00 7f", (element) => parseIntegerBytes(element, "it")],
  ["a padded negative integer", "02 02 ff 80", (element) => parseIntegerBytes(element, "it")],
  [
    "a negative integer where none may be",
    "02 01 80",
    (element) => parseUnsignedBytes(element, "it"),
  ],
  [
    "a small integer that is large",
    "02 05 00 80 00 00 00",
    (element) => parseSmallInteger(element, "it"),
  ],
  ["an empty identifier", "06 00", (element) => parseOid(element, "it")],
  ["an identifier with a padded arc", "06 03 2a 80 01", (element) => parseOid(element, "it")],
  ["an identifier that is cut", "06 02 2a 86", (element) => parseOid(element, "it")],
  ["bits without a count", "03 00", (element) => parseBitString(element, "it")],
  ["8 unused bits", "03 02 08 00", (element) => parseBitString(element, "it")],
  ["unused bits of nothing", "03 01 01", (element) => parseBitString(element, "it")],
  ["unused bits that are set", "03 02 04 0f", (element) => parseBitString(element, "it")],
  ["text that is not UTF-8", "0c 02 c3 28", (element) => parseUtf8String(element, "it")],
  ["a surrogate in UTF-8", "0c 03 ed a0 80", (element) => parseUtf8String(element, "it")],
];

for (const [name, hex, parse] of wrongValues) {
  test(`refuses ${name}`, () => refuses(() => parse(der(hex))));
}

test("keeps a byte order mark, which is a character", () => {
  assert.equal(parseUtf8String(der("0c 04 ef bb bf 61"), "it"), "\ufeffa");
});

test("identifiers, also with arcs beyond 2^53", () => {
  assert.equal(parseOid(der("06 03 55 1d 0e"), "it"), "2.5.29.14");
  assert.equal(parseOid(der("06 03 81 34 03"), "it"), "2.100.3");
  const uuid = "2.25.329800735698586629295641978511506172918";
  assert.equal(parseOid(parseDer(encodeOid(uuid), "it"), "it"), uuid);
});

function time(tag: number, text: string): DerElement {
  return parseDer(encodeDer(tag, Buffer.from(text, "latin1")), "test");
}

test("times of certificates", () => {
  const utc = (text: string): string => parseTime(time(tags.utcTime, text), "it").toISOString();
  assert.equal(utc("491231235959Z"), "2049-12-31T23:59:59.000Z");
  assert.equal(utc("500101000000Z"), "1950-01-01T00:00:00.000Z");
  assert.equal(utc("240229120000Z"), "2024-02-29T12:00:00.000Z");
  const general = parseTime(time(tags.generalizedTime, "20500101000000Z"), "it");
  assert.equal(general.toISOString(), "2050-01-01T00:00:00.000Z");
  for (const text of ["2401010000Z", "240101000000", "240101000000+0000", "230229000000Z"]) {
    refuses(() => utc(text));
  }
  for (const text of [
    "241301000000Z",
    "240101240000Z",
    "240101006000Z",
    "240101000060Z",
    "24 101000000Z",
  ]) {
    refuses(() => utc(text));
  }
  refuses(() => parseTime(time(tags.generalizedTime, "20500101000000.5Z"), "it"));
});

test("times of timestamp authorities, with fractions", () => {
  const read = (text: string): string => {
    return parseGeneralizedTime(time(tags.generalizedTime, text), "it").toISOString();
  };
  assert.equal(read("20250612120220Z"), "2025-06-12T12:02:20.000Z");
  assert.equal(read("20250612120220.5Z"), "2025-06-12T12:02:20.500Z");
  assert.equal(read("20250612120220.123456789Z"), "2025-06-12T12:02:20.123Z");
  for (const end of [".Z", ".0Z", ".10Z", ",5Z", ".5", "", ".1234567891Z", "+0100"]) {
    refuses(() => read(`20250612120220${end}`));
  }
});

test("unsigned integers and identifiers come back as they were written", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const magnitude = bytes.subarray(
        Math.max(
          0,
          bytes.findIndex((byte) => byte !== 0),
        ),
      );
      const expected = magnitude.every((byte) => byte === 0) ? "" : encodeHex(magnitude);
      const encoded = encodeUnsigned(bytes);
      assert.equal(encodeHex(parseUnsignedBytes(parseDer(encoded, "it"), "it")), expected);
    }),
    { numRuns: runs },
  );
  const arcs = fc.array(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), { maxLength: 5 });
  fc.assert(
    fc.property(fc.nat(2), fc.nat(39), arcs, (root, second, rest) => {
      const oid = [root, second, ...rest].join(".");
      assert.equal(parseOid(parseDer(encodeOid(oid), "it"), "it"), oid);
    }),
    { numRuns: runs },
  );
});

/** Writes a tree again from nothing but its tags and primitive contents. */
function rewrite(element: DerElement): Uint8Array {
  if ((element.tag & 0x20) === 0) return encodeDer(element.tag, element.content);
  return encodeDer(element.tag, ...element.children.map(rewrite));
}

test("any bytes give a value that is written the same way again, or our error", () => {
  const random = fc.uint8Array({ maxLength: 300 });
  // Wrapped in a good header, so that the fuzz gets past the first octets.
  const wrapped = fc.array(random, { maxLength: 4 }).map((parts) => encodeSequence(...parts));
  fc.assert(
    fc.property(fc.oneof(random, wrapped), (bytes) => {
      let element: DerElement;
      try {
        element = parseDer(bytes, "fuzz");
      } catch (error) {
        assert.ok(error instanceof SigstepError && error.code === "ENCODING_INVALID");
        return;
      }
      assert.deepEqual(Buffer.from(rewrite(element)), Buffer.from(bytes));
    }),
    { numRuns: runs },
  );
});

test("any contents give a value or our error", () => {
  const parsers = [
    parseBoolean,
    parseIntegerBytes,
    parseSmallInteger,
    parseOid,
    parseBitString,
    parseUtf8String,
    parseTime,
    parseGeneralizedTime,
  ];
  const choices = fc.constantFrom(1, 2, 3, 6, 12, 23, 24);
  fc.assert(
    fc.property(choices, fc.uint8Array({ maxLength: 70 }), (tag, content) => {
      const element = parseDer(encodeDer(tag, content), "fuzz");
      for (const parse of parsers) {
        try {
          parse(element, "it");
        } catch (error) {
          assert.ok(error instanceof SigstepError && error.code === "ENCODING_INVALID");
        }
      }
    }),
    { numRuns: runs },
  );
});
