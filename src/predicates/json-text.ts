// JSON as text that has to stay as it is: shortened by white space only, and refused where two readers
// would take a number or a string for different values. RFC 8259 sections 2 and 6, RFC 7493 section 2.

/** A piece of JSON text, by offsets. */
interface Token {
  readonly kind: "string" | "number" | "space";
  readonly start: number;
  readonly end: number;
}

/** Strings, numbers and white space of text that JSON.parse has accepted. */
function* tokensOf(text: string): Generator<Token> {
  const opening = /"|-?[0-9][0-9.eE+-]*|[ \t\r\n]+/g;
  for (let match = opening.exec(text); match !== null; match = opening.exec(text)) {
    const { index: start } = match;
    const [found] = match;
    if (found === '"') opening.lastIndex = endOfString(text, start);
    const kind = found === '"' ? "string" : /^\s/.test(found) ? "space" : "number";
    yield { kind, start, end: opening.lastIndex };
  }
}

/** Where the string that begins at `start` has ended. A pattern for it would overflow on a long one. */
function endOfString(text: string, start: number): number {
  let at = text.indexOf('"', start + 1);
  while (isEscaped(text, at)) at = text.indexOf('"', at + 1);
  return at + 1;
}

/** Whether an odd number of backslashes stands before `at`. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text[first - 1] === "\\") first -= 1;
  return (at - first) % 2 === 1;
}

/**
 * `text` without the white space between its tokens: every name, string and number keeps its spelling.
 *
 * @param text - What JSON.parse has accepted.
 */
export function minifyJson(text: string): string {
  const parts: string[] = [];
  let kept = 0;
  for (const { kind, start, end } of tokensOf(text)) {
    if (kind !== "space") continue;
    parts.push(text.slice(kept, start));
    kept = end;
  }
  parts.push(text.slice(kept));
  return parts.join("");
}

/**
 * Why some value of `text` would not reach every reader as it stands; undefined when all do.
 *
 * @param text - What JSON.parse has accepted.
 * @returns The end of a sentence that begins with the document's name.
 */
export function findUnsafeValue(text: string): string | undefined {
  for (const { kind, start, end } of tokensOf(text)) {
    if (kind === "space") continue;
    const literal = text.slice(start, end);
    const fault = kind === "number" ? faultOfNumber(literal) : faultOfString(literal);
    if (fault !== undefined) return `has ${fault} (line ${lineOf(text, start)})`;
  }
  return undefined;
}

/** Only an escape can hide half a character: the text itself was UTF-8. */
function faultOfString(literal: string): string | undefined {
  if (!/\\u[dD][89a-fA-F]/.test(literal) || String(JSON.parse(literal)).isWellFormed()) {
    return undefined;
  }
  return "a string with half of a surrogate pair, which no UTF-8 can hold";
}

const maxShown = 40;
/** So many digits always survive a double. */
const doubleDigits = 17;

/**
 * A double is what most readers keep. A fraction of up to 17 digits means one double to everybody, as does
 * whatever a double prints; a whole number has to be that double exactly.
 */
function faultOfNumber(literal: string): string | undefined {
  const shown = literal.length > maxShown ? `${literal.slice(0, maxShown)}…` : literal;
  const value = Number(literal);
  if (!Number.isFinite(value)) return `the number ${shown}, which is too large for JSON's readers`;
  const written = decimalOf(literal);
  if (written.digits === "") {
    return literal.startsWith("-") ? `the number ${shown}, whose sign readers lose` : undefined;
  }
  if (value === 0) return `the number ${shown}, which readers take for 0`;
  const kept = decimalOf(String(value));
  if (written.digits === kept.digits && written.exponent === kept.exponent) return undefined;
  if (written.exponent < 0 && written.digits.length <= doubleDigits) return undefined;
  return `the number ${shown}, which readers take for ${String(value)}; write it as a string`;
}

/** Significant digits without zeros at either end, and the power of ten of the last one. */
function decimalOf(literal: string): { readonly digits: string; readonly exponent: number } {
  const [, whole = "", fraction = "", power = "0"] =
    /^-?([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(literal) ?? [];
  const all = `${whole}${fraction}`;
  const digits = withoutZeros(all);
  const dropped = all.length - lastNonZero(all);
  return { digits, exponent: Number(power) - fraction.length + dropped };
}

function withoutZeros(digits: string): string {
  return digits.slice(0, lastNonZero(digits)).replace(/^0+/, "");
}

/** Length of `digits` without the zeros at its end. A pattern for it would take quadratic time. */
function lastNonZero(digits: string): number {
  let length = digits.length;
  while (length > 0 && digits[length - 1] === "0") length -= 1;
  return length;
}

function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) {
    line += 1;
  }
  return line;
}
