// JSON from outside: bounded in size and depth, without duplicate names, read field by field.
// It refuses what two parsers could read differently. RFC 8259 section 4, RFC 7493 section 2.3.
import { quote, SigstepError, type ErrorCode } from "../errors.ts";
import { parseBase64, parseHex } from "./base64.ts";

const maxDepth = 64;

/** What a text is and how to complain about it. */
export interface JsonSource {
  /** For messages: `trusted root root.json`, `answer of Rekor`. */
  readonly label: string;
  readonly code: ErrorCode;
  readonly maxBytes: number;
}

/**
 * The value that `bytes` hold.
 *
 * @throws SigstepError `source.code` for anything but one JSON text in UTF-8 within the limits.
 */
export function parseJson(bytes: Uint8Array, source: JsonSource): JsonValue {
  const refuse = (why: string, cause?: unknown): SigstepError =>
    new SigstepError(source.code, `The ${source.label} ${why}.`, { where: source.label, cause });
  if (bytes.byteLength > source.maxBytes) {
    throw refuse(`is ${bytes.byteLength} bytes, more than ${source.maxBytes}`);
  }
  if (bytes.byteLength === 0) throw refuse("is empty");
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw refuse("is not UTF-8", error);
  }
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw refuse(`is not JSON${looksLikeHtml(text) ? " but HTML" : ""}`, error);
  }
  const fault = findFault(text);
  if (fault !== undefined) throw refuse(fault);
  return new JsonValue(value, "", source);
}

function looksLikeHtml(text: string): boolean {
  return /^\s*<(?:!doctype|html|\?xml)/i.test(text);
}

/** One pass over text that JSON.parse has accepted: too deep, or a name twice in one object. */
function findFault(text: string): string | undefined {
  const open: (Set<string> | undefined)[] = [];
  const token = /["{}[\]:]/g;
  let last = "";
  for (let match = token.exec(text); match !== null; match = token.exec(text)) {
    const [found] = match;
    if (found === "{") open.push(new Set());
    else if (found === "[") open.push(undefined);
    else if (found === "}" || found === "]") open.pop();
    else if (found === '"') {
      token.lastIndex = endOfString(text, match.index);
      last = text.slice(match.index, token.lastIndex);
    } else {
      const fault = noteName(open.at(-1), last);
      if (fault !== undefined) return fault;
    }
    if (open.length > maxDepth) return `is nested deeper than ${maxDepth} levels`;
  }
  return undefined;
}

/** Where the string that begins at `start` has ended. A pattern for it would overflow on a long one. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

/** Names are compared as they mean, not as they are spelled: `"a"` is `"\u0061"`. */
function noteName(names: Set<string> | undefined, literal: string): string | undefined {
  const name = String(JSON.parse(literal));
  if (names?.has(name) === true) return `has the name ${quote(name, 40)} twice in one object`;
  names?.add(name);
  return undefined;
}

/** A value together with where it stands, so that every complaint names its field. */
export class JsonValue {
  readonly raw: unknown;
  readonly path: string;
  readonly source: JsonSource;

  constructor(raw: unknown, path: string, source: JsonSource) {
    this.raw = raw;
    this.path = path;
    this.source = source;
  }

  /** An error that names this field. */
  refuse(why: string, cause?: unknown): SigstepError {
    const field = this.path === "" ? "" : `field ${this.path} of `;
    const where = this.path === "" ? this.source.label : `${this.source.label} ${this.path}`;
    return new SigstepError(this.source.code, `The ${field}${this.source.label} ${why}.`, {
      where,
      cause,
    });
  }

  /** Whether the field is there: protobuf's JSON writes null for absent. */
  get present(): boolean {
    return this.raw !== undefined && this.raw !== null;
  }

  /** The member called `name`; it may be absent. What every object inherits is not a member. */
  get(name: string): JsonValue {
    const members = this.members();
    const shown = /^\w{1,40}$/.test(name) ? name : quote(name, 40);
    const path = this.path === "" ? shown : `${this.path}.${shown}`;
    return new JsonValue(
      Object.hasOwn(members, name) ? members[name] : undefined,
      path,
      this.source,
    );
  }

  /** This value, or undefined when absent. */
  optional(): JsonValue | undefined {
    return this.present ? this : undefined;
  }

  /** Names and values of an object. */
  members(): Readonly<Record<string, unknown>> {
    if (!isObject(this.raw)) throw this.refuse(this.present ? "is not an object" : "is missing");
    return this.raw;
  }

  /** Refuses members other than `names`. */
  only(...names: readonly string[]): this {
    const extra = Object.keys(this.members()).find((name) => !names.includes(name));
    if (extra !== undefined) throw this.refuse(`has the unknown member ${quote(extra, 40)}`);
    return this;
  }

  /** Items of an array, at most `max` of them. */
  items(max: number): JsonValue[] {
    if (!Array.isArray(this.raw)) throw this.refuse(this.present ? "is not a list" : "is missing");
    if (this.raw.length > max) throw this.refuse(`has more than ${max} items`);
    return this.raw.map(
      (item: unknown, index) => new JsonValue(item, `${this.path}[${index}]`, this.source),
    );
  }

  /** Items of an array, none when it is absent. */
  itemsOrNone(max: number): JsonValue[] {
    return this.present ? this.items(max) : [];
  }

  string(): string {
    if (typeof this.raw !== "string") {
      throw this.refuse(this.present ? "is not a string" : "is missing");
    }
    return this.raw;
  }

  /** A whole number that a double holds exactly. */
  integer(): number {
    if (typeof this.raw !== "number" || !Number.isSafeInteger(this.raw)) {
      throw this.refuse(this.present ? "is not a whole number" : "is missing");
    }
    return this.raw;
  }

  /** A protobuf (u)int64: a decimal string or a safe number, not negative, below 2^63. */
  int64(): bigint {
    const text = typeof this.raw === "number" ? String(this.raw) : this.string();
    if (!/^(?:0|[1-9][0-9]{0,18})$/.test(text)) throw this.refuse("is not a whole number");
    const value = BigInt(text);
    if (value >= 1n << 63n) throw this.refuse("is not below 2^63");
    if (typeof this.raw === "number") this.integer();
    return value;
  }

  /** Bytes in standard base64. */
  base64(): Uint8Array {
    const text = this.string();
    try {
      return parseBase64(text, "it");
    } catch (error) {
      throw this.refuse("is not canonical base64", error);
    }
  }

  /** Bytes in lower-case hexadecimal. */
  hex(): Uint8Array {
    const text = this.string();
    try {
      return parseHex(text, "it");
    } catch (error) {
      throw this.refuse("is not lower-case hexadecimal", error);
    }
  }

  /** An RFC 3339 instant. */
  date(): Date {
    const text = this.string();
    const date = new Date(text);
    if (!rfc3339.test(text) || !isOnCalendar(text) || Number.isNaN(date.getTime())) {
      throw this.refuse("is not an RFC 3339 time");
    }
    return date;
  }
}

const rfc3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

/** Whether day and hour exist: Date takes 30 February and 24 o'clock for the day after. */
function isOnCalendar(text: string): boolean {
  const local = text.slice(0, 19);
  const date = new Date(`${local}Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(local);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
