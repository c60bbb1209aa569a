// Which Sigstore instance attests when the user does not say: the one whose visibility is the repository's,
// by the token alone. The event's payload, which any step can change, is not asked.
import { SigstepError } from "../errors.ts";
import type { IdentityToken } from "../sigstore/token.ts";
import type { InstanceChoice } from "./instance-choice.ts";
import type { RunRequest } from "./request.ts";

const gitHubIssuer = "https://token.actions.githubusercontent.com";

/**
 * GitHub's own instance for a repository of github.com that is not public, as actions/attest has it, unless
 * its owner allows the public log; what the request says otherwise.
 *
 * @throws SigstepError INPUT_MISSING for a job on a tenant of ghe.com, which has an instance of its own.
 */
export function chooseByVisibility(
  { issuer, claims }: Pick<IdentityToken, "issuer" | "claims">,
  { instance, allowPublicLog }: Pick<RunRequest, "instance" | "allowPublicLog">,
): InstanceChoice {
  refuseTenant(issuer);
  const isGitHub = issuer === gitHubIssuer || issuer.startsWith(`${gitHubIssuer}/`);
  const visibility = claims.get("repository_visibility");
  if (!isGitHub || allowPublicLog || visibility === undefined || visibility === "public") {
    return instance;
  }
  return { kind: "github" };
}

/** Neither the public-good instance nor github.com's accepts the tokens of a tenant. */
function refuseTenant(issuer: string): void {
  const tenant = /^https:\/\/token\.actions\.([a-z0-9-]+)\.ghe\.com(?:\/|$)/.exec(issuer)?.[1];
  if (tenant === undefined) return;
  throw new SigstepError(
    "INPUT_MISSING",
    `The identity token is of ${tenant}.ghe.com, and no Sigstore instance is given for it.`,
    {
      where: "signing-config",
      hint: `Give signing-config and trusted-root of an instance that accepts that issuer, such as the tenant's own (fulcio.${tenant}.ghe.com): \`gh attestation trusted-root\` prints its trusted root.`,
    },
  );
}
