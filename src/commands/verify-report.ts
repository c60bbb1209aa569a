// Results of `verify` → log, JSON, results file, outputs, summary. Each is written once, here, when
// everything has ended; what cannot be written is a failure of the run.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { writeJson } from "../encoding/json-write.ts";
import { quote, SigstepError, toSigstepError } from "../errors.ts";
import type { Runner } from "../runner/runner.ts";
import { describeError } from "./error-text.ts";
import { encodeError, encodeResult } from "./verify-result-json.ts";
import { isVerified, type VerifyResult } from "./verify-results.ts";
import type { VerifiedFacts } from "./verify-facts.ts";
import type { VerifyRequest } from "./verify-request.ts";
import { renderVerifySummary } from "./verify-summary.ts";
import type { VerifyOutputName } from "./verify-table.ts";
import { describeVerifyCount, printVerifyResults } from "./verify-text.ts";
import type { World } from "./world.ts";
import { writeWhole } from "./write.ts";

/** Everything that a run of `verify` has found. */
export interface VerifyResults {
  readonly results: readonly VerifyResult[];
  readonly seconds: number;
}

/** What the command line and the action need of a run. */
export interface VerifyReport {
  readonly exitCode: 0 | 1;
  /** All results as JSON text with a line feed. */
  readonly encode: () => string;
}

/** What a report needs besides the results. */
export interface VerifyReportContext {
  readonly request: VerifyRequest;
  readonly world: World;
  readonly resultsFolder: string | undefined;
}

/** Reports a run; never throws. */
export async function reportVerify(
  { results, seconds }: VerifyResults,
  context: VerifyReportContext,
): Promise<VerifyReport> {
  const { request, world } = context;
  const { runner } = world;
  printVerifyResults(results, runner);
  const { error, resultsPath } = await keepResults(results, context);
  if (error !== undefined) runner.fail(describeError(error));
  const where = resultsPath === "" ? "" : ` Results: ${quote(resultsPath)}`;
  runner.info(`${describeVerifyCount(results)} in ${seconds.toFixed(1)} s.${where}`);
  if (request.showSummary) await summarize(results, runner);
  return {
    exitCode: areVerified(results) && error === undefined ? 0 : 1,
    encode: () => encodeResults(results, runner, error),
  };
}

/** Results file and outputs; without the file, the outputs do not say that anything is verified. */
async function keepResults(
  results: readonly VerifyResult[],
  { request, world, resultsFolder }: VerifyReportContext,
): Promise<{ readonly error: SigstepError | undefined; readonly resultsPath: string }> {
  const { runner } = world;
  const path = request.resultsPath ?? newPath(resultsFolder);
  const unwritten = await attempt(() => writeResults(path, encodeResults(results, runner)));
  const resultsPath = unwritten === undefined ? (path ?? "") : "";
  const ended = unwritten === undefined && areVerified(results);
  const outputs = { ...collectOutputs(results, ended), "results-path": resultsPath };
  const noOutputs = await attempt(() => handOver(outputs, runner));
  return { error: unwritten ?? noOutputs, resultsPath };
}

/** Of nothing at all, nothing is verified. */
function areVerified(results: readonly VerifyResult[]): boolean {
  return results.length > 0 && results.every(isVerified);
}

async function attempt(step: () => Promise<void>): Promise<SigstepError | undefined> {
  try {
    await step();
    return undefined;
  } catch (error) {
    return toSigstepError(error);
  }
}

/** Several steps of a job may verify; each has a file of its own. */
function newPath(folder: string | undefined): string | undefined {
  if (folder === undefined) return undefined;
  return join(folder, `sigstep-verify-${randomBytes(8).toString("hex")}.json`);
}

async function writeResults(path: string | undefined, text: string): Promise<void> {
  if (path === undefined) return;
  try {
    await writeWhole(path, text);
  } catch (thrown) {
    const { code, message, where } = toSigstepError(thrown);
    throw new SigstepError(code, `There are no results for later steps: ${message}`, {
      where,
      hint: "Set results-path to a file that this user may write.",
    });
  }
}

/**
 * All results as JSON. A text in a proven statement may look like a token; it is public, none of ours, and
 * stays what was signed. What we know to be secret is taken out of everything.
 */
function encodeResults(
  results: readonly VerifyResult[],
  runner: Runner,
  error?: SigstepError,
): string {
  const redact = (text: string): string => runner.redact(text);
  const verified = areVerified(results) && error === undefined;
  const json = {
    status: verified ? "verified" : "refused",
    verified,
    results: results.map((result) => encodeResult(result, redact)),
    ...(error === undefined ? {} : { error: encodeError(error, redact) }),
  };
  return runner.redact(`${writeJson(json)}\n`, "keep");
}

type SignerOutputs = Readonly<Record<Exclude<VerifyOutputName, "results-path">, string>>;

/** About the signer only what is true of everything; nothing at all unless all is verified. */
function collectOutputs(results: readonly VerifyResult[], verified: boolean): SignerOutputs {
  const proofs = verified ? results.filter(isVerified).flatMap((result) => result.proofs) : [];
  const common = (read: (facts: VerifiedFacts) => string): string => {
    const values = new Set(proofs.map(read));
    const [value = ""] = values;
    return values.size === 1 && !/[\r\n]/.test(value) ? value : "";
  };
  return {
    verified: String(verified),
    identity: common(({ signer }) => signer?.identity ?? ""),
    issuer: common(({ signer }) => signer?.issuer ?? ""),
    repository: common(({ repository }) => repository),
    commit: common(({ commit }) => commit),
    images: verified ? listImages(results) : "",
  };
}

function listImages(results: readonly VerifyResult[]): string {
  return results
    .flatMap(({ image }) => (image?.digest === undefined ? [] : [`${image.name}@${image.digest}`]))
    .join("\n");
}

async function handOver(
  outputs: Readonly<Record<VerifyOutputName, string>>,
  runner: Runner,
): Promise<void> {
  for (const [name, value] of Object.entries(outputs)) await runner.output(name, value);
}

/** A page for people: a run that lacks it has verified all the same. */
async function summarize(results: readonly VerifyResult[], runner: Runner): Promise<void> {
  const redact = (text: string): string => runner.redact(text);
  const lost = await attempt(() => runner.summary(renderVerifySummary(results, redact)));
  if (lost !== undefined) runner.info(lost.message);
}
