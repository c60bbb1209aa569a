// DER changed element by element: other contents, other lengths, other order, other spelling. Lengths
// around a change are right again, so that no parser is saved by the first length that is off.
import { flip, negateEcdsa, type Mutant } from "./mutation-bytes.ts";

/** An element; what is packed into a string is taken apart as well. */
interface Node {
  readonly tag: number;
  /** Bytes in front of packed elements: the unused bits of a BIT STRING. */
  readonly prefix: Buffer;
  readonly content: Buffer;
  readonly children: readonly Node[];
}

/** Each element of `der` changed in turn. */
export function* mutateDer(der: Uint8Array): Generator<Mutant<Buffer>> {
  const [root, ...more] = parseAll(Buffer.from(der)) ?? [];
  if (root === undefined || more.length > 0) return;
  yield* mutateNode(root, "der");
}

function* mutateNode(node: Node, path: string): Generator<Mutant<Buffer>> {
  for (const [what, bytes] of changesOf(node)) yield [`${path} ${what}`, bytes];
  for (const [index, child] of node.children.entries()) {
    const around = (replacement: readonly Buffer[]): Buffer =>
      encode(node.tag, [
        node.prefix,
        ...node.children.slice(0, index).map(encodeNode),
        ...replacement,
        ...node.children.slice(index + 1).map(encodeNode),
      ]);
    const own = encodeNode(child);
    yield [`${path}.${index} dropped`, around([])];
    yield [`${path}.${index} twice`, around([own, own])];
    const next = node.children[index + 1];
    if (next !== undefined) {
      const others = node.children.slice(index + 2).map(encodeNode);
      const before = node.children.slice(0, index).map(encodeNode);
      const swapped = [node.prefix, ...before, encodeNode(next), own, ...others];
      yield [`${path}.${index} after the next`, encode(node.tag, swapped)];
    }
    for (const [what, bytes] of mutateNode(child, `${path}.${index}`))
      yield [what, around([bytes])];
  }
}

/** The element itself. */
function* changesOf(node: Node): Generator<Mutant<Buffer>> {
  const whole = encodeNode(node);
  const content = whole.subarray(headerLength(whole));
  yield ["tag", flip(whole, 0, 0)];
  yield ["tag's class", flip(whole, 0, 7)];
  yield ["tag's form", flip(whole, 0, 5)];
  yield ["long length", Buffer.concat([Buffer.of(node.tag), longLength(content.length), content])];
  yield ["indefinite length", Buffer.concat([Buffer.of(node.tag, 0x80), content, Buffer.of(0, 0)])];
  yield ["and NULL inside", encode(node.tag, [content, Buffer.of(5, 0)])];
  const negated = negateEcdsa(whole);
  if (negated !== undefined) yield ["ECDSA s negated", negated];
  if (node.children.length > 0) return;
  if (content.length > 0) {
    yield ["first bit", encode(node.tag, [flip(content, 0, 7)])];
    yield ["last bit", encode(node.tag, [flip(content, content.length - 1, 0)])];
    yield ["shorter", encode(node.tag, [content.subarray(0, -1)])];
    yield ["empty", encode(node.tag, [])];
  }
  yield ["longer", encode(node.tag, [content, Buffer.of(0)])];
  yield ["with a zero in front", encode(node.tag, [Buffer.of(0), content])];
}

function longLength(length: number): Buffer {
  return Buffer.of(
    0x84,
    (length >>> 24) & 255,
    (length >>> 16) & 255,
    (length >>> 8) & 255,
    length & 255,
  );
}

function headerLength(whole: Buffer): number {
  const first = whole[1] ?? 0;
  return first < 0x80 ? 2 : 2 + (first & 0x7f);
}

function encodeNode(node: Node): Buffer {
  return encode(
    node.tag,
    node.children.length > 0 ? [node.prefix, ...node.children.map(encodeNode)] : [node.content],
  );
}

/** Tag, shortest length, contents. */
export function encode(tag: number, parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const hex = content.length.toString(16);
  const octets = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, "hex");
  const length =
    content.length < 0x80
      ? Buffer.of(content.length)
      : Buffer.concat([Buffer.of(0x80 | octets.length), octets]);
  return Buffer.concat([Buffer.of(tag), length, content]);
}

function parseAll(bytes: Buffer): readonly Node[] | undefined {
  const nodes: Node[] = [];
  let at = 0;
  while (at < bytes.length) {
    const end = at + 2 > bytes.length ? Infinity : at + lengthAt(bytes, at);
    if (end > bytes.length) return undefined;
    const node = toNode(bytes.subarray(at, end));
    if (node === undefined) return undefined;
    nodes.push(node);
    at = end;
  }
  return nodes;
}

function lengthAt(bytes: Buffer, at: number): number {
  const first = bytes[at + 1] ?? 0;
  if (first < 0x80) return 2 + first;
  const octets = first & 0x7f;
  if (octets === 0 || octets > 3 || at + 2 + octets > bytes.length) return Infinity;
  return 2 + octets + bytes.readUIntBE(at + 2, octets);
}

const packed: ReadonlyMap<number, number> = new Map([
  [0x04, 0],
  [0x03, 1],
]);

function toNode(whole: Buffer): Node | undefined {
  const tag = whole[0] ?? 0;
  const content = whole.subarray(headerLength(whole));
  const none = { tag, prefix: Buffer.alloc(0), content, children: [] };
  if ((tag & 0x20) !== 0) {
    const children = parseAll(content);
    return children === undefined ? undefined : { ...none, children };
  }
  const skipped = packed.get(tag);
  if (skipped === undefined || content.length < skipped + 2) return none;
  const children = parseAll(content.subarray(skipped));
  const node = { ...none, prefix: content.subarray(0, skipped), children: children ?? [] };
  return children !== undefined && encodeNode(node).equals(whole) ? node : none;
}
