// What refers to an image: the referrers API, and the index at a tag where there is none.
// distribution-spec, "Listing Referrers" and "Unavailable Referrers API".
import { parseJson } from "../encoding/json.ts";
import { quote, SigstepError } from "../errors.ts";
import { findManifest } from "./client.ts";
import { parseDescriptor, type Descriptor } from "./descriptor.ts";
import { imageIndexType, maxManifestBytes } from "./manifest.ts";
import { formatRepository } from "./reference.ts";
import { refusedBy } from "./refusal.ts";
import type { Repository, RepositoryResponse } from "./transport.ts";

/** Referrers, and where they are listed. */
export interface Referrers {
  readonly listedBy: "api" | "fallback";
  readonly entries: readonly Descriptor[];
}

/** What to list. */
export interface ReferrersFilter {
  /** Beginning of the artifact type; all when absent. */
  readonly artifactType?: string;
  /** Most entries to read, of any type; 1000 unless given. */
  readonly maxEntries?: number;
}

const maxPages = 64;
/** No API: not there, or not for this kind of request. */
const absent: ReadonlySet<number> = new Set([404, 405, 406, 415, 501]);

/** The tag of the index that stands in for the API: `sha256-…`. */
export function fallbackTag(digest: string): string {
  const [algorithm = "", hex = ""] = digest.split(":");
  return `${algorithm.slice(0, 32)}-${hex.slice(0, 64)}`;
}

/**
 * All that refers to `digest`, whoever made it: nothing in it is proven.
 *
 * @throws SigstepError REGISTRY_ANSWER_INVALID for too many, pages in a circle or elsewhere; IMAGE_INVALID for
 * an index that cannot be read; REGISTRY_REFUSED; those of the door
 */
export async function listReferrers(
  repository: Repository,
  digest: string,
  filter: ReferrersFilter = {},
): Promise<Referrers> {
  const listed = await askApi(repository, digest, filter);
  if (listed !== undefined) {
    withApi.add(repository);
    return { listedBy: "api", entries: matching(listed, filter) };
  }
  const index = await findManifest(repository, fallbackTag(digest));
  if (index === undefined) return { listedBy: "fallback", entries: [] };
  if (index.content.kind !== "index") throw notAnIndex(repository, digest);
  const { manifests } = index.content;
  assertCount(repository, manifests.length, filter);
  return { listedBy: "fallback", entries: matching(manifests, filter) };
}

/** Whether the registry has the referrers API, asked about an image that exists. */
export async function hasReferrersApi(repository: Repository, digest: string): Promise<boolean> {
  if (withApi.has(repository)) return true;
  const page = await requestPage(repository, `referrers/${digest}`);
  if (page !== undefined) withApi.add(repository);
  return page !== undefined;
}

/** Repositories whose registry has shown the API to be there. */
const withApi = new WeakSet<Repository>();

/** @throws SigstepError when what stands at the fallback tag is not an index: it is not ours to replace */
export function notAnIndex({ name }: Repository, digest: string): SigstepError {
  const where = formatRepository(name);
  return new SigstepError(
    "IMAGE_INVALID",
    `The tag ${fallbackTag(digest)} of ${where} is an image, not the index of what refers to ${digest}.`,
    { hint: "Remove that tag, or move it: the OCI specification reserves its name.", where },
  );
}

/** Filtered here, whether or not the registry says that it has (OCI-Filters-Applied). */
function matching(
  entries: readonly Descriptor[],
  { artifactType = "" }: ReferrersFilter,
): readonly Descriptor[] {
  const once = new Map(entries.map((entry) => [entry.digest, entry]));
  return [...once.values()].filter((entry) => (entry.artifactType ?? "").startsWith(artifactType));
}

/** undefined when there is no API. */
async function askApi(
  repository: Repository,
  digest: string,
  filter: ReferrersFilter,
): Promise<readonly Descriptor[] | undefined> {
  const entries: Descriptor[] = [];
  const seen = new Set<string>();
  let path: string | URL = `referrers/${digest}`;
  for (let pages = 0; pages < maxPages; pages++) {
    const response: RepositoryResponse | undefined = await requestPage(repository, path);
    if (response === undefined) return pages === 0 ? undefined : entries;
    entries.push(...parsePage(repository, response));
    assertCount(repository, entries.length, filter);
    const next = nextPage(repository, response);
    if (next === undefined) return entries;
    if (seen.has(next.href)) throw listInvalid(repository, "its pages lead in a circle");
    seen.add(next.href);
    path = next;
  }
  throw listInvalid(repository, `it has more than ${maxPages} pages`);
}

/** undefined when there is no API. */
async function requestPage(
  repository: Repository,
  path: string | URL,
): Promise<RepositoryResponse | undefined> {
  const headers = { accept: imageIndexType };
  const maxBytes = maxManifestBytes;
  const response = await repository.send({
    method: "GET",
    path,
    access: "pull",
    headers,
    maxBytes,
  });
  if (absent.has(response.status)) return undefined;
  if (response.status === 200) {
    const type = response.headers["content-type"]?.split(";")[0]?.trim();
    // Some proxies answer every address with a page of their own.
    return type === imageIndexType || type === "application/json" ? response : undefined;
  }
  throw await refusedBy(repository, response, { what: "list referrers", access: "pull" });
}

function parsePage(repository: Repository, { body }: RepositoryResponse): readonly Descriptor[] {
  const json = parseJson(body, {
    label: `list of referrers of ${formatRepository(repository.name)}`,
    code: "REGISTRY_ANSWER_INVALID",
    maxBytes: maxManifestBytes,
  });
  return json.get("manifests").itemsOrNone(maxPageEntries).map(parseDescriptor);
}

const maxPageEntries = 20_000;

/** RFC 8288: `<address>; rel="next"`. It may only lead to another page of the same list. */
function nextPage(repository: Repository, { url, headers }: RepositoryResponse): URL | undefined {
  const [, target] = /<([^<>]{1,4096})>\s*;[^<>]*rel="?next"?/i.exec(headers.link ?? "") ?? [];
  if (target === undefined) return undefined;
  const next = URL.parse(target, url.href);
  if (next?.origin === url.origin && next.pathname === url.pathname) return next;
  throw listInvalid(repository, `its next page is said to be at ${quote(target, 140)}`);
}

function assertCount(
  repository: Repository,
  count: number,
  { maxEntries = 1000 }: ReferrersFilter,
): void {
  if (count > maxEntries) throw listInvalid(repository, `it has more than ${maxEntries} entries`);
}

function listInvalid({ name }: Repository, why: string): SigstepError {
  const where = formatRepository(name);
  return new SigstepError(
    "REGISTRY_ANSWER_INVALID",
    `The list of referrers of ${where} is not usable: ${why}.`,
    { where },
  );
}
