// The syntax of patterns: the part of regular expressions on which Go's and JavaScript's agree.
// Literals, `.`, classes, groups, `|`, `* + ? {n,m}`, `\d \w \s` and escaped signs; `^` and `$` only at
// the ends. What one engine knows and another does not is refused, never guessed.
import { SigstepError } from "../errors.ts";
import { showText } from "./show-text.ts";

/** A pattern, read. */
export type PatternNode =
  | { readonly kind: "character"; readonly accepts: (character: string) => boolean }
  | { readonly kind: "sequence"; readonly items: readonly PatternNode[] }
  | { readonly kind: "either"; readonly branches: readonly PatternNode[] }
  | {
      readonly kind: "repeat";
      readonly item: PatternNode;
      readonly min: number;
      /** Infinity for no end. */
      readonly max: number;
    };

const maxLength = 1024;
const maxDepth = 50;
const maxCount = 1000;

/**
 * Reads a pattern of whole texts.
 *
 * @throws SigstepError POLICY_INVALID with the place of what is not understood.
 */
export function parsePattern(source: string, what: string): PatternNode {
  if (source === "") throw invalid(source, what, "is empty");
  if (source.length > maxLength) throw invalid("", what, `has more than ${maxLength} characters`);
  const reader = new Reader(source, what);
  reader.take("^");
  const node = readEither(reader, 0);
  reader.take("$");
  if (!reader.ended) throw reader.unknown();
  return node;
}

/** Characters from left to right, by code point. */
class Reader {
  readonly source: string;
  readonly what: string;
  readonly #characters: readonly string[];
  #at = 0;

  constructor(source: string, what: string) {
    this.source = source;
    this.what = what;
    this.#characters = Array.from(source);
  }

  get ended(): boolean {
    return this.#at >= this.#characters.length;
  }

  /** The text that is left. */
  get rest(): string {
    return this.#characters.slice(this.#at).join("");
  }

  peek(): string {
    return this.#characters[this.#at] ?? "";
  }

  next(): string {
    const character = this.peek();
    if (character === "") throw this.refuse("ends too early");
    this.#at++;
    return character;
  }

  /** Whether `text`, of plain signs, comes next; then it is passed. */
  take(text: string): boolean {
    if (!this.rest.startsWith(text)) return false;
    this.#at += text.length;
    return true;
  }

  refuse(why: string): SigstepError {
    return invalid(this.source, this.what, why);
  }

  unknown(): SigstepError {
    const shown = showText(this.peek());
    return this.refuse(`has ${shown} at character ${this.#at + 1}, where it cannot stand`);
  }
}

function readEither(reader: Reader, depth: number): PatternNode {
  if (depth > maxDepth) throw reader.refuse(`is nested deeper than ${maxDepth} levels`);
  const branches = [readSequence(reader, depth)];
  while (reader.take("|")) branches.push(readSequence(reader, depth));
  // `^a|b$` would be "begins with a, or ends with b" to others.
  const [only, ...others] = branches;
  if (only !== undefined && others.length === 0) return only;
  if (depth === 0 && /^\^|\$$/.test(reader.source)) {
    throw reader.refuse("has ^ or $ beside |, which belong to one side only: put ( ) around it");
  }
  return { kind: "either", branches };
}

function readSequence(reader: Reader, depth: number): PatternNode {
  const items: PatternNode[] = [];
  while (!reader.ended && !"|)$".includes(reader.peek())) {
    items.push(readRepeat(reader, readItem(reader, depth)));
  }
  return { kind: "sequence", items };
}

function readRepeat(reader: Reader, item: PatternNode): PatternNode {
  const range = readRange(reader);
  if (range === undefined) return item;
  reader.take("?"); // Fewest first or most first: for a whole text it is the same.
  if (/^[*+?{]/.test(reader.rest)) throw reader.unknown();
  return { kind: "repeat", item, ...range };
}

interface Range {
  readonly min: number;
  readonly max: number;
}

const signs: Readonly<Record<string, Range>> = {
  "*": { min: 0, max: Infinity },
  "+": { min: 1, max: Infinity },
  "?": { min: 0, max: 1 },
};

function readRange(reader: Reader): Range | undefined {
  const sign = reader.peek();
  if (sign === "{") return readCounts(reader);
  const range = Object.hasOwn(signs, sign) ? signs[sign] : undefined;
  if (range !== undefined) reader.next();
  return range;
}

/** `{n}`, `{n,}` or `{n,m}` */
function readCounts(reader: Reader): Range {
  const [whole, least, comma, most] = /^\{(\d{1,4})(?:(,)(\d{1,4})?)?\}/.exec(reader.rest) ?? [];
  if (whole === undefined) throw reader.unknown();
  reader.take(whole);
  const min = Number(least);
  const end = comma === undefined ? min : Infinity;
  const max = most === undefined ? end : Number(most);
  if (max < min) throw reader.refuse(`has ${whole}, whose numbers are the wrong way round`);
  if ([min, max].some((count) => count > maxCount && count !== Infinity)) {
    throw reader.refuse(`has ${whole}, more than ${maxCount}`);
  }
  return { min, max };
}

function readItem(reader: Reader, depth: number): PatternNode {
  if (reader.take("(?:")) return readGroup(reader, depth);
  if (reader.take("(?")) throw reader.refuse("has a group of a kind that is not supported: (?…");
  if (reader.take("(")) return readGroup(reader, depth);
  if (reader.take("[")) return character(readClass(reader));
  if (reader.take(".")) return character((found) => !/[\n\r\u2028\u2029]/.test(found));
  if (reader.take("\\")) return character(readEscape(reader));
  if (/^[\^*+?{}\]]/.test(reader.rest)) throw reader.unknown();
  const wanted = reader.next();
  return character((found) => found === wanted);
}

