// Base64 and hexadecimal: one spelling for each byte string, and no other.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import {
  encodeBase64,
  encodeHex,
  equalBytes,
  parseBase64,
  parseBase64url,
  parseHex,
} from "../../src/encoding/base64.ts";
import { isContained, refusal, runs } from "../refusal.ts";

// RFC 4648 section 10.
const vectors = [
  ["", "", ""],
  ["f", "Zg==", "66"],
  ["fo", "Zm8=", "666f"],
  ["foo", "Zm9v", "666f6f"],
  ["foob", "Zm9vYg==", "666f6f62"],
  ["fooba", "Zm9vYmE=", "666f6f6261"],
  ["foobar", "Zm9vYmFy", "666f6f626172"],
] as const;

for (const [text, base64, hex] of vectors) {
  test(`RFC 4648 vector "${text}"`, () => {
    const bytes = Buffer.from(text);
    assert.equal(encodeBase64(bytes), base64);
    assert.equal(encodeHex(bytes), hex);
    assert.ok(equalBytes(parseBase64(base64, "it"), bytes));
    assert.ok(equalBytes(parseBase64url(base64.replaceAll("=", ""), "it"), bytes));
    assert.ok(equalBytes(parseHex(hex, "it"), bytes));
  });
}

const wrong: Readonly<Record<string, readonly [(text: string) => unknown, readonly string[]]>> = {
  base64: [
    (text) => parseBase64(text, "it"),
    [
      "Zg",
      "Zg=",
      "Zg===",
      "Zh==",
      "Zm9=",
      "Z",
      "=",
      "====",
      "Zm9v\n",
      " Zm9v",
      "Zm 9v",
      "Zm9v=",
      "-_8=",
      "Zg==Zg==",
      "Zm9v\u0000",
      "Zm9ｖ",
      "Zm9vé",
    ],
  ],
  base64url: [
    (text) => parseBase64url(text, "it"),
    ["Zg==", "Zg=", "Zh", "Z", "Zm9v\n", " Zm9v", "+/8", "Zm9v.", "Zm9ｖ"],
  ],
  hexadecimal: [
    (text) => parseHex(text, "it"),
    ["0", "0g", "0A", "0x00", " 00", "00\n", "0\n", "zz", "００", "é1"],
  ],
};

for (const [name, [parse, texts]] of Object.entries(wrong)) {
  suite(`${name} refuses`, () => {
    for (const text of texts) {
      test(JSON.stringify(text), () => {
        const error = refusal("ENCODING_INVALID", () => parse(text));
        assert.match(error.message, /^it /);
      });
    }
  });
}

suite("properties", () => {
  const bytes = fc.uint8Array({ maxLength: 100 });

  test("parse undoes encode, also of a part of a larger buffer", () => {
    fc.assert(
      fc.property(bytes, fc.nat(50), (all, start) => {
        const part = all.subarray(Math.min(start, all.length));
        assert.ok(equalBytes(parseBase64(encodeBase64(part), "it"), part));
        assert.ok(equalBytes(parseHex(encodeHex(part), "it"), part));
        const url = Buffer.from(part).toString("base64url");
        assert.ok(equalBytes(parseBase64url(url, "it"), part));
      }),
      { numRuns: runs },
    );
  });

  test("what is taken is written again as it was", () => {
    const text = fc.oneof(fc.base64String(), fc.string(), fc.string({ unit: "binary" }));
    fc.assert(
      fc.property(text, (given) => {
        assert.ok(
          isContained(() => assert.equal(encodeBase64(parseBase64(given, "it")), given)) &&
            isContained(() => assert.equal(encodeHex(parseHex(given, "it")), given)) &&
            isContained(() => parseBase64url(given, "it")),
        );
      }),
      { numRuns: runs },
    );
  });

  test("bytes are equal when all of them are", () => {
    fc.assert(
      fc.property(bytes, bytes, (left, right) => {
        assert.equal(equalBytes(left, right), encodeHex(left) === encodeHex(right));
        assert.ok(equalBytes(left, Uint8Array.from(left)));
        assert.ok(!equalBytes(left, Uint8Array.of(...left, 0)));
      }),
      { numRuns: runs },
    );
  });
});
