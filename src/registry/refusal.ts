// What a registry's refusals mean and what to do about them. distribution-spec, "Error Codes".
import { quote, SigstepError } from "../errors.ts";
import type { HttpResponse } from "../services/http.ts";
import { logInHint, type Access } from "./auth.ts";
import { parseChallenges } from "./challenge.ts";
import { formatRepository } from "./reference.ts";
import type { Repository } from "./transport.ts";

/** The error for an answer that is not what was asked for. `what` reads on from "refused to": `read tag x`. */
export async function refusedBy(
  repository: Repository,
  response: HttpResponse,
  { what, access }: { readonly what: string; readonly access: Access },
): Promise<SigstepError> {
  const { credentials, source } = await repository.credentials();
  const anonymous = credentials.kind === "anonymous";
  const as = anonymous ? "without credentials" : `with the credentials of ${source}`;
  const where = formatRepository(repository.name);
  return new SigstepError(
    "REGISTRY_REFUSED",
    `${where} refused to ${what} ${as}: status ${response.status}${words(response)}.`,
    { where, hint: hintFor(repository, response, { anonymous, access }) },
  );
}

/** The image is not there, or not for us: registries do not say which. */
export async function notFound(repository: Repository, which: string): Promise<SigstepError> {
  const { credentials } = await repository.credentials();
  const where = formatRepository(repository.name);
  const private_ = credentials.kind === "anonymous" ? " If it is private, log in first." : "";
  return new SigstepError("IMAGE_NOT_FOUND", `There is no ${quote(which, 140)} in ${where}.`, {
    hint: `Was it pushed, and to this registry? Sign after the push, with the digest that the push gave.${private_}`,
    where,
  });
}

function hintFor(
  repository: Repository,
  response: HttpResponse,
  { anonymous, access }: { readonly anonymous: boolean; readonly access: Access },
): string {
  const { registry, repository: path } = repository.name;
  if (isImmutable(response)) return immutableHint;
  const lacksScope = response.status === 403 || (!anonymous && wantsMore(response));
  if (response.status === 401 && !lacksScope) return logInHint(anonymous, registry);
  if (lacksScope) {
    const grant = access === "push" ? "write" : "read";
    const github = registry === "ghcr.io" ? ` On GitHub: permissions: packages: ${grant}.` : "";
    const actions = access === "push" ? "pull,push" : "pull";
    return `The log-in lacks the scope repository:${path}:${actions}.${github}`;
  }
  return "See what the registry's own log says about this request.";
}

/** Whether a token was good, and not for this: distribution says so with a 401. RFC 6750 section 3.1. */
function wantsMore({ status, headers }: HttpResponse): boolean {
  const challenges = parseChallenges(headers["www-authenticate"] ?? "") ?? [];
  const errors = challenges.map(({ parameters }) => parameters.get("error"));
  return status === 401 && errors.includes("insufficient_scope");
}

const immutableHint =
  "The registry's tags are immutable. Let tags that begin with sha256- be exempt from that rule, or use a registry with the referrers API, which needs no tags.";

/** Whether the registry refuses because a tag exists and may not change (ECR, Harbor, Artifact Registry). */
export function isImmutable(response: HttpResponse): boolean {
  if (response.status < 400 || response.status >= 500) return false;
  const text = Buffer.from(response.body.subarray(0, 4096)).toString("utf8");
  return /immutab|ImageTagAlreadyExists/i.test(text);
}

/** The registry's code and its words, shortened and escaped. */
function words(response: HttpResponse): string {
  const text = Buffer.from(response.body.subarray(0, 4096)).toString("utf8");
  const code = /"code"\s*:\s*"([A-Z][A-Z_]{2,40})"/.exec(text)?.[1];
  const said = response.excerpt();
  return [code, said === "" ? undefined : said]
    .map((part) => (part === undefined ? "" : `, ${part}`))
    .join("");
}
