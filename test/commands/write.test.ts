// Files of ours: whole or not there, and nothing left behind whatever happens.
import assert from "node:assert/strict";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { writeWhole } from "../../src/commands/write.ts";
import { rejection } from "../refusal.ts";

const folder = mkdtempSync(join(tmpdir(), "sigstep-write-"));
after(() => rmSync(folder, { recursive: true }));

let count = 0;
/** A folder of its own. */
function fresh(): string {
  const path = join(folder, String(count++));
  mkdirSync(path);
  return path;
}

suite("a file", () => {
  test("is written, in folders that are made", async () => {
    const home = fresh();
    const path = join(home, "a/b/c d/é.json");
    await writeWhole(path, "text é\n");
    assert.equal(readFileSync(path, "utf8"), "text é\n");
    assert.deepEqual(readdirSync(join(home, "a/b/c d")), ["é.json"]);
  });

  test("takes the place of an older one, with a new identity", async () => {
    const home = fresh();
    const path = join(home, "file");
    writeFileSync(path, "old");
    const before = statSync(path).ino;
    await writeWhole(path, "new");
    assert.equal(readFileSync(path, "utf8"), "new");
    assert.notEqual(statSync(path).ino, before);
  });

  test("takes the place of a link, not of what that leads to", async () => {
    const home = fresh();
    writeFileSync(join(home, "target"), "untouched");
    symlinkSync("target", join(home, "link"));
    await writeWhole(join(home, "link"), "new");
    assert.equal(readFileSync(join(home, "target"), "utf8"), "untouched");
    assert.equal(readFileSync(join(home, "link"), "utf8"), "new");
  });

  test("may be empty, may be large, and is readable by all and writable by us", async () => {
    const home = fresh();
    await writeWhole(join(home, "empty"), "");
    await writeWhole(join(home, "large"), "x".repeat(5 << 20));
    assert.equal(statSync(join(home, "empty")).size, 0);
    assert.equal(statSync(join(home, "large")).size, 5 << 20);
    assert.equal(statSync(join(home, "empty")).mode & 0o133, 0);
  });

  test("is one of its writers', whole, when several write it at once", async () => {
    const home = fresh();
    const path = join(home, "deep/er/file");
    const texts = Array.from({ length: 30 }, (_, i) => String(i).repeat(20_000));
    await Promise.all(texts.map((text) => writeWhole(path, text)));
    assert.ok(texts.includes(readFileSync(path, "utf8")));
    assert.deepEqual(readdirSync(join(home, "deep/er")), ["file"]);
  });
});

suite("a failure is told with a cure, and leaves nothing behind", () => {
  test("where a folder has the name", async () => {
    const home = fresh();
    mkdirSync(join(home, "taken"));
    const error = await rejection("WRITE_FAILED", writeWhole(join(home, "taken"), "x"));
    assert.match(error.message, /EISDIR|ENOTEMPTY|EEXIST/);
    assert.notEqual(error.hint, "");
    assert.equal(error.where, join(home, "taken"));
    assert.deepEqual(readdirSync(home), ["taken"]);
  });

  test("where a part of the path is a file", async () => {
    const home = fresh();
    writeFileSync(join(home, "file"), "x");
    for (const path of ["file/a", "file/a/b"]) {
      const error = await rejection("WRITE_FAILED", writeWhole(join(home, path), "x"));
      assert.match(error.hint, /bundle-dir/);
    }
    assert.deepEqual(readdirSync(home), ["file"]);
    assert.equal(readFileSync(join(home, "file"), "utf8"), "x");
  });

  test("where the name is too long", async () => {
    const home = fresh();
    const error = await rejection("WRITE_FAILED", writeWhole(join(home, "x".repeat(300)), "x"));
    assert.match(error.message, /ENAMETOOLONG/);
    assert.deepEqual(readdirSync(home), []);
  });

  test("where no file can be made", async () => {
    await rejection("WRITE_FAILED", writeWhole("/proc/self/nothing", "x"));
    await rejection("WRITE_FAILED", writeWhole("/proc/self/nothing/deeper", "x"));
  });

  test("with a name that cannot steer the log", async () => {
    const home = fresh();
    writeFileSync(join(home, "file"), "");
    const path = join(home, "file/\n::error::\u202e");
    const { message, hint } = await rejection("WRITE_FAILED", writeWhole(path, "x"));
    assert.doesNotMatch(message + hint, /[\p{Cc}\p{Cf}]/u);
  });
});
