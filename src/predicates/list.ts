// The list form of the input `predicates`: several predicates in one step, written in YAML. Read strictly:
// an unknown key, a duplicate, an alias or a tag is an error with its line and column.
import {
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  type Document,
  type YAMLMap,
} from "yaml";
import { quote, SigstepError } from "../errors.ts";
import { parsePredicateType, type PredicateType } from "./predicate-types.ts";
import { keyText, offsetOf, requirePlain, yamlToJson, type RefuseNode } from "./yaml-json.ts";

/** What is asked for in one item of the list. */
export interface PredicateItem {
  readonly content: ItemContent;
  /** Names or globs of the subjects it is about; undefined for all. */
  readonly subjects: readonly string[] | undefined;
  /** For messages: `predicates line 3`. */
  readonly label: string;
}

/** Where an item's predicate comes from. */
export type ItemContent =
  /** Made by us. */
  | { readonly kind: "provenance" }
  /** Recognised by its content. */
  | { readonly kind: "sbom"; readonly path: string }
  | { readonly kind: "file"; readonly type: PredicateType; readonly path: string }
  /** JSON text. */
  | { readonly kind: "inline"; readonly type: PredicateType; readonly json: string };

const maxLength = 1024 * 1024;
const maxItems = 1000;
const keys = ["type", "path", "predicate", "subjects"];

const example =
  "Write one item a predicate:\n  predicates: |\n    - type: sbom\n      path: app.spdx.json\n    - type: openvex\n      path: vex.json\n      subjects: app-*.tar.gz";

/**
 * Reads the list.
 *
 * @throws SigstepError INPUT_VALUE, with line and column.
 */
export function parsePredicateList(text: string): PredicateItem[] {
  if (text.length > maxLength) throw refuseAt(`is longer than ${maxLength} characters`);
  const lines = new LineCounter();
  const root = parseYaml(text, lines).contents;
  const refuse: RefuseNode = (node, why) => {
    const offset = offsetOf(node);
    return refuseAt(why, offset === undefined ? undefined : lines.linePos(offset));
  };
  requirePlain(root, refuse);
  if (!isSeq(root)) throw refuse(root, "is not a list");
  if (root.items.length === 0) throw refuse(root, "is empty");
  if (root.items.length > maxItems) throw refuse(root, `has more than ${maxItems} items`);
  return root.items.map((item) => parseItem(item, { lines, refuse }));
}

interface Reader {
  readonly lines: LineCounter;
  readonly refuse: RefuseNode;
}

/** One document, YAML 1.2's core schema, without merge keys. */
function parseYaml(text: string, lineCounter: LineCounter): Document.Parsed {
  try {
    const document = parseDocument(text, {
      version: "1.2",
      schema: "core",
      merge: false,
      strict: true,
      stringKeys: false,
      uniqueKeys: true,
      prettyErrors: false,
      lineCounter,
    });
    const [fault] = [...document.errors, ...document.warnings];
    if (fault === undefined) return document;
    throw refuseAt(
      `is not YAML as it is read here: ${quote(fault.message)}`,
      lineCounter.linePos(fault.pos[0]),
    );
  } catch (error) {
    if (error instanceof SigstepError) throw error;
    // The parser descends by calling itself.
    throw refuseAt("is nested too deep, or not YAML", undefined, error);
  }
}

interface Position {
  readonly line: number;
  readonly col: number;
}

function refuseAt(why: string, at?: Position, cause?: unknown): SigstepError {
  const place = at === undefined ? "" : `, line ${at.line}, column ${at.col},`;
  return new SigstepError("INPUT_VALUE", `Input predicates${place} ${why}.`, {
    where: "predicates",
    hint: example,
    cause,
  });
}

function parseItem(item: unknown, reader: Reader): PredicateItem {
  const { lines, refuse } = reader;
  requirePlain(item, refuse);
  if (!isMap(item)) throw refuse(item, "is not a list item with `type:`");
  for (const { key } of item.items) {
    const name = keyText(key, refuse);
    if (!keys.includes(name)) {
      throw refuse(key, `has the unknown key ${quote(name, 40)}; ${keys.join(", ")} are read`);
    }
  }
  const { line } = lines.linePos(offsetOf(item) ?? 0);
  return {
    content: readContent(item, refuse),
    subjects: readSubjects(item, refuse),
    label: `predicates line ${line}`,
  };
}

function readContent(item: YAMLMap, refuse: RefuseNode): ItemContent {
  const typeName = readText(item, "type", refuse);
  const path = readText(item, "path", refuse);
  const inline: unknown = item.get("predicate", true);
  if (typeName === undefined) throw refuse(item, "has no type");
  if (path !== undefined && inline !== undefined) {
    throw refuse(item, "has both path and predicate");
  }
  if (typeName === "provenance") {
    if (path === undefined && inline === undefined) return { kind: "provenance" };
    const own = "asks for provenance, which is made here; for your own write slsaprovenance1";
    throw refuse(item, own);
  }
  return typeName === "sbom" ? readSbom(path, item, refuse) : readTyped(typeName, item, refuse);
}

function readSbom(path: string | undefined, item: YAMLMap, refuse: RefuseNode): ItemContent {
  if (path !== undefined) return { kind: "sbom", path };
  throw refuse(item, "asks for an SBOM without path");
}

function readTyped(typeName: string, item: YAMLMap, refuse: RefuseNode): ItemContent {
  const type = readType(typeName, item, refuse);
  const path = readText(item, "path", refuse);
  if (path !== undefined) return { kind: "file", type, path };
  const inline: unknown = item.get("predicate", true);
  if (inline === undefined) throw refuse(item, "has a type without path or predicate");
  requirePlain(inline, refuse);
  if (!isMap(inline)) throw refuse(inline, "is a predicate that is not an object");
  return { kind: "inline", type, json: yamlToJson(inline, refuse) };
}

function readType(name: string, item: YAMLMap, refuse: RefuseNode): PredicateType {
  try {
    return parsePredicateType(name, "predicates");
  } catch (error) {
    if (!(error instanceof SigstepError)) throw error;
    const placed = refuse(item.get("type", true), `has a type that is not known: ${quote(name)}`);
    throw new SigstepError(error.code, placed.message, { where: error.where, hint: error.hint });
  }
}

function readText(item: YAMLMap, name: string, refuse: RefuseNode): string | undefined {
  const node: unknown = item.get(name, true);
  return node === undefined ? undefined : textOf(node, refuse);
}

function textOf(node: unknown, refuse: RefuseNode): string {
  requirePlain(node, refuse);
  if (!isScalar(node) || typeof node.value !== "string")
    throw refuse(node, "is not text; quote it");
  if (node.value.trim() === "") throw refuse(node, "is empty");
  return node.value;
}

/** A text, or a list of texts. */
function readSubjects(item: YAMLMap, refuse: RefuseNode): string[] | undefined {
  const node: unknown = item.get("subjects", true);
  if (node === undefined) return undefined;
  requirePlain(node, refuse);
  if (!isSeq(node)) return [textOf(node, refuse)];
  if (node.items.length === 0) throw refuse(node, "has no subject; leave subjects out for all");
  return node.items.map((subject) => textOf(subject, refuse));
}
