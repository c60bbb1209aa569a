// When to try again and how long to wait: pure arithmetic, no clock and no timer.

import type { Answer } from "./http.ts";

const unimplemented: ReadonlySet<number> = new Set([501, 505]);

/** First pause and the floor of every later one. */
const baseMs = 250;
/** No pause of our own choosing is longer. */
const capMs = 20_000;

/**
 * Statuses that waiting may cure: the server was slow (408), is pushing back (429) or broken (5xx).
 *
 * 501 and 505 are not among them: what a server does not implement, it will not implement in a minute.
 */
export function isTransientStatus(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && !unimplemented.has(status));
}

/**
 * Pauses with decorrelated jitter: each is drawn between the base and three times the one before, so
 * that many clients hit by the same outage do not come back in step.
 *
 * @param random - As `Math.random`.
 * @returns a function that gives the next pause in milliseconds.
 * @see https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/
 */
export function createBackoff(random: () => number): () => number {
  let previousMs = baseMs;
  return () => {
    previousMs = Math.min(capMs, Math.round(baseMs + random() * (previousMs * 3 - baseMs)));
    return previousMs;
  };
}

/**
 * How long the server asks us to wait.
 *
 * @returns milliseconds, never negative; undefined when there is no Retry-After or it cannot be read.
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-10.2.3
 */
export function parseRetryAfter(response: Answer, now: Date): number | undefined {
  const text = response.headers["retry-after"]?.trim() ?? "";
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  // Dates are in the one form that RFC 9110 lets servers send; Date.parse would take nearly anything.
  if (!/^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text)) {
    return undefined;
  }
  const at = Date.parse(text);
  return Number.isNaN(at) ? undefined : Math.max(0, at - now.getTime());
}
