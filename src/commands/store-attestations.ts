// GitHub's attestations API as a run uses it: look for what is there, store what is new, and give way
// where GitHub does not offer it and nobody insists.
import { toSigstepError } from "../errors.ts";
import type { Runner } from "../runner/runner.ts";
import { createGate } from "../services/gate.ts";
import {
  listAttestations,
  storeAttestation,
  type StoredAttestation,
} from "../stores/attestations-api.ts";
import type { GitHubApi } from "../stores/github-api.ts";

/** Where bundles are kept besides their files. */
export interface AttestationStore {
  /** Bundles about a subject, newest first; none where GitHub does not offer it. Nothing is verified. */
  readonly list: (sha256: string) => AsyncIterable<string>;
  /**
   * Stores a bundle; undefined where GitHub does not offer it and nobody insists.
   *
   * @throws SigstepError as `storeAttestation` of the stores.
   */
  readonly store: (bundle: string) => Promise<StoredAttestation | undefined>;
}

/** On what terms. */
export interface AttestationTerms {
  /** The user insists: not to be offered it is a failure then. */
  readonly isRequired: boolean;
  readonly runner: Pick<Runner, "info">;
}

/** The store behind `api`. */
export function openAttestationStore(
  api: GitHubApi,
  { isRequired, runner }: AttestationTerms,
): AttestationStore {
  let isOffered = true;
  /** Told once, however many bundles there are. */
  const giveWay = (thrown: unknown): void => {
    const error = toSigstepError(thrown);
    if (error.code !== "STORE_NOT_OFFERED" || isRequired) throw error;
    if (isOffered) runner.info(describeNotOffered(error.message));
    isOffered = false;
  };
  const gate = createGate(writesAtOnce);
  return {
    list: async function* (sha256) {
      if (!isOffered) return;
      try {
        yield* listAttestations(api, sha256);
      } catch (thrown) {
        giveWay(thrown);
      }
    },
    store: async (bundle) => {
      if (!isOffered) return undefined;
      try {
        return await gate.run(() => storeAttestation(api, bundle));
      } catch (thrown) {
        giveWay(thrown);
        return undefined;
      }
    },
  };
}

/** GitHub asks for few writes at once, and answers more of them with its secondary limit. */
const writesAtOnce = 4;

/** The one notice of `github-attestations: auto`. */
export function describeNotOffered(reason: string): string {
  return `Not stored in GitHub's attestations API: ${reason} The bundle files hold the same and verify without it.`;
}
