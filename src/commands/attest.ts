// `attest`: subjects × predicates → attestations. Reads top to bottom: subjects and predicates, plan,
// identity, instance, statements, report.
import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { quote, toSigstepError, type SigstepError } from "../errors.ts";
import type { Http } from "../services/http.ts";
import { advise } from "./blame.ts";
import { chooseByVisibility } from "./attest-instance.ts";
import { findEarlierWork } from "./attest-earlier.ts";
import { createBundleLines, type BundleLines } from "./attest-lines.ts";
import {
  completePlan,
  planStatements,
  type AttestPlan,
  type PlannedStatements,
} from "./attest-plan.ts";
import { describeAttestPlan } from "./attest-plan-text.ts";
import { collectPredicates } from "./attest-predicates.ts";
import type { AttestRequest } from "./attest-request.ts";
import { readStatement } from "./attest-statement-file.ts";
import { attestStatements, expectedPayload } from "./attest-statements.ts";
import {
  checkReleaseAssets,
  checkStores,
  describeStores,
  openStores,
  type AttestStores,
} from "./attest-stores.ts";
import { collectSubjects } from "./attest-subjects.ts";
import { checkAttestTargets, readPaths } from "./attest-targets.ts";
import { readCaFile } from "./ca-file.ts";
import { createTokenSource, type TokenSource } from "./identity.ts";
import { readInstance } from "./instance.ts";
import { guardPublicLog } from "./leak-guard.ts";
import { commonFolder } from "./plan.ts";
import { requireProvenance } from "./provenance.ts";
import { readWorkflowInputs } from "./provenance-inputs.ts";
import { reportRun, type SignReport } from "./report.ts";
import { hasBundle, type SignedResult, type SignResults } from "./results.ts";
import { runAgain } from "./signing-run.ts";
import { deliver } from "./store-delivery.ts";
import { verifyAttestationCommand } from "./verify-command.ts";
import type { NetworkSettings, World } from "./world.ts";

const words = { one: "attestation", many: "attestations" };
const leastConnections = 256;

/** What a run is asked, and what it has to do with. */
interface Run {
  readonly request: AttestRequest;
  readonly world: World;
  readonly network: NetworkSettings;
}

/**
 * Does what `request` asks.
 *
 * Statements that fail do not stop the others; they are in the report.
 *
 * @throws SigstepError whatever stops the run as a whole: bad input, no identity, no certificate.
 */
export async function attest(request: AttestRequest, world: World): Promise<SignReport> {
  const { retryBudgetMs: budgetMs, insecureHosts } = request;
  const [{ planned, read }, caPem] = await Promise.all([
    plan(request, world),
    readCaFile(request.caFile),
  ]);
  await checkAttestTargets(planned, read, request.jobFolder);
  checkStores(request, planned, world);
  const network = { budgetMs, insecureHosts, ...(caPem === undefined ? {} : { caPem }) };
  const run = { request, world, network };
  if (request.dryRun) return describeOnly(planned, run);
  const http = await world.openHttp({ ...network, connections: leastConnections });
  try {
    const tokens = createTokenSource(request, world, http);
    const complete = await chooseServices(planned, tokens, run);
    world.runner.info(`Attesting with ${complete.instance.name}.`);
    return await attestAll(complete, { ...run, http, tokens });
  } catch (thrown) {
    const error = toSigstepError(thrown);
    throw error.code === "CANCELLED" ? advise(error, runAgain) : error;
  } finally {
    await http.close();
  }
}

interface Planned {
  readonly planned: PlannedStatements;
  /** Files that the run reads. */
  readonly read: readonly string[];
}

async function plan(request: AttestRequest, world: World): Promise<Planned> {
  if (request.statementPath !== undefined) {
    const statement = await readStatement(request.statementPath);
    const bundleDir = request.bundleDir ?? defaultFolder([request.statementPath], request);
    const planned = planStatements({ ...statement, bundleDir }, request.shape);
    return { planned, read: readPaths(request, [], []) };
  }
  const [{ subjects, paths, unmatched }, predicates] = await Promise.all([
    collectSubjects(request.subjects, world.signal),
    collectPredicates(request.predicates),
  ]);
  if (unmatched.length > 0) {
    const items = unmatched.slice(0, maxShown).map((item) => quote(item, 80));
    world.runner.info(`No file matches ${items.join(", ")} of subject-path.`);
  }
  const bundleDir = request.bundleDir ?? defaultFolder(paths, request);
  const planned = planStatements({ subjects, predicates, bundleDir }, request.shape);
  return { planned, read: readPaths(request, paths, predicates) };
}

/** An action's user does not expect files beside the release's own: they go into a folder of the job. */
function defaultFolder(paths: readonly string[], { jobFolder }: AttestRequest): string {
  if (jobFolder !== undefined) {
    return join(jobFolder, `sigstep-${randomBytes(8).toString("hex")}`);
  }
  return paths.length === 0 ? "." : commonFolder(paths.map((path) => dirname(path)));
}

