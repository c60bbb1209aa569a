// Whose certificate it must be: issuer, identity and whatever else the certificate says of the build.
// Everything that is asked is compared, and what a certificate does not say is not satisfied
// (GHSA-52v5-jr5w-gjxr: a policy on extensions that was dropped).
import { SigstepError } from "../errors.ts";
import type { ProvenCertificate } from "./chain.ts";
import { findDifferences, type Difference } from "./policy-differences.ts";
import type { FulcioExtensionName } from "./fulcio-extensions.ts";
import type { Matcher } from "./matcher.ts";

/** One signer whose signatures count. */
export interface IdentityPolicy {
  readonly issuer: Matcher;
  /** The certificate's one alternative name. */
  readonly identity?: Matcher;
  readonly extensions: Readonly<Partial<Record<FulcioExtensionName, Matcher>>>;
}

/**
 * The identity of `policy` that a certificate has.
 *
 * @throws SigstepError POLICY_NOT_SATISFIED with what differs from the identity that comes closest.
 */
export function checkIdentity(
  certificate: ProvenCertificate,
  { identities }: { readonly identities: readonly IdentityPolicy[] },
): IdentityPolicy {
  let closest: readonly Difference[] | undefined;
  for (const wanted of identities) {
    const differences = findDifferences(certificate, wanted);
    if (differences.length === 0) return wanted;
    if (closest === undefined || differences.length < closest.length) closest = differences;
  }
  throw refuse(closest ?? [], identities.length);
}

/** More would bury the first. */
const maxShown = 4;

function refuse(differences: readonly Difference[], count: number): SigstepError {
  const shown = differences.slice(0, maxShown).map(({ text }) => text);
  const more = differences.length - shown.length;
  const list = [...shown, ...(more > 0 ? [`${more} more differ`] : [])].join("; ");
  if (list === "") {
    return new SigstepError("POLICY_NOT_SATISFIED", "The policy names no identity, only a key.");
  }
  const closest = count > 1 ? ` (the closest of ${count} identities)` : "";
  return new SigstepError("POLICY_NOT_SATISFIED", `The certificate's ${list}${closest}.`, {
    where: differences[0]?.what ?? "identity",
    hint: differences.find(({ hint }) => hint !== undefined)?.hint ?? "",
  });
}
