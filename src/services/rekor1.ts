// Rekor v1: one entry. An equal entry that is there already is as good as a new one.
// protocol: sigstore/rekor openapi.yaml.
import { parseJson, type JsonValue } from "../encoding/json.ts";
import { quote, SigstepError } from "../errors.ts";
import type { LogEntry } from "../sigstore/entry.ts";
import { parseAnswer } from "./answer.ts";
import type { Http, HttpRequest, HttpResponse, RetryReason } from "./http.ts";

const service = "Rekor";
const timeoutMs = 30_000;
const maxBytes = 4 * 1024 * 1024;
const maxHashes = 64;
/** A smaller body is never too large for a log, so that a 502 is an outage. */
const largeBytes = 1024 * 1024;

/** How long and how patiently to ask a log. */
export interface LogOptions {
  /** No try starts after it: the certificate ends then. */
  readonly deadline: Date;
  readonly onRetry: (reason: RetryReason) => void;
}

/**
 * Logs `body`, sending the same bytes each time: a lost answer comes back as 409 with the entry's
 * address. A large body that is answered 502 is sent once more only: what stands before a log refuses so
 * what is too large for it (sigstore/rekor#2915), and no waiting makes it smaller.
 *
 * @param base - Base URL of the log.
 * @param body - See `encodeHashedRekord1`.
 * @throws SigstepError SERVICE_REFUSED, SERVICE_ANSWER_INVALID, and those of the door.
 */
export async function requestEntry1(
  http: Http,
  base: URL,
  { body, ...options }: LogOptions & { readonly body: string },
): Promise<LogEntry> {
  const url = new URL(`${base.href.replace(/\/+$/, "")}/api/v1/log/entries`);
  const bytes = Buffer.byteLength(body);
  const patient = { ...options, onRetry: giveUpOnSize(bytes, options.onRetry) };
  const response = await http.request({ ...ask(url, patient), method: "POST", body });
  if (response.status === 413 && bytes > largeBytes) throw tooLarge(bytes, 413);
  if (response.status !== 409) return parseEntryAnswer(response);
  const existing = locateEntry(url, response);
  return parseEntryAnswer(await http.request(ask(existing, options)));
}

/** The second 502 ends it. */
function giveUpOnSize(bytes: number, onRetry: LogOptions["onRetry"]): LogOptions["onRetry"] {
  let refusals = 0;
  return (reason) => {
    onRetry(reason);
    if (reason.status === 502) refusals += 1;
    if (bytes > largeBytes && refusals > 1) throw tooLarge(bytes, 502);
  };
}

function tooLarge(bytes: number, status: number): SigstepError {
  return new SigstepError(
    "SERVICE_REFUSED",
    `Rekor answered ${status} to an entry of ${bytes} bytes: it seems too large for this log.`,
    {
      where: service,
      hint: "Use a log of version 2, which takes a digest only (`rekor-version: 2`, or your own signing config). Or sign where the predicate can be had: `oversize: reference` with oversize-location, and max-envelope-size below what this log takes.",
    },
  );
}

function ask(url: URL, options: LogOptions): HttpRequest {
  const headers = { accept: "application/json", "content-type": "application/json" };
  return { service, method: "GET", url, headers, timeoutMs, maxBytes, retry: "budget", ...options };
}

/** The tree's id, where there is one, and the leaf's hash. */
const entryPath = /\/api\/v1\/log\/entries\/((?:[0-9a-f]{16})?[0-9a-f]{64})$/;

/**
 * Address of the equal entry. Only its id is taken from the answer: another host than the log's is
 * never asked, and a log behind a proxy does not know under which path it is reached.
 */
function locateEntry(url: URL, response: HttpResponse): URL {
  const location = response.headers.location ?? "";
  const found = URL.parse(location, url.href);
  const [, id] = entryPath.exec(found?.pathname ?? "") ?? [];
  if (found?.origin === url.origin && id !== undefined) return new URL(`${url.href}/${id}`);
  throw new SigstepError(
    "SERVICE_ANSWER_INVALID",
    `Rekor says that an equal entry exists, at ${quote(location)}, which is not an address of its own.`,
    { where: service },
  );
}

/**
 * The one entry of an answer.
 *
 * @throws SigstepError SERVICE_REFUSED, SERVICE_ANSWER_INVALID
 */
export function parseEntryAnswer(response: HttpResponse): LogEntry {
  const json = parseAnswer(service, response, maxBytes);
  const [name, ...more] = Object.keys(json.members());
  if (name === undefined || more.length > 0) throw json.refuse("holds not one entry");
  const entry = json.get(name);
  const body = entry.get("body").base64();
  return {
    logIndex: entry.get("logIndex").int64(),
    logId: entry.get("logID").hex(),
    ...parseKind(body),
    integratedTime: entry.get("integratedTime").int64(),
    inclusionPromise: entry.get("verification").get("signedEntryTimestamp").base64(),
    inclusionProof: parseProof(entry.get("verification").get("inclusionProof")),
    canonicalizedBody: body,
  };
}

function parseKind(body: Uint8Array): Pick<LogEntry, "kind" | "version"> {
  const label = "body of Rekor's entry";
  const json = parseJson(body, { label, code: "SERVICE_ANSWER_INVALID", maxBytes });
  return { kind: json.get("kind").string(), version: json.get("apiVersion").string() };
}

function parseProof(json: JsonValue): NonNullable<LogEntry["inclusionProof"]> {
  return {
    logIndex: json.get("logIndex").int64(),
    rootHash: json.get("rootHash").hex(),
    treeSize: json.get("treeSize").int64(),
    hashes: json
      .get("hashes")
      .itemsOrNone(maxHashes)
      .map((hash) => hash.hex()),
    checkpoint: json.get("checkpoint").string(),
  };
}
