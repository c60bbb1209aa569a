// Archives: every byte where the format wants it, and names that stay in their folder.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { packZip } from "../../src/stores/zip.ts";
import { refuses } from "../refusal.ts";

const entry = (name: string, text = ""): { name: string; content: Buffer } => ({
  name,
  content: Buffer.from(text),
});

/** Made by CPython 3.11's zipfile, ZIP_STORED, 1980-01-01: "ä.txt" with "hello", host system MS-DOS; without the Unix mode that it adds. */
const golden =
  "504b03041400000800000000210086a61036050000000500000006000000c3a42e74787468656c6c" +
  "6f504b010214001400000800000000210086a6103605000000050000000600000000000000000000" +
  "00000000000000c3a42e747874504b0506000000000100010034000000290000000000";

suite("packZip", () => {
  test("as another implementation writes it", () => {
    assert.equal(Buffer.from(packZip([entry("ä.txt", "hello")])).toString("hex"), golden);
  });

  test("files one after the other, found by the directory at the end", () => {
    const files = [entry("a", "one"), entry("b/c", ""), entry("d", "x".repeat(70_000))];
    const archive = Buffer.from(packZip(files));
    const end = archive.length - 22;
    assert.equal(archive.readUInt16LE(end + 10), 3);
    let at = archive.readUInt32LE(end + 16);
    assert.equal(at + archive.readUInt32LE(end + 12), end);
    for (const { name, content } of files) {
      const local = archive.readUInt32LE(at + 42);
      const start = local + 30 + Buffer.byteLength(name);
      assert.equal(archive.toString("utf8", local + 30, start), name);
      assert.deepEqual(archive.subarray(start, start + content.length), content);
      at += 46 + Buffer.byteLength(name);
    }
  });

  test("no files", () => assert.equal(packZip([]).byteLength, 22));

  for (const name of [
    "",
    "/a",
    "a/",
    "a//b",
    "..",
    "a/../b",
    ".",
    "a\\b",
    "C:b",
    "a\nb",
    "a*",
    "x".repeat(1025),
  ]) {
    test(`refuses ${JSON.stringify(name.slice(0, 10))}`, () => {
      refuses("INPUT_NAME", () => packZip([entry(name)]));
    });
  }

  test("refuses more than it can hold", () => {
    const large = { name: "a", content: new Uint8Array(256 * 1024 * 1024 + 1) };
    refuses("STORE_REFUSED", () => packZip([large, { ...large, name: "b" }]));
    refuses("STORE_REFUSED", () =>
      packZip(Array.from({ length: 10_001 }, (_, i) => entry(String(i)))),
    );
  });
});
