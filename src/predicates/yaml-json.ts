// A YAML value as JSON text: only what JSON has, in the spelling that it was given. YAML's own ideas (tags,
// anchors, hexadecimal, keys that are no text) are refused, not translated.
// https://yaml.org/spec/1.2.2/#103-core-schema
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type Scalar } from "yaml";

/** Refuses a node: why, and where. */
export type RefuseNode = (node: unknown, why: string) => Error;

/** Deeper values are refused by the JSON reader, too. */
const maxDepth = 64;

/**
 * JSON text of `node`.
 *
 * @throws whatever `refuse` makes for what JSON cannot hold.
 */
export function yamlToJson(node: unknown, refuse: RefuseNode, depth = 0): string {
  if (depth > maxDepth) throw refuse(node, `is nested deeper than ${maxDepth} levels`);
  requirePlain(node, refuse);
  if (isMap(node)) {
    const members = node.items.map((pair) => memberText(pair, refuse, depth));
    return `{${members.join(",")}}`;
  }
  if (isSeq(node)) {
    return `[${node.items.map((item) => yamlToJson(item, refuse, depth + 1)).join(",")}]`;
  }
  if (isScalar(node)) return scalarText(node, refuse);
  throw refuse(node, "has no value");
}

/**
 * Refuses what refers to another place or means more than it shows.
 *
 * @throws whatever `refuse` makes.
 */
export function requirePlain(node: unknown, refuse: RefuseNode): void {
  if (isAlias(node)) throw refuse(node, "is an alias; write the value itself");
  const { anchor, tag } = partsOf(node);
  if (anchor !== undefined) throw refuse(node, "has an anchor; write each value where it is used");
  if (tag !== undefined) throw refuse(node, "has a tag; write a plain value");
}

interface NodeParts {
  readonly anchor: string | undefined;
  readonly tag: string | undefined;
}

function partsOf(node: unknown): NodeParts {
  if (!isMap(node) && !isSeq(node) && !isScalar(node)) return { anchor: undefined, tag: undefined };
  return { anchor: node.anchor, tag: node.tag };
}

function memberText(pair: Pair, refuse: RefuseNode, depth: number): string {
  const name = keyText(pair.key, refuse);
  return `${JSON.stringify(name)}:${yamlToJson(pair.value, refuse, depth + 1)}`;
}

/**
 * The name of a member.
 *
 * @throws whatever `refuse` makes for a key that is not text.
 */
export function keyText(key: unknown, refuse: RefuseNode): string {
  requirePlain(key, refuse);
  if (isScalar(key) && typeof key.value === "string") return key.value;
  throw refuse(key, "is a key that is not text; quote it");
}

const jsonNumber = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

function scalarText(scalar: Scalar, refuse: RefuseNode): string {
  const { value, source } = scalar;
  if (typeof value === "string" || typeof value === "boolean" || value === null) {
    return JSON.stringify(value);
  }
  // The number's own spelling, which the JSON reader then judges.
  if (typeof value === "number" && source !== undefined && jsonNumber.test(source)) return source;
  throw refuse(scalar, "is not a value that JSON has; quote it to make it text");
}

/** Where `node` begins, as an offset; undefined when it was not written. */
export function offsetOf(node: unknown): number | undefined {
  if (!isMap(node) && !isSeq(node) && !isScalar(node) && !isAlias(node)) return undefined;
  const { range }: Node = node;
  return range?.[0];
}
