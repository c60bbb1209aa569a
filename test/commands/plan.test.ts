// What a run would do: where each bundle goes, which names clash, and how it is told.
import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { suite, test } from "node:test";
import fc from "fast-check";
import { makePlan, type Plan } from "../../src/commands/plan.ts";
import { describePlan } from "../../src/commands/plan-text.ts";
import { SigstepError } from "../../src/errors.ts";
import { refusal, refuses, runs } from "../refusal.ts";
import { found, hostile, makeInstance, makeRequest, planFor } from "./made-results.ts";

function bundlesOf({ files }: Plan): string[] {
  return files.map(({ bundlePath }) => bundlePath);
}

suite("bundles", () => {
  test("stand beside their files", () => {
    const paths = ["a", "dist/b.tar.gz", "./c", "/abs/d", "../e", "x y/é", "-f"];
    assert.deepEqual(bundlesOf(planFor(paths)), [
      "a.sigstore.json",
      "dist/b.tar.gz.sigstore.json",
      "c.sigstore.json",
      "/abs/d.sigstore.json",
      "../e.sigstore.json",
      "x y/é.sigstore.json",
      "-f.sigstore.json",
    ]);
  });

  test("stand in bundle-dir by the last part of their path", () => {
    const plan = planFor(["a", "dist/b", "/abs/c"], { "bundle-dir": "out/deep" });
    assert.deepEqual(bundlesOf(plan), [
      "out/deep/a.sigstore.json",
      "out/deep/b.sigstore.json",
      "out/deep/c.sigstore.json",
    ]);
    assert.equal(plan.bundleDir, "out/deep");
    assert.equal(plan.manifestPath, join("out/deep", "sigstep-manifest.json"));
  });

  test("keep order, name and size of their files", () => {
    const { files } = planFor(["b", "a", "c/d"]);
    assert.deepEqual(
      files.map(({ path, name, size }) => ({ path, name, size })),
      ["b", "a", "c/d"].map((path) => found(path)),
    );
  });
});

suite("clashes", () => {
  const wrong: readonly (readonly [string, readonly string[], string | undefined])[] = [
    ["two files of one name in bundle-dir", ["a/app", "b/app"], "out"],
    ["three of them", ["x", "a/app", "b/app"], "out"],
    ["a bundle over a file to sign", ["app", "app.sigstore.json"], undefined],
    ["the same the other way round", ["app.sigstore.json", "app"], undefined],
    ["a bundle in bundle-dir over a file to sign", ["a/app", "out/app.sigstore.json"], "out"],
    ["the manifest over a file to sign", ["sigstep-manifest.json"], undefined],
    ["the manifest in bundle-dir over one", ["a", "out/sigstep-manifest.json"], "out"],
    ["the same by another spelling", ["out/../a/app", "b/../c/../b/app"], "out"],
    ["the same by an absolute path", ["a", resolve("out/a.sigstore.json")], "out"],
  ];
  for (const [what, paths, bundleDir] of wrong) {
    test(`${what} is refused`, () => {
      const texts: Record<string, string> =
        bundleDir === undefined ? {} : { "bundle-dir": bundleDir };
      const error = refusal("INPUT_NAME_CLASH", () => planFor(paths, texts));
      assert.notEqual(error.hint, "");
      assert.ok(paths.includes(error.where));
    });
  }

  const right: readonly (readonly [string, readonly string[], string | undefined])[] = [
    ["files of one name beside themselves", ["a/app", "b/app"], undefined],
    ["a bundle signed alone", ["app.sigstore.json"], undefined],
    ["a bundle and its file in another folder", ["app", "app.sigstore.json"], "out"],
    ["a manifest signed into another folder", ["sigstep-manifest.json"], "out"],
    ["names that differ by case, on a file system that tells them apart", ["A", "a"], "out"],
  ];
  for (const [what, paths, bundleDir] of right) {
    test(`${what} is fine`, () => {
      const texts: Record<string, string> =
        bundleDir === undefined ? {} : { "bundle-dir": bundleDir };
      assert.equal(new Set(bundlesOf(planFor(paths, texts))).size, paths.length);
    });
  }

  test("of any paths are found: no plan writes one place twice, or over what it signs", () => {
    const part = fc.constantFrom("a", "b", "..", ".", "a.sigstore.json", "sigstep-manifest.json");
    const path = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join("/"));
    const paths = fc.uniqueArray(path, {
      minLength: 1,
      maxLength: 5,
      selector: (one) => resolve(one),
    });
    fc.assert(
      fc.property(paths, fc.constantFrom("", "a", "out"), (all, bundleDir) => {
        let plan: Plan;
        try {
          plan = planFor(all, { "bundle-dir": bundleDir });
        } catch (error) {
          assert.ok(error instanceof SigstepError && error.code === "INPUT_NAME_CLASH");
          return;
        }
        const written = [...bundlesOf(plan), plan.manifestPath].map((one) => resolve(one));
        assert.equal(new Set(written).size, written.length);
        for (const one of all) assert.ok(!written.includes(resolve(one)));
      }),
      { numRuns: runs },
    );
  });
});

suite("how many at once", () => {
  test("is 32 with Rekor v1, 256 with Rekor v2 and without a log what v1 has", () => {
    const concurrencyOf = (instance = makeInstance(), concurrency = ""): number =>
      makePlan(makeRequest({ concurrency }), [found("a")], instance).concurrency;
    assert.equal(concurrencyOf(), 32);
    assert.equal(concurrencyOf(makeInstance(2)), 256);
    const instance = makeInstance();
    const services = { ...instance.services, logs: [] };
    assert.equal(concurrencyOf({ ...instance, services }), 32);
    assert.equal(concurrencyOf(makeInstance(2), "7"), 7);
  });
});

test("the same request and files make the same plan", () => {
  assert.deepEqual(planFor(["a", "b/c"]), planFor(["a", "b/c"]));
});

suite("in words", () => {
  test("a plan says how much, where to and whom it would ask", () => {
    const text = describePlan(planFor(["dist/app"], { "bundle-dir": "out" }));
    for (const part of [
      "1 file, 10 bytes",
      '"dist/app" (10 bytes) → "out/app.sigstore.json"',
      '"out/sigstep-manifest.json"',
      "https://fulcio.example/",
      "https://rekor.example/ (Rekor v1)",
      "https://tsa.example/api/v1/timestamp",
      "identity",
      "digest",
    ]) {
      assert.ok(text.includes(part), part);
    }
  });

  test("a long plan is cut", () => {
    const plan = planFor(Array.from({ length: 250 }, (_, i) => `f${i}`));
    const text = describePlan(plan);
    assert.match(text, /250 files, 2500 bytes/);
    assert.match(text, /and 150 more/);
    assert.ok(text.split("\n").length < 115);
  });

  for (const [what, name] of Object.entries(hostile)) {
    test(`a name that is ${what} is one line of it`, () => {
      const lines = describePlan(planFor([`d/x${name}`])).split("\n");
      assert.equal(lines.length, describePlan(planFor(["d/x"])).split("\n").length);
      for (const line of lines) assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      assert.ok(lines.join("").length < 2000);
    });
  }

  test("a clash does not show names as they are", () => {
    const name = "x\n::error::\u202e";
    const { message, hint } = refusal("INPUT_NAME_CLASH", () =>
      planFor([`a/${name}`, `b/${name}`], { "bundle-dir": "o" }),
    );
    assert.doesNotMatch(message + hint, /[\p{Cc}\p{Cf}]/u);
    refuses("INPUT_NAME_CLASH", () => planFor(["a/x", "b/x"], { "bundle-dir": "o" }));
  });
});
