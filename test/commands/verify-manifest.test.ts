// `verify --manifest`: all of a run of sign, and nothing outside of the two folders that it may name.
import assert from "node:assert/strict";
import { symlink } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { after, before, suite, test } from "node:test";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { Folder, policy, run, sha256, type Ended } from "./verify-run.ts";

let folder: Folder;
before(async () => {
  folder = await Folder.make();
});
after(() => folder.remove());

interface Subject {
  readonly path: string;
  readonly bundle?: string;
  readonly digest?: string;
}

/** A manifest in the folder called `name` of the test's own. */
async function manifest(
  name: string,
  subjects: readonly Subject[],
  more: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const json = {
    schemaVersion: 1,
    subjects: subjects.map(({ path, bundle, digest = sha256 }) => ({
      ...{ path, bundle: bundle ?? `${path}.sigstore.json`, digest: { sha256: digest } },
    })),
    failures: [],
    ...more,
  };
  return folder.write(`${name}/sigstep-manifest.json`, JSON.stringify(json));
}

const verify = (path: string): Promise<Ended> =>
  run(["verify", "--json", ...policy, `--manifest=${path}`]);

/** The errors of a run that is refused, by the file's name. */
function errorsOf({ code, stdout, log }: Ended): ReadonlyMap<string, unknown> {
  assert.equal(code, 1, log);
  const results = list(at(JSON.parse(stdout), "results"));
  return new Map(results.map((result) => [text(at(result, "name")), at(result, "error")]));
}

suite("a manifest", () => {
  test("verifies every file that it lists, found in its own folder", async () => {
    for (const name of ["a", "deep/b"]) {
      await folder.artifact(`all/${name}`);
      await folder.bundle(`all/${name}.sigstore.json`);
    }
    const ended = await verify(await manifest("all", [{ path: "a" }, { path: "deep/b" }]));
    assert.equal(ended.code, 0, ended.log);
    assert.equal(list(at(JSON.parse(ended.stdout), "results")).length, 2);
  });

  test("finds a file beside its bundle, wherever it was when it was signed", async () => {
    await folder.artifact("flat/app");
    await folder.bundle("flat/app.sigstore.json");
    const subject = { path: "/somewhere/else/app", bundle: "app.sigstore.json" };
    const ended = await verify(await manifest("flat", [subject]));
    assert.equal(ended.code, 0, ended.log);
  });

  test("is not believed about a file's content", async () => {
    await folder.artifact("digest/app");
    await folder.bundle("digest/app.sigstore.json");
    const path = await manifest("digest", [{ path: "app", digest: "ab".repeat(32) }]);
    const [error] = errorsOf(await verify(path)).values();
    assert.equal(at(error, "code"), "FILE_CHANGED");
    assert.match(text(at(error, "message")), /is sha256:a0cf.*, and the manifest says sha256:abab/);
  });

  test("says which files were not signed; they count as refused", async () => {
    await folder.artifact("failed/app");
    await folder.bundle("failed/app.sigstore.json");
    const failures = [{ path: "other", code: "SERVICE_UNAVAILABLE" }];
    const path = await manifest("failed", [{ path: "app" }], { failures });
    const errors = errorsOf(await verify(path));
    assert.equal(errors.size, 2);
    assert.match(text(at(errors.get("other"), "message")), /was not signed: the manifest says so/);
  });

  test("with a file that is missing is refused, and the others are tried", async () => {
    await folder.artifact("gone/app");
    await folder.bundle("gone/app.sigstore.json");
    const errors = errorsOf(await verify(await manifest("gone", [{ path: "app" }, { path: "b" }])));
    assert.equal(errors.get(folder.at("gone/app")), undefined);
    assert.equal(at(errors.get("b"), "code"), "FILE_UNREADABLE");
  });

  test("judges the file in either folder where both have one of that path", async () => {
    await folder.artifact("both/package.json"); // the working directory has another
    await folder.bundle("both/package.json.sigstore.json");
    const errors = errorsOf(await verify(await manifest("both", [{ path: "package.json" }])));
    assert.deepEqual([...errors.keys()], ["package.json", folder.at("both/package.json")]);
    assert.equal(at(errors.get("package.json"), "code"), "FILE_CHANGED");
    assert.equal(errors.get(folder.at("both/package.json")), undefined);
  });

  test("with a bundle that is missing is refused", async () => {
    await folder.artifact("bare/app");
    const [error] = errorsOf(await verify(await manifest("bare", [{ path: "app" }]))).values();
    assert.equal(at(error, "code"), "BUNDLE_MISSING");
  });
});

