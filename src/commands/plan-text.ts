// The plan in words: what a dry run prints.
import { quote } from "../errors.ts";
import type { Instance } from "./instance.ts";
import type { Plan } from "./plan.ts";

const shownFiles = 100;

/** The plan, one line a thing. */
export function describePlan(plan: Plan): string {
  const { files, instance, manifestPath } = plan;
  const digests = files.length === 1 ? "the digest of the file" : `${files.length} digests`;
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  const rest = files.length - shownFiles;
  return [
    `Dry run: nothing is signed and nobody is asked.`,
    `Would sign ${files.length} ${files.length === 1 ? "file" : "files"}, ${bytes} bytes, with ${instance.name}:`,
    ...files
      .slice(0, shownFiles)
      .map(
        ({ path, size, bundlePath }) => `  ${quote(path)} (${size} bytes) → ${quote(bundlePath)}`,
      ),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
    `Manifest: ${quote(manifestPath)}`,
    ...describeServices(plan, digests),
  ].join("\n");
}

/** Who would be asked, and what everyone would see then: the identity and `digests`. */
export function describeServices(
  { instance }: { readonly instance: Instance },
  digests: string,
): string[] {
  const { ca, logs, tsas } = instance.services;
  return [
    `Certificate: ${ca.url.href}`,
    ...logs.map(({ url, version }) => `Log: ${url.href} (Rekor v${version})`),
    ...tsas.map(({ url }) => `Timestamp: ${url.href}`),
    ...describePublic(instance, digests),
  ];
}

/** Certificates have a log of their own: without a log for signatures the identity is still seen. */
function describePublic(instance: Instance, digests: string): string[] {
  const { services, trustedRoot, isPublicGood } = instance;
  const seen = [
    ...(services.logs.length + trustedRoot.ctLogs.length > 0
      ? ["the identity of this job (workflow, repository, ref, commit, run)"]
      : []),
    ...(services.logs.length > 0 ? [digests] : []),
  ];
  if (seen.length === 0) return ["No log of signatures or certificates: nothing would be visible."];
  const where = isPublicGood
    ? "to everyone, for ever"
    : `to those who can read ${services.logs.length > 0 ? "these logs" : "the certificate log"}`;
  const hidden = services.logs.length > 0 ? "File names and contents" : "The files";
  return [`Would become visible ${where}: ${seen.join(", and ")}. ${hidden} would not.`];
}
