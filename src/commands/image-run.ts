// `sign` and `attest` for images. Reads top to bottom: images and predicates, preflight, identity, instance,
// statements, report. Up to the preflight nothing is public.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { quote, toSigstepError } from "../errors.ts";
import type { Http } from "../services/http.ts";
import { chooseByVisibility } from "./attest-instance.ts";
import { createBundleLines, type BundleLines } from "./attest-lines.ts";
import { completePlan } from "./attest-plan.ts";
import type { PlannedPredicate } from "./attest-predicates.ts";
import { expectedPayload } from "./attest-statements.ts";
import type { AttestStores } from "./attest-stores.ts";
import { advise } from "./blame.ts";
import { readCaFile } from "./ca-file.ts";
import { createTokenSource, type TokenSource } from "./identity.ts";
import { findEarlierImages } from "./image-earlier.ts";
import { findEarlierLegacy } from "./image-earlier-legacy.ts";
import { imageOutputs } from "./image-outputs.ts";
import { planImages, signaturePredicate, type PlannedImages } from "./image-plan.ts";
import {
  checkImages,
  requireLegacyLog,
  tellOfPlaces,
  type KnownReferrers,
} from "./image-preflight.ts";
import { openRegistries } from "./image-registry.ts";
import { repairImages } from "./image-repair.ts";
import type { ImageRunRequest } from "./image-run-request.ts";
import { signImages, type ImagePlan } from "./image-statements.ts";
import { createImageWriter } from "./image-storage.ts";
import { findTargets } from "./image-targets.ts";
import { imageVerifyCommand } from "./image-verify-command.ts";
import { readInstance, type Instance } from "./instance.ts";
import { guardPublicLog } from "./leak-guard.ts";
import { checkTargets } from "./preflight.ts";
import { readWorkflowInputs } from "./provenance-inputs.ts";
import { reportRun, type SignReport } from "./report.ts";
import { hasBundle, type SignResults } from "./results.ts";
import type { Subject } from "../subjects/subject.ts";
import type { NetworkSettings, World } from "./world.ts";

const leastConnections = 256;
const runAgain = "Run again: what is stored beside its image is not signed a second time.";

/** What a run is asked, and what it has to do with. */
interface Run {
  readonly request: ImageRunRequest;
  readonly world: World;
  readonly network: NetworkSettings;
  readonly predicates: readonly PlannedPredicate[];
}

/**
 * Does what `request` asks.
 *
 * Statements that fail do not stop the others; they are in the report.
 *
 * @throws SigstepError whatever stops the run as a whole: bad input, an image that is not there or may not
 * be written to, no identity, no certificate.
 */
export async function runImages(request: ImageRunRequest, world: World): Promise<SignReport> {
  const [predicates, caPem] = await Promise.all([
    choosePredicates(request),
    readCaFile(request.caFile),
  ]);
  const run = { request, world, predicates, network: networkOf(request, caPem) };
  if (request.dryRun) return describeOnly(run);
  const http = await world.openHttp({ ...run.network, connections: leastConnections });
  try {
    return await signAll({ ...run, http });
  } catch (thrown) {
    const error = toSigstepError(thrown);
    throw error.code === "CANCELLED" ? advise(error, runAgain) : error;
  } finally {
    await http.close();
  }
}

async function choosePredicates({
  saying,
  predicates,
}: ImageRunRequest): Promise<readonly PlannedPredicate[]> {
  if (saying === "signature") return [signaturePredicate()];
  // YAML and SBOMs are more code than all else that a signature takes.
  const { collectPredicates } = await import("./attest-predicates.ts");
  const said = await collectPredicates(predicates);
  return saying === "attestations" ? said : [signaturePredicate(), ...said];
}

/** Registries and services go through one door; hosts are compared exactly. */
function networkOf(request: ImageRunRequest, caPem: string | undefined): NetworkSettings {
  const { retryBudgetMs: budgetMs, insecureHosts: services, images } = request;
  const insecureHosts = [...services, ...images.registries.insecureHosts];
  return { budgetMs, insecureHosts, ...(caPem === undefined ? {} : { caPem }) };
}

interface OpenRun extends Run {
  readonly http: Http;
}

