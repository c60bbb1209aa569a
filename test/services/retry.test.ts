// The arithmetic of trying again.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createBackoff, isTransientStatus, parseRetryAfter } from "../../src/services/retry.ts";

test("408, 429 and 5xx but 501 and 505 may pass; everything else does not", () => {
  const transient = Array.from({ length: 500 }, (_, i) => i + 100).filter(isTransientStatus);
  const broken = Array.from({ length: 100 }, (_, i) => 500 + i);
  const expected = [408, 429, ...broken.filter((status) => status !== 501 && status !== 505)];
  assert.deepEqual(transient, expected);
});

test("pauses stay between 250 ms and 20 s and three times the one before", () => {
  const random = fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), {
    minLength: 50,
    maxLength: 50,
  });
  fc.assert(
    fc.property(random, (draws) => {
      const next = createBackoff(() => draws.pop() ?? 0);
      let previous = 250;
      for (let i = 0; i < 50; i++) {
        const ms = next();
        assert.ok(ms >= 250 && ms <= 20_000 && ms <= previous * 3 && Number.isInteger(ms));
        previous = ms;
      }
    }),
  );
});

test("two clients draw different pauses", () => {
  const one = createBackoff(Math.random);
  const other = createBackoff(Math.random);
  const draw = (next: () => number): string => Array.from({ length: 8 }, next).join();
  assert.notEqual(draw(one), draw(other));
});

const now = new Date("2026-11-20T12:00:00Z");

for (const [text, ms] of [
  ["0", 0],
  ["120", 120_000],
  [" 5 ", 5000],
  ["Fri, 20 Nov 2026 12:00:30 GMT", 30_000],
  ["Fri, 20 Nov 2026 11:00:00 GMT", 0],
  ["", undefined],
  ["-1", undefined],
  ["1.5", undefined],
  ["1e3", undefined],
  ["9999999999", undefined],
  ["soon", undefined],
  ["2026-11-20T12:00:30Z", undefined],
  ["Fri, 99 Nov 2026 12:00:30 GMT", undefined],
  ["5, 10", undefined],
] as const) {
  test(`Retry-After: "${text}"`, () => {
    const response = { status: 429, headers: { "retry-after": text }, body: new Uint8Array() };
    assert.equal(parseRetryAfter(response, now), ms);
  });
}

test("no Retry-After", () => {
  const response = { status: 429, headers: {}, body: new Uint8Array() };
  assert.equal(parseRetryAfter(response, now), undefined);
});
