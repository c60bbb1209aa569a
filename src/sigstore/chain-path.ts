// The way from a certificate up to one authority's anchor, over names and signatures alone.
// RFC 5280 section 6.1.3 (a)(1) and (a)(4); what each issuer may do is checked in chain.ts.
import { equalBytes } from "../encoding/base64.ts";
import { quote, SigstepError } from "../errors.ts";
import type { Certificate } from "./certificate.ts";
import { isSignedBy } from "./certificate-signature.ts";
import { describeName, refuseCertificate } from "./x509.ts";

/** Issuers, the leaf's first, the anchor last. */
export type IssuerPath = readonly [Certificate, ...Certificate[]];

/** Longer chains and wider searches are only ever attacks (CVE-2026-32280). */
const maxIssuers = 10;
const maxSignatures = 64;

/** Where a path may go: candidates in any order, and the one certificate where it must end. */
export interface PathTarget {
  readonly candidates: readonly Certificate[];
  readonly anchor: Certificate;
}

/**
 * The first path, depth first, from `leaf` to the anchor.
 *
 * @returns undefined when no candidate has the name of the leaf's issuer.
 * @throws SigstepError CERTIFICATE_INVALID when one has, but no path leads to the anchor.
 */
export function findIssuers(leaf: Certificate, target: PathTarget): IssuerPath | undefined {
  if (!target.candidates.some((candidate) => isNamedIssuer(candidate, leaf))) return undefined;
  const search = new PathSearch(target);
  const path = search.from(leaf, []);
  if (path !== undefined) return path;
  const issuer = quote(describeName(leaf.issuer));
  if (search.found) throw refuseCertificate(`leads to ${issuer}, but not to a trusted anchor`);
  throw new SigstepError("CERTIFICATE_INVALID", `The certificate is not signed by ${issuer}.`, {
    hint: "The trusted root has an authority of that name with another key: it may be another instance's.",
  });
}

class PathSearch {
  /** Whether any signature on the way held. */
  found = false;
  #signatures = 0;
  readonly #target: PathTarget;

  constructor(target: PathTarget) {
    this.#target = target;
  }

  from(subject: Certificate, below: readonly Certificate[]): IssuerPath | undefined {
    if (below.length >= maxIssuers) return undefined;
    for (const issuer of this.#target.candidates) {
      if (!isNamedIssuer(issuer, subject) || below.includes(issuer)) continue;
      if (++this.#signatures > maxSignatures)
        throw refuseCertificate("has too many issuers to try");
      if (!isSignedBy(subject, issuer)) continue;
      this.found = true;
      const path = issuer === this.#target.anchor ? [] : this.from(issuer, [...below, issuer]);
      if (path !== undefined) return [issuer, ...path];
    }
    return undefined;
  }
}

function isNamedIssuer(issuer: Certificate, subject: Certificate): boolean {
  return equalBytes(issuer.subject.raw, subject.issuer.raw);
}
