// Files of one bundle a line: how they are split, and where reading them ends.
import assert from "node:assert/strict";
import { open } from "node:fs/promises";
import { after, before, suite, test } from "node:test";
import { readBundleLines } from "../../src/commands/bundle-lines.ts";
import { maxBundleBytes } from "../../src/sigstore/bundle.ts";
import { rejection } from "../refusal.ts";
import { Folder } from "./verify-run.ts";

let folder: Folder;
before(async () => {
  folder = await Folder.make();
});
after(() => folder.remove());

async function read(path: string): Promise<[number, string][]> {
  const lines: [number, string][] = [];
  for await (const { number, bytes } of readBundleLines(path)) {
    lines.push([number, Buffer.from(bytes).toString("utf8")]);
  }
  return lines;
}

async function count(path: string): Promise<number> {
  let lines = 0;
  for await (const line of readBundleLines(path)) lines += Math.sign(line.number);
  return lines;
}

suite("lines", () => {
  for (const [what, content, lines] of [
    ["one without an end", "a", [[1, "a"]]],
    [
      "two",
      "a\nb\n",
      [
        [1, "a"],
        [2, "b"],
      ],
    ],
    [
      "blank ones are counted and left out",
      "\na\n \t\r\nb",
      [
        [2, "a"],
        [4, "b"],
      ],
    ],
    ["none", "", []],
  ] as const) {
    test(what, async () => {
      assert.deepEqual(await read(await folder.write(what, content)), lines);
    });
  }

  test("longer than a piece that is read at once, and ends at its edge", async () => {
    const long = ["x".repeat(256 * 1024 - 1), "y".repeat(256 * 1024), "z".repeat(700_000)];
    const path = await folder.write("long", long.join("\n"));
    assert.deepEqual(
      (await read(path)).map(([, line]) => line),
      long,
    );
  });
});

suite("limits", () => {
  test("10,000 lines are read, one more is refused", async () => {
    assert.equal(await count(await folder.write("most", "x\n".repeat(10_000))), 10_000);
    const path = await folder.write("many", "x\n".repeat(10_001));
    assert.match((await rejection("BUNDLE_INVALID", count(path))).message, /more than 10000 lines/);
  });

  test("a line beyond the size of a bundle is refused before it is read whole", async () => {
    const path = folder.at("wide");
    await using handle = await open(path, "w");
    await handle.truncate(200 * 1024 * 1024);
    const before = process.memoryUsage().rss;
    const { message } = await rejection("BUNDLE_INVALID", count(path));
    assert.match(message, new RegExp(`a line above ${maxBundleBytes} bytes`));
    assert.ok(process.memoryUsage().rss - before < 3 * maxBundleBytes);
  });

  test("a file beyond 256 MiB is refused", async () => {
    const path = folder.at("huge");
    await using handle = await open(path, "w");
    for (let at = 1; at <= 300; at++) await handle.write("\n", at * 1024 * 1024 - 1);
    const { message } = await rejection("BUNDLE_INVALID", count(path));
    assert.match(message, /is above 268435456 bytes/);
  });
});
