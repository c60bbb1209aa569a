// Logging in: from a registry's challenge to the Authorization header of one scope.
// distribution docs/spec/auth/{token,oauth,scope}.md. Tokens live in memory, for one registry and scope.
import { parseJson } from "../encoding/json.ts";
import { SigstepError } from "../errors.ts";
import type { Http, HttpRequest, HttpResponse } from "../services/http.ts";
import { assertMayLeadTo, isRealmOf } from "./authority.ts";
import { parseChallenges, type Challenge } from "./challenge.ts";
import { basicValue, type FoundCredentials, type Secret } from "./credentials.ts";

/** What is asked for: reading alone, or writing too. */
export type Access = "pull" | "push";

/** What logging in needs. */
export interface AuthWorld {
  readonly http: Http;
  readonly now: () => Date;
  readonly secret: Secret;
  /** Hosts (`host` or `host:port`) that may be the realm of a registry elsewhere. */
  readonly realmHosts: readonly string[];
}

/** One repository's log-in. */
export interface Login {
  /** Root of the registry's API, as asked. */
  readonly registry: URL;
  readonly repository: string;
  readonly found: FoundCredentials;
}

/** An Authorization header and how long it holds. */
export interface Pass {
  /** undefined: go without. */
  readonly authorization: string | undefined;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

const timeoutMs = 30_000;
const maxBytes = 1024 * 1024;
/** Taken off every token's life: clocks differ, and the request has to arrive. */
const marginMs = 10_000;
/** What a token without `expires_in` holds. token.md. */
const defaultSeconds = 60;

/**
 * Answers the challenge of a 401.
 *
 * @param header - WWW-Authenticate, controlled by the registry.
 * @throws SigstepError REGISTRY_ANSWER_INVALID for a challenge that cannot be read or leads to a strange
 * place, REGISTRY_REFUSED when the realm refuses, and those of the door.
 */
export async function requestPass(
  world: AuthWorld,
  login: Login,
  { header, access }: { readonly header: string; readonly access: Access },
): Promise<Pass> {
  const { credentials } = login.found;
  if (credentials.kind === "registry-token") return lasting(`Bearer ${credentials.token}`);
  const challenges = parseChallenges(header);
  if (challenges === undefined) throw invalid(login, "its WWW-Authenticate cannot be read");
  const bearer = challenges.find(({ scheme }) => scheme === "bearer");
  if (bearer !== undefined) return requestToken(world, login, { challenge: bearer, access });
  if (!challenges.some(({ scheme }) => scheme === "basic")) {
    throw invalid(login, "it asks for neither Bearer nor Basic authentication");
  }
  if (credentials.kind !== "basic") return lasting(undefined);
  return lasting(`Basic ${basicValue(credentials)}`);
}

function lasting(authorization: string | undefined): Pass {
  return { authorization, until: Infinity };
}

function invalid({ registry }: Login, why: string): SigstepError {
  return new SigstepError(
    "REGISTRY_ANSWER_INVALID",
    `${registry.host} wants a log-in, but ${why}.`,
    {
      hint: "Check that this is the address of a registry.",
      where: registry.host,
    },
  );
}

interface TokenQuestion {
  readonly challenge: Challenge;
  readonly access: Access;
}

async function requestToken(
  world: AuthWorld,
  login: Login,
  { challenge, access }: TokenQuestion,
): Promise<Pass> {
  const realm = parseRealm(world, login, challenge);
  const actions = access === "push" ? "pull,push" : "pull";
  const scope = `repository:${login.repository}:${actions}`;
  const service = challenge.parameters.get("service");
  const fields = { ...(service === undefined ? {} : { service }), scope };
  const { credentials } = login.found;
  const request =
    credentials.kind === "identity-token"
      ? refreshRequest(realm, { ...fields, refresh_token: credentials.token })
      : tokenRequest(realm, fields, login.found);
  return readToken(world, login, await world.http.request(request));
}

/** Where tokens are. The credentials go there, so this is where a registry could lead them astray. */
function parseRealm({ realmHosts }: AuthWorld, login: Login, challenge: Challenge): URL {
  const realm = URL.parse(challenge.parameters.get("realm") ?? "");
  if (realm === null) throw invalid(login, "it names no realm");
  assertMayLeadTo(realm, login.registry, "its realm");
  if (login.found.credentials.kind === "anonymous") return realm;
  if (isRealmOf(realm, login.registry, realmHosts)) return realm;
  throw new SigstepError(
    "REGISTRY_ANSWER_INVALID",
    `${login.registry.host} wants its credentials sent to ${realm.host}, which is not beside it; they were not sent.`,
    {
      hint: `If ${realm.host} belongs to this registry, allow it: registry-realms: ${realm.host}`,
      where: login.registry.host,
    },
  );
}

const common = { service: "the registry's log-in", timeoutMs, maxBytes, retry: "budget" } as const;

function tokenRequest(
  realm: URL,
  fields: Readonly<Record<string, string>>,
  { credentials }: FoundCredentials,
): HttpRequest {
  const url = new URL(realm);
  for (const [name, value] of Object.entries(fields)) url.searchParams.set(name, value);
  const request = {
    ...common,
    method: "GET",
    url,
    headers: { accept: "application/json" },
  } as const;
  if (credentials.kind !== "basic") return request;
  url.searchParams.set("account", credentials.username);
  return { ...request, authorization: `Basic ${basicValue(credentials)}` };
}

/** Identity tokens are exchanged by OAuth2. oauth.md */
function refreshRequest(url: URL, fields: Readonly<Record<string, string>>): HttpRequest {
  const form = { grant_type: "refresh_token", client_id: "sigstep", ...fields };
  const headers = {
    accept: "application/json",
    "content-type": "application/x-www-form-urlencoded",
  };
  return { ...common, method: "POST", url, headers, body: new URLSearchParams(form).toString() };
}

function readToken(world: AuthWorld, login: Login, response: HttpResponse): Pass {
  if (response.status !== 200) throw refused(login, response);
  const { token, seconds } = parseToken(login, response);
  world.secret(token);
  const until = world.now().getTime() + Math.max(0, seconds * 1000 - marginMs);
  return { authorization: `Bearer ${token}`, until };
}

function parseToken(login: Login, { body }: HttpResponse): { token: string; seconds: number } {
  const source = { label: "token answer", code: "REGISTRY_ANSWER_INVALID", maxBytes } as const;
  let token: string;
  let seconds: number | undefined;
  try {
    const json = parseJson(body, source);
    // Both names are in use; where both are there they are equal.
    token = (json.get("token").optional() ?? json.get("access_token")).string();
    seconds = json.get("expires_in").optional()?.integer();
  } catch {
    // Without cause: it may quote the answer, in which there may be a token.
    throw invalid(login, "its realm answers without a token");
  }
  if (!/^[\x21-\x7e]{1,65536}$/.test(token))
    throw invalid(login, "its realm's token is not a token");
  return { token, seconds: Math.min(Math.max(seconds ?? defaultSeconds, defaultSeconds), 86_400) };
}

function refused({ registry, found }: Login, response: HttpResponse): SigstepError {
  const anonymous = found.credentials.kind === "anonymous";
  // The realm's words are left out: some echo the refresh token that they were sent, url-encoded.
  const whose = anonymous ? "a request without credentials" : `the credentials of ${found.source}`;
  return new SigstepError(
    "REGISTRY_REFUSED",
    `The log-in of ${registry.host} refused ${whose} with status ${response.status}.`,
    { hint: logInHint(anonymous, registry.host), where: registry.host },
  );
}

/** What to do when a registry does not know us, or not well enough. */
export function logInHint(anonymous: boolean, host: string): string {
  return anonymous
    ? `Log in first: docker login ${host}, or give registry-username and registry-password.`
    : `Check that these credentials are valid for ${host} and have not expired.`;
}
