// SLSA provenance of a GitLab CI job, from the claims of the identity token, under a build type of our own:
// docs/buildtypes/gitlab-v1.md. Only the job's name and start are the job's own word, as GitLab's tokens
// have no claim for them.
// https://docs.gitlab.com/ci/secrets/id_token_authentication/#token-payload
import { quote, SigstepError } from "../errors.ts";
import { gitLabBuildType } from "../sigstore/build-types.ts";
import { presentClaims, requireClaim, serverOf, type BuildIdentity } from "./claims.ts";

/** What the job says of itself. */
export interface GitLabJob {
  /** CI_JOB_NAME. */
  readonly name: string;
  /** CI_JOB_STARTED_AT. */
  readonly startedOn: Date | undefined;
}

const facts = [
  "pipeline_source",
  "pipeline_id",
  "project_id",
  "namespace_id",
  "project_visibility",
  "ref_protected",
  "runner_id",
  "runner_environment",
  "environment",
  "deployment_tier",
];

/**
 * The predicate, as JSON text.
 *
 * @throws SigstepError IDENTITY_INVALID when a claim is missing or not as GitLab makes it.
 */
export function encodeGitLabProvenance(identity: BuildIdentity, job: GitLabJob): string {
  const claim = (name: string): string => requireClaim(identity, name);
  const project = claim("project_path");
  const repository = `${serverOf(identity, project)}/${project}`;
  const ref = refOf(identity);
  const { path } = splitConfigUri(claim("ci_config_ref_uri"));
  return JSON.stringify({
    buildDefinition: {
      buildType: gitLabBuildType,
      externalParameters: { pipeline: { repository, ref, path }, job: job.name },
      internalParameters: { gitlab: presentClaims(identity, facts) },
      resolvedDependencies: listDependencies(identity, `${repository}@${ref}`),
    },
    runDetails: {
      builder: { id: `https://${claim("ci_config_ref_uri")}` },
      metadata: {
        invocationId: `${repository}/-/jobs/${claim("job_id")}`,
        ...(job.startedOn === undefined ? {} : { startedOn: job.startedOn.toISOString() }),
      },
    },
  });
}

/** The ref as the certificate has it: Fulcio makes it of `ref_type` and `ref`. */
function refOf(identity: BuildIdentity): string {
  const folder = requireClaim(identity, "ref_type") === "branch" ? "heads" : "tags";
  return `refs/${folder}/${requireClaim(identity, "ref")}`;
}

interface ConfigAddress {
  /** `gitlab.com/group/project`. */
  readonly project: string;
  /** `.gitlab-ci.yml`. */
  readonly path: string;
  readonly ref: string;
}

/**
 * `gitlab.com/group/project//.gitlab-ci.yml@refs/heads/main`. No project has an empty part, so the first
 * double slash ends it; a path may hold `@`, so the last `@refs/` ends that.
 */
function splitConfigUri(uri: string): ConfigAddress {
  const [, project, path, ref] = /^(.+?)\/\/(.+)@(refs\/.+)$/s.exec(uri) ?? [];
  if (project !== undefined && path !== undefined && ref !== undefined) {
    return { project, path, ref };
  }
  throw new SigstepError(
    "IDENTITY_INVALID",
    `Claim ci_config_ref_uri of the identity token is ${quote(uri)}, not project//path@ref.`,
    { where: "ci_config_ref_uri" },
  );
}

/** The source first; then the configuration, when it comes from another commit. */
function listDependencies(identity: BuildIdentity, source: string): object[] {
  const commit = requireClaim(identity, "sha");
  const { ci_config_sha: config } = presentClaims(identity, ["ci_config_sha"]);
  const dependencies = [{ uri: `git+${source}`, digest: { gitCommit: commit } }];
  if (config !== undefined && config !== commit) {
    const { project, ref } = splitConfigUri(requireClaim(identity, "ci_config_ref_uri"));
    dependencies.push({ uri: `git+https://${project}@${ref}`, digest: { gitCommit: config } });
  }
  return dependencies;
}
