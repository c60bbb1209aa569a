// GitHub's ways of pushing back, each told from a plain no.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gitHubPause } from "../../src/stores/throttle.ts";

const now = new Date("2026-11-20T12:00:00Z");
const seconds = now.getTime() / 1000;

for (const [name, status, headers, body, expected] of [
  ["a plain 403", 403, {}, "Resource not accessible by integration", undefined],
  ["403 with requests left", 403, { "x-ratelimit-remaining": "4999" }, "no", undefined],
  ["403 with Retry-After", 403, { "retry-after": "60" }, "", 60_000],
  ["429 with Retry-After", 429, { "retry-after": "1" }, "", 1000],
  ["a plain 429: the door's own pauses", 429, {}, "", undefined],
  ["500 with Retry-After: not ours", 500, { "retry-after": "1" }, "", undefined],
  ["404 that speaks of limits", 404, {}, "secondary rate limit", undefined],
  ["a secondary limit in words", 403, {}, "You have exceeded a secondary rate limit", 60_000],
  ["abuse detection", 403, {}, "You have triggered an abuse detection mechanism", 60_000],
  [
    "none left until",
    403,
    { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(seconds + 90) },
    "",
    90_000,
  ],
  [
    "none left until the past",
    403,
    { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1" },
    "",
    0,
  ],
  [
    "none left until nonsense",
    429,
    { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "soon" },
    "",
    60_000,
  ],
] as const) {
  test(name, () => {
    const answer = { status, headers: { ...headers }, body: Buffer.from(body) };
    assert.equal(gitHubPause(answer, now), expected);
  });
}
