// The small YAML of policy files: maps, lists and texts, each with its place for messages. What could be
// read in two ways is refused: a name twice, anchors, aliases, tags, merge keys, two documents. All
// scalars are texts, so that no id becomes a number and no word a boolean.
import {
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Node,
} from "yaml";
import { quote, SigstepError } from "../errors.ts";

const maxBytes = 256 * 1024;
const maxDepth = 8;
const maxNodes = 5000;

/** Where a value stands. */
export interface Place {
  readonly label: string;
  /** From 1; undefined where it is the file as a whole. */
  readonly line: number | undefined;
  readonly column: number;
}

/** A value with its place. */
export type YamlValue =
  | { readonly kind: "text"; readonly text: string; readonly place: Place }
  | { readonly kind: "list"; readonly items: readonly YamlValue[]; readonly place: Place }
  | { readonly kind: "map"; readonly members: readonly YamlMember[]; readonly place: Place };

/** One member of a map. */
export interface YamlMember {
  readonly name: string;
  readonly place: Place;
  readonly value: YamlValue;
}

/** An error that names file, line and column. */
export function refuseAt(place: Place, why: string, hint = "See docs/policy.md."): SigstepError {
  const at = place.line === undefined ? "" : `, line ${place.line}, column ${place.column}`;
  return new SigstepError("POLICY_INVALID", `Policy file ${quote(place.label)}${at}: ${why}.`, {
    where: place.label,
    hint,
  });
}

/**
 * The one document that `bytes` hold.
 *
 * @param label - The file's path, for messages.
 * @throws SigstepError POLICY_INVALID
 */
export function parsePolicyYaml(bytes: Uint8Array, label: string): YamlValue {
  const whole: Place = { label, line: undefined, column: 0 };
  if (bytes.length > maxBytes) throw refuseAt(whole, `it is larger than ${maxBytes} bytes`);
  const text = decode(bytes, whole);
  const lines = new LineCounter();
  const reader: YamlReader = {
    place: (offset) => {
      const { line, col } = lines.linePos(offset);
      return { label, line, column: col };
    },
    nodes: 0,
  };
  const document = parseDocument(text, {
    schema: "failsafe",
    prettyErrors: false,
    // Its own search for names that come twice takes quadratic time.
    uniqueKeys: false,
    lineCounter: lines,
    // With "silent", a second document would be left out without a word.
    logLevel: "error",
  });
  const [fault] = [...document.errors, ...document.warnings];
  if (fault !== undefined) throw refuseAt(reader.place(fault.pos[0]), describeFault(fault.code));
  if (document.contents === null) throw refuseAt(whole, "it is empty");
  return readNode(document.contents, reader, 0);
}

interface YamlReader {
  place(offset: number): Place;
  nodes: number;
}

function decode(bytes: Uint8Array, whole: Place): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refuseAt(whole, "it is not UTF-8");
  }
}

/** The library's own words may repeat what the file holds. */
function describeFault(code: string): string {
  const known: Readonly<Record<string, string>> = {
    MULTIPLE_DOCS: "a second document",
    TAB_AS_INDENT: "a tab where only spaces may indent",
    MULTILINE_IMPLICIT_KEY: "a key of several lines; is a quote or colon missing?",
    TAG_RESOLVE_FAILED: "a tag (!), which policies do not have",
  };
  return known[code] ?? `no valid YAML (${code.toLowerCase().replaceAll("_", " ")})`;
}

function readNode(node: unknown, reader: YamlReader, depth: number): YamlValue {
  if (!isNode(node)) throw new TypeError("a YAML node without a kind");
  const place = reader.place(node.range?.[0] ?? 0);
  refuseTricks(node, place);
  if (++reader.nodes > maxNodes) throw refuseAt(place, `more than ${maxNodes} values`);
  if (depth > maxDepth) throw refuseAt(place, `nested deeper than ${maxDepth} levels`);
  if (isMap(node)) {
    const members = node.items.map((pair) => readMember(pair, reader, depth));
    requireUnique(members);
    return { kind: "map", members, place };
  }
  if (isScalar(node)) return { kind: "text", text: String(node.value), place };
  if (!isSeq(node)) throw new TypeError("a YAML node of no kind");
  const items = node.items.map((item) => readNode(item, reader, depth + 1));
  return { kind: "list", items, place };
}

function requireUnique(members: readonly YamlMember[]): void {
  const names = new Set<string>();
  for (const { name, place } of members) {
    if (names.has(name)) throw refuseAt(place, "a key that is there already");
    names.add(name);
  }
}

/** What would make one text stand for another, or for a value of another kind. */
function refuseTricks(node: Node, place: Place): void {
  const why = (what: string): SigstepError =>
    refuseAt(place, `${what}, which policies do not have`, "Write the value itself.");
  if (isAlias(node)) throw why("an alias (*)");
  if (node.anchor !== undefined) throw why("an anchor (&)");
  if (node.tag !== undefined) throw why("a tag (!)");
}

function readMember(
  { key, value }: { readonly key: unknown; readonly value: unknown },
  reader: YamlReader,
  depth: number,
): YamlMember {
  const name = readNode(key, reader, depth + 1);
  const { place } = name;
  if (name.kind !== "text") throw refuseAt(place, "a key that is no text");
  if (name.text === "<<") throw refuseAt(place, "a merge key (<<), which policies do not have");
  // `{ key }` is a key without any value; `key:` has an empty one.
  if (value === null) return { name: name.text, place, value: { kind: "text", text: "", place } };
  return { name: name.text, place, value: readNode(value, reader, depth + 1) };
}
