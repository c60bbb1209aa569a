// Untrusted JSON as indented lines. Every text in it is quoted, so that none can break a line, steer a
// terminal, or pass for one of ours.
import { JsonText } from "../encoding/json-write.ts";
import { quote } from "../errors.ts";

const maxText = 300;
const maxItems = 50;

/** Lines for people: two spaces a level, long texts and lists cut. */
export function describeInspected(value: Readonly<Record<string, unknown>>): string {
  return describeMembers(value, "  ").join("\n");
}

function describeMembers(value: object, indent: string): string[] {
  const members = Object.entries(value);
  const lines = members.slice(0, maxItems).flatMap(([name, member]) => {
    return describeMember(/^[\w.-]{1,60}$/.test(name) ? name : quote(name, 60), member, indent);
  });
  return cut(lines, members.length, indent);
}

function describeMember(name: string, value: unknown, indent: string): string[] {
  if (value instanceof JsonText) return describeMember(name, JSON.parse(value.text), indent);
  if (Array.isArray(value)) return describeList(name, value, indent);
  if (typeof value === "object" && value !== null) {
    return [`${indent}${name}:`, ...describeMembers(value, `${indent}  `)];
  }
  return [`${indent}${name}: ${describeScalar(value)}`];
}

function describeList(name: string, values: readonly unknown[], indent: string): string[] {
  if (values.length === 0) return [`${indent}${name}: none`];
  const lines = values
    .slice(0, maxItems)
    .flatMap((value, index) => describeMember(`${name} ${index + 1}`, value, indent));
  return cut(lines, values.length, indent);
}

function cut(lines: string[], count: number, indent: string): string[] {
  return count > maxItems ? [...lines, `${indent}and ${count - maxItems} more`] : lines;
}

/** Numbers and what is known to be plain stand as they are, texts in quotes. */
function describeScalar(value: unknown): string {
  if (typeof value === "string") return quote(value, maxText);
  return typeof value === "number" || typeof value === "boolean" ? String(value) : "null";
}
