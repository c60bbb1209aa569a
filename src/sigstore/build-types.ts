// Build types of SLSA provenance whose fields we know, because we write them.

/** GitHub's, as actions/attest writes it, too. */
export const gitHubBuildType = "https://actions.github.io/buildtypes/workflow/v1";

/** Our own for GitLab: docs/buildtypes/gitlab-v1.md. */
export const gitLabBuildType =
  "https://github.com/sigstep/sigstep/blob/main/docs/buildtypes/gitlab-v1.md";
