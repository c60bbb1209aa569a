// JSON for people and programs, indented, into which text that is JSON already goes as it is: parsed and
// written again, numbers beyond 2^53 would come out as others.

/** A JSON text by itself. */
export class JsonText {
  readonly text: string;

  /** @param text - What JSON.parse accepts, on one line. */
  constructor(text: string) {
    this.text = text;
  }
}

const step = "  ";

/**
 * `value` as JSON.stringify would write it with an indent of two, but for every {@link JsonText} in it.
 *
 * @param value - Plain objects, arrays, strings, numbers, booleans and null; members that are undefined
 * are left out.
 */
export function writeJson(value: unknown, indent = ""): string {
  if (value instanceof JsonText) return value.text;
  const inner = `${indent}${step}`;
  if (Array.isArray(value)) {
    const items = value.map((item: unknown) => `${inner}${writeJson(item ?? null, inner)}`);
    return enclose("[", items, `${indent}]`);
  }
  if (typeof value !== "object" || value === null) return JSON.stringify(value ?? null);
  const members = Object.entries(value).flatMap(([name, member]) =>
    member === undefined ? [] : [`${inner}${JSON.stringify(name)}: ${writeJson(member, inner)}`],
  );
  return enclose("{", members, `${indent}}`);
}

function enclose(open: string, parts: readonly string[], close: string): string {
  return parts.length === 0 ? `${open}${close.trim()}` : `${open}\n${parts.join(",\n")}\n${close}`;
}
