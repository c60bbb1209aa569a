// What a certificate repeats of its token: checked before use, and again on bundles from earlier runs.
// Self-hosted instances put their own origin before paths, so any origin is accepted there.
// https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md, config/identity/config.yaml
import { quote, SigstepError } from "../errors.ts";
import type { ProvenCertificate } from "./chain.ts";
import type { FulcioExtensionName, FulcioExtensions } from "./fulcio-extensions.ts";
import type { IdentityToken } from "./token.ts";

type Named = FulcioExtensions["named"];
type Rule = readonly [FulcioExtensionName, template: string];

// {name} stands for a claim, {origin} for any https or http origin, {gitlab} for one with the path below
// which the token's own GitLab lives, {ref_folder} for heads or tags.
const common: readonly Rule[] = [["tokenSubject", "{sub}"]];

const github: readonly Rule[] = [
  ["githubWorkflowTrigger", "{event_name}"],
  ["githubWorkflowSha", "{sha}"],
  ["githubWorkflowName", "{workflow}"],
  ["githubWorkflowRepository", "{repository}"],
  ["githubWorkflowRef", "{ref}"],
  ["buildSignerUri", "{origin}/{job_workflow_ref}"],
  ["buildSignerDigest", "{job_workflow_sha}"],
  ["runnerEnvironment", "{runner_environment}"],
  ["sourceRepositoryUri", "{origin}/{repository}"],
  ["sourceRepositoryDigest", "{sha}"],
  ["sourceRepositoryRef", "{ref}"],
  ["sourceRepositoryIdentifier", "{repository_id}"],
  ["sourceRepositoryOwnerUri", "{origin}/{repository_owner}"],
  ["sourceRepositoryOwnerIdentifier", "{repository_owner_id}"],
  ["buildConfigUri", "{origin}/{workflow_ref}"],
  ["buildConfigDigest", "{workflow_sha}"],
  ["buildTrigger", "{event_name}"],
  ["runInvocationUri", "{origin}/{repository}/actions/runs/{run_id}/attempts/{run_attempt}"],
  ["sourceRepositoryVisibilityAtSigning", "{repository_visibility}"],
  ["deploymentEnvironment", "{environment}"],
];

const gitlab: readonly Rule[] = [
  ["buildSignerUri", "https://{ci_config_ref_uri}"],
  ["buildSignerDigest", "{ci_config_sha}"],
  ["runnerEnvironment", "{runner_environment}"],
  ["sourceRepositoryUri", "{gitlab}/{project_path}"],
  ["sourceRepositoryDigest", "{sha}"],
  ["sourceRepositoryRef", "refs/{ref_folder}/{ref}"],
  ["sourceRepositoryIdentifier", "{project_id}"],
  ["sourceRepositoryOwnerUri", "{gitlab}/{namespace_path}"],
  ["sourceRepositoryOwnerIdentifier", "{namespace_id}"],
  ["buildConfigUri", "https://{ci_config_ref_uri}"],
  ["buildConfigDigest", "{ci_config_sha}"],
  ["buildTrigger", "{pipeline_source}"],
  ["runInvocationUri", "{gitlab}/{project_path}/-/jobs/{job_id}"],
  ["sourceRepositoryVisibilityAtSigning", "{project_visibility}"],
  ["deploymentEnvironment", "{environment}"],
];

/** The certificate's one name, by the claim that it comes from. */
const nameTemplates: readonly (readonly [claim: string, template: string])[] = [
  ["job_workflow_ref", "{origin}/{job_workflow_ref}"],
  ["ci_config_ref_uri", "https://{ci_config_ref_uri}"],
  ["email", "{email}"],
];

/**
 * Checks every extension that repeats a claim of `token`, and that the certificate's one name is the
 * workflow's, or the e-mail address. An extension or claim that is not there is not compared.
 *
 * @param except - Extensions that may differ: an earlier attempt of the same job has another run.
 * @throws SigstepError CERTIFICATE_INVALID with the first that differs.
 */
export function verifyClaims(
  certificate: ProvenCertificate,
  token: IdentityToken,
  except: readonly FulcioExtensionName[] = [],
): void {
  const { named } = certificate.certificate.fulcio;
  verifyIssuer(named, token);
  for (const [name, template] of rulesFor(token)) {
    const found = named[name];
    if (found === undefined || except.includes(name)) continue;
    const wanted = expand(template, token.claims);
    if (wanted?.test(found) === false) throw differs(name, found, describe(template, token));
  }
  verifyName(certificate, token);
}

