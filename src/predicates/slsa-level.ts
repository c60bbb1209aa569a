// The SLSA build level that provenance of this kind reaches, and why not more. Said to people; nothing in a
// predicate claims it. https://slsa.dev/spec/v1.2/build-track-basics
import type { BuildIdentity } from "./claims.ts";

/** A level and the reason for it. */
export interface SlsaLevel {
  readonly level: 1 | 2;
  readonly reason: string;
}

/**
 * The level of provenance made inside the job that it is about: 2 at most, as the steps of that job could
 * have used the same identity. On a runner that the platform does not host it is 1: whoever runs that can
 * change what the job does.
 */
export function slsaLevel({ token }: Pick<BuildIdentity, "token">): SlsaLevel {
  const where = token.claims.get("runner_environment") ?? "";
  if (where !== "github-hosted" && where !== "gitlab-hosted") {
    return {
      level: 1,
      reason: "the runner is not hosted by the platform, so whoever runs it could change the build",
    };
  }
  return {
    level: 2,
    reason: isReusable(token.claims)
      ? "level 3 needs that only the reusable workflow has `id-token: write` and runs no step of its caller, which no claim shows"
      : "level 3 needs a build that cannot reach the identity that signs, such as a reusable workflow",
  };
}

function isReusable(claims: ReadonlyMap<string, string>): boolean {
  const called = claims.get("job_workflow_ref");
  return called !== undefined && called !== claims.get("workflow_ref");
}
