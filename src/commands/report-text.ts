// The results of a run in words, for the log.
import { quote, type SigstepError } from "../errors.ts";
import type { Runner } from "../runner/runner.ts";
import { describeError, describePublished } from "./error-text.ts";
import {
  hasBundle,
  publishedBesides,
  publishedBy,
  type FailedResult,
  type RunWords,
  type SignedResult,
  type StoredImage,
  type SignResults,
} from "./results.ts";

const maxLines = 20;

/** Prints what became of each file. */
export function printResults(results: SignResults, runner: Runner): void {
  const signed = results.files.filter(hasBundle);
  const failed = results.files.filter((result) => result.kind === "failed");
  for (const result of signed.slice(0, maxLines)) runner.info(describeSigned(result));
  if (signed.length > maxLines) runner.info(`and ${signed.length - maxLines} more`);
  for (const group of groupByError(failed)) runner.fail(describeFailures(group));
  const besides = describePublished(findUntold(results, failed));
  if (besides.length > 0) runner.info(besides.join("\n"));
  const [first] = signed;
  if (first !== undefined) {
    runner.info(`Identity: ${first.certificate.identity}\nIssuer: ${first.certificate.issuer}`);
  }
}

/** How many of them were signed. */
export function describeCount({ files }: SignResults, words: RunWords): string {
  const signed = files.filter(hasBundle).length;
  const all = files.length === 1 ? `1 ${words.one}` : `${files.length} ${words.many}`;
  return signed === files.length ? `Signed ${all}` : `Signed ${signed} of ${all}`;
}

/** What failures have not told of yet. That a run which succeeds has a certificate needs no words. */
function findUntold(
  results: SignResults,
  failed: readonly FailedResult[],
): ReturnType<typeof publishedBesides> {
  const told = new Set(failed.flatMap(publishedBy));
  return publishedBesides(results).filter(
    (each) => !told.has(each) && (failed.length > 0 || each.kind !== "certificate"),
  );
}

function describeSigned({ kind, file, entries, image }: SignedResult): string {
  const indexes = entries.map(({ logIndex }) => logIndex).join(", ");
  const log = indexes === "" ? "" : `, log entry ${indexes}`;
  const verb = kind === "kept" ? "Kept" : "Wrote";
  if (image !== undefined) return `${describeImage(kind, image)}${log}`;
  return `${verb} ${quote(file.bundlePath)}${log}`;
}

function describeImage(
  kind: SignedResult["kind"],
  { name, predicateType, referrer, legacyTag }: StoredImage,
): string {
  const places = [
    ...(referrer === undefined ? [] : [`as ${referrer}`]),
    ...(legacyTag === undefined ? [] : [`at the tag ${legacyTag}`]),
  ];
  const verb = kind === "kept" ? "Kept" : "Stored";
  const where = places.length === 0 ? "in its file" : places.join(" and ");
  return `${verb} ${quote(predicateType, 200)} of ${quote(name, 300)} ${where}`;
}

/** Failures that share one error, such as a service that is down, are told once. */
function groupByError(failed: readonly FailedResult[]): FailedResult[][] {
  return [...Map.groupBy(failed, ({ error }) => groupOf(error)).values()];
}

/** The tries of each file at a service that is down differ; the news is the same. */
function groupOf({ code, message, hint, where }: SigstepError): string {
  return [code, ...(code === "SERVICE_UNAVAILABLE" ? [where] : [message, hint])].join("\n");
}

function describeFailures(group: readonly FailedResult[]): string {
  const [first] = group;
  if (first === undefined) return "";
  const names = group.slice(0, maxLines).map(({ file }) => quote(file.path));
  const rest = group.length - names.length;
  const all = `Not signed: ${names.join(", ")}${rest > 0 ? ` and ${rest} more` : ""}`;
  const published = [...new Set(group.flatMap(publishedBy))];
  return `${all}\n${describeError(first.error, published)}`;
}
