// What a text must be: one exact text, or a pattern of the whole of it. Never a part of it, never
// without regard to case, never after any normalisation.
import { SigstepError } from "../errors.ts";
import { compilePattern, type Pattern } from "./pattern.ts";

/** One text, character by character. */
export interface ExactText {
  readonly kind: "exact";
  readonly text: string;
}

/** What a text is held against. */
export type Matcher = ExactText | Pattern;

/** No text in a policy is longer. */
const maxLength = 2048;

/**
 * A matcher of exactly `text`.
 *
 * @param what - For the message: `identity`, `issuer`.
 * @throws SigstepError POLICY_INVALID when it is empty or longer than 2,048 characters.
 */
export function exactly(text: string, what: string): ExactText {
  if (text === "") throw invalid(`The policy's ${what} is empty.`, what);
  if (text.length > maxLength) {
    throw invalid(`The policy's ${what} is longer than ${maxLength} characters.`, what);
  }
  return { kind: "exact", text };
}

/**
 * A matcher of every text that `source` describes from its first to its last character.
 *
 * @throws SigstepError POLICY_INVALID for what is not a pattern of the kind in pattern.ts.
 */
export function matching(source: string, what: string): Pattern {
  return compilePattern(source, what);
}

/** Whether `text` is what `matcher` wants. */
export function fits(matcher: Matcher, text: string): boolean {
  return matcher.kind === "exact" ? matcher.text === text : matcher.matches(text);
}

function invalid(message: string, what: string): SigstepError {
  return new SigstepError("POLICY_INVALID", message, {
    where: what,
    hint: "Give it a value, or leave it out.",
  });
}
