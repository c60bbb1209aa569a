// Time ranges: both ends belong to them, and a start is never guessed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJson } from "../../src/encoding/json.ts";
import { isWithin, parseValidity, type ValidityRange } from "../../src/sigstore/validity.ts";
import { refuses } from "../refusal.ts";

function parse(value: unknown): ValidityRange {
  const source = { label: "file", code: "TRUSTED_ROOT_INVALID", maxBytes: 1000 } as const;
  return parseValidity(parseJson(Buffer.from(JSON.stringify(value)), source));
}

const start = "2025-01-01T00:00:00Z";
const end = "2025-12-31T23:59:59.500Z";

test("reads start and end; null is no end", () => {
  assert.deepEqual(parse({ start, end }), { start: new Date(start), end: new Date(end) });
  assert.deepEqual(parse({ start }), { start: new Date(start) });
  assert.deepEqual(parse({ start, end: null }), { start: new Date(start) });
  parse({ start, end: start });
});

for (const [name, value] of Object.entries({
  nothing: null,
  "no start": { end },
  "a start of null": { start: null, end },
  "a start that is no time": { start: "2025" },
  "an end that is no time": { start, end: "never" },
  "an empty end": { start, end: "" },
  "an end before the start": { start: end, end: start },
  "a list": [start, end],
  "a number": { start: 1735689600 },
})) {
  test(`refuses ${name}`, () => refuses("TRUSTED_ROOT_INVALID", () => parse(value)));
}

test("holds both its ends and nothing outside", () => {
  const range = parse({ start, end });
  const open = parse({ start });
  const table: readonly (readonly [number, boolean, boolean])[] = [
    [Date.parse(start) - 1, false, false],
    [Date.parse(start), true, true],
    [Date.parse(end), true, true],
    [Date.parse(end) + 1, false, true],
    [8.64e15, false, true],
    [Number.NaN, false, false],
  ];
  for (const [time, closed, opened] of table) {
    assert.equal(isWithin(new Date(time), range), closed, String(time));
    assert.equal(isWithin(new Date(time), open), opened, String(time));
  }
});
