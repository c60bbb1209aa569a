// A release that gets the bundles as assets: what would be refused is known before anything is public,
// and what is there already with the same content counts as done.
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { quote, SigstepError, systemCode } from "../errors.ts";
import { maxBundleBytes } from "../sigstore/bundle.ts";
import { safeAssetNames } from "../stores/asset-names.ts";
import type { GitHubApi } from "../stores/github-api.ts";
import { checkRelease, findRelease, type Release, type ReleaseName } from "../stores/release.ts";
import {
  findEqualAsset,
  listAssets,
  uploadAsset,
  type AssetFile,
  type AssetResult,
  type ReleaseAsset,
} from "../stores/release-assets.ts";
import { readFoundFile } from "../subjects/small-file.ts";

/** The one file with all bundles may be larger than any of them; GitHub takes 2 GiB. */
const maxFileBytes = 8 * maxBundleBytes;

/** A release that takes assets. */
export interface OpenRelease {
  readonly api: GitHubApi;
  readonly release: Release;
  readonly assets: readonly ReleaseAsset[];
}

/** A file that a run will write. */
export interface PlannedAsset {
  readonly path: string;
  /** What it will hold, where an earlier try has made it; undefined where that is not known. */
  readonly expect: () => Promise<string | undefined>;
}

/**
 * Finds the release and refuses it unless it takes assets.
 *
 * @throws SigstepError as `findRelease` and `checkRelease`.
 */
export async function openRelease(api: GitHubApi, name: ReleaseName): Promise<OpenRelease> {
  const release = await findRelease(api, name);
  checkRelease(release);
  return { api, release, assets: await listAssets(api, release) };
}

/**
 * Refuses names that GitHub would change into the same.
 *
 * @throws SigstepError INPUT_NAME, INPUT_NAME_CLASH
 */
export function checkAssetNames(paths: readonly string[]): void {
  safeAssetNames(paths.map((path) => basename(path)));
}

/**
 * Refuses a release that has an asset of one of these names with other content. Only where a name is
 * taken is it asked what the file will hold.
 *
 * @throws SigstepError ASSET_EXISTS
 */
export async function checkAssets(
  { assets }: OpenRelease,
  planned: readonly PlannedAsset[],
): Promise<void> {
  const names = safeAssetNames(planned.map(({ path }) => basename(path)));
  for (const [index, { expect }] of planned.entries()) {
    const name = names[index] ?? "";
    if (!assets.some((asset) => asset.name === name)) continue;
    const content = await expect();
    const known = content === undefined ? { name } : describeAsset(name, Buffer.from(content));
    findEqualAsset(assets, known);
  }
}

/**
 * Adds the files at `paths`, one after the other.
 *
 * @throws SigstepError FILE_UNREADABLE, and as `uploadAsset`.
 */
export async function uploadAssets(
  { api, ...there }: OpenRelease,
  paths: readonly string[],
): Promise<AssetResult[]> {
  const names = safeAssetNames(paths.map((path) => basename(path)));
  const results: AssetResult[] = [];
  for (const [index, path] of paths.entries()) {
    const content = await readWritten(path);
    const file = { ...describeAsset(names[index] ?? "", content), content };
    results.push(await uploadAsset(api, there, file));
  }
  return results;
}

function describeAsset(name: string, content: Uint8Array): AssetFile {
  const digest = createHash("sha256").update(content).digest("hex");
  return { name, size: content.byteLength, digest };
}

/**
 * A file that this run has written.
 *
 * @throws SigstepError FILE_UNREADABLE
 */
export async function readWritten(path: string): Promise<Uint8Array> {
  try {
    return await readFoundFile(path, maxFileBytes);
  } catch (error) {
    throw new SigstepError(
      "FILE_UNREADABLE",
      `${quote(path)}, which this run has written, cannot be read any more (${systemCode(error)}).`,
      { where: path, hint: "Check that nothing else writes or cleans that folder.", cause: error },
    );
  }
}
