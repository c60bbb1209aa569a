// Whether bundles go to GitHub's attestations API.
import { SigstepError } from "../errors.ts";

/** Values of the input `github-attestations`. */
export type GitHubAttestations = "auto" | "always" | "never";

/** What the choice depends on. */
export interface AttestationsCircumstances {
  /** Whether this is a job on GitHub. */
  readonly onGitHub: boolean;
  /** Whether a github-token is at hand. */
  readonly hasToken: boolean;
  /** Whose services sign: GitHub's store verifies the bundles of these two and refuses all others. */
  readonly instance: "public-good" | "github" | "other";
  /** Whether the API is GitHub's own: of a server of one's own nobody knows what its store takes. */
  readonly onGitHubCloud: boolean;
}

/** Store them or not, and why not where the user may wonder. */
export interface AttestationsChoice {
  readonly store: boolean;
  /** One line for the log; empty when there is nothing to say. */
  readonly notice: string;
}

/**
 * Decides by input and circumstances.
 *
 * @throws SigstepError INPUT_CONFLICT for `always` where it cannot be.
 */
export function chooseAttestations(
  input: GitHubAttestations,
  circumstances: AttestationsCircumstances,
): AttestationsChoice {
  if (input === "never") return { store: false, notice: "" };
  const obstacle = findObstacle(input, circumstances);
  if (obstacle === undefined) return { store: true, notice: "" };
  if (input === "auto") {
    const notice = `Not stored in GitHub's attestations API: ${obstacle.reason}.`;
    return { store: false, notice };
  }
  throw new SigstepError(
    "INPUT_CONFLICT",
    `github-attestations is always, but ${obstacle.reason}.`,
    { hint: obstacle.cure, where: "github-attestations" },
  );
}

interface Obstacle {
  readonly reason: string;
  readonly cure: string;
}

function findObstacle(
  input: "auto" | "always",
  circumstances: AttestationsCircumstances,
): Obstacle | undefined {
  if (!circumstances.onGitHub) {
    const reason = "this is no job on GitHub";
    return { reason, cure: "Set `github-attestations: auto`, or run the step on GitHub." };
  }
  if (!circumstances.hasToken) {
    const reason = "there is no github-token";
    return { reason, cure: "Pass `github-token: ${{ github.token }}`." };
  }
  const mayTry = input === "always" && !circumstances.onGitHubCloud;
  if (circumstances.instance === "other" && !mayTry) {
    const reason =
      "the bundles are of a Sigstore instance that is neither the public one nor GitHub's";
    return { reason, cure: "Set `github-attestations: auto`, or sign with one of these two." };
  }
  return undefined;
}