function rulesFor({ claims }: IdentityToken): Rule[] {
  if (claims.has("job_workflow_ref")) return [...common, ...github];
  return claims.has("ci_config_ref_uri") ? [...common, ...gitlab] : [...common];
}

/** The template as a pattern of the whole text; undefined when the token lacks one of its claims. */
function expand(template: string, claims: ReadonlyMap<string, string>): RegExp | undefined {
  const missing: string[] = [];
  const pattern = template.replaceAll(/\{(\w+)\}|([.\-/])/g, (found, claim?: string) => {
    if (claim === undefined) return `\\${found}`;
    if (claim === "origin") return originPattern;
    if (claim === "gitlab") return `${originPattern}${optionalPath(claims.get("iss") ?? "")}`;
    const value = claim === "ref_folder" ? refFolder(claims) : claims.get(claim);
    if (value === undefined) missing.push(claim);
    return escapePattern(value ?? "");
  });
  return missing.length === 0 ? new RegExp(`^${pattern}$`) : undefined;
}

const originPattern = "https?:\\/\\/[^/]+";

/**
 * The path of a GitLab's address, which its issuer shows. Any other path would let `evil/acme/widget`
 * pass for `acme/widget`, in all extensions alike: owner and project would only be one group deeper.
 */
function optionalPath(issuer: string): string {
  const path = URL.parse(issuer)?.pathname.replace(/\/+$/, "") ?? "";
  return path === "" ? "" : `(?:${escapePattern(path)})?`;
}

/** Fulcio's rule for GitLab, whose `ref` is a bare name. */
function refFolder(claims: ReadonlyMap<string, string>): string | undefined {
  const type = claims.get("ref_type");
  return type === undefined ? undefined : type === "branch" ? "heads" : "tags";
}

function describe(template: string, { claims }: IdentityToken): string {
  return template.replaceAll(/\{(\w+)\}/g, (_, claim: string) => claims.get(claim) ?? "…");
}

function escapePattern(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
}

/** Dex, behind which people sign in elsewhere, is replaced by the place where they did. */
function verifyIssuer({ issuer, issuerV1 }: Named, token: IdentityToken): void {
  const found = [issuer, issuerV1].filter((text) => text !== undefined);
  if (found.length === 0) throw differs("issuer", "(none)", token.issuer);
  for (const text of found) {
    if (text !== token.issuer && text !== token.federatedIssuer) {
      throw differs("issuer", text, token.issuer);
    }
  }
}

/**
 * As {@link verifyClaims}, for a certificate of an earlier try of the job: only the run's own address may
 * differ, and it must say itself whose it is and of which commit, where the token does.
 *
 * @throws SigstepError CERTIFICATE_INVALID
 */
export function verifyEarlierClaims(certificate: ProvenCertificate, token: IdentityToken): void {
  verifyClaims(certificate, token, ["runInvocationUri"]);
  const { named } = certificate.certificate.fulcio;
  if (findNameTemplate(token) === undefined && named.tokenSubject === undefined) {
    throw differs("token subject", "(none)", token.subject);
  }
  const commit = token.claims.get("sha");
  if (
    commit !== undefined &&
    (named.sourceRepositoryDigest ?? named.githubWorkflowSha) !== commit
  ) {
    throw differs("source repository digest", "(none)", commit);
  }
}

function findNameTemplate({ claims }: IdentityToken): string | undefined {
  return nameTemplates.find(([claim]) => claims.has(claim))?.[1];
}

/** CI certificates are named after the workflow that ran, e-mail certificates after the address. */
function verifyName({ certificate, identity }: ProvenCertificate, token: IdentityToken): void {
  const what = "subject alternative name";
  const template = findNameTemplate(token);
  if (template !== undefined && expand(template, token.claims)?.test(identity.value) === false) {
    throw differs(what, identity.value, describe(template, token));
  }
  const { buildSignerUri } = certificate.fulcio.named;
  if (buildSignerUri !== undefined && identity.value !== buildSignerUri) {
    throw differs(what, identity.value, buildSignerUri);
  }
}

function differs(what: string, found: string, wanted: string): SigstepError {
  return new SigstepError(
    "CERTIFICATE_INVALID",
    `The certificate is for another identity: its ${what} is ${quote(found)}, the token says ${quote(wanted)}.`,
    { hint: "This is not the certificate that was asked for. Tell those who run this Fulcio." },
  );
}
