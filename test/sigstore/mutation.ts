// Every field and every structural element of a bundle changed, one at a time, down into the certificate,
// the timestamp, the checkpoint's lines, the logged body and the statement.
import {
  mutateBase64,
  mutateBytes,
  mutateDecimal,
  mutateText,
  type Mutant,
} from "./mutation-bytes.ts";
import { mutateDer } from "./mutation-der.ts";
import { mutateNote } from "./mutation-note.ts";
import { childOf, Members, printTree, Raw, readTree, type Tree } from "./mutation-tree.ts";

/** How much is changed below the fields of the bundle itself. */
interface Place {
  /** `verificationMaterial.tlogEntries[0].logIndex` */
  readonly path: string;
  /** The same field of other valid bundles. */
  readonly donors: readonly Tree[];
  /** Bits that are flipped in a field of bytes. */
  readonly flips: number;
}

/** Every mutant of `tree`; `donors` are other valid bundles, whose parts are put in. */
export function mutateBundle(tree: Tree, donors: readonly Tree[]): Generator<Mutant<Tree>> {
  return mutate(tree, { path: "", donors, flips: 48 });
}

function* mutate(tree: Tree, place: Place): Generator<Mutant<Tree>> {
  const { path } = place;
  for (const [index, donor] of place.donors.entries()) {
    // A whole other bundle is not a changed one.
    if (path !== "" && printTree(donor) !== printTree(tree)) {
      yield [`${path}: of another bundle (${index})`, donor];
    }
  }
  for (const [what, value] of otherTypes(tree)) yield [`${path}: ${what}`, value];
  if (typeof tree === "string") yield* mutateString(tree, place);
  else if (tree instanceof Members) yield* mutateMembers(tree, place);
  else if (tree instanceof Raw) yield* mutateRaw(tree, place);
  else yield* mutateItems(tree, place);
}

function otherTypes(tree: Tree): readonly Mutant<Tree>[] {
  return [
    ["null", new Raw("null")],
    ["true", new Raw("true")],
    ["a number", new Raw("7")],
    ["a list of it", [tree]],
    ["an object", new Members([])],
    ["an object around it", new Members([["value", tree]])],
    ...(typeof tree === "string" ? [] : [["a string", "x"] as const]),
  ];
}

function* mutateRaw({ text }: Raw, { path }: Place): Generator<Mutant<Tree>> {
  yield [`${path}: as a string`, text];
  if (/^\d+$/.test(text)) {
    for (const [what, { raw }] of mutateDecimal(text)) yield [`${path}: ${what}`, new Raw(raw)];
  }
}

function* mutateMembers(tree: Members, place: Place): Generator<Mutant<Tree>> {
  const { list } = tree;
  const { path } = place;
  const inside = path === "" ? "" : `${path}.`;
  for (const [index, [name, value]] of list.entries()) {
    const field = `${inside}${name}`;
    const replace = (...members: readonly (readonly [string, Tree])[]): Members =>
      new Members([...list.slice(0, index), ...members, ...list.slice(index + 1)]);
    yield [`${field}: dropped`, replace()];
    yield [`${field}: name twice, same value`, replace([name, value], [name, value])];
    yield [`${field}: name twice, null first`, replace([name, new Raw("null")], [name, value])];
    yield [`${field}: name twice, null last`, new Members([...list, [name, new Raw("null")]])];
    yield [`${field}: name in upper case`, replace([name.toUpperCase(), value])];
    yield [`${field}: name in snake case`, replace([snakeCase(name), value])];
    yield [`${field}: another name`, replace([`${name}x`, value])];
    const donors = childrenOf(place.donors, name);
    for (const [what, mutant] of mutate(value, { ...place, path: field, donors })) {
      yield [what, replace([name, mutant])];
    }
  }
  for (const donor of place.donors.filter((each) => each instanceof Members)) {
    const names = new Set(list.map(([name]) => name));
    for (const [name, value] of donor.list.filter(([known]) => !names.has(known))) {
      yield [`${inside}${name}: added from another bundle`, new Members([...list, [name, value]])];
    }
  }
  yield [`${path}: a member more`, new Members([...list, ["unknownMember", "x"]])];
  yield [`${path}: __proto__`, new Members([...list, ["__proto__", new Members(list)]])];
  if (list.length > 1) yield [`${path}: members backwards`, new Members(list.toReversed())];
}

