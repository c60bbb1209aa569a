// The claims of an identity token, as GitHub Actions, GitLab CI and an e-mail provider issue them.
// Everything in them is made up; all that Fulcio's templates name is there.

/** Whose tokens an issuer imitates. */
export type IssuerKind = "github" | "gitlab" | "email";

export type Claims = Readonly<Record<string, unknown>>;

const commit = "0123456789abcdef0123456789abcdef01234567";

/** @see https://docs.github.com/en/actions/reference/security/oidc#oidc-token-claims */
const github: Claims = {
  sub: "repo:acme/widget:ref:refs/tags/v1.0.0",
  actor: "octo-maintainer",
  actor_id: "1001",
  base_ref: "",
  event_name: "push",
  head_ref: "",
  job_workflow_ref: "acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0",
  job_workflow_sha: commit,
  ref: "refs/tags/v1.0.0",
  ref_protected: "false",
  ref_type: "tag",
  repository: "acme/widget",
  repository_id: "2002",
  repository_owner: "acme",
  repository_owner_id: "3003",
  repository_visibility: "public",
  run_attempt: "1",
  run_id: "4004",
  run_number: "7",
  runner_environment: "github-hosted",
  sha: commit,
  workflow: "release",
  workflow_ref: "acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0",
  workflow_sha: commit,
};

/** @see https://docs.gitlab.com/ci/secrets/id_token_authentication/#token-payload */
const gitlab: Claims = {
  sub: "project_path:acme/widget:ref_type:branch:ref:main",
  ci_config_ref_uri: "gitlab.com/acme/widget//.gitlab-ci.yml@refs/heads/main",
  ci_config_sha: commit,
  job_id: "5005",
  namespace_id: "3003",
  namespace_path: "acme",
  pipeline_id: "4004",
  pipeline_source: "push",
  project_id: "2002",
  project_path: "acme/widget",
  project_visibility: "public",
  ref: "main",
  ref_path: "refs/heads/main",
  ref_protected: "true",
  ref_type: "branch",
  runner_environment: "gitlab-hosted",
  runner_id: 6006,
  sha: commit,
  user_email: "maintainer@example.com",
  user_login: "octo-maintainer",
};

const email: Claims = {
  sub: "sandbox-user-1",
  email: "maintainer@example.com",
  email_verified: true,
};

const defaults: Readonly<Record<IssuerKind, Claims>> = { github, gitlab, email };

/** The claims of `kind` apart from issuer, audience and times. */
export function defaultClaims(kind: IssuerKind): Claims {
  return defaults[kind];
}

/** A claim without which Fulcio can name no identity. */
export function essentialClaim(kind: IssuerKind): string {
  return { github: "job_workflow_ref", gitlab: "ci_config_ref_uri", email: "email" }[kind];
}
