// JSON as a tree that can be broken in every way a text can: names twice, numbers of any spelling, any
// order. Nothing of what is tested is used here.

/** A number, a word or anything else that is no string, spelled as it is to appear. */
export class Raw {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** An object: names in their order, which may occur twice. */
export class Members {
  readonly list: readonly (readonly [name: string, value: Tree])[];

  constructor(list: readonly (readonly [name: string, value: Tree])[]) {
    this.list = list;
  }
}

/** A JSON value. */
export type Tree = string | Raw | Members | readonly Tree[];

/** The tree of a JSON text. */
export function readTree(text: string): Tree {
  return toTree(JSON.parse(text));
}

function toTree(value: unknown): Tree {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) return value.map(toTree);
  if (typeof value !== "object" || value === null) return new Raw(JSON.stringify(value));
  const entries: [string, unknown][] = Object.entries(value);
  return new Members(entries.map(([name, member]) => [name, toTree(member)]));
}

/** The JSON text of a tree. */
export function printTree(tree: Tree): string {
  if (typeof tree === "string") return JSON.stringify(tree);
  if (tree instanceof Raw) return tree.text;
  if (tree instanceof Members) {
    const members = tree.list.map(([name, value]) => `${JSON.stringify(name)}:${printTree(value)}`);
    return `{${members.join(",")}}`;
  }
  return `[${tree.map(printTree).join(",")}]`;
}

/** The value under `name`, where there is one. */
export function childOf(tree: Tree | undefined, name: string | number): Tree | undefined {
  if (tree instanceof Members) return tree.list.find(([known]) => known === name)?.[1];
  return Array.isArray(tree) && typeof name === "number" ? itemOf(tree, name) : undefined;
}

function itemOf(items: readonly Tree[], index: number): Tree | undefined {
  return items[index];
}
