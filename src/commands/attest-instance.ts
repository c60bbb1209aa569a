// Which Sigstore instance attests when the user does not say: the one whose visibility is the repository's,
// by the token alone. The event's payload, which any step can change, is not asked.
import type { IdentityToken } from "../sigstore/token.ts";
import type { InstanceChoice } from "./instance-choice.ts";
import type { RunRequest } from "./request.ts";

const gitHubIssuer = "https://token.actions.githubusercontent.com";

/**
 * GitHub's own instance for a repository of github.com that is not public, as actions/attest has it, unless
 * its owner allows the public log; what the request says otherwise.
 */
export function chooseByVisibility(
  { issuer, claims }: Pick<IdentityToken, "issuer" | "claims">,
  { instance, allowPublicLog }: Pick<RunRequest, "instance" | "allowPublicLog">,
): InstanceChoice {
  const isGitHub = issuer === gitHubIssuer || issuer.startsWith(`${gitHubIssuer}/`);
  const visibility = claims.get("repository_visibility");
  if (!isGitHub || allowPublicLog || visibility === undefined || visibility === "public") {
    return instance;
  }
  return { kind: "github" };
}
