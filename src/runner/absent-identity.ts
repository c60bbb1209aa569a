// Why a job has no identity token, and what to paste: the causes differ, so do the cures.
import { SigstepError } from "../errors.ts";

/** What is known of a GitHub job without identity endpoint. */
export interface GitHubJob {
  readonly actor: string;
  /** Name of the event, such as `pull_request`. */
  readonly eventName?: string;
  /** Parsed event payload, from GitHub. */
  readonly event: unknown;
}

const githubPermission = `Give the job the permission:
  permissions:
    contents: read
    id-token: write
In a reusable workflow the job that calls it must grant the same:
  jobs:
    release:
      permissions:
        contents: read
        id-token: write
      uses: ./.github/workflows/release.yml`;

const afterMerge = `Sign where the repository's own code runs, for example:
  on:
    push:
      tags: ["v*"]`;

/** The error for a GitHub job. */
export function gitHubIdentityAbsent(job: GitHubJob): SigstepError {
  // A pull_request_target has the rights of the repository, whoever's the pull request is.
  if (job.eventName !== "pull_request_target" && isFromFork(job.event)) {
    return absent(
      "No identity token: this run comes from a fork's pull request, and GitHub never gives one to it.",
      afterMerge,
    );
  }
  if (job.actor === "dependabot[bot]") {
    return absent(
      "No identity token: this run was started by Dependabot, and GitHub gives it a read-only token.",
      `${afterMerge}\nOr skip the step for it:\n  if: github.actor != 'dependabot[bot]'`,
    );
  }
  return absent(
    "No identity token: GitHub gave this job no permission to ask for one.",
    githubPermission,
  );
}

/** The error for a GitLab job. */
export function gitLabIdentityAbsent(audience: string): SigstepError {
  return absent(
    "No identity token: this job declares none.",
    `Add to the job:\n  id_tokens:\n    SIGSTORE_ID_TOKEN:\n      aud: ${audience}`,
  );
}

/** The error anywhere else. */
export function identityAbsent(audience: string): SigstepError {
  return absent(
    "No identity token: this environment offers none.",
    `Run in GitHub Actions or GitLab CI/CD, or give an OIDC token for audience ${audience} in the variable SIGSTORE_ID_TOKEN or by --identity-token-file. To try without any: sigstep demo.`,
  );
}

function absent(message: string, hint: string): SigstepError {
  return new SigstepError("IDENTITY_UNAVAILABLE", message, { hint, where: "identity" });
}

/** A pull request whose head is in another repository, or in one that is gone. */
function isFromFork(event: unknown): boolean {
  const request = member(event, "pull_request");
  if (request === undefined) return false;
  const name = (side: string): unknown =>
    member(member(member(request, side), "repo"), "full_name");
  return name("head") !== name("base");
}

function member(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}
