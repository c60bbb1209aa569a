// Which files a subject-path stands for.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { after, before, suite, test } from "node:test";
import { findSubjectFiles } from "../../src/subjects/subject-files.ts";
import { rejection } from "../refusal.ts";

suite("subject-path", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sigstep-test-"));
    await mkdir(join(folder, "dist/sub/deep"), { recursive: true });
    for (const name of ["a.deb", "b.rpm", "x,y", "[z]", "sub/c.deb", "sub/deep/d"]) {
      await writeFile(join(folder, "dist", name), name);
    }
  });
  after(() => rm(folder, { recursive: true }));

  /** `text` with every `dist` below the folder; paths found are given back relative to it. */
  async function find(text: string): Promise<{ files: string[]; unmatched: readonly string[] }> {
    const base = join(folder, "dist").replaceAll(sep, "/");
    const { files, unmatched } = await findSubjectFiles(text.replaceAll("dist", base));
    return {
      files: files.map(({ path }) => relative(join(folder, "dist"), path).replaceAll(sep, "/")),
      unmatched: unmatched.map((item) => item.replaceAll(base, "dist")),
    };
  }

  const all = ["[z]", "a.deb", "b.rpm", "sub/c.deb", "sub/deep/d", "x,y"];
  for (const [text, files, unmatched] of [
    ["dist/a.deb", ["a.deb"], []],
    ["dist/b.rpm, dist/a.deb\ndist/b.rpm", ["b.rpm", "a.deb"], []],
    ["dist/*.deb", ["a.deb"], []],
    ["dist/**/*.deb", ["a.deb", "sub/c.deb"], []],
    ['"dist/x,y"', ["x,y"], []],
    ["dist/[z]", ["[z]"], []],
    ["dist/sub", ["sub/c.deb", "sub/deep/d"], []],
    ["dist/sub/", ["sub/c.deb", "sub/deep/d"], []],
    ["dist", all, []],
    ["dist/**", all, []],
    ["dist/*", all, []],
    ["dist\n!dist/sub", ["[z]", "a.deb", "b.rpm", "x,y"], []],
    [
      "dist/**,!**/*.deb,dist/sub/c.deb",
      ["[z]", "a.deb", "b.rpm", "sub/deep/d", "x,y", "sub/c.deb"],
      ["!**/*.deb"],
    ],
    ["dist/*.apk,dist/*.rpm,dist/none", ["b.rpm"], ["dist/*.apk", "dist/none"]],
  ] as const) {
    test(JSON.stringify(text), async () => {
      const found = await find(text);
      assert.deepEqual(new Set(found.files), new Set(files));
      assert.equal(found.files.length, files.length);
      assert.deepEqual(found.unmatched, unmatched);
    });
  }

  test("an exclusion takes nothing that comes later", async () => {
    assert.deepEqual((await find("!dist/a.deb\ndist/*.deb")).files, ["a.deb"]);
  });

  test("what is no file is not passed over", async () => {
    execFileSync("mkfifo", [join(folder, "pipe")]);
    await rejection("INPUT_NOT_A_FILE", findSubjectFiles(`${folder}/*`));
    await rejection("INPUT_NOT_A_FILE", findSubjectFiles(`${folder}/**`));
    await rejection("INPUT_NOT_A_FILE", findSubjectFiles(folder));
    await rm(join(folder, "pipe"));
  });

  for (const text of ["dist/none", "dist/*.apk", "dist/a.deb\n!dist/**", "!dist/a.deb"]) {
    test(`${JSON.stringify(text)} leaves no file`, async () => {
      await rejection("INPUT_NO_MATCH", find(text));
    });
  }
});
