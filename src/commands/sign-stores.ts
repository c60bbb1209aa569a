// Where bundles of files go besides their places: a release, an artifact of the run. What can be asked
// beforehand is asked before anything is public.
import { openGitHubApi } from "../stores/github-api.ts";
import { checkWritable, readRepository } from "../stores/repository.ts";
import type { Http } from "../services/http.ts";
import type { Plan } from "./plan.ts";
import type { SignRequest } from "./request.ts";
import { hasBundle, type SignResults } from "./results.ts";
import { hasBundleFile } from "./signing-run.ts";
import { planArtifact } from "./store-artifact.ts";
import type { DeliveryTargets, Goods } from "./store-delivery.ts";
import { findPlace, findReleaseName } from "./store-place.ts";
import {
  checkAssetNames,
  checkAssets,
  openRelease,
  readWritten,
  type OpenRelease,
} from "./store-release.ts";
import type { StoreRequest } from "./store-request.ts";
import type { World } from "./world.ts";

/**
 * What is known without asking anybody.
 *
 * @throws SigstepError INPUT_CONFLICT, INPUT_NAME, INPUT_NAME_CLASH
 */
export function checkSignStores(stores: StoreRequest, { files }: Plan, world: World): void {
  if (stores.release !== undefined) checkAssetNames(files.map(({ bundlePath }) => bundlePath));
  planArtifact(stores, world);
}

/**
 * Opens what `request` wants.
 *
 * @throws SigstepError whatever GitHub would refuse later, as far as it tells.
 */
export async function openSignTargets(
  request: SignRequest,
  plan: Plan,
  tools: { readonly world: World; readonly http: Http },
): Promise<DeliveryTargets> {
  const artifact = planArtifact(request.stores, tools.world);
  return { artifact, release: await openWanted(request, plan, tools) };
}

async function openWanted(
  { stores: { release, gitHubToken }, force }: SignRequest,
  { files }: Plan,
  { world, http }: { readonly world: World; readonly http: Http },
): Promise<OpenRelease | undefined> {
  if (release === undefined || gitHubToken === undefined) return undefined;
  const place = await findPlace(world, gitHubToken);
  const api = openGitHubApi(http, place, { signal: world.signal });
  checkWritable(place, await readRepository(api));
  const open = await openRelease(api, await findReleaseName(release, world));
  // A bundle that is there will be kept, unless it is not this run's own.
  const expect = async (file: Plan["files"][number]): Promise<string | undefined> =>
    force || !(await hasBundleFile(file))
      ? undefined
      : Buffer.from(await readWritten(file.bundlePath)).toString("utf8");
  await checkAssets(
    open,
    files.map((file) => ({ path: file.bundlePath, expect: () => expect(file) })),
  );
  return open;
}

/** What such a run has to deliver. */
export function goodsOf(
  { files }: SignResults,
  { bundleDir }: Plan,
  manifestPath: string | undefined,
): Goods {
  const made = files.filter(hasBundle);
  return {
    bundlePaths: made.map(({ file }) => file.bundlePath),
    linesPath: undefined,
    ...{ manifestPath, folder: bundleDir, isWhole: made.length === files.length },
  };
}
