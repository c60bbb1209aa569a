// Differences between what was found and what was wanted, told so that look-alikes cannot hide in them.
import type { Matcher } from "./matcher.ts";
import { showText } from "./show-text.ts";

/** One thing that differs. */
export interface Difference {
  /** What is compared: `identity`, or the extension's name. */
  readonly what: string;
  /** Completes "The certificate's …". */
  readonly text: string;
  readonly hint?: string;
}

/** How `found` differs from `wanted`; `found` is absent where nothing is said. */
export function describeDifference(
  what: string,
  found: string | undefined,
  wanted: Matcher,
): Difference {
  const want = describeMatcher(wanted);
  if (found === undefined) {
    return { what, text: `${what} is missing, and the policy wants ${want}` };
  }
  const text = `${what} is ${showText(found)}, and the policy wants ${want}`;
  const why = explain(found, wanted);
  return why === undefined ? { what, text } : { what, text: `${text} (${why})` };
}

/** A matcher as messages name it. */
export function describeMatcher(matcher: Matcher): string {
  return matcher.kind === "exact"
    ? showText(matcher.text)
    : `a match of the pattern ${showText(matcher.source)}`;
}

/** What the eye would miss. */
function explain(found: string, wanted: Matcher): string | undefined {
  if (wanted.kind === "pattern") return undefined;
  if (lowerAscii(found) === lowerAscii(wanted.text)) return "only upper and lower case differ";
  if (/[^\x20-\x7e]/.test(found)) return "it has characters that are not plain ASCII";
  return undefined;
}

/** Without Unicode's folding, in which the Kelvin sign is a k. */
function lowerAscii(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase());
}
