// What the API tells of a repository before anything is written to it.
// https://docs.github.com/en/rest/repos/repos#get-a-repository
import type { JsonValue } from "../encoding/json.ts";
import { SigstepError } from "../errors.ts";
import { isSuccess, parseAnswer } from "../services/answer.ts";
import type { GitHubApi } from "./github-api.ts";
import { describeRepository, isGitHubCloud, type GitHubPlace } from "./place.ts";
import { gitHubRefusal } from "./refusal.ts";

const service = "GitHub's API";
const timeoutMs = 30_000;
const maxBytes = 1024 * 1024;

/** A repository as far as keeping things in it goes. */
export interface RepositoryFacts {
  readonly isPrivate: boolean;
  readonly ownerIsOrganization: boolean;
  readonly archived: boolean;
  /** Whether the token may write; undefined where GitHub does not tell, as for the job's own token. */
  readonly mayWrite: boolean | undefined;
}

/**
 * Asks for the repository.
 *
 * @throws SigstepError STORE_REFUSED when it is not there for this token, PERMISSION_MISSING,
 * SERVICE_ANSWER_INVALID, and those of the door.
 */
export async function readRepository(api: GitHubApi): Promise<RepositoryFacts> {
  const answer = await api.ask({
    ...{ service, timeoutMs, maxBytes },
    route: "GET /repos/{owner}/{repo}",
  });
  if (!isSuccess(answer)) {
    const errand = { place: api.place, permission: "contents: read", what: "a look" };
    throw gitHubRefusal(answer, errand);
  }
  return parseRepository(parseAnswer(service, answer, maxBytes), api.place.token);
}

function parseRepository(json: JsonValue, token: string): RepositoryFacts {
  return {
    isPrivate: json.get("private").raw !== false,
    ownerIsOrganization: json.get("owner").get("type").string() === "Organization",
    archived: json.get("archived").raw === true,
    mayWrite: readPush(json, token),
  };
}

/** For tokens of apps, and the job's own is one, `permissions` speaks of a user that is not there. */
function readPush(json: JsonValue, token: string): boolean | undefined {
  if (!/^(ghp|gho|github_pat)_/.test(token)) return undefined;
  const push = json.get("permissions").optional()?.get("push").raw;
  return typeof push === "boolean" ? push : undefined;
}

/**
 * Refuses a repository that takes nothing from this token, as far as GitHub tells beforehand.
 *
 * @throws SigstepError STORE_REFUSED, PERMISSION_MISSING.
 */
export function checkWritable(place: GitHubPlace, facts: RepositoryFacts): void {
  const name = describeRepository(place);
  const where = place.apiUrl.host;
  if (facts.archived) {
    const hint = "Take it out of the archive, or keep the bundles as files only.";
    throw new SigstepError("STORE_REFUSED", `${name} is archived: it is read-only.`, {
      hint,
      where,
    });
  }
  if (facts.mayWrite !== false) return;
  throw new SigstepError("PERMISSION_MISSING", `The token may not write to ${name}.`, {
    hint: "Pass the job's own token, `github-token: ${{ github.token }}`, or one of a user with write access.",
    where,
  });
}

/**
 * Refuses a repository for which GitHub keeps no attestations, as far as that can be known: private
 * ones of users. Whether an organisation's plan has the feature shows only when one is stored.
 *
 * @throws SigstepError STORE_NOT_OFFERED
 */
export function checkAttestable(place: GitHubPlace, facts: RepositoryFacts): void {
  if (!isGitHubCloud(place) || !facts.isPrivate || facts.ownerIsOrganization) return;
  throw new SigstepError(
    "STORE_NOT_OFFERED",
    `GitHub keeps no attestations for ${describeRepository(place)}: it is private and owned by a user.`,
    {
      hint: "Set `github-attestations: auto` or `never`; the bundle files hold the same and verify without it.",
      where: place.apiUrl.host,
    },
  );
}
