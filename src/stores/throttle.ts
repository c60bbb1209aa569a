// How GitHub pushes back: besides 429 with a 403, which elsewhere means no.
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api#exceeding-the-rate-limit
import type { Answer } from "../services/http.ts";
import { parseRetryAfter } from "../services/retry.ts";

/** "Wait for at least one minute", where no header says for how long. */
const minuteMs = 60_000;
const excerptBytes = 4096;

/**
 * For how many milliseconds GitHub wants to be left alone; undefined when the answer says no such
 * thing. A primary limit ends at `x-ratelimit-reset`, seconds since the epoch.
 */
export function gitHubPause(answer: Answer, now: Date): number | undefined {
  if (answer.status !== 403 && answer.status !== 429) return undefined;
  const askedMs = parseRetryAfter(answer, now);
  if (askedMs !== undefined) return askedMs;
  if (answer.headers["x-ratelimit-remaining"] === "0") {
    return untilReset(answer.headers["x-ratelimit-reset"] ?? "", now);
  }
  return speaksOfLimit(answer) ? minuteMs : undefined;
}

function untilReset(text: string, now: Date): number {
  if (!/^\d{1,12}$/.test(text)) return minuteMs;
  return Math.max(0, Number(text) * 1000 - now.getTime());
}

function speaksOfLimit(answer: Answer): boolean {
  const text = Buffer.from(answer.body.subarray(0, excerptBytes)).toString("latin1");
  return /secondary rate limit|abuse detection|rate limit exceeded/i.test(text);
}
