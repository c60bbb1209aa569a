// Files that are read whole, and what may lie in their place.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { readFoundFile, readSmallFile } from "../../src/subjects/small-file.ts";

suite("small files", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sigstep-test-"));
  });
  after(() => rm(folder, { recursive: true }));

  async function make(name: string, bytes: number): Promise<string> {
    const path = join(folder, name);
    await writeFile(path, Buffer.alloc(bytes, "a"));
    return path;
  }

  for (const [bytes, max] of [
    [0, 10],
    [10, 10],
    [65_536, 65_536],
    [200_000, 300_000],
  ] as const) {
    test(`${bytes} bytes of at most ${max} are read whole`, async () => {
      const path = await make(`file-${bytes}`, bytes);
      for (const read of [readSmallFile, readFoundFile]) {
        assert.deepEqual(Buffer.from(await read(path, max)), Buffer.alloc(bytes, "a"));
      }
    });
  }

  test("one byte more is refused", async () => {
    const path = await make("large", 11);
    for (const read of [readSmallFile, readFoundFile]) {
      await assert.rejects(read(path, 10), { code: "EFBIG" });
    }
  });

  test("an endless device is left at the limit, or not read at all", async () => {
    const path = join(folder, "device");
    await symlink("/dev/zero", path);
    await assert.rejects(readSmallFile(path, 1_000_000), { code: "EFBIG" });
    await assert.rejects(readFoundFile(path, 1_000_000), { code: "EFTYPE" });
  });

  test("a named pipe in a file's place is not waited for", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    await assert.rejects(readFoundFile(path, 10), { code: "EFTYPE" });
  });

  test("what is not there says so", async () => {
    await assert.rejects(readFoundFile(join(folder, "nothing"), 10), { code: "ENOENT" });
  });
});
