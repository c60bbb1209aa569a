// Results → log, outputs, summary, manifest. Each is written once, here, when everything has ended.
import { quote, type SigstepError } from "../errors.ts";
import { describeError } from "./error-text.ts";
import { encodeManifest } from "./manifest.ts";
import type { OutputName } from "./output-table.ts";
import type { Plan } from "./plan.ts";
import type { SignRequest } from "./request.ts";
import {
  certificateFacts,
  hasBundle,
  type FailedResult,
  type FileResult,
  type SignedResult,
  type SignResults,
} from "./results.ts";
import { renderSummary } from "./summary.ts";
import { verifyCommand } from "./verify-command.ts";
import type { World } from "./world.ts";
import { writeWhole } from "./write.ts";

const maxListed = 200;
const maxCommands = 10;
const maxLines = 20;

/** How a run of `sign` ended. */
export type SignStatus = "signed" | "partial" | "failed" | "dry-run";

/** What `--json` prints and the entry needs. */
export interface SignReport {
  readonly status: SignStatus;
  readonly exitCode: 0 | 1;
  /** By output name; lists are whole. */
  readonly outputs: Readonly<Partial<Record<OutputName, string | readonly string[]>>>;
  readonly failures: readonly FailedResult[];
}

/** What a report needs besides the results. */
export interface ReportContext {
  readonly request: SignRequest;
  readonly world: World;
}

/**
 * Reports a run.
 *
 * @throws SigstepError WRITE_FAILED when the manifest cannot be written; the bundles are there.
 */
export async function reportSign(
  plan: Plan,
  results: SignResults,
  { request, world }: ReportContext,
): Promise<SignReport> {
  const status = statusOf(results.files);
  const { version } = world;
  await writeWhole(
    plan.manifestPath,
    world.runner.redact(encodeManifest({ plan, results, status, version })),
  );
  const outputs = collectOutputs(plan, results, request);
  printResults(results, plan, world);
  for (const [name, value] of Object.entries(outputs)) {
    await world.runner.output(name, typeof value === "string" ? value : capped(value).join("\n"));
  }
  if (request.showSummary) {
    const title = titleOf(results);
    await world.runner.summary(renderSummary({ title, results, instance: plan.instance.name }));
  }
  const failures = results.files.filter((result) => result.kind === "failed");
  return { status, exitCode: status === "signed" ? 0 : 1, outputs, failures };
}

function statusOf(files: readonly FileResult[]): SignStatus {
  const signed = files.filter(hasBundle).length;
  if (signed === files.length) return "signed";
  return signed === 0 ? "failed" : "partial";
}

function titleOf({ files }: SignResults): string {
  const signed = files.filter(hasBundle).length;
  const all = files.length === 1 ? "1 file" : `${files.length} files`;
  return signed === files.length ? `Signed ${all}` : `Signed ${signed} of ${all}`;
}

/** Outputs of an action are read by people and by shells: long lists are cut, the manifest has all. */
function capped(values: readonly string[]): readonly string[] {
  return values.filter((value) => !value.includes("\n")).slice(0, maxListed);
}

function collectOutputs(
  plan: Plan,
  results: SignResults,
  request: SignRequest,
): SignReport["outputs"] {
  const signed = results.files.filter(hasBundle);
  const certificate = results.certificates.at(-1);
  const facts = certificate === undefined ? signed[0]?.certificate : certificateFacts(certificate);
  const verifiable = signed.slice(0, maxCommands);
  return {
    status: statusOf(results.files),
    "bundle-dir": plan.bundleDir,
    "manifest-path": plan.manifestPath,
    "bundle-paths": signed.map(({ file }) => file.bundlePath),
    "log-indexes": signed.flatMap(({ entries }) => entries.map(({ logIndex }) => logIndex)),
    "verify-commands": verifiable.map((result) => verifyCommand(result, request.instance)),
    "certificate-identity": facts?.identity ?? "",
    "certificate-oidc-issuer": facts?.issuer ?? "",
  };
}

function printResults(results: SignResults, { manifestPath }: Plan, { runner }: World): void {
  const signed = results.files.filter(hasBundle);
  const failed = results.files.filter((result) => result.kind === "failed");
  for (const result of signed.slice(0, maxLines)) runner.info(describeSigned(result));
  if (signed.length > maxLines) runner.info(`and ${signed.length - maxLines} more`);
  for (const group of groupByError(failed)) runner.fail(describeFailures(group));
  const [first] = signed;
  if (first !== undefined) {
    runner.info(`Identity: ${first.certificate.identity}\nIssuer: ${first.certificate.issuer}`);
  }
  runner.info(
    `${titleOf(results)} in ${results.seconds.toFixed(1)} s. Manifest: ${quote(manifestPath)}`,
  );
}

function describeSigned({ kind, file, entries }: SignedResult): string {
  const indexes = entries.map(({ logIndex }) => logIndex).join(", ");
  const log = indexes === "" ? "" : `, log entry ${indexes}`;
  const verb = kind === "kept" ? "Kept" : "Wrote";
  return `${verb} ${quote(file.bundlePath)}${log}`;
}

/** Failures that share one error, such as a service that is down, are told once. */
function groupByError(failed: readonly FailedResult[]): FailedResult[][] {
  return [...Map.groupBy(failed, ({ error }): SigstepError => error).values()];
}

function describeFailures(group: readonly FailedResult[]): string {
  const [first] = group;
  if (first === undefined) return "";
  const names = group.slice(0, maxLines).map(({ file }) => quote(file.path));
  const rest = group.length - names.length;
  const published = group.flatMap((result) => result.published);
  const all = `Not signed: ${names.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
  return `${all}\n${describeError(first.error, published)}`;
}
