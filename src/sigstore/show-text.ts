// Text of certificates and policies for messages, in which look-alikes must be plain to see.
import { quote } from "../errors.ts";

const limit = 200;

/** `text` in quotes; everything that is not printable ASCII is escaped, a Cyrillic a included. */
export function showText(text: string): string {
  // The mark of a cut is quote()'s own, and the only one that it puts right before the end.
  const cut = text.length > limit;
  const shown = quote(text, limit).slice(1, cut ? -2 : -1);
  return `"${shown.replace(/[^\x20-\x7e]/gu, escapeCharacter)}${cut ? "…" : ""}"`;
}

function escapeCharacter(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}
