// A release: found by tag or id, and whether it still takes assets.
// https://docs.github.com/en/rest/releases/releases
import type { JsonValue } from "../encoding/json.ts";
import { quote, SigstepError } from "../errors.ts";
import { isSuccess, parseAnswer } from "../services/answer.ts";
import type { HttpResponse } from "../services/http.ts";
import type { GitHubApi, GitHubCall } from "./github-api.ts";
import { findNextPage } from "./pages.ts";
import { describeRepository, uploadsOrigin, type GitHubPlace } from "./place.ts";
import { gitHubRefusal, type Errand } from "./refusal.ts";

const service = "GitHub's releases";
const timeoutMs = 30_000;
/** Each release lists up to 1000 assets. */
const maxBytes = 8 * 1024 * 1024;
const perPage = 10;
const maxPages = 20;

/** Which release: `release-tag`, or the id in the event's payload. */
export type ReleaseName = { readonly tag: string } | { readonly id: number };

/** A release that is there. */
export interface Release {
  readonly id: number;
  readonly tag: string;
  readonly draft: boolean;
  /** Where GitHub has frozen it: published while the repository's releases are immutable. */
  readonly immutable: boolean;
  /** Where its assets are sent, without query: always on the uploads host of the API. */
  readonly uploadUrl: string;
}

/**
 * The release of that name, drafts included.
 *
 * @throws SigstepError RELEASE_UNUSABLE when there is none or more than one draft for the tag,
 * PERMISSION_MISSING, STORE_REFUSED, SERVICE_ANSWER_INVALID, and those of the door.
 */
export async function findRelease(api: GitHubApi, name: ReleaseName): Promise<Release> {
  const answer = await api.ask({ ...callFor(name), service, timeoutMs, maxBytes });
  if (isSuccess(answer)) return parseRelease(parseAnswer(service, answer, maxBytes), api.place);
  if (answer.status !== 404) throw gitHubRefusal(answer, errand(api.place));
  if ("id" in name) throw notFound(api.place, name);
  return findDraft(api, name);
}

/**
 * Refuses a release that takes no more assets.
 *
 * @throws SigstepError RELEASE_UNUSABLE with the order in which it works.
 */
export function checkRelease({ tag, draft, immutable }: Release): void {
  if (immutable && !draft) throw immutableRelease(tag);
}

/** The error for a release that is published and frozen. */
export function immutableRelease(tag: string): SigstepError {
  const shown = /^[\w.+/-]+$/.test(tag) ? tag : "TAG";
  return new SigstepError(
    "RELEASE_UNUSABLE",
    `The release ${quote(tag)} is published and immutable: it takes no more assets.`,
    {
      hint: [
        "Make the release a draft, add everything, publish it last:",
        `gh release create ${shown} --draft`,
        "# then this step, then",
        `gh release edit ${shown} --draft=false`,
      ].join("\n"),
      where: "release-tag",
    },
  );
}

/** The error for a release that is not there. */
export function notFound(place: GitHubPlace, name: ReleaseName): SigstepError {
  const which = "tag" in name ? `for the tag ${quote(name.tag)}` : `with the id ${name.id}`;
  return new SigstepError(
    "RELEASE_UNUSABLE",
    `${describeRepository(place)} has no release ${which}, or it is a draft that this token may not see.`,
    {
      hint: "Create it before this step, and give the job `permissions: contents: write`: without that, drafts are hidden.",
      where: "release-tag",
    },
  );
}

function callFor(name: ReleaseName): Pick<GitHubCall, "route" | "parameters"> {
  return "tag" in name
    ? { route: "GET /repos/{owner}/{repo}/releases/tags/{tag}", parameters: { tag: name.tag } }
    : {
        route: "GET /repos/{owner}/{repo}/releases/{release_id}",
        parameters: { release_id: name.id },
      };
}

/** A draft has no tag yet as far as the API goes: it is found in the list alone. */
async function findDraft(api: GitHubApi, name: { readonly tag: string }): Promise<Release> {
  const found: Release[] = [];
  let next: string | undefined = "1";
  for (let page = 1; page <= maxPages && next !== undefined; page += 1) {
    const answer = await askForPage(api, page);
    const drafts = parsePage(answer, api.place).filter(({ draft }) => draft);
    found.push(...drafts.filter(({ tag }) => tag === name.tag));
    next = findNextPage(answer, "page");
  }
  const [release, ...more] = found;
  if (release === undefined) throw notFound(api.place, name);
  if (more.length > 0) throw ambiguous(name.tag, found.length);
  return release;
}

async function askForPage(api: GitHubApi, page: number): Promise<HttpResponse> {
  const answer = await api.ask({
    ...{ service, timeoutMs, maxBytes },
    route: "GET /repos/{owner}/{repo}/releases",
    parameters: { per_page: perPage, page },
  });
  if (!isSuccess(answer)) throw gitHubRefusal(answer, errand(api.place));
  return answer;
}

function parsePage(answer: HttpResponse, place: GitHubPlace): Release[] {
  const releases = parseAnswer(service, answer, maxBytes).items(perPage);
  return releases.map((json) => parseRelease(json, place));
}

function ambiguous(tag: string, count: number): SigstepError {
  return new SigstepError("RELEASE_UNUSABLE", `${count} drafts are for the tag ${quote(tag)}.`, {
    hint: "Delete all but one: gh release list shows them.",
    where: "release-tag",
  });
}

function parseRelease(json: JsonValue, place: GitHubPlace): Release {
  const id = json.get("id").integer();
  return {
    id,
    tag: json.get("tag_name").string(),
    draft: json.get("draft").raw === true,
    immutable: json.get("immutable").raw === true,
    uploadUrl: parseUploadUrl(json.get("upload_url"), place, id),
  };
}

/** Believed only where it says what it must: our own release, on the API's own uploads host. */
function parseUploadUrl(json: JsonValue, place: GitHubPlace, id: number): string {
  const url = URL.parse(json.string().replace(/\{\?[a-z,]*\}$/, ""));
  const path = `/repos/${describeRepository(place)}/releases/${id}/assets`.toLowerCase();
  const paths = [path, `/api/uploads${path}`];
  if (
    url?.origin === uploadsOrigin(place) &&
    paths.includes(url.pathname.toLowerCase()) &&
    url.search === ""
  ) {
    return `${url.origin}${url.pathname}`;
  }
  throw json.refuse("is not this release on GitHub's own uploads host");
}

function errand(place: GitHubPlace): Errand {
  return { place, permission: "contents: write", what: "a look at the releases" };
}
