// Names that GitHub leaves alone.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { safeAssetName, safeAssetNames } from "../../src/stores/asset-names.ts";
import { isContained, refusal, refuses, runs } from "../refusal.ts";
import { renamed } from "./github-api.ts";

suite("a name", () => {
  for (const [name, safe] of [
    ["app.tar.gz.sigstore.json", "app.tar.gz.sigstore.json"],
    ["My App 1.0.exe.sigstore.json", "My.App.1.0.exe.sigstore.json"],
    ["tobwen-1.1.0-1~buster_amd64.deb", "tobwen-1.1.0-1.buster_amd64.deb"],
    ["app-v1-(15-5)-x.apk", "app-v1-.15-5.-x.apk"],
    ["epoch:1+git.txt", "epoch.1+git.txt"],
    ["dist/app.json", "dist.app.json"],
    ["żółw@home.txt", "w.home.txt"],
    [".hidden.", "hidden"],
    ["a....b", "a.b"],
  ] as const) {
    test(`${name} becomes ${safe}`, () => assert.equal(safeAssetName(name), safe));
  }
  for (const name of ["", "...", "żółć", "a".repeat(256)]) {
    test(`${name.slice(0, 10)} is refused`, () => refuses("INPUT_NAME", () => safeAssetName(name)));
  }
  test("is left alone the second time, whatever it was", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (name) => {
        return isContained(() => {
          const safe = safeAssetName(name);
          assert.match(safe, /^[\w+.-]+$/);
          assert.equal(safeAssetName(safe), safe);
          assert.equal(renamed(safe), safe);
        });
      }),
      { numRuns: runs },
    );
  });
});

suite("names together", () => {
  test("keep their order", () => assert.deepEqual(safeAssetNames(["b c", "a"]), ["b.c", "a"]));
  test("two that become one", () => {
    const error = refusal("INPUT_NAME_CLASH", () => safeAssetNames(["a b", "x", "a~b"]));
    assert.match(error.message, /"a b" and "a~b" would both be the release asset "a\.b"/);
  });
});
