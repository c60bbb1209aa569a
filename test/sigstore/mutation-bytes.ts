// Byte strings and texts changed: each mutant has a name, by which a reviewed list may know it.

/** What was changed, and the result. */
export type Mutant<T> = readonly [what: string, value: T];

/** Bits of evenly spread bytes, ends added and taken away. */
export function* mutateBytes(bytes: Uint8Array, flips: number): Generator<Mutant<Buffer>> {
  const length = bytes.length;
  const step = Math.max(1, Math.ceil(length / flips));
  for (let at = 0; at < length; at += step) yield [`bit of byte ${at}`, flip(bytes, at, at % 8)];
  if (length > 1) yield ["bit of the last byte", flip(bytes, length - 1, 0)];
  yield ["a byte more", Buffer.concat([bytes, Buffer.of(0)])];
  yield ["a byte in front", Buffer.concat([Buffer.of(0), bytes])];
  yield ["a byte less", Buffer.from(bytes.subarray(0, -1))];
  yield ["without its first byte", Buffer.from(bytes.subarray(1))];
  yield ["nothing", Buffer.alloc(0)];
  yield ["twice", Buffer.concat([bytes, bytes])];
  yield ["backwards", Buffer.from(bytes).reverse()];
  yield ["zeros", Buffer.alloc(length)];
  const negated = negateEcdsa(bytes);
  if (negated !== undefined) yield ["ECDSA s negated", negated];
}

/** One bit changed. */
export function flip(bytes: Uint8Array, at: number, bit: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ (1 << bit);
  return changed;
}

const orders: ReadonlyMap<number, bigint> = new Map([
  [32, 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n],
  [
    48,
    0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  ],
]);

/** The other signature that ECDSA gives away with every one: (r, n - s). */
export function negateEcdsa(bytes: Uint8Array): Buffer | undefined {
  const match = twoIntegers.exec(Buffer.from(bytes).toString("hex"));
  if (match === null) return undefined;
  const [, r = "", s = ""] = match;
  const order = orders.get(r.length <= 70 ? 32 : 48) ?? 0n;
  const negated = encodeInteger(order - BigInt(`0x${s}`));
  const integers = `${r}02${byte(negated.length / 2)}${negated}`;
  return Buffer.from(`30${byte(integers.length / 2)}${integers}`, "hex");
}

/** ECDSA-Sig-Value of P-256 or P-384, in hexadecimal. */
const twoIntegers = /^30..(02(?:20|21|30|31)(?:..)*?)02(?:1f|20|21|2f|30|31)((?:..){31,49})$/;

/** Contents of a positive INTEGER. */
function encodeInteger(value: bigint): string {
  const hex = value.toString(16);
  const even = hex.length % 2 === 0 ? hex : `0${hex}`;
  return /^[89a-f]/.test(even) ? `00${even}` : even;
}

function byte(value: number): string {
  return value.toString(16).padStart(2, "0");
}

/** Other spellings of the same bytes, and spellings of none. */
export function* mutateBase64(text: string): Generator<Mutant<string>> {
  yield ["base64 with a line feed", `${text}\n`];
  yield ["base64 with a line break inside", `${text.slice(0, 4)}\r\n${text.slice(4)}`];
  yield ["base64 with a space", ` ${text}`];
  yield ["base64 with more padding", `${text}=`];
  yield ["base64 with four more of padding", `${text}====`];
  if (text.endsWith("=")) {
    yield ["base64 without padding", text.replace(/=+$/, "")];
    yield [
      "base64 with stray bits",
      text.replace(/(.)(=+)$/, (_, last: string, pad: string) => `${next(last)}${pad}`),
    ];
  }
  if (/[+/]/.test(text)) {
    yield ["base64url", text.replaceAll("+", "-").replaceAll("/", "_")];
  }
  yield ["hexadecimal", Buffer.from(text, "base64").toString("hex")];
  yield ["base64 of base64", Buffer.from(text).toString("base64")];
  yield ["base64 with a letter from outside", `${text.slice(0, -4)}\u00e9${text.slice(-3)}`];
  yield ["base64 and garbage", `${text}!`];
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function next(letter: string): string {
  return alphabet[(alphabet.indexOf(letter) + 1) % 64] ?? "A";
}

/** A text that means one thing, made to mean another, or hardly. */
export function* mutateText(text: string): Generator<Mutant<string>> {
  yield ["empty", ""];
  yield ["a space behind", `${text} `];
  yield ["a space in front", ` ${text}`];
  yield ["a line feed behind", `${text}\n`];
  yield ["NUL behind", `${text}\0`];
  yield ["a letter less", text.slice(0, -1)];
  yield ["without its first letter", text.slice(1)];
  yield ["a letter more", `${text}x`];
  yield ["twice", text + text];
  if (text.toUpperCase() !== text) yield ["upper case", text.toUpperCase()];
  if (text.toLowerCase() !== text) yield ["lower case", text.toLowerCase()];
  yield ["a byte order mark", `\ufeff${text}`];
  yield ["a zero-width space", `${text.slice(0, 1)}\u200b${text.slice(1)}`];
  if (/[aeo]/.test(text)) {
    const cyrillic: Readonly<Record<string, string>> = { a: "\u0430", e: "\u0435", o: "\u043e" };
    yield ["a look-alike", text.replace(/[aeo]/, (letter) => cyrillic[letter] ?? letter)];
  }
  yield ["half a surrogate", `${text}\ud800`];
}

/** A decimal number as protobuf's JSON writes one, in a string; some mutants are bare tokens. */
export function* mutateDecimal(text: string): Generator<Mutant<{ raw: string }>> {
  const value = BigInt(text);
  const spellings: readonly [string, string][] = [
    ["as a number", text],
    ["one more", quoted(value + 1n)],
    ["one less", quoted(value - 1n)],
    ["zero", '"0"'],
    ["negative", quoted(-value - 1n)],
    ["a leading zero", `"0${text}"`],
    ["a plus", `"+${text}"`],
    ["a minus zero", '"-0"'],
    ["hexadecimal", `"0x${value.toString(16)}"`],
    ["an exponent", `"${text}e0"`],
    ["an exponent as a number", `${text}e0`],
    ["a fraction", `"${text}.0"`],
    ["a fraction as a number", `${text}.5`],
    ["a space", `" ${text}"`],
    ["plus 2^32", quoted(value + (1n << 32n))],
    ["plus 2^53", quoted(value + (1n << 53n))],
    ["plus 2^53 as a number", String(value + (1n << 53n))],
    ["plus 2^63", quoted(value + (1n << 63n))],
    ["plus 2^64", quoted(value + (1n << 64n))],
    ["10^400", `"1${"0".repeat(400)}"`],
    ["10^400 as a number", "1e400"],
    [
      "other digits",
      `"${text.replace(/\d/g, (digit) => String.fromCodePoint(0x660 + Number(digit)))}"`,
    ],
    ["true", "true"],
    ["a list", `["${text}"]`],
  ];
  for (const [what, raw] of spellings) yield [what, { raw }];
}

function quoted(value: bigint): string {
  return `"${value}"`;
}