/** What is known before anything is public. */
interface Prepared {
  readonly plan: ImagePlan;
  readonly known: KnownReferrers;
  readonly tokens: TokenSource;
  readonly stores: AttestStores;
}

async function signAll(run: OpenRun): Promise<SignReport> {
  const { request, world, http } = run;
  const prepared = await prepare(run);
  const { plan, known, tokens, stores } = prepared;
  const makePayload = await payloadMaker(run, prepared);
  const lines = createBundleLines(plan);
  const { force } = request;
  const results = await signImages(plan, {
    ...{ request, world, http, tokens, makePayload },
    storage: request.images.storage,
    earlier: findEarlierImages({ plan, tokens, now: world.now, force, known, makePayload }),
    earlierLegacy: findEarlierLegacy({ plan, tokens, now: world.now, force }),
    writer: createImageWriter(),
    attestations: stores.attestations,
    onBundle: lines.add,
  });
  if (request.images.repairIndex) await repairImages(results, plan, world);
  return report(prepared, results, { ...run, lines });
}

async function prepare(run: OpenRun): Promise<Prepared> {
  const { request, world, http } = run;
  const tokens = createTokenSource(request, world, http);
  const [[planned, known], atHand] = await Promise.all([prepareImages(run), readNamed(run)]);
  const plan = await chooseServices(planned, tokens, { ...run, atHand });
  requireLegacyLog(plan.instance, request.images.storage);
  world.runner.info(`Signing ${countOf(planned)} with ${plan.instance.name}.`);
  await guardPublicLog(await tokens.get(), plan, {
    allowed: request.allowPublicLog,
    describeDigests: () => Promise.resolve(describeDigests(planned)),
  });
  const stores = await openOtherStores(plan, run);
  return { plan, known, tokens, stores };
}

const nowhereElse: AttestStores = {
  attestations: undefined,
  targets: { release: undefined, artifact: undefined },
  record: () => Promise.resolve([]),
};

/** GitHub's stores, whose code is loaded where one of them is wanted. */
async function openOtherStores(
  plan: ImagePlan,
  { request, world, http }: OpenRun,
): Promise<AttestStores> {
  if (!wantsOtherStores(request)) return nowhereElse;
  const { openStores } = await import("./attest-stores.ts");
  return openStores(request, plan, { world, http });
}

function wantsOtherStores({ stores, attestations, storageRecord }: ImageRunRequest): boolean {
  const { release, artifact } = stores;
  return (
    release !== undefined || artifact !== undefined || storageRecord || attestations !== "never"
  );
}

async function prepareImages(run: OpenRun): Promise<[PlannedImages, KnownReferrers]> {
  const { request, world, http, predicates } = run;
  const { images } = request;
  const names = images.images.flatMap((image) =>
    image.kind === "registry" ? [image.reference] : [],
  );
  const open = openRegistries(images.registries, { world, http, names });
  const targets = await findTargets(images, { open, runner: world.runner });
  const planned = planImages({ targets, predicates, ...folderOf(request) }, request.shape);
  await checkTargets(planned);
  if (wantsOtherStores(request)) {
    const { checkStores } = await import("./attest-stores.ts");
    checkStores(request, planned, world);
  }
  const known = await checkImages(targets, images.storage);
  tellOfPlaces(planned, known, world.runner);
  return [planned, known];
}

/** On a command line bundles are in the registry alone unless a folder is named; a job has one of its own. */
function folderOf(request: ImageRunRequest): { bundleDir: string; keepsFiles: boolean } {
  const { bundleDir, jobFolder } = request;
  if (bundleDir !== undefined) return { bundleDir, keepsFiles: true };
  if (jobFolder === undefined) return { bundleDir: ".", keepsFiles: false };
  const folder = join(jobFolder, `sigstep-${randomBytes(8).toString("hex")}`);
  return { bundleDir: folder, keepsFiles: true };
}

/** The instance, where no token has to say which. */
async function readNamed({ request, world, network }: Run): Promise<Instance | undefined> {
  if (!request.namesInstance) return undefined;
  const { insecureHosts, instance } = request;
  return readInstance(instance, { world, network, insecureHosts, offline: false });
}