function childrenOf(donors: readonly Tree[], name: string | number): Tree[] {
  return donors.map((donor) => childOf(donor, name)).filter((child) => child !== undefined);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function* mutateItems(items: readonly Tree[], place: Place): Generator<Mutant<Tree>> {
  const { path } = place;
  yield [`${path}: empty`, []];
  yield [`${path}: null more`, [...items, new Raw("null")]];
  yield [`${path}: an empty object more`, [...items, new Members([])]];
  if (items.length > 1) yield [`${path}: backwards`, items.toReversed()];
  if (items.length > 0) yield [`${path}: forty times`, Array(40).fill(items[0])];
  const donated = childrenOf(place.donors, 0);
  for (const [number, donor] of donated.entries()) {
    yield [`${path}: another bundle's behind (${number})`, [...items, donor]];
    yield [`${path}: another bundle's in front (${number})`, [donor, ...items]];
  }
  for (const [index, item] of items.entries()) {
    const replace = (...others: readonly Tree[]): Tree[] => items.toSpliced(index, 1, ...others);
    yield [`${path}[${index}]: dropped`, replace()];
    yield [`${path}[${index}]: twice`, replace(item, item)];
    const donors = childrenOf(place.donors, index);
    const inner = { ...place, path: `${path}[${index}]`, donors };
    for (const [what, mutant] of mutate(item, inner)) yield [what, replace(mutant)];
  }
}

function* mutateString(text: string, place: Place): Generator<Mutant<Tree>> {
  const { path } = place;
  for (const [what, value] of changesOf(text, place)) yield [`${path}: ${what}`, value];
  for (const [what, value] of packedIn(text, place)) yield [`${path} > ${what}`, value];
}

function* changesOf(text: string, { path, flips }: Place): Generator<Mutant<Tree>> {
  if (/^\d+$/.test(text)) {
    for (const [what, { raw }] of mutateDecimal(text)) yield [what, new Raw(raw)];
    return;
  }
  yield* mutateText(text);
  if (path.endsWith("checkpoint.envelope")) yield* mutateNote(text);
  const bytes = decode(text);
  if (bytes === undefined) return;
  yield* mutateBase64(text);
  for (const [what, value] of mutateBytes(bytes, flips)) yield [what, value.toString("base64")];
}

/** What base64 wraps: DER, or JSON. */
function* packedIn(text: string, place: Place): Generator<Mutant<string>> {
  const bytes = decode(text);
  if (bytes === undefined) return;
  for (const [what, der] of mutateDer(bytes)) yield [what, der.toString("base64")];
  // A signature, too, may begin with a brace.
  if (!isJsonObject(bytes)) return;
  const tree = readTree(bytes.toString("utf8"));
  const pack = (json: string): string => Buffer.from(json).toString("base64");
  yield ["JSON with spaces", pack(JSON.stringify(JSON.parse(bytes.toString("utf8")), null, 1))];
  const donors = place.donors.map(innerTree).filter((inner) => inner !== undefined);
  for (const [what, mutant] of mutate(tree, { path: "", donors, flips: 6 })) {
    yield [what, pack(printTree(mutant))];
  }
}

function isJsonObject(bytes: Buffer): boolean {
  if (bytes[0] !== 0x7b) return false;
  try {
    JSON.parse(bytes.toString("utf8"));
    return true;
  } catch {
    return false;
  }
}

function innerTree(donor: Tree): Tree | undefined {
  const bytes = typeof donor === "string" ? decode(donor) : undefined;
  return bytes !== undefined && isJsonObject(bytes) ? readTree(bytes.toString("utf8")) : undefined;
}

function decode(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return bytes.length > 3 && bytes.toString("base64") === text ? bytes : undefined;
}
