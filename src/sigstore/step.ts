// The steps of verification, in the order in which verify.ts takes them. A refusal names its step.
// protocol order: sigstore/architecture-docs client-spec.md section 4.
import { SigstepError, type VerificationStep } from "../errors.ts";

/** Number → name, as reports and errors show them. */
export const verificationSteps = {
  1: "bundle",
  2: "log",
  3: "promise",
  4: "inclusion",
  5: "entry",
  6: "timestamps",
  7: "time",
  8: "certificate",
  9: "certificate log",
  10: "identity",
  11: "signature",
  12: "statement",
  13: "thresholds",
} as const;

/** Number of a step. */
export type StepNumber = keyof typeof verificationSteps;

/** A step that was passed, and what it proved, for people. */
export interface PassedStep extends VerificationStep {
  readonly detail: string;
}

/**
 * What `work` gives; a refusal leaves as one of this step, unless an inner step has claimed it.
 *
 * @throws SigstepError of `work`, with its step.
 */
export function inStep<T>(number: StepNumber, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw atStep(number, error);
  }
}

/** `error` as one of this step, unless it has one. */
export function atStep(number: StepNumber, error: unknown): unknown {
  if (!(error instanceof SigstepError) || error.step !== undefined) return error;
  const { code, message, hint, where, published } = error;
  const step = { number, name: verificationSteps[number] };
  return new SigstepError(code, message, { hint, where, published, step, cause: error });
}