function character(accepts: Accepts): PatternNode {
  return { kind: "character", accepts };
}

function readGroup(reader: Reader, depth: number): PatternNode {
  const node = readEither(reader, depth + 1);
  if (!reader.take(")")) {
    throw reader.ended ? reader.refuse("has a ( without its )") : reader.unknown();
  }
  return node;
}

type Accepts = (character: string) => boolean;

// \s and \S mean more to JavaScript than to Go, and identities have no white space to speak of.
const classes: Readonly<Record<string, Accepts>> = {
  d: (found) => /^[0-9]$/.test(found),
  D: (found) => !/^[0-9]$/.test(found),
  w: (found) => /^[0-9A-Za-z_]$/.test(found),
  W: (found) => !/^[0-9A-Za-z_]$/.test(found),
  s: (found) => /^[\t\n\f\r ]$/.test(found),
  S: (found) => !/^[\t\n\f\r ]$/.test(found),
};

function readEscape(reader: Reader): Accepts {
  const escaped = reader.next();
  const known = Object.hasOwn(classes, escaped) ? classes[escaped] : undefined;
  if (known !== undefined) return known;
  const wanted = literalOf(reader, escaped);
  return (found) => found === wanted;
}

/** Signs may be escaped, needed or not; letters and digits would mean something else elsewhere. */
function literalOf(reader: Reader, escaped: string): string {
  if (/^[!-/:-@[-`{-~]$/.test(escaped)) return escaped;
  throw reader.refuse(`has \\${showText(escaped).slice(1, -1)}, which is not supported`);
}

function readClass(reader: Reader): Accepts {
  const negated = reader.take("^");
  const parts: Accepts[] = [];
  while (!reader.take("]")) parts.push(readClassPart(reader));
  if (parts.length === 0) throw reader.refuse("has a class [ ] of nothing");
  const any: Accepts = (found) => parts.some((part) => part(found));
  if (negated && coversAll(any)) throw reader.refuse("has a class [^ ] of nothing");
  return negated ? (found) => !any(found) : any;
}

/** `[^\s\S]` describes nothing at all. */
function coversAll(accepts: Accepts): boolean {
  return Array.from({ length: 0x300 }, (_, code) => String.fromCodePoint(code)).every(accepts);
}

function readClassPart(reader: Reader): Accepts {
  const first = reader.next();
  if (first === "[") throw reader.refuse("has [ inside a class: write \\[");
  if (first === "\\" && Object.hasOwn(classes, reader.peek())) return readEscape(reader);
  const low = first === "\\" ? literalOf(reader, reader.next()) : first;
  if (reader.peek() !== "-" || reader.rest.startsWith("-]")) return (found) => found === low;
  reader.next();
  const second = reader.next();
  const high = second === "\\" ? literalOf(reader, reader.next()) : second;
  const [from, to] = [codeOf(low), codeOf(high)];
  if (to < from) throw reader.refuse("has a range in a class that is the wrong way round");
  return (found) => codeOf(found) >= from && codeOf(found) <= to;
}

function codeOf(found: string): number {
  return found.codePointAt(0) ?? 0;
}

function invalid(source: string, what: string, why: string): SigstepError {
  const shown = source === "" ? "" : ` ${showText(source)}`;
  return new SigstepError("POLICY_INVALID", `The pattern${shown} of the policy's ${what} ${why}.`, {
    where: what,
    hint: "A pattern describes the whole text. It may use . [ ] ( ) | * + ? {n,m} \\d \\w \\s; other signs are escaped with a backslash.",
  });
}
