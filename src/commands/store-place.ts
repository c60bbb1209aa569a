// The repository that a job runs for, from what the runner says of it.
import type { JsonValue } from "../encoding/json.ts";
import { parseJson } from "../encoding/json.ts";
import { quote, SigstepError, systemCode } from "../errors.ts";
import type { GitHubFacts, JobFacts } from "../runner/runner.ts";
import { parseRepositoryName, type GitHubPlace } from "../stores/place.ts";
import type { ReleaseName } from "../stores/release.ts";
import { readSmallFile } from "../subjects/small-file.ts";
import type { ReleaseChoice } from "./store-request.ts";
import type { World } from "./world.ts";

const maxEventBytes = 32 * 1024 * 1024;

/**
 * Where on GitHub this job keeps things.
 *
 * @param token - A secret, for that API alone.
 * @throws SigstepError INPUT_VALUE, INPUT_MISSING for a job that does not say which repository it is of.
 */
export async function findPlace({ job }: World, token: string): Promise<GitHubPlace> {
  const { gitHub } = job;
  if (gitHub.repository === undefined) throw unknown("GITHUB_REPOSITORY");
  return {
    ...parseRepositoryName(gitHub.repository),
    apiUrl: gitHubApiUrl(job),
    serverUrl: parseUrl("GITHUB_SERVER_URL", gitHub.serverUrl ?? "https://github.com"),
    token,
    restricted: await findRestriction(gitHub, job.eventPath),
  };
}

/** Address of the API: github.com's where the job says nothing. @throws SigstepError INPUT_VALUE */
export function gitHubApiUrl({ gitHub }: JobFacts): URL {
  return parseUrl("GITHUB_API_URL", gitHub.apiUrl ?? "https://api.github.com");
}

/**
 * The release of that choice.
 *
 * @throws SigstepError INPUT_MISSING when the event is none of a release.
 */
export async function findReleaseName(choice: ReleaseChoice, { job }: World): Promise<ReleaseName> {
  if (choice.kind === "tag") return { tag: choice.tag };
  const release = (await readEvent(job.eventPath))?.get("release").optional();
  if (release !== undefined) return { id: release.get("id").integer() };
  throw new SigstepError("INPUT_MISSING", "Input release-tag is missing.", {
    where: "release-tag",
    hint: "upload-release-assets needs it, since no release started this workflow: `release-tag: ${{ github.ref_name }}`, or run `on: release`.",
  });
}

/** Why GitHub makes this run's tokens read-only, for hints; unknown is no reason to fail. */
async function findRestriction(
  { actor, eventName }: GitHubFacts,
  eventPath: string | undefined,
): Promise<GitHubPlace["restricted"]> {
  // A pull_request_target has the rights of the repository, whoever's the pull request is.
  if (eventName !== "pull_request_target" && (await isFromFork(eventPath))) return "fork";
  return actor === "dependabot[bot]" ? "dependabot" : undefined;
}

async function isFromFork(eventPath: string | undefined): Promise<boolean> {
  try {
    const request = (await readEvent(eventPath))?.get("pull_request").optional();
    const name = (side: string): unknown =>
      request?.get(side).get("repo").optional()?.get("full_name").raw;
    return request !== undefined && name("head") !== name("base");
  } catch {
    return false;
  }
}

/** Undefined where there is no event. */
async function readEvent(path: string | undefined): Promise<JsonValue | undefined> {
  if (path === undefined) return undefined;
  let bytes: Uint8Array;
  try {
    bytes = await readSmallFile(path, maxEventBytes);
  } catch (error) {
    throw new SigstepError(
      "INPUT_UNREADABLE",
      `The event's payload ${quote(path)} cannot be read (${systemCode(error)}).`,
      {
        where: "GITHUB_EVENT_PATH",
        hint: "The runner writes it; do not remove it.",
        cause: error,
      },
    );
  }
  return parseJson(bytes, {
    ...{ label: "event payload", code: "INPUT_VALUE", maxBytes: maxEventBytes },
  });
}

function parseUrl(variable: string, text: string): URL {
  const url = URL.parse(text);
  if (url !== null) return url;
  throw new SigstepError("INPUT_VALUE", `${variable} is not a URL: ${quote(text)}.`, {
    where: variable,
    hint: "The runner sets it; do not change it in the job.",
  });
}

function unknown(variable: string): SigstepError {
  return new SigstepError(
    "INPUT_MISSING",
    `Nothing says which repository on GitHub this is for: ${variable} is not set.`,
    { where: variable, hint: "GitHub sets it in every job; elsewhere set it to owner/name." },
  );
}
