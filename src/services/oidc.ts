// Identity tokens from GitHub's endpoint inside a job.
// https://docs.github.com/en/actions/reference/security/oidc#methods-for-requesting-the-oidc-token
import { SigstepError, toSigstepError } from "../errors.ts";
import { isSuccess, parseAnswer } from "./answer.ts";
import type { Http, HttpResponse } from "./http.ts";

const service = "GitHub's identity service";
const timeoutMs = 10_000;
const maxBytes = 256 * 1024;

/** What the runner gives a job with `id-token: write`. */
export interface GitHubIdentityEndpoint {
  readonly url: URL;
  /** Bearer token for this endpoint alone: a secret. */
  readonly token: string;
}

/**
 * A new token for `audience`; the caller masks it before anything else sees it.
 *
 * @throws SigstepError IDENTITY_UNAVAILABLE when refused or answered without a token, and those of
 * the door.
 */
export async function requestGitHubToken(
  http: Http,
  endpoint: GitHubIdentityEndpoint,
  audience: string,
): Promise<string> {
  const url = new URL(endpoint.url);
  url.searchParams.set("audience", audience);
  const response = await http.request({
    service,
    method: "GET",
    url,
    headers: { accept: "application/json" },
    authorization: `Bearer ${endpoint.token}`,
    timeoutMs,
    maxBytes,
    retry: "budget",
  });
  if (!isSuccess(response)) {
    throw new SigstepError(
      "IDENTITY_UNAVAILABLE",
      `GitHub's identity service refused a token: status ${response.status}${words(response)}.`,
      { hint: "Check that the job has `permissions: id-token: write`, then run it again." },
    );
  }
  return parseTokenAnswer(response);
}

const tryAgain = "Run the job again; see https://www.githubstatus.com if it stays so.";

function parseTokenAnswer(response: HttpResponse): string {
  try {
    const value = parseAnswer(service, response, maxBytes).get("value");
    if (value.present && value.string() !== "") return value.string();
  } catch (error) {
    const { code, message } = toSigstepError(error);
    // Without cause: it may quote the answer, in which there may be a token.
    throw new SigstepError(code, message, { hint: tryAgain, where: service });
  }
  throw new SigstepError(
    "IDENTITY_UNAVAILABLE",
    "GitHub's identity service answered without a token.",
    { hint: tryAgain },
  );
}

function words(response: HttpResponse): string {
  const text = response.excerpt();
  return text === "" ? "" : `, ${text}`;
}
