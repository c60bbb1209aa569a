// Rekor v2 (rekor-tiles): one entry. The answer comes when a checkpoint covers it, so it takes seconds.
// protocol: sigstore/rekor-tiles CLIENTS.md.
import { SigstepError } from "../errors.ts";
import { parseLogEntry, type LogEntry } from "../sigstore/entry.ts";
import { parseAnswer, refusedError } from "./answer.ts";
import type { Http } from "./http.ts";
import type { LogOptions } from "./rekor1.ts";

const service = "Rekor";
// The server gives up after 20 s; a client that does so earlier logs entries it never hears of.
const timeoutMs = 30_000;
const maxBytes = 1024 * 1024;

/**
 * Logs `body`.
 *
 * @param body - See `encodeHashedRekord2`.
 * @returns the entry, or "exists" when an equal one was there before us: this API does not give its
 * proof, so the caller signs anew, which makes a new entry.
 * @throws SigstepError SERVICE_REFUSED, SERVICE_ANSWER_INVALID, and those of the door.
 */
export async function requestEntry2(
  http: Http,
  base: URL,
  { body, ...options }: LogOptions & { readonly body: string },
): Promise<LogEntry | "exists"> {
  const response = await http.request({
    service,
    method: "POST",
    url: new URL(`${base.href.replace(/\/+$/, "")}/api/v2/log/entries`),
    headers: { accept: "application/json", "content-type": "application/json" },
    body,
    timeoutMs,
    maxBytes,
    retry: "budget",
    ...options,
  });
  if (response.status === 409) return "exists";
  if (response.status === 405) {
    throw refusedError(
      service,
      response,
      "This log is frozen. Get the instance's current signing config, which names its successor.",
    );
  }
  const entry = parseLogEntry(parseAnswer(service, response, maxBytes));
  // A time without a promise means nothing, and this log makes no promises.
  if (entry.inclusionPromise !== undefined) {
    throw new SigstepError("SERVICE_ANSWER_INVALID", "Rekor v2 answered with a promise.");
  }
  return { ...entry, integratedTime: undefined };
}
