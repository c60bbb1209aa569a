// What happens to bundles once all are made: release assets, then the run's artifact. Each step is tried
// whatever became of the other, and what fails is told with the results.
import { quote, toSigstepError, type SigstepError } from "../errors.ts";
import type { Http } from "../services/http.ts";
import { keepArtifact, type PlannedArtifact } from "./store-artifact.ts";
import { uploadAssets, type OpenRelease } from "./store-release.ts";
import type { World } from "./world.ts";

/** Where bundles go. */
export interface DeliveryTargets {
  readonly release: OpenRelease | undefined;
  readonly artifact: PlannedArtifact | undefined;
}

/** What is delivered. */
export interface Goods {
  /** Of the bundles that there are. */
  readonly bundlePaths: readonly string[];
  /** The one file with all bundles, when there is one. */
  readonly linesPath: string | undefined;
  readonly manifestPath: string | undefined;
  /** Folder that they are named by. */
  readonly folder: string;
  /** Whether every bundle that was asked for is there. */
  readonly isWhole: boolean;
}

/** Delivers; gives what failed. Never throws. */
export async function deliver(
  { release, artifact }: DeliveryTargets,
  goods: Goods,
  { http, world }: { readonly http: Http; readonly world: World },
): Promise<SigstepError[]> {
  if (goods.bundlePaths.length === 0) return [];
  const problems = [
    release === undefined ? undefined : await attempt(() => addToRelease(release, goods, world)),
    artifact === undefined
      ? undefined
      : await attempt(() => addToRun(artifact, goods, { http, world })),
  ];
  return problems.filter((problem) => problem !== undefined);
}

async function attempt(step: () => Promise<void>): Promise<SigstepError | undefined> {
  try {
    await step();
    return undefined;
  } catch (thrown) {
    return toSigstepError(thrown);
  }
}

async function addToRelease(
  open: OpenRelease,
  { bundlePaths, linesPath, isWhole }: Goods,
  { runner }: World,
): Promise<void> {
  // Some bundles only would take the name from all of them, and a rerun could not put it right.
  const lines = linesPath !== undefined && isWhole ? [linesPath] : [];
  const results = await uploadAssets(open, [...bundlePaths, ...lines]);
  const reused = results.filter((result) => result.reused).length;
  const there = reused === 0 ? "" : `, ${reused} of them there already`;
  runner.info(
    `Release ${quote(open.release.tag)} has ${results.length} assets of this run${there}.`,
  );
  if (linesPath !== undefined && !isWhole) {
    runner.info("The file with all bundles is not added to the release, since some are missing.");
  }
}

async function addToRun(
  artifact: PlannedArtifact,
  { bundlePaths, linesPath, manifestPath, folder }: Goods,
  { http, world }: { readonly http: Http; readonly world: World },
): Promise<void> {
  const paths = [...bundlePaths, ...[linesPath, manifestPath].filter((path) => path !== undefined)];
  const { id } = await keepArtifact(http, artifact, { paths, folder });
  world.runner.info(
    `The run's artifact ${quote(artifact.name)} (${id}) has ${paths.length} files.`,
  );
}
