// Reads DER strictly into a tree: one spelling for each value, everything else is refused.
// Refused: indefinite or padded lengths, multi-byte tags, trailing or missing bytes, primitive sequences,
// constructed strings, unsorted sets, more depth or elements than any certificate or timestamp needs.
// What the contents mean is der-values.ts; writing is der-encode.ts. X.690 sections 8 and 10.
import { SigstepError } from "../errors.ts";

/** Identifier octets of the universal types we meet. */
export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  numericString: 0x12,
  printableString: 0x13,
  teletexString: 0x14,
  ia5String: 0x16,
  utcTime: 0x17,
  generalizedTime: 0x18,
  universalString: 0x1c,
  bmpString: 0x1e,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Identifier octet of `[number]`: primitive for an implicitly tagged primitive, else constructed. */
export function contextTag(number: number, form: "primitive" | "constructed"): number {
  return (form === "primitive" ? 0x80 : 0xa0) + number;
}

const maxBytes = 4 << 20;
const maxDepth = 32;
const maxElements = 100_000;

/** Bytes being read, and what they are, for messages. */
interface Source {
  readonly bytes: Uint8Array;
  readonly label: string;
}

/** Where an element lies in its source. */
interface Span {
  readonly start: number;
  readonly contentStart: number;
  readonly end: number;
}

/** One tag-length-value. Its bytes are views of what was parsed, not copies. */
export class DerElement {
  readonly tag: number;
  /** Elements inside, in order; empty for a primitive one. */
  readonly children: readonly DerElement[];
  readonly #source: Source;
  readonly #span: Span;

  constructor(source: Source, span: Span, children: readonly DerElement[]) {
    this.tag = source.bytes[span.start] ?? 0;
    this.children = children;
    this.#source = source;
    this.#span = span;
  }

  /** Tag, length and contents. */
  get raw(): Uint8Array {
    return this.#source.bytes.subarray(this.#span.start, this.#span.end);
  }

  /** Contents alone. */
  get content(): Uint8Array {
    return this.#source.bytes.subarray(this.#span.contentStart, this.#span.end);
  }

  /** This element, when it has `tag`. @throws SigstepError ENCODING_INVALID */
  expect(tag: number, what: string): this {
    if (this.tag !== tag) {
      throw this.invalid(`${what} has tag 0x${hex(this.tag)} instead of 0x${hex(tag)}`);
    }
    return this;
  }

  /** The error for this element, with its place. */
  invalid(reason: string): SigstepError {
    return invalidAt(this.#source, this.#span.start, reason);
  }
}

/**
 * The one element that `bytes` is.
 *
 * Time and memory are linear in the input, whoever chose it.
 *
 * @param label - What the bytes are, for messages.
 * @throws SigstepError ENCODING_INVALID
 * @see X.690 section 10 (DER)
 */
export function parseDer(bytes: Uint8Array, label: string): DerElement {
  const source: Source = { bytes, label };
  if (bytes.length > maxBytes) {
    throw invalidAt(source, 0, `${bytes.length} bytes, more than ${maxBytes}`);
  }
  const scanner = new Scanner(source);
  const root = scanner.readElement(bytes.length, 0);
  if (scanner.position !== bytes.length) {
    throw invalidAt(source, scanner.position, "bytes after the end");
  }
  return root;
}

/** Reads elements one after the other; `position` is the next byte. */
class Scanner {
  position = 0;
  #elements = 0;
  readonly #source: Source;

  constructor(source: Source) {
    this.#source = source;
  }