async function chooseServices(
  planned: PlannedStatements,
  tokens: TokenSource,
  { request, world, network }: Run,
): Promise<AttestPlan> {
  const { insecureHosts, shape } = request;
  const terms = { world, network, insecureHosts, offline: false };
  const choice = request.namesInstance
    ? request.instance
    : chooseByVisibility(await tokens.get(), request);
  return completePlan(planned, await readInstance(choice, terms), shape);
}

interface OpenRun extends Run {
  readonly http: Http;
  readonly tokens: TokenSource;
}

async function attestAll(complete: AttestPlan, run: OpenRun): Promise<SignReport> {
  const { request, world, http, tokens } = run;
  await guardPublicLog(await tokens.get(), complete, {
    allowed: request.allowPublicLog,
    describeDigests: () => Promise.resolve(describeStatements(complete)),
  });
  const extras = {
    job: world.job,
    inputs: request.provenanceInputs ? await readWorkflowInputs(world) : undefined,
  };
  if (complete.files.some(({ predicate }) => predicate.kind === "provenance")) {
    requireProvenance(await tokens.get(), extras);
  }
  const stores = await openStores(request, complete, run);
  const { oversizeLocation } = request;
  const context = { request, world, http, tokens, extras, oversizeLocation };
  const earlier = findEarlierWork({
    ...{ plan: complete, tokens, now: world.now, force: request.force },
    store: stores.attestations,
    makePayload: (item) => expectedPayload(item, { ...context, plan: complete }),
  });
  await checkReleaseAssets(stores.targets.release, complete, earlier);
  const lines = createBundleLines(complete);
  const results = await attestStatements(complete, {
    ...{ ...context, earlier, store: stores.attestations },
    onBundle: lines.add,
  });
  return reportAll(complete, results, { ...run, stores, lines });
}

interface EndedRun extends OpenRun {
  readonly stores: AttestStores;
  readonly lines: BundleLines;
}

async function reportAll(
  plan: AttestPlan,
  results: SignResults,
  { request, world, http, stores, lines }: EndedRun,
): Promise<SignReport> {
  const made = results.files.filter(hasBundle);
  const isWhole = made.length === results.files.length;
  const [bundlePath, unwritten] = await writeLines(lines, request);
  const [recordIds, unrecorded] = isWhole ? await makeRecord(stores) : ["", []];
  const ownOutputs = {
    "bundle-path": bundlePath,
    ...attestationOutputs(made),
    "storage-record-ids": recordIds,
  };
  const goods = {
    bundlePaths: made.map(({ file }) => file.bundlePath),
    linesPath: bundlePath === "" ? undefined : plan.linesPath,
    ...{ folder: plan.bundleDir, isWhole },
  };
  return reportRun(plan, results, {
    ...{ request, world, words, ownOutputs },
    verifyCommand: (result) => verifyAttestationCommand(result, request.instance),
    deliver: async (manifestPath) => [
      ...unwritten,
      ...unrecorded,
      ...(await deliver(stores.targets, { ...goods, manifestPath }, { http, world })),
    ],
  });
}

/** What cannot be written here is told with the results: they stand. */
async function writeLines(
  lines: BundleLines,
  { jobFolder }: AttestRequest,
): Promise<[path: string, unwritten: SigstepError[]]> {
  try {
    return [await lines.write(jobFolder), []];
  } catch (error) {
    return ["", [toSigstepError(error)]];
  }
}

/** A run that is cancelled here has made its attestations, and says so. */
async function makeRecord({
  record,
}: AttestStores): Promise<[ids: string, unmade: SigstepError[]]> {
  try {
    return [(await record()).join(","), []];
  } catch (error) {
    return ["", [toSigstepError(error)]];
  }
}

/** As actions/attest names them; it makes one attestation a step, we may make several. */
function attestationOutputs(made: readonly SignedResult[]): Record<string, string | string[]> {
  const stored = made.flatMap(({ attestation }) => attestation ?? []);
  return {
    "attestation-id": stored[0]?.id ?? "",
    "attestation-url": stored[0]?.url.href ?? "",
    "attestation-urls": stored.map(({ url }) => url.href),
  };
}

const maxShown = 20;

function describeStatements({ files }: PlannedStatements): string[] {
  const shown = files.slice(0, maxShown).map(({ path }) => `  digest of: ${quote(path)}`);
  const rest = files.length - shown.length;
  return rest > 0 ? [...shown, `  and ${rest} more digests`] : shown;
}

async function describeOnly(
  planned: PlannedStatements,
  { request, world, network }: Run,
): Promise<SignReport> {
  const { insecureHosts, shape } = request;
  const terms = { world, network, insecureHosts, offline: true };
  const instance = await readInstance(request.instance, terms);
  const complete = completePlan(planned, instance, shape);
  const lines = [describeAttestPlan(complete, request.namesInstance), ...describeStores(request)];
  world.runner.info(lines.join("\n"));
  const outputs = { status: "dry-run", "bundle-dir": complete.bundleDir } as const;
  for (const [name, value] of Object.entries(outputs)) await world.runner.output(name, value);
  return { status: "dry-run", exitCode: 0, outputs, failures: [], published: [] };
}
