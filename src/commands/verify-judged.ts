// What the bundles of one artifact came to. Any bundle that satisfies the policy counts; when the policy
// requires several attestations, each must be one of them by some bundle that counts.
import { quote, SigstepError, toSigstepError } from "../errors.ts";
import {
  findMissing,
  listNames,
  type AttestationRequirement,
  type Policy,
} from "../sigstore/policy.ts";
import { verificationSteps } from "../sigstore/step.ts";
import type { Candidate } from "./bundle-file.ts";
import type { Artifact } from "./verify-artifacts.ts";
import type { VerifiedFacts } from "./verify-facts.ts";
import type { Refusal, VerifyResult } from "./verify-results.ts";

/** What bundles are about. */
type Named = Pick<Artifact, "name">;

/** More are neither kept nor shown. */
const maxKept = 100;

/** What the bundles of one artifact came to. */
export class Judged {
  readonly #required: readonly AttestationRequirement[];
  digests: Readonly<Record<string, string>> = {};
  readonly #proofs: VerifiedFacts[] = [];
  readonly #refusals: Refusal[] = [];
  readonly #needsAll: boolean;
  readonly #met = new Set<AttestationRequirement>();
  #count = 0;
  #furthest: SigstepError | undefined;

  /** @param needsAll - Whether every bundle must hold: a manifest has listed them. */
  constructor({ attestations = [] }: Policy, needsAll: boolean) {
    this.#required = attestations;
    this.#needsAll = needsAll;
  }

  /** One more bundle: what it proves, or why it does not. */
  async add(
    { label }: Pick<Candidate, "label">,
    prove: () => Promise<VerifiedFacts>,
  ): Promise<void> {
    this.#count++;
    try {
      const facts = await prove();
      for (const attestation of facts.attestations) this.#met.add(attestation);
      if (this.#proofs.length < maxKept) this.#proofs.push(facts);
    } catch (thrown) {
      const error = toSigstepError(thrown);
      if (error.code === "INTERNAL") throw error;
      this.#refuse({ bundle: label, error });
    }
  }

  #refuse(refusal: Refusal): void {
    if (this.#refusals.length < maxKept) this.#refusals.push(refusal);
    const { error } = refusal;
    const isFurther = this.#furthest === undefined || stepOf(error) > stepOf(this.#furthest);
    if (isFurther) this.#furthest = error;
  }

  /** What a result has whatever became of the artifact. */
  common({ name }: Named): Pick<VerifyResult, "name" | "digests" | "refusals"> {
    return { name, digests: this.digests, refusals: this.#refusals };
  }

  /**
   * The verdict, when every bundle has been added.
   *
   * @param none - The reason when there was no bundle at all.
   */
  result(artifact: Named, none = noneAbout(artifact)): VerifyResult {
    if (this.#needsAll && this.#furthest !== undefined) {
      return { ...this.common(artifact), kind: "refused", error: this.#reason(this.#furthest) };
    }
    const missing = findMissing(this.#required, this.#met);
    if (this.#count > 0 && missing.length > 0) return this.#lacking(artifact, missing);
    const [first, ...more] = this.#proofs;
    if (first !== undefined) {
      return { ...this.common(artifact), kind: "verified", proofs: [first, ...more] };
    }
    const error = this.#furthest === undefined ? none : this.#reason(this.#furthest);
    return { ...this.common(artifact), kind: "refused", error };
  }

  /** Some bundles count, or none does, and not all that is required is there. */
  #lacking(artifact: Named, missing: readonly AttestationRequirement[]): VerifyResult {
    const names = missing.map(({ name }) => name);
    const error = lacking(this.#required, missing, this.#furthest);
    return { ...this.common(artifact), kind: "refused", error, missing: names };
  }

  /** Of one bundle its own; of several the furthest, with how many there were. */
  #reason(furthest: SigstepError): SigstepError {
    if (this.#count === 1) return furthest;
    const { code, message, hint, where, step, cause } = furthest;
    const accepted = this.#proofs.length === 0 ? "None" : `Only ${this.#proofs.length}`;
    const told = `${accepted} of ${this.#count} bundles is accepted; the one that came furthest: ${message}`;
    return new SigstepError(code, told, { hint, where, step, cause });
  }
}

/** How far a bundle came; nowhere when its trust could not even be had. */
function stepOf({ step }: SigstepError): number {
  return step?.number ?? 0;
}

function noneAbout({ name }: Named): SigstepError {
  return new SigstepError("BUNDLE_MISSING", `No bundle there is about ${quote(name)}.`, {
    where: name,
    hint: "Was it signed, and are its bundles these? `sigstep inspect BUNDLE` shows what a bundle is about.",
    step: { number: 1, name: "bundle" },
  });
}

/** What is missing, what is there, and the reason of the bundle that came furthest. */
function lacking(
  required: readonly AttestationRequirement[],
  missing: readonly AttestationRequirement[],
  furthest: SigstepError | undefined,
): SigstepError {
  const there = required.filter((each) => !missing.includes(each));
  const found =
    there.length === 0
      ? ""
      : ` (${listNames(there, "and")} ${there.length === 1 ? "is" : "are"} there)`;
  const verb = missing.length === 1 ? "is" : "are";
  const why =
    furthest === undefined
      ? ""
      : ` Of the bundles that do not count, the one that came furthest: ${furthest.message}`;
  return new SigstepError(
    "POLICY_NOT_SATISFIED",
    `The policy requires ${listNames(required, "and")}: ${listNames(missing, "and")} ${verb} missing${found}.${why}`,
    {
      where: "predicate type",
      hint: "Was it attested, and are its bundles found? Those beside the file are taken by its name; name a folder of others with --bundle-dir.",
      step: { number: 12, name: verificationSteps[12] },
    },
  );
}
