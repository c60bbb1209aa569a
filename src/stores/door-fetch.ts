// The door as the `fetch` that octokit sends by: octokit knows how GitHub's requests look, the door how
// requests are sent. Octokit gets no answer to read: answers are from outside, and ours are judged by
// our own strict parser, so it is told "204, no content" and the true answer goes to the caller.
import type { Http, HttpRequest, HttpResponse } from "../services/http.ts";
import { gitHubPause } from "./throttle.ts";

/** What a fetch of octokit's leaves open. */
export interface DoorFetchSettings extends Pick<
  HttpRequest,
  "service" | "timeoutMs" | "maxBytes" | "deadline" | "onRetry" | "signal"
> {
  /** Origins that may be asked, and so get the token. */
  readonly origins: readonly string[];
  readonly onAnswer: (answer: HttpResponse) => void;
}

/** What octokit calls it with. */
export interface FetchInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

const methods = ["GET", "POST", "DELETE"] as const;

/**
 * A fetch that sends through `http`: within the retry budget, waiting as GitHub asks, to `origins`
 * alone, following no redirect.
 *
 * @throws TypeError from the fetch when octokit asks for what we never do: a defect of ours. All else
 * as the door throws.
 */
export function createDoorFetch(
  http: Http,
  { origins, onAnswer, ...settings }: DoorFetchSettings,
): (url: string, init?: FetchInit) => Promise<Response> {
  return async (text, init = {}) => {
    const url = new URL(text);
    if (!origins.includes(url.origin)) throw new TypeError("a host that must not get the token");
    const { authorization, ...headers } = init.headers ?? {};
    const answer = await http.request({
      ...settings,
      ...{ method: methodOf(init.method), url, headers, retry: "budget", throttled: gitHubPause },
      ...(authorization === undefined ? {} : { authorization }),
      ...bodyOf(init.body),
    });
    onAnswer(answer);
    return new Response(null, { status: 204 });
  };
}

function methodOf(text = "GET"): HttpRequest["method"] {
  const method = methods.find((known) => known === text);
  if (method === undefined) throw new TypeError("a method that is not used");
  return method;
}

function bodyOf(body: unknown): { readonly body?: Uint8Array | string } {
  if (body === undefined || body === null) return {};
  if (typeof body === "string" || body instanceof Uint8Array) return { body };
  throw new TypeError("a body that is neither text nor bytes");
}
