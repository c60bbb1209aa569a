// Assets of a release: what is there, what may be added, and adding it so that a rerun does no harm.
// Nothing is replaced, and nothing deleted but what this very upload left unfinished.
// https://docs.github.com/en/rest/releases/assets
import type { JsonValue } from "../encoding/json.ts";
import { quote, SigstepError } from "../errors.ts";
import { isSuccess, parseAnswer } from "../services/answer.ts";
import type { HttpResponse } from "../services/http.ts";
import type { GitHubApi } from "./github-api.ts";
import { findNextPage } from "./pages.ts";
import { gitHubRefusal, type Errand } from "./refusal.ts";
import { immutableRelease, notFound, type Release } from "./release.ts";

const service = "GitHub's release assets";
const timeoutMs = 30_000;
const uploadMs = 300_000;
const maxBytes = 4 * 1024 * 1024;
const perPage = 100;
/** GitHub's limit is 1000 assets a release. */
const maxPages = 10;
const maxTries = 3;

/** An asset of a release. */
export interface ReleaseAsset {
  readonly id: number;
  readonly name: string;
  readonly size: number;
  /** `sha256:<hex>`; undefined for old assets and on instances that do not compute it. */
  readonly digest: string | undefined;
  /** False for what an upload that broke has left behind. */
  readonly complete: boolean;
  /** Where people download it. */
  readonly url: string;
}

/** A file to add. */
export interface AssetFile {
  /** Made safe by `safeAssetNames`. */
  readonly name: string;
  readonly size: number;
  /** SHA-256 of its bytes, lower-case hexadecimal. */
  readonly digest: string;
}

/** What became of a file. */
export interface AssetResult {
  readonly asset: ReleaseAsset;
  /** The same content was there already. */
  readonly reused: boolean;
}

/**
 * All assets of a release.
 *
 * @throws SigstepError RELEASE_UNUSABLE when it is gone, PERMISSION_MISSING, STORE_REFUSED,
 * SERVICE_ANSWER_INVALID, and those of the door.
 */
export async function listAssets(api: GitHubApi, release: Release): Promise<ReleaseAsset[]> {
  const assets: ReleaseAsset[] = [];
  for (let page = 1; page <= maxPages; page += 1) {
    const answer = await api.ask({
      ...{ service, timeoutMs, maxBytes },
      route: "GET /repos/{owner}/{repo}/releases/{release_id}/assets",
      parameters: { release_id: release.id, per_page: perPage, page },
    });
    if (!isSuccess(answer)) throw explain(api, release, answer);
    assets.push(...parseAnswer(service, answer, maxBytes).items(perPage).map(parseAsset));
    if (findNextPage(answer, "page") === undefined) break;
  }
  return assets;
}

/**
 * The asset that makes an upload unnecessary: same name, same content.
 *
 * Before signing, the content is not known: pass the name alone, and any asset of that name is refused.
 *
 * @throws SigstepError ASSET_EXISTS when the name is taken by anything else.
 */
export function findEqualAsset(
  assets: readonly ReleaseAsset[],
  file: Pick<AssetFile, "name"> & Partial<AssetFile>,
): ReleaseAsset | undefined {
  const found = assets.find(({ name }) => name === file.name);
  if (found === undefined || isEqual(found, file)) return found;
  throw assetExists(found);
}

/**
 * Adds `content` to `release` unless it is there.
 *
 * @param assets - As {@link listAssets} gave them before.
 * @throws SigstepError ASSET_EXISTS, RELEASE_UNUSABLE when it is gone or frozen meanwhile,
 * PERMISSION_MISSING, STORE_REFUSED, SERVICE_ANSWER_INVALID, and those of the door.
 */
