// From a certificate to an authority of the trusted root, at every time that was proven.
// Anchors come from the trusted root alone; certificates found in a bundle only bridge.
// RFC 5280 section 6.1 as far as Sigstore uses it: what it does not use, it refuses.
import { quote, SigstepError } from "../errors.ts";
import type { Certificate } from "./certificate.ts";
import {
  type ChainPurpose,
  type Identity,
  requireIssuer,
  requireSigningLeaf,
} from "./certificate-profile.ts";
import { findIssuers, type IssuerPath } from "./chain-path.ts";
import { isWithin, type ValidityRange } from "./validity.ts";
import { describeName, refuseCertificate } from "./x509.ts";

/** Certificates of one authority of the trusted root: nearest to the leaf first, the anchor last. */
export interface CertificateAuthority {
  readonly certificates: readonly Certificate[];
  readonly validFor: ValidityRange;
  /** Who runs it, for thresholds. */
  readonly operator?: string;
}

/** What {@link verifyChain} is asked. */
export interface ChainQuestion<Authority extends CertificateAuthority = CertificateAuthority> {
  /** From the bundle or from Fulcio: anyone may have made it. */
  readonly leaf: Certificate;
  /** Further certificates from the same place, in any order; never anchors. */
  readonly intermediates?: readonly Certificate[];
  /** From the trusted root. They may overlap, be long over, or lie in the future. */
  readonly authorities: readonly Authority[];
  /** Every proven time; the whole chain must be valid at each. */
  readonly at: readonly Date[];
}

/** Issuers from the leaf's to the anchor, and the authority whose anchor that is. */
export interface ProvenPath<Authority extends CertificateAuthority = CertificateAuthority> {
  readonly issuers: IssuerPath;
  readonly authority: Authority;
}

/** A certificate that a trusted authority issued, with what that proves. Only {@link verifyChain} makes one. */
export class ProvenCertificate {
  readonly certificate: Certificate;
  /** Whose certificate it is: its one alternative name. */
  readonly identity: Identity;
  /** Issuer of `certificate` first, anchor last. */
  readonly issuers: IssuerPath;
  readonly authority: CertificateAuthority;
  /** The times at which all of this held. */
  readonly times: readonly Date[];

  private constructor(question: ChainQuestion) {
    this.certificate = question.leaf;
    this.identity = requireSigningLeaf(question.leaf);
    const { issuers, authority } = findPath(question, "codeSigning");
    this.issuers = issuers;
    this.authority = authority;
    this.times = [...question.at];
  }

  /** @see {@link verifyChain} */
  static verify(question: ChainQuestion): ProvenCertificate {
    return new ProvenCertificate(question);
  }
}

/**
 * Proves that a trusted authority issued a code signing certificate that was good at every given time.
 *
 * 1. The leaf has Fulcio's profile: one name, digitalSignature, codeSigning, no authority.
 * 2. Names chain byte by byte and every signature holds, up to the anchor of one authority.
 * 3. Every issuer may issue: cA, keyCertSign, path length, purpose; no unknown critical extension.
 * 4. At every time leaf, intermediates and anchor are valid (CVE-2026-24122: an expired issuer is not),
 *    and so is the trusted root's entry, both ends included.
 *
 * The first authority that works is taken; otherwise the error is of the one that came furthest.
 *
 * @throws SigstepError CERTIFICATE_INVALID
 * @throws TypeError without any time: a chain is proven at times, not in general.
 * @see RFC 5280 section 6.1
 */
export function verifyChain(question: ChainQuestion): ProvenCertificate {
  return ProvenCertificate.verify(question);
}

/**
 * Steps 2 to 4, for a leaf whose own profile the caller checks.
 *
 * @throws SigstepError CERTIFICATE_INVALID
 */
export function findPath<Authority extends CertificateAuthority>(
  question: ChainQuestion<Authority>,
  purpose: ChainPurpose,
): ProvenPath<Authority> {
  if (question.at.length === 0) throw new TypeError("A chain is verified at one time or more.");
  let furthest: Refusal | undefined;
  for (const authority of question.authorities) {
    const result = tryAuthority(question, authority, purpose);
    if (!("step" in result)) return result;
    if (result.step > (furthest?.step ?? 0)) furthest = result;
  }
  throw furthest?.error ?? unknownIssuer(question);
}

/** Why one authority does not prove the leaf, and how far it came. */
interface Refusal {
  readonly step: 0 | 2 | 3 | 4;
  /** Absent at step 0, when the authority has nothing to do with the leaf. */
  readonly error?: SigstepError;
}

function tryAuthority<Authority extends CertificateAuthority>(
  question: ChainQuestion<Authority>,
  authority: Authority,
  purpose: ChainPurpose,
): ProvenPath<Authority> | Refusal {
  let step: 2 | 3 | 4 = 2;
  try {
    const issuers = findIssuersAt(question, authority);
    if (issuers === undefined) return { step: 0 };
    step = 3;
    for (const [below, issuer] of issuers.entries()) requireIssuer(issuer, purpose, below);
    step = 4;
    for (const time of question.at) {
      for (const certificate of [question.leaf, ...issuers])
        requireValid(certificate, question, time);
      if (!isWithin(time, authority.validFor)) throw outsideAuthority(authority, time);
    }
    return { issuers, authority };
  } catch (error) {
    if (error instanceof SigstepError) return { step, error };
    throw error;
  }
}

function findIssuersAt(
  question: ChainQuestion,
  authority: CertificateAuthority,
): IssuerPath | undefined {
  const anchor = authority.certificates.at(-1);
  if (anchor === undefined) return undefined;
  const candidates = [...authority.certificates, ...(question.intermediates ?? [])];
  return findIssuers(question.leaf, { candidates, anchor });
}

function requireValid(certificate: Certificate, { leaf }: ChainQuestion, time: Date): void {
  const { notBefore, notAfter } = certificate;
  if (time >= notBefore && time <= notAfter) return;
  const range = `${notBefore.toISOString()} to ${notAfter.toISOString()}`;
  const validity = `valid from ${range}, not at ${describeTime(time)}`;
  if (certificate === leaf) throw refuseCertificate(`is ${validity}`);
  const name = quote(describeName(certificate.subject));
  throw refuseCertificate(`has the issuer ${name}, which is ${validity}`);
}

function outsideAuthority({ validFor }: CertificateAuthority, time: Date): SigstepError {
  const end = validFor.end === undefined ? "on" : `to ${validFor.end.toISOString()}`;
  const range = `${validFor.start.toISOString()} ${end}`;
  return refuseCertificate(
    `has an authority that the trusted root trusts from ${range}, not at ${describeTime(time)}`,
  );
}

/** A log's number can be beyond every calendar; then it lies in no range, and has no spelling. */
function describeTime(time: Date): string {
  return Number.isNaN(time.getTime()) ? "no time at all" : time.toISOString();
}

function unknownIssuer({ leaf, authorities }: ChainQuestion): SigstepError {
  const issuer = quote(describeName(leaf.issuer));
  const known = new Set(
    authorities.flatMap(({ certificates: [first] }) =>
      first === undefined ? [] : [quote(describeName(first.subject), 60)],
    ),
  );
  const list = [...known].slice(0, 5).join(", ");
  return new SigstepError(
    "CERTIFICATE_INVALID",
    `The certificate was issued by ${issuer}; the trusted root has ${list === "" ? "no authority" : list}.`,
    { hint: "It may be from another Sigstore instance: give that instance's trusted root." },
  );
}
