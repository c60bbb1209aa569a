// What is kept of a verified bundle once it is proven: the bundle itself may be large, and there may be
// thousands.
import { encodeHex } from "../encoding/base64.ts";
import type { ProvenCertificate } from "../sigstore/chain.ts";
import { provenIndex } from "../sigstore/entry-proof.ts";
import { findIssuer } from "../sigstore/fulcio-extensions.ts";
import type { AttestationRequirement } from "../sigstore/policy.ts";
import type { PassedStep } from "../sigstore/step.ts";
import type { VerifiedBundle } from "../sigstore/verify.ts";
import { describeClaims } from "./verify-claims.ts";
import { encodeVerified } from "./verify-json.ts";
import { describeSteps } from "./verify-steps.ts";

/** A proven bundle in a few words. Every text in it is proven, and was written by others all the same. */
export interface VerifiedFacts {
  /** Path of the bundle, with its line in a file of many. */
  readonly bundle: string;
  /** Identity and issuer; undefined with a managed key. */
  readonly signer: { readonly identity: string; readonly issuer: string } | undefined;
  /** SHA-256 of the managed key, hexadecimal. */
  readonly keyId: string;
  /** Source repository and commit, where the certificate names them. */
  readonly repository: string;
  readonly commit: string;
  /** Address of the run that signed. */
  readonly run: string;
  /** The earliest proven time. */
  readonly time: Date | undefined;
  /** Indexes in the logs, decimal, of the entries that prove theirs. */
  readonly logIndexes: readonly string[];
  readonly predicateType: string | undefined;
  /** What the statement claims, in lines of printable text. */
  readonly claims: readonly string[];
  /** Those of the policy's attestations that it is. */
  readonly attestations: readonly AttestationRequirement[];
  readonly steps: readonly PassedStep[];
  /** All that is proven, as JSON; undefined when nobody asks for it. */
  readonly json: unknown;
}

/** How facts are made. */
export interface FactsTerms {
  readonly label: string;
  /** What the trusted root is called. */
  readonly trustedRoot: string;
  /** Where it is stored, of an image's. */
  readonly storage?: Readonly<Record<string, unknown>>;
  readonly withJson: boolean;
}

/** The facts of `verified`. */
export function verifiedFacts(verified: VerifiedBundle, terms: FactsTerms): VerifiedFacts {
  const { certificate, entries, times, statement, publicKey } = verified;
  const steps = describeSteps(verified);
  const claims = describeClaims(statement, certificate);
  const [time] = times.toSorted((left, right) => left.getTime() - right.getTime());
  return {
    bundle: terms.label,
    ...sourceFacts(certificate),
    keyId: certificate === undefined ? encodeHex(publicKey.keyId) : "",
    time,
    logIndexes: entries.flatMap((entry) => provenIndex(entry)?.toString() ?? []),
    predicateType: statement?.predicateType,
    claims,
    attestations: verified.attestations,
    steps,
    json: terms.withJson ? encodeVerified(verified, { ...terms, steps, claims }) : undefined,
  };
}

type SourceFacts = Pick<VerifiedFacts, "signer" | "repository" | "commit" | "run">;

/** What the certificate says of signer and source; very old ones use other extensions. */
function sourceFacts(certificate: ProvenCertificate | undefined): SourceFacts {
  if (certificate === undefined) return { signer: undefined, repository: "", commit: "", run: "" };
  const { fulcio } = certificate.certificate;
  const { named } = fulcio;
  return {
    signer: { identity: certificate.identity.value, issuer: findIssuer(fulcio) ?? "" },
    repository: named.sourceRepositoryUri ?? named.githubWorkflowRepository ?? "",
    commit: named.sourceRepositoryDigest ?? named.githubWorkflowSha ?? "",
    run: named.runInvocationUri ?? "",
  };
}
