// Where attestations go besides their files. Whatever can be asked beforehand is asked here, before the
// first public write: the repository, whether it takes attestations, the release, names and sizes.
import { quote, toSigstepError } from "../errors.ts";
import type { Http } from "../services/http.ts";
import { checkBundleSize } from "../stores/attestations-api.ts";
import { chooseAttestations, type AttestationsChoice } from "../stores/attestations-choice.ts";
import { openGitHubApi, type GitHubApi } from "../stores/github-api.ts";
import { isGitHubCloud } from "../stores/place.ts";
import {
  checkAttestable,
  checkWritable,
  readRepository,
  type RepositoryFacts,
} from "../stores/repository.ts";
import type { EarlierWork } from "./attest-earlier.ts";
import type { AttestPlan, PlannedStatement, PlannedStatements } from "./attest-plan.ts";
import { sizeOfPredicate } from "./attest-predicates.ts";
import type { AttestTerms } from "./attest-request.ts";
import type { Instance } from "./instance.ts";
import type { Subject } from "../subjects/subject.ts";
import { planArtifact } from "./store-artifact.ts";
import {
  describeNotOffered,
  openAttestationStore,
  type AttestationStore,
} from "./store-attestations.ts";
import type { DeliveryTargets } from "./store-delivery.ts";
import { findPlace, findReleaseName, gitHubApiUrl } from "./store-place.ts";
import { recordImage, recordImages } from "./store-record.ts";
import { checkAssetNames, checkAssets, openRelease, type OpenRelease } from "./store-release.ts";
import type { World } from "./world.ts";

/** Everywhere that attestations of a run go. */
export interface AttestStores {
  /** GitHub's attestations API, when bundles go there. */
  readonly attestations: AttestationStore | undefined;
  readonly targets: DeliveryTargets;
  /** Makes the storage record that is asked for, or one for each of `images`; gives the ids. */
  readonly record: (images?: readonly Subject[]) => Promise<readonly string[]>;
}

/**
 * What is known without asking anybody.
 *
 * @throws SigstepError INPUT_CONFLICT, INPUT_NAME, INPUT_NAME_CLASH, INPUT_VALUE
 */
export function checkStores(
  { stores, attestations }: AttestTerms,
  planned: PlannedStatements,
  world: World,
): void {
  if (stores.release !== undefined) checkAssetNames(assetPaths(planned));
  planArtifact(stores, world);
  // Which instance it will be only the token tells.
  choose({ stores, attestations }, "public-good", world);
}

/** Files that become release assets. */
function assetPaths({ files, linesPath }: PlannedStatements): string[] {
  return [...files.map(({ bundlePath }) => bundlePath), linesPath];
}

/**
 * Refuses a release in which this run's names are taken by other content. Where one is, what earlier tries
 * have made tells what this run will write.
 *
 * @throws SigstepError ASSET_EXISTS, and those of the store that is searched.
 */
export async function checkReleaseAssets(
  release: OpenRelease | undefined,
  { files, linesPath }: AttestPlan,
  earlier: EarlierWork,
): Promise<void> {
  if (release === undefined) return;
  const expect = async (item: PlannedStatement): Promise<string | undefined> =>
    (await earlier.find(item))?.text;
  const lines = async (): Promise<string | undefined> => {
    const texts: string[] = [];
    for (const item of files) {
      const text = await expect(item);
      if (text === undefined) return undefined;
      texts.push(text);
    }
    return texts.join("");
  };
  await checkAssets(release, [
    ...files.map((item) => ({ path: item.bundlePath, expect: () => expect(item) })),
    { path: linesPath, expect: lines },
  ]);
}

/** What a run has to prepare with. */
export interface StoreTools {
  readonly world: World;
  readonly http: Http;
}

/**
 * Opens all stores that `request` and circumstances choose.
 *
 * @throws SigstepError whatever GitHub would refuse later, as far as it tells.
 */
