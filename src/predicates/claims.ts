// Claims of a verified identity token, as provenance needs them: present and not empty, or an error that
// names the claim.
import { quote, SigstepError } from "../errors.ts";
import type { FulcioExtensions } from "../sigstore/fulcio-extensions.ts";
import type { IdentityToken } from "../sigstore/token.ts";

/**
 * What provenance is made of: the token, and what the certificate that was issued for it says. Both are
 * verified before, the one against the other.
 */
export interface BuildIdentity {
  readonly token: Pick<IdentityToken, "issuer" | "claims">;
  readonly certificate: FulcioExtensions["named"];
}

/**
 * The claim called `name`.
 *
 * @throws SigstepError IDENTITY_INVALID when the token lacks it.
 */
export function requireClaim({ token }: BuildIdentity, name: string): string {
  const value = token.claims.get(name) ?? "";
  if (value !== "") return value;
  throw new SigstepError(
    "IDENTITY_INVALID",
    `The identity token has no claim ${name}, which provenance is made of.`,
    {
      where: name,
      hint: "Provenance is for tokens of GitHub Actions and GitLab CI. For another identity attest a predicate of your own: `predicate-type` and `predicate-path`.",
    },
  );
}

/** The claims called `names` that the token has, by name. */
export function presentClaims(
  { token }: BuildIdentity,
  names: readonly string[],
): Readonly<Record<string, string>> {
  const entries = names.map((name) => [name, token.claims.get(name) ?? ""] as const);
  return Object.fromEntries(entries.filter(([, value]) => value !== ""));
}

/**
 * The address below which `path` lies: that of the certificate's source repository without `path`. A
 * certificate that does not name one leaves the issuer's own.
 *
 * @throws SigstepError IDENTITY_INVALID when certificate and token do not name the same repository.
 */
export function serverOf({ token, certificate }: BuildIdentity, path: string): string {
  const uri = certificate.sourceRepositoryUri;
  if (uri === undefined) return serverOfIssuer(token.issuer);
  if (uri.endsWith(`/${path}`) && uri.length > path.length + 1) {
    return uri.slice(0, -path.length - 1);
  }
  throw new SigstepError(
    "IDENTITY_INVALID",
    `The certificate is for repository ${quote(uri)}, the identity token for ${quote(path)}.`,
    { hint: "Tell those who run this Fulcio: its certificates do not say what the tokens say." },
  );
}

const gitHubIssuer = /^token\.actions\.(githubusercontent\.com|[a-z0-9-]+\.ghe\.com)$/;

/** GitHub's issuer has a host of its own; GitHub Enterprise Server and GitLab issue under their own address. */
function serverOfIssuer(issuer: string): string {
  const url = URL.parse(issuer);
  if (url === null) {
    throw new SigstepError("IDENTITY_INVALID", `The issuer ${quote(issuer)} is not a URL.`, {
      where: "iss",
    });
  }
  const own = gitHubIssuer.exec(url.host)?.[1];
  if (own !== undefined) {
    return `https://${own === "githubusercontent.com" ? "github.com" : own}`;
  }
  const path = url.pathname.replace(/\/_services\/token$/, "").replace(/\/+$/, "");
  return `${url.origin}${path}`;
}
