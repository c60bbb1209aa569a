// The identity token that the environment offers, whichever CI it is.
import { quote, SigstepError } from "../errors.ts";
import type { Http } from "../services/http.ts";
import { requestGitHubToken } from "../services/oidc.ts";

/** Environment variables, as an entry read them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** How a token is asked for. */
export interface TokenQuery {
  readonly environment: Environment;
  readonly audience: string;
  readonly http: Http;
  /** Hides a value from all that is printed from then on. */
  readonly hide: (secret: string) => void;
}

/**
 * A token from GitHub's endpoint, else from `SIGSTORE_ID_TOKEN`, else undefined. It is hidden before
 * it is returned.
 *
 * @throws SigstepError IDENTITY_UNAVAILABLE when GitHub's endpoint refuses, and those of the door.
 */
export async function findIdentityToken(query: TokenQuery): Promise<string | undefined> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url = "", ACTIONS_ID_TOKEN_REQUEST_TOKEN: bearer = "" } =
    query.environment;
  if (url !== "" && bearer !== "") {
    const token = bearer.trim();
    query.hide(token);
    const endpoint = { url: parseEndpoint(url), token };
    const issued = await requestGitHubToken(query.http, endpoint, query.audience);
    query.hide(issued);
    return issued;
  }
  const given = (query.environment.SIGSTORE_ID_TOKEN ?? "").trim();
  if (given === "") return undefined;
  query.hide(given);
  return given;
}

function parseEndpoint(text: string): URL {
  const url = URL.parse(text);
  if (url !== null) return url;
  throw new SigstepError(
    "IDENTITY_UNAVAILABLE",
    `ACTIONS_ID_TOKEN_REQUEST_URL is not a URL: ${quote(text)}.`,
    { hint: "The runner sets it; do not change it in the job." },
  );
}
