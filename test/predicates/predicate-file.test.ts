// Predicates stay as they were written, and what readers would take for something else is refused.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { encodeHex } from "../../src/encoding/base64.ts";
import { minifyJson } from "../../src/predicates/json-text.ts";
import { parsePredicate, parsePredicateInput } from "../../src/predicates/predicate-file.ts";
import { isContained, refusal, runs } from "../refusal.ts";

const source = { label: "predicate x.json", code: "PREDICATE_INVALID" } as const;

function read(text: string): string {
  return parsePredicate(Buffer.from(text), source).text;
}

suite("what is embedded is what was written", () => {
  for (const [written, embedded] of [
    ['{ "a" : 1.0 }', '{"a":1.0}'],
    ['{"a":1e2,"b":1E+2,"c":0.10}', '{"a":1e2,"b":1E+2,"c":0.10}'],
    ['{"a":[0.1 ,\n\t-2.50 , 0, 0.0, 0e9]}', '{"a":[0.1,-2.50,0,0.0,0e9]}'],
    ['{"b":1,"a":2,"10":3,"9":4}', '{"b":1,"a":2,"10":3,"9":4}'],
    [String.raw`{"a":"\u0041\/\n \" } 1.0 "}`, String.raw`{"a":"\u0041\/\n \" } 1.0 "}`],
    [String.raw`{"\ud83d\ude00":"😀 \\"}`, String.raw`{"\ud83d\ude00":"😀 \\"}`],
    ['{"__proto__":{"a":1}}', '{"__proto__":{"a":1}}'],
    ["\r\n{}\n", "{}"],
    [
      '{"a":9007199254740991,"b":-9007199254740992}',
      '{"a":9007199254740991,"b":-9007199254740992}',
    ],
    [
      '{"a":1e300,"b":1e-300,"c":100000000000000000000}',
      '{"a":1e300,"b":1e-300,"c":100000000000000000000}',
    ],
    // Not what a double prints, but to every reader the same double.
    [
      '{"a":0.10000000000000001,"b":0.30000000000000004}',
      '{"a":0.10000000000000001,"b":0.30000000000000004}',
    ],
    ['{"a":7.5000000000000000000000000}', '{"a":7.5000000000000000000000000}'],
  ] as const) {
    test(written.replaceAll(/\s/g, "·"), () => assert.equal(read(written), embedded));
  }

  test("size and digest are those of the file", () => {
    const { size, byteLength, digest } = parsePredicate(Buffer.from('{ "é": 1 }'), source);
    assert.deepEqual([size, byteLength], [11, 8]);
    // printf '{ "é": 1 }' | sha256sum
    assert.equal(
      encodeHex(digest.bytes),
      "13f991ad51c8bef6af6ee93525b771933b54ab93bf787a3e9e7d7ad8a3fe1554",
    );
  });

  test("any JSON is the same value without its white space", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(8), (value, indent) => {
        const text = JSON.stringify(value, null, indent);
        assert.equal(minifyJson(text), JSON.stringify(value));
      }),
      { numRuns: runs },
    );
  });
});

suite("values that not every reader keeps", () => {
  for (const [written, pattern] of [
    [
      '{"a":12345678901234567890}',
      /12345678901234567890, which readers take for 12345678901234567000/,
    ],
    ['{"a":9007199254740993}', /9007199254740993/],
    ['{"a":9007199254740993.0}', /9007199254740993\.0/],
    ['{"a":1e400}', /too large/],
    ['{"a":-1e400}', /too large/],
    ['{"a":1e-400}', /which readers take for 0/],
    ['{"a":-0}', /sign/],
    ['{"a":-0.0}', /sign/],
    ['{"a":0.1234567890123456789}', /write it as a string/],
    [`{"a":${"9".repeat(300)}}`, /9{40}…, which readers/],
    ['{\n "a": 1,\n "b": 1e999}', /line 3/],
    [String.raw`{"a":"\ud800"}`, /surrogate/],
    [String.raw`{"\uDC00x":1}`, /surrogate/],
    [String.raw`{"a":"\udc00\ud800"}`, /surrogate/],
  ] as const) {
    test(written.slice(0, 60), () => {
      assert.match(refusal("PREDICATE_INVALID", () => read(written)).message, pattern);
    });
  }
});

suite("what is not one JSON object", () => {
  for (const [name, bytes, pattern] of [
    ["empty", "", /is empty/],
    ["text", "hello", /is not JSON/],
    ["HTML", "<!doctype html>", /HTML/],
    ["a list", "[]", /is a list/],
    ["null", "null", /is null/],
    ["a number", "1", /is not an object/],
    ["two", "{}{}", /is not JSON/],
    ["a comment", "{/* */}", /is not JSON/],
    ["a comma too much", '{"a":1,}', /is not JSON/],
    ["a name twice", '{"a":1,"a":1}', /twice/],
    ["a name twice, spelled differently", String.raw`{"a":1,"\u0061":1}`, /twice/],
    ["a name twice, further in", '{"x":[{"b":{},"b":{}}]}', /twice/],
    ["too deep", `{"a":${"[".repeat(64)}${"]".repeat(64)}}`, /deeper than 64/],
    ["a byte order mark", "\uFEFF{}", /byte order mark/],
    ["UTF-16", Buffer.from("\uFEFF{}", "utf16le"), /UTF-16/],
    ["Latin-1", Buffer.from('{"a":"é"}', "latin1"), /UTF-8/],
  ] as const) {
    test(name, () => {
      const error = refusal("PREDICATE_INVALID", () =>
        parsePredicate(typeof bytes === "string" ? Buffer.from(bytes) : bytes, source),
      );
      assert.match(error.message, pattern);
    });
  }

  test("an input that no UTF-8 can hold", () => {
    refusal("PREDICATE_INVALID", () => parsePredicateInput('{"a":"\ud800"}', source));
    assert.equal(parsePredicateInput('{"a": "ä"}', source).text, '{"a":"ä"}');
  });

  test("any text gives a predicate or one of our errors", () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string()), (text) =>
        isContained(() => parsePredicateInput(text, source)),
      ),
      { numRuns: runs },
    );
  });
});
