// Whom to believe, in time: an instance that no bundle needs is not asked for its trust.
import type { Bundle } from "../sigstore/bundle.ts";
import { parseCertificate } from "../sigstore/certificate.ts";
import type { TrustedRoot } from "../sigstore/trust.ts";
import { describeName } from "../sigstore/x509.ts";
import { readTrustedRoots, type TrustChoice, type TrustTerms } from "./trust.ts";

/** Gives the trusted roots of which one may be the bundle's. */
export type RootsFor = (bundle: Bundle) => Promise<readonly TrustedRoot[]>;

/**
 * Trust by `choice`. What the user has named is read at once, so that what is wrong with it ends the run;
 * of the default's instances, each when the first bundle looks like one of it.
 *
 * @throws SigstepError as `readTrustedRoots`.
 */
export async function openTrust(choice: TrustChoice, terms: TrustTerms): Promise<RootsFor> {
  if (choice.kind !== "default") {
    const roots = await readTrustedRoots(choice, terms);
    return () => Promise.resolve(roots);
  }
  const read = new Map<string, Promise<readonly TrustedRoot[]>>();
  return (bundle) => {
    const instance = isGitHubs(bundle) ? "github" : "public-good";
    const known = read.get(instance) ?? readTrustedRoots({ kind: instance }, terms);
    read.set(instance, known);
    return known;
  };
}

/** By the issuer's name: a guess at whom to ask, which the chosen root then proves or refuses. */
export function isGitHubs({ signer }: Bundle): boolean {
  if (signer.kind === "public-key") return false;
  try {
    return describeName(parseCertificate(signer.certificate).issuer).startsWith("O=GitHub, Inc.");
  } catch {
    return false;
  }
}
