// Where the manifest goes when no folder is asked for.
import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { planOf } from "./own-run.ts";

const name = "sigstep-manifest.json";
const parent = join(process.cwd(), "..");

const places: readonly (readonly [what: string, paths: readonly string[], folder: string])[] = [
  ["one file here", ["a"], "."],
  ["one file below", ["out/a"], "out"],
  ["two files in one folder below", ["out/a", "out/b"], "out"],
  ["files in two folders below", ["out/x/a", "out/y/b"], "out"],
  ["files in a folder and below it", ["out/a", "out/y/b"], "out"],
  ["one file elsewhere", ["/data/a"], "/data"],
  ["two files in one folder elsewhere", ["/data/a", "/data/b"], "/data"],
  ["files in two trees", ["/data/a", "/opt/b"], "."],
  ["a file here and one elsewhere", ["a", "/opt/b"], "."],
  ["a file here and one beside the working directory", ["a", join(parent, "side", "b")], "."],
  ["files in two folders above", [join(parent, "x", "a"), join(parent, "y", "b")], "."],
  ["a folder whose name begins with dots", ["..out/x/a", "..out/y/b"], "..out"],
];
for (const [what, paths, folder] of places) {
  test(`${what}: the manifest is in ${folder}`, () => {
    const { manifestPath } = planOf(paths);
    assert.equal(resolve(manifestPath), resolve(folder, name));
  });
}

test("with bundle-dir it is there", () => {
  assert.equal(
    planOf(["/data/a", "/opt/b"], { "bundle-dir": "out" }).manifestPath,
    join("out", name),
  );
});
