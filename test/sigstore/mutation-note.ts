// A checkpoint changed line by line, and in the bytes of its signatures.
import { generateKeyPairSync, sign } from "node:crypto";
import { mutateBytes, type Mutant } from "./mutation-bytes.ts";

const stranger = generateKeyPairSync("ed25519").privateKey;

/** Each line of the note in turn, then the note as a whole. */
export function* mutateNote(text: string): Generator<Mutant<string>> {
  const lines = text.split("\n");
  for (const [index, line] of lines.entries()) {
    const replace = (...others: readonly string[]): string =>
      lines.toSpliced(index, 1, ...others).join("\n");
    yield [`line ${index} dropped`, replace()];
    yield [`line ${index} twice`, replace(line, line)];
    yield [`line ${index} after a blank one`, replace("", line)];
    yield [`line ${index} with a space behind`, replace(`${line} `)];
    yield [`line ${index} with a carriage return`, replace(`${line}\r`)];
    yield [`line ${index} with a tab in front`, replace(`\t${line}`)];
    yield [`line ${index} in upper case`, replace(line.toUpperCase())];
    yield [`line ${index} without its end`, replace(line.slice(0, -1))];
    yield [`line ${index} before the one above`, swapped(lines, index)];
    if (line.startsWith("\u2014 ")) {
      for (const [what, other] of mutateSignature(line))
        yield [`line ${index}: ${what}`, replace(other)];
    } else if (/^\d+$/.test(line)) {
      for (const size of [BigInt(line) + 1n, BigInt(line) - 1n, BigInt(line) + (1n << 64n)]) {
        yield [`line ${index}: size ${size}`, replace(String(size))];
      }
      yield [`line ${index}: leading zero`, replace(`0${line}`)];
    }
  }
  yield* mutateWhole(text);
}

function swapped(lines: readonly string[], index: number): string {
  const [above, own] = [lines[index - 1] ?? "", lines[index] ?? ""];
  return index === 0
    ? lines.toReversed().join("\n")
    : lines.toSpliced(index - 1, 2, own, above).join("\n");
}

function* mutateSignature(line: string): Generator<Mutant<string>> {
  const [dash = "", name = "", value = ""] = line.split(" ");
  const bytes = Buffer.from(value, "base64");
  const put = (changed: Uint8Array, as = name): string =>
    `${dash} ${as} ${Buffer.from(changed).toString("base64")}`;
  for (const [what, changed] of mutateBytes(bytes.subarray(4), 24)) {
    yield [`signature, ${what}`, put(Buffer.concat([bytes.subarray(0, 4), changed]))];
  }
  for (const [what, changed] of mutateBytes(bytes.subarray(0, 4), 4)) {
    yield [`key id, ${what}`, put(Buffer.concat([changed, bytes.subarray(4)]))];
  }
  for (const other of [`${name}x`, name.slice(1), `x.${name}`, name.toUpperCase(), `${name}.`]) {
    yield [`name ${other}`, put(bytes, other)];
  }
  yield ["a hyphen for the dash", line.replace("\u2014", "-")];
  yield ["no space", line.replace("\u2014 ", "\u2014")];
  yield ["two spaces", line.replace("\u2014 ", "\u2014  ")];
  yield ["base64 without padding", line.replace(/=+$/, "")];
}

function* mutateWhole(text: string): Generator<Mutant<string>> {
  const blank = text.indexOf("\n\n");
  const [body, signatures] = [text.slice(0, blank + 1), text.slice(blank + 2)];
  const own = /^\u2014 (\S+) (\S+)$/m.exec(signatures);
  const name = own?.[1] ?? "";
  const id = Buffer.from(own?.[2] ?? "", "base64").subarray(0, 4);
  const line = (keyId: Uint8Array, as: string): string =>
    `\u2014 ${as} ${Buffer.concat([keyId, sign(null, Buffer.from(body), stranger)]).toString("base64")}\n`;
  yield ["carriage returns", text.replaceAll("\n", "\r\n")];
  yield ["an extension line", `${body}extension\n\n${signatures}`];
  yield ["a second body in front", `${body}\n${text}`];
  yield ["no signature", `${body}\n`];
  yield ["no signature block", body];
  yield ["signed by a stranger under the log's id", `${body}\n${line(id, name)}`];
  yield [
    "a stranger's signature in front, under the log's id",
    `${body}\n${line(id, name)}${signatures}`,
  ];
  yield ["a stranger's signature behind, under the log's id", `${text}${line(id, name)}`];
  yield ["an unknown witness behind", `${text}${line(Buffer.of(1, 2, 3, 4), "witness.example")}`];
  yield [
    "an unknown witness in front",
    `${body}\n${line(Buffer.of(1, 2, 3, 4), "witness.example")}${signatures}`,
  ];
  yield ["an unknown key of the log's name behind", `${text}${line(Buffer.of(1, 2, 3, 4), name)}`];
  yield ["a hundred witnesses", text + line(Buffer.of(1, 2, 3, 4), "witness.example").repeat(100)];
  yield ["17 KiB of origin", `${"x".repeat(17 * 1024)}\n${text}`];
}
