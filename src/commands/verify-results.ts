// What became of each artifact of a run.
import type { SigstepError } from "../errors.ts";
import type { VerifiedFacts } from "./verify-facts.ts";

/** A bundle that did not prove the artifact, and why. */
export interface Refusal {
  readonly bundle: string;
  readonly error: SigstepError;
}

/** What an image is, apart from its digest. */
export interface ImageFacts {
  /** As the user named it. */
  readonly reference: string;
  /** `registry/repository`, or `oci-layout:folder`. */
  readonly name: string;
  /** `sha256:…`; undefined when it could not be found. */
  readonly digest: string | undefined;
  /** `linux/amd64`, when asked for by platform. */
  readonly platform: string | undefined;
}

/** An artifact that some bundle proves. */
export interface VerifiedResult {
  readonly kind: "verified";
  /** Path or digest, as given. */
  readonly name: string;
  /** `sha256` → hexadecimal: all that were computed or given. */
  readonly digests: Readonly<Record<string, string>>;
  /** One at least; several where several bundles satisfy the policy. */
  readonly proofs: readonly [VerifiedFacts, ...VerifiedFacts[]];
  /** Other bundles that were found with them. */
  readonly refusals: readonly Refusal[];
  /** Of an image. */
  readonly image?: ImageFacts;
}

/** An artifact that none proves. */
export interface RefusedResult {
  readonly kind: "refused";
  readonly name: string;
  readonly digests: Readonly<Record<string, string>>;
  /** The one reason. */
  readonly error: SigstepError;
  /** Attestations that the policy requires and that no bundle is, by name. */
  readonly missing?: readonly string[];
  readonly refusals: readonly Refusal[];
  /** Of an image. */
  readonly image?: ImageFacts;
}

export type VerifyResult = VerifiedResult | RefusedResult;

/** Narrows to artifacts that are verified. */
export function isVerified(result: VerifyResult): result is VerifiedResult {
  return result.kind === "verified";
}

/** Narrows to those that are not. */
export function isRefused(result: VerifyResult): result is RefusedResult {
  return result.kind === "refused";
}

/** A result for what a manifest lists and nothing can be proven of. */
export function refuseListed(name: string, error: SigstepError): RefusedResult {
  return { kind: "refused", name, digests: {}, error, refusals: [] };
}
