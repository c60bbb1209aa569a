// Whom to believe: the trusted roots of a known instance, of a TUF mirror, or of a file.
import { SigstepError } from "../errors.ts";
import type { Http } from "../services/http.ts";
import type { TrustedRoot } from "../sigstore/trust.ts";
import type { World } from "./world.ts";

/** Whose trusted root to use. `default` is the public-good instance and GitHub's. */
export type TrustChoice =
  | { readonly kind: "default" | "public-good" | "staging" | "github" }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "mirror"; readonly url: URL; readonly root: string };

/** What reading trust needs of the outside. */
export interface TrustTerms {
  readonly world: World;
  /** The door to ask through; one is opened when absent and needed. */
  readonly http?: Http;
  /** Ask nobody: what is cached or embedded, whatever its age. */
  readonly offline: boolean;
}

/**
 * The trusted roots that `choice` stands for.
 *
 * @throws SigstepError TRUST_UNAVAILABLE, TRUST_INVALID, TUF_ROOT_INVALID, TRUSTED_ROOT_INVALID
 */
export function readTrustedRoots(
  choice: TrustChoice,
  _terms: TrustTerms,
): Promise<readonly TrustedRoot[]> {
  throw new SigstepError("TRUST_UNAVAILABLE", `No trusted root for ${choice.kind} yet.`);
}