async function chooseServices(
  planned: PlannedImages,
  tokens: TokenSource,
  { request, world, network, atHand }: OpenRun & { readonly atHand: Instance | undefined },
): Promise<ImagePlan> {
  const { shape, insecureHosts } = request;
  const terms = { world, network, insecureHosts, offline: false };
  const choose = async (): Promise<Instance> =>
    readInstance(chooseByVisibility(await tokens.get(), request), terms);
  const instance = atHand ?? (await choose());
  return { ...completePlan(planned, instance, shape), ...planned };
}

async function payloadMaker(
  { request, world }: OpenRun,
  { plan, tokens }: Prepared,
): Promise<(item: PlannedImages["files"][number]) => ReturnType<typeof expectedPayload>> {
  const { provenanceInputs, oversizeLocation } = request;
  const inputs = provenanceInputs ? await readWorkflowInputs(world) : undefined;
  const extras = { job: world.job, inputs };
  return (item) => expectedPayload(item, { extras, oversizeLocation, plan, tokens });
}

interface EndedRun extends OpenRun {
  readonly lines: BundleLines;
}

async function report(
  { plan, stores }: Prepared,
  results: SignResults,
  { request, world, http, lines }: EndedRun,
): Promise<SignReport> {
  const made = results.files.filter(hasBundle);
  const isWhole = made.length === results.files.length;
  const keepsFiles = plan.files.some(({ isUnwritten }) => isUnwritten !== true);
  const linesPath = keepsFiles ? await lines.write(request.jobFolder) : "";
  const records = isWhole ? await stores.record(recordedImages(plan)) : [];
  const goods = {
    bundlePaths: keepsFiles ? made.map(({ file }) => file.bundlePath) : [],
    linesPath: linesPath === "" ? undefined : plan.linesPath,
    ...{ folder: plan.bundleDir, isWhole },
  };
  const words = saysOnlySignatures(request)
    ? { one: "image", many: "images" }
    : { one: "statement about images", many: "statements about images" };
  return reportRun(plan, results, {
    ...{ request, world, words },
    ownOutputs: await imageOutputs(made, { plan, request, linesPath, records, world }),
    verifyCommand: (result) => imageVerifyCommand(result, request.instance),
    deliver: async (manifestPath) => {
      if (!wantsOtherStores(request)) return [];
      const { deliver } = await import("./store-delivery.ts");
      return deliver(stores.targets, { ...goods, manifestPath }, { http, world });
    },
  });
}

function saysOnlySignatures({ saying }: ImageRunRequest): boolean {
  return saying === "signature";
}

/** Images in registries, as a record names them: the ones that the user has named, not their parts. */
function recordedImages({ files }: ImagePlan): readonly Subject[] {
  const named = files.filter(({ image: { place, platform } }) => {
    return place.kind === "registry" && platform === undefined;
  });
  const images = new Map(named.map(({ image }) => [image.name, image]));
  return [...images.values()].map(({ subjectName, digest }) => ({
    name: subjectName,
    digests: new Map([["sha256", digest.replace(/^sha256:/, "")]]),
  }));
}

const maxShown = 20;

function countOf({ files }: PlannedImages): string {
  return files.length === 1
    ? "1 statement about images"
    : `${files.length} statements about images`;
}

/** The log shows digests of statements; who knows the image can tell that it was signed. */
function describeDigests({ files }: PlannedImages): string[] {
  const shown = files.slice(0, maxShown).map(({ path }) => `  digest of: ${quote(path, 300)}`);
  const rest = files.length - shown.length;
  return rest > 0 ? [...shown, `  and ${rest} more digests`] : shown;
}

async function describeOnly({ request, world, network, predicates }: Run): Promise<SignReport> {
  const { insecureHosts } = request;
  const terms = { world, network, insecureHosts, offline: true };
  const instance = await readInstance(request.instance, terms);
  requireLegacyLog(instance, request.images.storage);
  const { describeImagePlan } = await import("./image-plan-text.ts");
  world.runner.info(describeImagePlan(request, { instance, predicates }));
  const { bundleDir } = folderOf(request);
  const outputs = { status: "dry-run", "bundle-dir": bundleDir } as const;
  for (const [name, value] of Object.entries(outputs)) await world.runner.output(name, value);
  return { status: "dry-run", exitCode: 0, outputs, failures: [], published: [] };
}
