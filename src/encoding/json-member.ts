// The text of one member of a JSON object, spelled as it was: numbers keep digits that a double would lose.

/**
 * The text of the value of the member called `name` of the object that `text` is.
 *
 * @param text - What JSON.parse has accepted; of two members of one name the first is given.
 * @returns Undefined when `text` is no object, or has no such member.
 */
export function memberText(text: string, name: string): string | undefined {
  let at = skipSpace(text, 0);
  if (text[at] !== "{") return undefined;
  at = skipSpace(text, at + 1);
  while (text[at] === '"') {
    const end = endOfString(text, at);
    const isWanted = JSON.parse(text.slice(at, end)) === name;
    const start = skipSpace(text, skipSpace(text, end) + 1);
    const stop = endOfValue(text, start);
    if (isWanted) return text.slice(start, stop).trimEnd();
    at = skipSpace(text, stop + 1);
  }
  return undefined;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (" \t\r\n".includes(text[at] ?? "x")) at++;
  return at;
}

/** The comma or bracket after the value that begins at `start`. */
function endOfValue(text: string, start: number): number {
  const token = /["{}[\],]/g;
  token.lastIndex = start;
  let depth = 0;
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [found] = match;
    if (found === '"') token.lastIndex = endOfString(text, match.index);
    else if (found === "{" || found === "[") depth++;
    else if (depth === 0) return match.index;
    else if (found !== ",") depth--;
  }
  return text.length;
}

/** Where the string that begins at `start` has ended. A pattern for it would overflow on a long one. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}
