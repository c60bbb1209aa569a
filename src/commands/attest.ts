// `attest`: subjects × predicates → attestations. Reads top to bottom: subjects and predicates, plan,
// identity, instance, statements, report.
import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import { quote, toSigstepError } from "../errors.ts";
import type { Http } from "../services/http.ts";
import { advise } from "./blame.ts";
import { chooseByVisibility } from "./attest-instance.ts";
import { createBundleLines } from "./attest-lines.ts";
import {
  completePlan,
  planStatements,
  type AttestPlan,
  type PlannedStatements,
} from "./attest-plan.ts";
import { describeAttestPlan } from "./attest-plan-text.ts";
import { collectPredicates } from "./attest-predicates.ts";
import type { AttestRequest } from "./attest-request.ts";
import { attestStatements } from "./attest-statements.ts";
import { collectSubjects } from "./attest-subjects.ts";
import { readCaFile } from "./ca-file.ts";
import { createTokenSource, type TokenSource } from "./identity.ts";
import { readInstance } from "./instance.ts";
import { guardPublicLog } from "./leak-guard.ts";
import { commonFolder } from "./plan.ts";
import { checkTargets } from "./preflight.ts";
import { readWorkflowInputs } from "./provenance-inputs.ts";
import { reportRun, type SignReport } from "./report.ts";
import { runAgain } from "./signing-run.ts";
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
  const [planned, caPem] = await Promise.all([plan(request, world), readCaFile(request.caFile)]);
  await checkTargets(planned);
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

async function plan(request: AttestRequest, world: World): Promise<PlannedStatements> {
  const [{ subjects, paths, unmatched }, predicates] = await Promise.all([
    collectSubjects(request.subjects, world.signal),
    collectPredicates(request.predicates),
  ]);
  if (unmatched.length > 0) {
    const items = unmatched.slice(0, maxShown).map((item) => quote(item, 80));
    world.runner.info(`No file matches ${items.join(", ")} of subject-path.`);
  }
  const bundleDir = request.bundleDir ?? defaultFolder(paths, request);
  return planStatements({ subjects, predicates, bundleDir }, request.shape);
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
  const lines = createBundleLines(complete);
  const results = await attestStatements(complete, {
    ...{ request, world, http, tokens },
    oversizeLocation: request.oversizeLocation,
    extras: {
      job: world.job,
      inputs: request.provenanceInputs ? await readWorkflowInputs(world) : undefined,
    },
    onBundle: (item, bundle) => {
      lines.add(item, bundle);
      return Promise.resolve();
    },
  });
  const ownOutputs = { "bundle-path": await lines.write(request.jobFolder) };
  return reportRun(complete, results, {
    ...{ request, world, words, ownOutputs },
    verifyCommand: (result) => verifyAttestationCommand(result, request.instance),
  });
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
  world.runner.info(describeAttestPlan(complete, request.namesInstance));
  const outputs = { status: "dry-run", "bundle-dir": complete.bundleDir } as const;
  for (const [name, value] of Object.entries(outputs)) await world.runner.output(name, value);
  return { status: "dry-run", exitCode: 0, outputs, failures: [], published: [] };
}
