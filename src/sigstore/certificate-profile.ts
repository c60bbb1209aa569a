// What a certificate must be for its place in a chain: Fulcio's leaf, a TSA's leaf, an issuer.
// Extensions that could restrict a certificate in ways we do not check make it refused.
// https://github.com/sigstore/fulcio/blob/main/docs/certificate-specification.md; RFC 3161 section 2.3.
import { quote } from "../errors.ts";
import type { Certificate } from "./certificate.ts";
import { fulcioArc } from "./fulcio-extensions.ts";
import { describeName, extensionOids, keyPurposes, refuseCertificate } from "./x509.ts";

/** What a chain is needed for. */
export type ChainPurpose = "codeSigning" | "timeStamping";

/** Whose certificate it is. `username` is Fulcio's otherName, `name!domain`. */
export interface Identity {
  readonly type: "uri" | "email" | "username";
  readonly value: string;
}

/**
 * The one identity in a code signing leaf.
 *
 * @throws SigstepError CERTIFICATE_INVALID when it has not Fulcio's profile.
 */
export function requireSigningLeaf(leaf: Certificate): Identity {
  requireEndEntity(leaf);
  if (leaf.keyUsage?.digitalSignature !== true) {
    throw refuseCertificate("is not for digital signatures (key usage)");
  }
  if (leaf.extendedKeyUsage?.includes(keyPurposes.codeSigning) !== true) {
    throw refuseCertificate("is not for code signing (extended key usage)");
  }
  return requireIdentity(leaf);
}

/** Exactly one name of a kind that Fulcio issues; critical where nothing else names the subject. */
function requireIdentity(leaf: Certificate): Identity {
  const [name, ...others] = leaf.subjectAlternativeNames;
  if (name === undefined || others.length > 0) {
    throw refuseCertificate(`has ${leaf.subjectAlternativeNames.length} names instead of one`);
  }
  const critical = leaf.extensions.get(extensionOids.subjectAlternativeName)?.critical === true;
  if (!critical && isEmptyName(leaf)) {
    throw refuseCertificate("names its subject in an extension that is not critical");
  }
  const identity = findIdentity(name);
  if (identity === undefined) throw refuseCertificate("has no name that Sigstore knows");
  if (identity.value === "") throw refuseCertificate("has an empty name");
  return identity;
}

function findIdentity(name: Certificate["subjectAlternativeNames"][number]): Identity | undefined {
  switch (name.type) {
    case "uri":
    case "email":
      return { type: name.type, value: name.value };
    case "otherName":
      return name.oid === `${fulcioArc}.7` ? { type: "username", value: name.value } : undefined;
    case "dns":
    case "other":
      return undefined;
  }
}

/** `SEQUENCE {}` */
function isEmptyName(leaf: Certificate): boolean {
  return leaf.subject.raw.length === 2;
}

/**
 * Checks the leaf of a timestamp authority: for timestamps, critically, and for nothing else.
 *
 * @throws SigstepError CERTIFICATE_INVALID
 * @see RFC 3161 section 2.3
 */
export function requireTimestampLeaf(leaf: Certificate): void {
  requireEndEntity(leaf);
  const [purpose, ...others] = leaf.extendedKeyUsage ?? [];
  if (purpose !== keyPurposes.timeStamping || others.length > 0) {
    throw refuseCertificate("is not for timestamps alone (extended key usage)");
  }
  if (leaf.extensions.get(extensionOids.extendedKeyUsage)?.critical !== true) {
    throw refuseCertificate("has an extended key usage that is not critical");
  }
  const usage = leaf.keyUsage;
  if (usage !== undefined && !usage.digitalSignature && !usage.contentCommitment) {
    throw refuseCertificate("is not for signatures (key usage)");
  }
}

function requireEndEntity(leaf: Certificate): void {
  requireUnderstood(leaf);
  if (leaf.basicConstraints?.isAuthority === true) {
    throw refuseCertificate("is an authority's, not a signer's");
  }
}

/**
 * Checks that a certificate may issue others.
 *
 * @param below - How many intermediates stand between it and the leaf.
 * @throws SigstepError CERTIFICATE_INVALID
 * @see RFC 5280 sections 4.2.1.3, 4.2.1.9 and 4.2.1.12
 */
export function requireIssuer(issuer: Certificate, purpose: ChainPurpose, below: number): void {
  const refuse = (reason: string): Error =>
    refuseCertificate(`has the issuer ${quote(describeName(issuer.subject))}, which ${reason}`);
  requireUnderstood(issuer);
  // Without name constraints in our code, a constrained authority would pass as an unconstrained one.
  if (issuer.extensions.has(extensionOids.nameConstraints)) {
    throw refuse("has name constraints, and those are not supported");
  }
  if (issuer.basicConstraints?.isAuthority !== true) throw refuse("is no authority");
  if (issuer.keyUsage?.certificateSigning !== true) throw refuse("may not sign certificates");
  const { pathLength } = issuer.basicConstraints;
  if (pathLength !== undefined && pathLength < below) {
    throw refuse(`allows ${pathLength} intermediates, not ${below}`);
  }
  if (!maySupport(issuer, purpose)) throw refuse(`may not issue for ${purpose}`);
}

/** Purposes nest: an issuer's list, where it has one, bounds what it issues for. */
function maySupport({ extendedKeyUsage }: Certificate, purpose: ChainPurpose): boolean {
  if (extendedKeyUsage === undefined) return true;
  return (
    extendedKeyUsage.includes(keyPurposes[purpose]) || extendedKeyUsage.includes(keyPurposes.any)
  );
}

const understood: ReadonlySet<string> = new Set<string>(Object.values(extensionOids));

/** RFC 5280 section 4.2: a critical extension that is not understood makes the certificate refused. */
function requireUnderstood(certificate: Certificate): void {
  for (const [oid, { critical }] of certificate.extensions) {
    if (critical && !understood.has(oid)) {
      throw refuseCertificate(`has the critical extension ${oid}, which is not supported`);
    }
  }
}
