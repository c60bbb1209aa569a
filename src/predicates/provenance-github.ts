// SLSA provenance of a GitHub Actions job: the build type and the fields of actions/attest, from the claims
// of the identity token. Nothing is read from variables that a step can change.
// https://actions.github.io/buildtypes/workflow/v1, https://slsa.dev/spec/v1.2/build-provenance,
// actions/toolkit packages/attest/src/provenance.ts
import { quote, SigstepError } from "../errors.ts";
import { gitHubBuildType } from "../sigstore/build-types.ts";
import { presentClaims, requireClaim, serverOf, type BuildIdentity } from "./claims.ts";
import type { WorkflowInputs } from "./workflow-inputs.ts";

/** Predicate type of all provenance that we write. */
export const provenanceType = "https://slsa.dev/provenance/v1";

/**
 * The predicate, as JSON text.
 *
 * @param inputs - The event's workflow inputs, when the user asked for them: the token says nothing of them.
 * @throws SigstepError IDENTITY_INVALID when a claim is missing or not as GitHub makes it.
 */
export function encodeGitHubProvenance(identity: BuildIdentity, inputs?: WorkflowInputs): string {
  const claim = (name: string): string => requireClaim(identity, name);
  const repository = claim("repository");
  const server = serverOf(identity, repository);
  const source = `${server}/${repository}`;
  const workflow = { ref: claim("ref"), repository: source, path: workflowPath(identity) };
  return JSON.stringify({
    buildDefinition: {
      buildType: gitHubBuildType,
      externalParameters: { workflow, ...(inputs === undefined ? {} : { inputs }) },
      internalParameters: {
        github: {
          event_name: claim("event_name"),
          repository_id: claim("repository_id"),
          repository_owner_id: claim("repository_owner_id"),
          runner_environment: claim("runner_environment"),
          ...presentClaims(identity, ["environment"]),
        },
      },
      resolvedDependencies: listDependencies(identity, server),
    },
    runDetails: {
      builder: { id: `${server}/${claim("job_workflow_ref")}` },
      metadata: {
        invocationId: `${source}/actions/runs/${claim("run_id")}/attempts/${claim("run_attempt")}`,
      },
    },
  });
}

/** `owner/repo/.github/workflows/x.yml@refs/…` → `.github/workflows/x.yml`. A ref may hold `@`. */
function workflowPath(identity: BuildIdentity): string {
  const prefix = `${requireClaim(identity, "repository")}/`;
  const workflowRef = requireClaim(identity, "workflow_ref");
  const { path } = splitRef(workflowRef);
  if (path.startsWith(prefix) && path.length > prefix.length) return path.slice(prefix.length);
  // A required workflow of an organization lies in another repository: its whole address is its path.
  if (/^[^/]+\/[^/]+\/.+$/.test(path)) return path;
  throw malformed("workflow_ref", workflowRef);
}

function splitRef(workflowRef: string): { readonly path: string; readonly ref: string } {
  const at = workflowRef.indexOf("@");
  if (at <= 0) throw malformed("workflow_ref", workflowRef);
  return { path: workflowRef.slice(0, at), ref: workflowRef.slice(at + 1) };
}

interface Dependency {
  readonly uri: string;
  readonly digest: { readonly gitCommit: string };
}

/** The source first, as everybody expects; then workflow files that come from another commit. */
function listDependencies(identity: BuildIdentity, server: string): Dependency[] {
  const commit = requireClaim(identity, "sha");
  const source = `${requireClaim(identity, "repository")}@${requireClaim(identity, "ref")}`;
  const found = new Map([[`${source} ${commit}`, dependency(server, source, commit)]]);
  for (const name of ["workflow", "job_workflow"]) {
    const { [`${name}_ref`]: file, [`${name}_sha`]: digest } = presentClaims(identity, [
      `${name}_ref`,
      `${name}_sha`,
    ]);
    if (file === undefined || digest === undefined || digest === commit) continue;
    const repository = repositoryOf(file);
    found.set(`${repository} ${digest}`, dependency(server, repository, digest));
  }
  return [...found.values()];
}

function dependency(server: string, repository: string, gitCommit: string): Dependency {
  return { uri: `git+${server}/${repository}`, digest: { gitCommit } };
}

/** `owner/repo/path@ref` → `owner/repo@ref`. */
function repositoryOf(workflowRef: string): string {
  const { path, ref } = splitRef(workflowRef);
  return `${path.split("/", 2).join("/")}@${ref}`;
}

function malformed(name: string, value: string): SigstepError {
  return new SigstepError(
    "IDENTITY_INVALID",
    `Claim ${name} of the identity token is ${quote(value)}, not owner/repository/path@ref.`,
    { where: name },
  );
}
