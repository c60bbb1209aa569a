// Keeps a private repository out of a public log unless its owner says so: nothing is sent before.
import { encodeHex } from "../encoding/base64.ts";
import { quote, SigstepError, toSigstepError } from "../errors.ts";
import type { IdentityToken } from "../sigstore/token.ts";
import { parseTrustedRoot, type TrustedRoot } from "../sigstore/trust.ts";
import { readFile } from "../subjects/read.ts";
import type { Instance } from "./instance.ts";
import type { PlannedFile } from "./plan.ts";

const shownFiles = 20;

/** What certificate and log would show for ever: how to call it, and the templates that may give it. */
const shownClaims: readonly (readonly [label: string, ...templates: readonly string[]])[] = [
  ["identity", "{origin}/{job_workflow_ref}", "https://{ci_config_ref_uri}", "{email}", "{sub}"],
  ["repository", "{origin}/{repository}", "{origin}/{project_path}"],
  ["ref", "{ref}"],
  ["commit", "{sha}"],
  [
    "run",
    "{origin}/{repository}/actions/runs/{run_id}/attempts/{run_attempt}",
    "{origin}/{project_path}/-/jobs/{job_id}",
  ],
];

const visibilityClaims = ["repository_visibility", "project_visibility"];

/** On what terms a run may publish. */
export interface PublishTerms {
  /** The owner said so. */
  readonly allowed: boolean;
  /** One line for each thing whose digest the log would show. */
  readonly describeDigests: () => Promise<readonly string[]>;
}

/**
 * Stops a run that would publish what its token says is not public.
 *
 * @throws SigstepError PUBLIC_LOG_NOT_ALLOWED with the list of what would become public.
 */
export async function guardPublicLog(
  token: IdentityToken,
  plan: { readonly instance: Instance },
  { allowed, describeDigests }: PublishTerms,
): Promise<void> {
  const claims = visibilityClaims.map((name) => token.claims.get(name));
  const visibility = claims.find((claim) => claim !== undefined && claim !== "public");
  if (allowed || visibility === undefined) return;
  if (!plan.instance.isPublicGood && !(await knowsPublicGood(plan.instance.trustedRoot))) return;
  const lines = [...describeClaims(token), ...(await describeDigests())];
  throw new SigstepError(
    "PUBLIC_LOG_NOT_ALLOWED",
    `Nothing was sent: the repository is ${quote(visibility)}, and signing with the public Sigstore instance would publish for ever:\n${lines.join("\n")}`,
    {
      hint: "If that is what you want, set `allow-public-log: true`. If not, use a Sigstore instance of your own: signing-config and trusted-root.",
    },
  );
}

function describeClaims(token: IdentityToken): string[] {
  return shownClaims.flatMap(([label, ...templates]) => {
    const text = templates.map((template) => expand(template, token)).find((each) => each !== "");
    return text === undefined ? [] : [`  ${label}: ${quote(text, 300)}`];
  });
}

/** The template with the token's claims; empty when it lacks one. */
function expand(template: string, token: IdentityToken): string {
  const value = (name: string): string =>
    (name === "origin" ? originOf(token.issuer) : token.claims.get(name)) ?? "";
  const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name = ""]) => name);
  if (names.some((name) => value(name) === "")) return "";
  return template.replaceAll(/\{(\w+)\}/g, (_, name: string) => value(name));
}

/** Where the repositories of an issuer are: GitHub's has a host of its own, GitLab is its own. */
function originOf(issuer: string): string | undefined {
  const url = URL.parse(issuer);
  if (url === null) return undefined;
  if (url.host === "token.actions.githubusercontent.com") return "https://github.com";
  return `${url.protocol}//${url.host.replace(/^token\.actions\./, "")}`;
}

/** Digests of files that are to be signed, as a log would show them. */
export async function describeFileDigests(
  files: readonly PlannedFile[],
  signal: AbortSignal,
): Promise<string[]> {
  const lines: string[] = [];
  for (const file of files.slice(0, shownFiles)) lines.push(await describeDigest(file, signal));
  const rest = files.length - lines.length;
  return rest > 0 ? [...lines, `  and ${rest} more digests`] : lines;
}

/** A file that cannot be read is no news here: nothing is signed. */
async function describeDigest(file: PlannedFile, signal: AbortSignal): Promise<string> {
  try {
    const { digest } = await readFile(file, signal);
    return `  sha256: ${encodeHex(digest.bytes)} (of ${quote(file.path)})`;
  } catch (error) {
    if (toSigstepError(error).code === "CANCELLED") throw error;
    return `  sha256 of ${quote(file.path)}`;
  }
}

/** Other addresses may lead to the public instance: the keys of its logs and authorities tell. */
async function knowsPublicGood(trustedRoot: TrustedRoot): Promise<boolean> {
  const { publicGood } = await import("../sigstore/public-good/embedded.ts");
  const known = keysOf(parseTrustedRoot(publicGood.trustedRoot, "embedded public-good"));
  return [...keysOf(trustedRoot)].some((key) => known.has(key));
}

/** Names of all keys by which something becomes public: of logs, certificate logs and authorities. */
function keysOf({ logs, ctLogs, certificateAuthorities }: TrustedRoot): Set<string> {
  return new Set([
    ...[...logs, ...ctLogs].map(({ logId }) => encodeHex(logId)),
    ...certificateAuthorities.flatMap(({ certificates }) =>
      certificates.map(({ fingerprint }) => fingerprint),
    ),
  ]);
}