export async function openStores(
  request: AttestTerms,
  plan: AttestPlan,
  { world, http }: StoreTools,
): Promise<AttestStores> {
  const { stores } = request;
  const choice = choose(request, kindOf(plan.instance), world);
  if (choice.notice !== "") world.runner.info(choice.notice);
  const artifact = planArtifact(stores, world);
  const wantsApi = choice.store || stores.release !== undefined || request.storageRecord;
  if (stores.gitHubToken === undefined || !wantsApi) {
    return { ...closed(request, world), targets: { release: undefined, artifact } };
  }
  const place = await findPlace(world, stores.gitHubToken);
  const api = openGitHubApi(http, place, { signal: world.signal });
  const facts = await readRepository(api);
  checkWritable(place, facts);
  const attestations = choice.store ? offered(api, facts, { request, world }) : undefined;
  if (attestations !== undefined) checkSizes(plan);
  const { release: wanted } = stores;
  const release =
    wanted === undefined ? undefined : await openRelease(api, await findReleaseName(wanted, world));
  return {
    attestations,
    targets: { release, artifact },
    record: (images) =>
      request.storageRecord ? record(api, { facts, plan, request, world, images }) : none(),
  };
}

const none = (): Promise<readonly string[]> => Promise.resolve([]);

function closed(
  { storageRecord }: AttestTerms,
  { runner }: World,
): Pick<AttestStores, "attestations" | "record"> {
  if (storageRecord) runner.info("No storage record is made: there is no github-token.");
  return { attestations: undefined, record: none };
}

/** The store, unless it is known that the repository has none. */
function offered(
  api: GitHubApi,
  facts: RepositoryFacts,
  { request, world }: { readonly request: AttestTerms; readonly world: World },
): AttestationStore | undefined {
  const isRequired = request.attestations === "always";
  try {
    checkAttestable(api.place, facts);
  } catch (thrown) {
    const error = toSigstepError(thrown);
    if (isRequired || error.code !== "STORE_NOT_OFFERED") throw error;
    world.runner.info(describeNotOffered(error.message));
    return undefined;
  }
  return openAttestationStore(api, { isRequired, runner: world.runner });
}

type Choosing = Pick<AttestTerms, "stores" | "attestations">;

function choose(
  { stores, attestations }: Choosing,
  instance: "public-good" | "github" | "other",
  { runner, job }: World,
): AttestationsChoice {
  return chooseAttestations(attestations, {
    onGitHub: runner.name === "github",
    hasToken: stores.gitHubToken !== undefined,
    instance,
    onGitHubCloud: isGitHubCloud({ apiUrl: gitHubApiUrl(job) }),
  });
}

/** Whose bundles these are: the authority that certifies tells. */
function kindOf({ services }: Instance): "public-good" | "github" | "other" {
  const { hostname } = services.ca.url;
  if (hostname === "fulcio.sigstore.dev") return "public-good";
  return hostname === "fulcio.githubapp.com" ? "github" : "other";
}

/** Certificate, entry and timestamp, and a subject's name and digest, each with room to spare. */
const overheadBytes = 64 * 1024;
const subjectBytes = 256;

/** A bundle holds its statement once, in base64. */
function checkSizes({ files }: AttestPlan): void {
  for (const { predicate, subjects } of files) {
    const said = sizeOfPredicate(predicate);
    checkBundleSize(Math.ceil(((said + subjects.length * subjectBytes) * 4) / 3) + overheadBytes);
  }
}

interface RecordParts {
  readonly facts: RepositoryFacts;
  readonly plan: AttestPlan;
  readonly request: AttestTerms;
  readonly world: World;
  readonly images: readonly Subject[] | undefined;
}

function record(
  api: GitHubApi,
  { facts, plan, request, world, images }: RecordParts,
): Promise<readonly string[]> {
  const subjects = [...new Set(plan.files.flatMap((item) => item.subjects))];
  const { ownerIsOrganization } = facts;
  const { subjectVersion: version } = request;
  if (images !== undefined) {
    return recordImages(api, { subjects: images, version, ownerIsOrganization }, world);
  }
  return recordImage(
    api,
    { subjects, version: request.subjectVersion, ownerIsOrganization },
    world,
  );
}

/** The stores in words, for a dry run. */
export function describeStores({ stores, attestations, storageRecord }: AttestTerms): string[] {
  const { release, artifact, gitHubToken } = stores;
  const hasToken = gitHubToken !== undefined;
  return [
    ...(attestations === "never" || !hasToken
      ? []
      : [`GitHub's attestations API: ${attestations}, as far as repository and instance allow`]),
    ...(release === undefined
      ? []
      : [
          `Release assets: every bundle and the file with all, ${release.kind === "tag" ? `to ${quote(release.tag)}` : "to the event's release"}`,
        ]),
    ...(artifact === undefined
      ? []
      : [
          `Artifact of the run: ${artifact === "job" ? "named after the job" : quote(artifact.name)}`,
        ]),
    ...(storageRecord && hasToken ? ["Storage record of the image"] : []),
  ];
}
