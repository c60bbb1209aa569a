// Files of many bundles for many artifacts: what is about others is parsed once, and nothing is lost by it.
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { after, before, suite, test } from "node:test";
import { bundlesIn } from "../../src/commands/bundle-source.ts";
import type { Digests } from "../../src/crypto/digest.ts";
import { Folder, sha256 } from "./verify-run.ts";

let folder: Folder;
before(async () => {
  folder = await Folder.make();
});
after(() => folder.remove());

const cases = ["happy-path-v0.3", "happy-path-intoto-in-dsse-v3"];
const other: Digests = new Map([["sha256", new Uint8Array(32)]]);
const own: Digests = new Map([["sha256", Buffer.from(sha256, "hex")]]);

suite("a file of bundles that is asked for many artifacts", () => {
  test("gives those about the artifact, whatever was asked before", async () => {
    const source = bundlesIn([{ path: await folder.lines("all.jsonl", cases) }]);
    await source.needs(undefined);
    assert.deepEqual(await labels(source.candidates(other)), []);
    assert.deepEqual(await labels(source.candidates(own)), ["1", "2"]);
  });

  test("parses no line again that is about others", async () => {
    const path = await folder.lines("once.jsonl", cases);
    const source = bundlesIn([{ path }]);
    await source.needs(undefined);
    const lines = (await readFile(path, "utf8")).split("\n");
    await writeFile(path, ["no bundle", ...lines.slice(1)].join("\n"));
    assert.deepEqual(await labels(source.candidates(other)), []);
    assert.deepEqual(await labels(source.candidates(own)), ["1 BUNDLE_INVALID", "2"]);
  });

  test("keeps a line that cannot be read", async () => {
    const path = await folder.write("bad.jsonl", "no bundle\n");
    const source = bundlesIn([{ path }]);
    await source.needs(undefined);
    assert.deepEqual(await labels(source.candidates(other)), ["1 BUNDLE_INVALID"]);
  });
});

/** Number of each line, with the code of its error. */
async function labels(
  candidates: ReturnType<ReturnType<typeof bundlesIn>["candidates"]>,
): Promise<string[]> {
  const found: string[] = [];
  for await (const { label, error } of candidates) {
    const number = label.slice(label.lastIndexOf(":") + 1);
    found.push(error === undefined ? number : `${number} ${error.code}`);
  }
  return found;
}
