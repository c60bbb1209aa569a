// GitHub's REST API: octokit forms the requests, the door sends them, and who calls judges the answer.
import { SigstepError } from "../errors.ts";
import type { Http, HttpRequest, HttpResponse } from "../services/http.ts";
import { createDoorFetch } from "./door-fetch.ts";
import { uploadsOrigin, type GitHubPlace } from "./place.ts";

/**
 * The version whose answers this code reads; from 2026-03-10 on a listed attestation has no bundle.
 * https://docs.github.com/en/rest/about-the-rest-api/api-versions
 */
const apiVersion = "2022-11-28";

/** One request to the API. */
export interface GitHubCall extends Pick<HttpRequest, "service" | "timeoutMs" | "maxBytes"> {
  /** As GitHub documents it: `POST /repos/{owner}/{repo}/attestations`. */
  readonly route: string;
  /** Values for the route's placeholders and, for GET, its query; `owner` and `repo` are known. */
  readonly parameters?: Readonly<Record<string, string | number>>;
  readonly body?: { readonly type: string; readonly content: Uint8Array | string };
  /** Called before each pause, besides the one that the API was opened with. */
  readonly onRetry?: () => void;
}

/** The API of one place. */
export interface GitHubApi {
  readonly place: GitHubPlace;
  /** The answer to `call`, whatever its status. @throws SigstepError those of the door. */
  ask(call: GitHubCall): Promise<HttpResponse>;
}

/** When and how patiently to ask. */
export type GitHubPatience = Pick<HttpRequest, "deadline" | "onRetry" | "signal">;

/** The API of `place`, through `http`. Nothing is loaded or sent before the first {@link GitHubApi.ask}. */
export function openGitHubApi(
  http: Http,
  place: GitHubPlace,
  patience: GitHubPatience = {},
): GitHubApi {
  return {
    place,
    async ask({ route, parameters, body, onRetry, ...call }) {
      const answers: HttpResponse[] = [];
      const fetch = createDoorFetch(http, {
        ...{ ...patience, ...call },
        origins: [place.apiUrl.origin, uploadsOrigin(place)],
        onAnswer: (answer) => answers.push(answer),
        onRetry: (reason) => {
          onRetry?.();
          patience.onRetry?.(reason);
        },
      });
      const request = await loadRequest(place);
      await passOwnErrors(
        request(route, {
          ...{ owner: place.owner, repo: place.repository, ...parameters },
          headers: headersFor(body?.type),
          ...(body === undefined ? {} : { data: body.content }),
          request: { fetch, log: silence },
        }),
      );
      const [answer] = answers;
      if (answer === undefined) throw new TypeError("octokit sent nothing");
      return answer;
    },
  };
}

type OctokitRequest = (route: string, parameters: Record<string, unknown>) => Promise<unknown>;

/** Loaded late: most runs ask GitHub's API nothing. */
async function loadRequest({ apiUrl, token }: GitHubPlace): Promise<OctokitRequest> {
  const { getOctokit } = await import("@actions/github");
  const baseUrl = apiUrl.href.replace(/\/+$/, "");
  const octokit = getOctokit(token, { baseUrl, userAgent: "sigstep", log: silence });
  return (route, parameters) => octokit.request(route, parameters);
}

const quiet = (): void => undefined;
/** Octokit's own log goes to the console, past the redaction of ours. */
const silence = { debug: quiet, info: quiet, warn: quiet, error: quiet };

function headersFor(type: string | undefined): Record<string, string> {
  return {
    accept: "application/vnd.github+json",
    "x-github-api-version": apiVersion,
    ...(type === undefined ? {} : { "content-type": type }),
  };
}

/** Octokit wraps what its fetch throws, with the whole request beside it. */
async function passOwnErrors(sent: Promise<unknown>): Promise<void> {
  try {
    await sent;
  } catch (error) {
    if (error instanceof Error && error.cause instanceof SigstepError) throw error.cause;
    throw new TypeError("octokit could not form the request", {
      cause: error instanceof Error ? error.cause : undefined,
    });
  }
}