suite("a hostile manifest", () => {
  test("leads nowhere outside: not by .., not by an absolute path, not by a link", async () => {
    const outside = await folder.artifact("outside/app");
    await folder.bundle("outside/app.sigstore.json");
    const inside = folder.at("inside");
    await folder.write("inside/x", "");
    await symlink(dirname(outside), folder.at("inside/link"));
    for (const path of [relative(inside, outside), outside, "link/app"]) {
      const bundle = `${path}.sigstore.json`;
      const ended = await verify(await manifest("inside", [{ path, bundle }]));
      const error = errorsOf(ended).get(path);
      assert.equal(at(error, "code"), "FILE_UNREADABLE", path);
      assert.match(text(at(error, "message")), /neither in the working directory nor in/);
      assert.doesNotMatch(ended.stdout, new RegExp(sha256));
    }
  });

  test("cannot lend a bundle from outside: the one beside the file is taken", async () => {
    await folder.bundle("outside/app.sigstore.json");
    await folder.artifact("lent/app");
    const subject = { path: "app", bundle: "../outside/app.sigstore.json" };
    const [error] = errorsOf(await verify(await manifest("lent", [subject]))).values();
    assert.equal(at(error, "code"), "BUNDLE_MISSING");
  });

  for (const [what, json, says] of [
    ["of no file", { schemaVersion: 1, subjects: [], failures: [] }, /lists no file/],
    ["of another schema", { schemaVersion: 2 }, /schemaVersion of manifest ".*" is not 1/],
    ["that is no object", [], /is not an object/],
    [
      "with a digest that is none",
      {
        schemaVersion: 1,
        failures: [],
        subjects: [{ path: "a", bundle: "b", digest: { sha256: "ab" } }],
      },
      /is not a SHA-256 digest/,
    ],
    [
      "with an empty path",
      { schemaVersion: 1, failures: [], subjects: [{ path: "", bundle: "b", digest: { sha256 } }] },
      /is not a path/,
    ],
    [
      "with a NUL in a path",
      {
        schemaVersion: 1,
        failures: [],
        subjects: [{ path: "a\0", bundle: "b", digest: { sha256 } }],
      },
      /is not a path/,
    ],
  ] as const) {
    test(what, async () => {
      const path = await folder.write(`broken/${what}.json`, JSON.stringify(json));
      const { code, stdout } = await verify(path);
      assert.equal(code, 1);
      assert.equal(dig(JSON.parse(stdout), "error", "code"), "BUNDLE_INVALID");
      assert.match(text(dig(JSON.parse(stdout), "error", "message")), says);
    });
  }

  test("of images is bad input: they are verified by name", async () => {
    const image = `ghcr.io/acme/app@sha256:${sha256}`;
    const json = { schemaVersion: 1, subjects: [], failures: [], images: [{ image }] };
    const { code, log } = await verify(await folder.write("images.json", JSON.stringify(json)));
    assert.equal(code, 2);
    assert.match(log, /The manifest is of images, such as "ghcr\.io/);
    assert.match(log, /--image/);
  });

  test("that is not there is bad input", async () => {
    const { code, log } = await verify("none.json");
    assert.equal(code, 2);
    assert.match(log, /Input manifest: "none\.json" cannot be read \(ENOENT\)/);
  });
});
