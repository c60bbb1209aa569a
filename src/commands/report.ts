// Results → manifest, log, outputs, summary. Each is written once, here, when everything has ended; what
// cannot be written does not keep the others back.
import { quote, SigstepError, toSigstepError, type Published } from "../errors.ts";
import type { Runner } from "../runner/runner.ts";
import { describeError } from "./error-text.ts";
import { encodeManifest } from "./manifest.ts";
import type { Plan, PlannedItem } from "./plan.ts";
import { describeCount, printResults } from "./report-text.ts";
import type { RunRequest } from "./request.ts";
import {
  certificateFacts,
  hasBundle,
  publishedBesides,
  publishedInBundles,
  type FailedResult,
  type RunWords,
  type SignedResult,
  type SignResults,
} from "./results.ts";
import { renderSummary } from "./summary.ts";
import type { World } from "./world.ts";
import { writeWhole } from "./write.ts";

const maxListed = 200;
const maxCommands = 10;

/** How a run ended. `partial`: some files, or the report, could not be written. */
export type SignStatus = "signed" | "partial" | "failed" | "dry-run";

/** What `--json` prints and the entry needs. */
export interface SignReport {
  readonly status: SignStatus;
  readonly exitCode: 0 | 1;
  /** By output name; lists are whole. */
  readonly outputs: Readonly<Record<string, string | readonly string[]>>;
  readonly failures: readonly FailedResult[];
  /** What is public for ever and in no bundle. */
  readonly published: readonly Published[];
  /** Why the report itself is not complete. Everything that the run has made public is in it. */
  readonly error?: SigstepError;
}

/** What a report needs besides the results. */
export interface ReportContext {
  readonly request: Pick<RunRequest, "showSummary">;
  readonly world: World;
  readonly words: RunWords;
  /** The command with which anyone checks a result. */
  readonly verifyCommand: (result: SignedResult) => string;
  /** Outputs besides those that every run has. */
  readonly ownOutputs?: SignReport["outputs"];
  /** Takes bundles and manifest elsewhere; gives what failed. Never throws. */
  readonly deliver?: (manifestPath: string | undefined) => Promise<readonly SigstepError[]>;
}

type ReportPlan = Plan<PlannedItem>;

/** Reports a run; never throws. Whatever cannot be written is told as a failure of the run. */
export async function reportRun(
  plan: ReportPlan,
  results: SignResults,
  context: ReportContext,
): Promise<SignReport> {
  const { request, world, words, ownOutputs = {} } = context;
  const { runner } = world;
  const { manifestPath, problems } = await writeAndDeliver(plan, results, context);
  const status = statusOf(results, problems.length === 0);
  const outputs = {
    ...{ status, "bundle-dir": plan.bundleDir },
    "manifest-path": manifestPath ?? "",
    ...collectOutputs(results, context),
    ...ownOutputs,
  };
  const noOutputs = await attempt(() => handOver(outputs, runner));
  const error = joinErrors([...problems, noOutputs], results);
  if (error !== undefined) runner.fail(describeError(error));
  const manifest = manifestPath === undefined ? "" : ` Manifest: ${quote(manifestPath)}`;
  runner.info(`${describeCount(results, words)} in ${results.seconds.toFixed(1)} s.${manifest}`);
  if (request.showSummary) await summarize(results, plan, context);
  return {
    ...{ status, outputs, exitCode: status === "signed" && error === undefined ? 0 : 1 },
    failures: results.files.filter((result) => result.kind === "failed"),
    published: publishedBesides(results),
    ...(error === undefined ? {} : { error }),
  };
}

interface Delivered {
  /** Undefined when there is none. */
  readonly manifestPath: string | undefined;
  readonly problems: readonly SigstepError[];
}

async function writeAndDeliver(
  plan: ReportPlan,
  results: SignResults,
  { world, deliver }: ReportContext,
): Promise<Delivered> {
  const noManifest = await attempt(() => writeManifest(plan, results, world));
  printResults(results, world.runner);
  const manifestPath = noManifest === undefined ? plan.manifestPath : undefined;
  const undelivered = (await deliver?.(manifestPath)) ?? [];
  const problems = noManifest === undefined ? undelivered : [noManifest, ...undelivered];
  return { manifestPath, problems };
}

async function attempt(step: () => Promise<void>): Promise<SigstepError | undefined> {
  try {
    await step();
    return undefined;
  } catch (error) {
    return toSigstepError(error);
  }
}

async function writeManifest(
  plan: ReportPlan,
  results: SignResults,
  { runner, version }: World,
): Promise<void> {
  const status = statusOf(results, true);
  const text = encodeManifest({ plan, results, status, version });
  try {
    await writeWhole(plan.manifestPath, runner.redact(text));
  } catch (thrown) {
    const { code, message, hint, where } = toSigstepError(thrown);
    throw new SigstepError(code, `There is no manifest: ${message}`, { hint, where });
  }
}

async function handOver(outputs: SignReport["outputs"], runner: Runner): Promise<void> {
  for (const [name, value] of Object.entries(outputs)) {
    await runner.output(name, typeof value === "string" ? value : encodeLines(value));
  }
}

/** A page for people: a run that lacks it has done all the same what it was asked for. */
async function summarize(
  results: SignResults,
  { instance }: ReportPlan,
  { world: { runner }, words }: ReportContext,
): Promise<void> {
  const redact = (text: string): string => runner.redact(text);
  const parts = { title: describeCount(results, words), results, instance: instance.name, redact };
  const lost = await attempt(() => runner.summary(renderSummary(parts)));
  if (lost !== undefined) runner.info(lost.message);
}

/** The errors as one that says all that is public: nothing else may say it. */
function joinErrors(
  errors: readonly (SigstepError | undefined)[],
  results: SignResults,
): SigstepError | undefined {
  const found = errors.filter((error) => error !== undefined);
  const [first] = found;
  if (first === undefined) return undefined;
  const message = found.map((error) => error.message).join("\n");
  const hint = [...new Set(found.map((error) => error.hint))].join("\n");
  const published = [...publishedBesides(results), ...publishedInBundles(results)];
  return new SigstepError(first.code, message, {
    ...{ hint, published, where: first.where, cause: first.cause },
  });
}

function statusOf({ files }: SignResults, isReported: boolean): SignStatus {
  const signed = files.filter(hasBundle).length;
  if (signed === 0) return "failed";
  return signed === files.length && isReported ? "signed" : "partial";
}

/**
 * Outputs of an action are read by people and by shells: long lists are cut, the manifest has all. A
 * value that is more than one line leaves its line empty, so that lists stay side by side.
 */
function encodeLines(values: readonly string[]): string {
  const lines = values.slice(0, maxListed).map((value) => (/[\r\n]/.test(value) ? "" : value));
  return lines.join("\n");
}

function collectOutputs(
  results: SignResults,
  { verifyCommand }: ReportContext,
): SignReport["outputs"] {
  const signed = results.files.filter(hasBundle);
  const certificate = results.certificates.at(-1);
  const facts = certificate === undefined ? signed[0]?.certificate : certificateFacts(certificate);
  const verifiable = signed.slice(0, maxCommands);
  return {
    "bundle-paths": signed.map(({ file }) => file.bundlePath),
    "log-indexes": signed.map(({ entries }) => entries.map(({ logIndex }) => logIndex).join(" ")),
    "verify-commands": verifiable.map(verifyCommand),
    "certificate-identity": facts?.identity ?? "",
    "certificate-oidc-issuer": facts?.issuer ?? "",
  };
}