export async function uploadAsset(
  api: GitHubApi,
  { release, assets }: { readonly release: Release; readonly assets: readonly ReleaseAsset[] },
  file: AssetFile & { readonly content: Uint8Array },
): Promise<AssetResult> {
  const known = findEqualAsset(assets, file);
  if (known !== undefined) return { asset: known, reused: true };
  for (let tries = 1; ; tries += 1) {
    const { answer, retried } = await send(api, release, file);
    if (isSuccess(answer)) return { asset: parseUploaded(answer, file), reused: false };
    const rival = await findRival(api, release, { answer, name: file.name });
    if (isEqual(rival, file)) return { asset: rival, reused: !retried };
    // It was not there before, and a try of ours may have got through half-way.
    const isOurs = retried && !rival.complete;
    if (!isOurs || tries === maxTries) throw assetExists(rival);
    await remove(api, release, rival);
  }
}

interface Sent {
  readonly answer: HttpResponse;
  /** An earlier try of this request may have got through. */
  readonly retried: boolean;
}

async function send(
  api: GitHubApi,
  release: Release,
  { name, content }: AssetFile & { readonly content: Uint8Array },
): Promise<Sent> {
  let retried = false;
  const answer = await api.ask({
    ...{ service, timeoutMs: uploadMs, maxBytes },
    route: `POST ${release.uploadUrl}{?name}`,
    parameters: { name },
    body: { type: "application/octet-stream", content },
    onRetry: () => (retried = true),
  });
  return { answer, retried };
}

function nameIsTaken(answer: HttpResponse): boolean {
  if (answer.status !== 422) return false;
  return /"code"\s*:\s*"already_exists"/.test(Buffer.from(answer.body).toString("latin1"));
}

/** The asset that has the name, when that is why GitHub refused. */
async function findRival(
  api: GitHubApi,
  release: Release,
  { answer, name }: { readonly answer: HttpResponse; readonly name: string },
): Promise<ReleaseAsset> {
  const assets = nameIsTaken(answer) ? await listAssets(api, release) : [];
  const rival = assets.find((asset) => asset.name === name);
  if (rival === undefined) throw explain(api, release, answer);
  return rival;
}

async function remove(api: GitHubApi, release: Release, { id }: ReleaseAsset): Promise<void> {
  const answer = await api.ask({
    ...{ service, timeoutMs, maxBytes },
    route: "DELETE /repos/{owner}/{repo}/releases/assets/{asset_id}",
    parameters: { asset_id: id },
  });
  if (!isSuccess(answer) && answer.status !== 404) throw explain(api, release, answer);
}

/** Without a digest of GitHub's the size has to do: the bundle verifies or not, wherever it lies. */
function isEqual(asset: ReleaseAsset, { name, size, digest }: Partial<AssetFile>): boolean {
  if (!asset.complete || asset.name !== name || asset.size !== size) return false;
  return asset.digest === undefined || asset.digest === `sha256:${digest ?? ""}`;
}

function parseUploaded(answer: HttpResponse, file: AssetFile): ReleaseAsset {
  const json = parseAnswer(service, answer, maxBytes);
  const asset = parseAsset(json);
  if (isEqual(asset, { ...file, name: asset.name })) return asset;
  throw json.refuse(`tells of other bytes than the ${file.size} sent`);
}

function parseAsset(json: JsonValue): ReleaseAsset {
  return {
    id: json.get("id").integer(),
    name: json.get("name").string(),
    size: json.get("size").integer(),
    digest: json.get("digest").optional()?.string(),
    complete: json.get("state").string() === "uploaded",
    url: json.get("browser_download_url").string(),
  };
}

function assetExists({ name, complete }: ReleaseAsset): SigstepError {
  const shown = /^[\w.+-]+$/.test(name) ? name : "NAME";
  return new SigstepError(
    "ASSET_EXISTS",
    complete
      ? `The release has an asset ${quote(name)} with other content.`
      : `The release has an asset ${quote(name)} whose upload never ended.`,
    {
      hint: `Assets that this run did not write are left alone. Delete it (gh release delete-asset TAG ${shown}) or set another bundle-name.`,
      where: name,
    },
  );
}

function explain(api: GitHubApi, release: Release, answer: HttpResponse): SigstepError {
  if (/immutable release/i.test(answer.excerpt())) return immutableRelease(release.tag);
  if (answer.status === 404) return notFound(api.place, { id: release.id });
  const errand: Errand = {
    place: api.place,
    permission: "contents: write",
    what: "the release asset",
  };
  return gitHubRefusal(answer, errand);
}