  readElement(end: number, depth: number): DerElement {
    const start = this.position;
    if (depth > maxDepth) throw this.#invalid(start, `nested deeper than ${maxDepth}`);
    if (++this.#elements > maxElements) {
      throw this.#invalid(start, `more than ${maxElements} elements`);
    }
    const tag = this.#readTag(end);
    const length = this.#readLength(end);
    const span = { start, contentStart: this.position, end: this.position + length };
    if (span.end > end) throw this.#invalid(start, "length reaches past the end");
    if ((tag & 0x20) === 0) {
      this.position = span.end;
      return new DerElement(this.#source, span, []);
    }
    const children: DerElement[] = [];
    while (this.position < span.end) children.push(this.readElement(span.end, depth + 1));
    if (tag === tags.set) this.#expectSorted(start, children);
    return new DerElement(this.#source, span, children);
  }

  /** class(2) constructed(1) number(5); 31 would start a longer tag, which nothing here uses. */
  #readTag(end: number): number {
    const start = this.position;
    const tag = this.#readByte(end);
    const number = tag & 0x1f;
    if (number === 0x1f) throw this.#invalid(start, "tag number above 30");
    if ((tag & 0xc0) === 0) {
      if (number === 0) throw this.#invalid(start, "tag 0");
      const mustBeConstructed = number === 0x10 || number === 0x11;
      if (mustBeConstructed !== ((tag & 0x20) !== 0)) {
        throw this.#invalid(start, `tag 0x${hex(tag)} has the wrong form for its type`);
      }
    }
    return tag;
  }

  /** 0xxxxxxx, or 1nnnnnnn and n octets, the fewest that hold the length. 0x80 would be indefinite. */
  #readLength(end: number): number {
    const start = this.position;
    const first = this.#readByte(end);
    if (first < 0x80) return first;
    const octets = first & 0x7f;
    if (octets === 0) throw this.#invalid(start, "indefinite length");
    if (octets > 4) throw this.#invalid(start, `length of ${octets} octets`);
    let length = 0;
    for (let index = 0; index < octets; index++) length = length * 256 + this.#readByte(end);
    if (length < 0x80 || length < 256 ** (octets - 1)) {
      throw this.#invalid(start, "length is not in its shortest form");
    }
    return length;
  }

  #readByte(end: number): number {
    const byte = this.position < end ? this.#source.bytes[this.position] : undefined;
    if (byte === undefined) throw this.#invalid(this.position, "ends inside an element");
    this.position++;
    return byte;
  }

  /** X.690 section 11.6: the elements of a set in ascending order of their encodings. */
  #expectSorted(start: number, children: readonly DerElement[]): void {
    for (const [index, child] of children.entries()) {
      const next = children[index + 1];
      if (next !== undefined && Buffer.compare(child.raw, next.raw) > 0) {
        throw this.#invalid(start, "set is not sorted");
      }
    }
  }

  #invalid(at: number, reason: string): SigstepError {
    return invalidAt(this.#source, at, reason);
  }
}

/**
 * The elements of a constructed one, taken in order. What is left when `end` is called is an error:
 * no element passes unread.
 */
export class DerFields {
  readonly #parent: DerElement;
  readonly #what: string;
  #index = 0;

  constructor(parent: DerElement, what: string) {
    this.#parent = parent;
    this.#what = what;
  }

  /** The next element, which must have `tag`. @throws SigstepError ENCODING_INVALID */
  take(tag: number, what: string): DerElement {
    return this.takeAny(what).expect(tag, `${this.#what}: ${what}`);
  }

  /** The next element, whatever it is. @throws SigstepError ENCODING_INVALID */
  takeAny(what: string): DerElement {
    const element = this.#parent.children[this.#index];
    if (element === undefined) throw this.#parent.invalid(`${this.#what}: ${what} is missing`);
    this.#index++;
    return element;
  }

  /** The next element when it has `tag`. */
  takeOptional(tag: number): DerElement | undefined {
    const element = this.#parent.children[this.#index];
    if (element?.tag !== tag) return undefined;
    this.#index++;
    return element;
  }

  /** @throws SigstepError ENCODING_INVALID when something is left. */
  end(): void {
    const element = this.#parent.children[this.#index];
    if (element !== undefined) {
      throw element.invalid(`${this.#what}: unexpected element 0x${hex(element.tag)}`);
    }
  }
}

/** The elements of a SEQUENCE, to be taken in order. @throws SigstepError ENCODING_INVALID */
export function openSequence(element: DerElement, what: string): DerFields {
  return new DerFields(element.expect(tags.sequence, what), what);
}

/** The one element inside an explicit tag. @throws SigstepError ENCODING_INVALID */
export function unwrapExplicit(element: DerElement, what: string): DerElement {
  const fields = new DerFields(element, what);
  const inner = fields.takeAny("content");
  fields.end();
  return inner;
}

function invalidAt(source: Source, at: number, reason: string): SigstepError {
  return new SigstepError("ENCODING_INVALID", `${source.label}: ${reason} (at byte ${at}).`);
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
