// Trust by TUF: a mirror of one's own, the cache that a job keeps, and repositories that lie or are silent.
import assert from "node:assert/strict";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe } from "node:test";
import { at, dig, list } from "../sandbox/wire.ts";
import { scenario, type Scene } from "./harness.ts";

const day = 24 * 3_600_000;

/** Has the scene take its trust from the sandbox's repository, with a cache that the scene keeps. */
async function useTuf(scene: Scene, root = scene.sandbox.tuf.root): Promise<string> {
  const cache = await scene.give("cache.txt", "beside the cache\n");
  const directory = join(cache, "..");
  scene.setEnvironment({
    SIGSTEP_SIGNING_CONFIG: undefined,
    SIGSTEP_TRUSTED_ROOT: undefined,
    SIGSTEP_TUF_MIRROR: scene.sandbox.urls.tuf,
    SIGSTEP_TUF_ROOT: await scene.give("tuf-root.json", root),
    RUNNER_TEMP: directory,
  });
  scene.sandbox.requests.clear();
  return join(directory, "sigstep");
}

describe("signing with a TUF mirror", { concurrency: 3 }, () => {
  scenario(
    "asks it once a day",
    async (scene) => {
      const cache = await useTuf(scene);
      await scene.write("app.zip");
      await scene.assertSigned(await scene.sign(["app.zip"]), ["app.zip"]);
      assert.equal(scene.sandbox.requests.count("tuf"), 7);
      assert.equal((await readdir(cache)).length, 1);
      await scene.assertSigned(await scene.sign(["app.zip", "--force"]), ["app.zip"]);
      assert.equal(scene.sandbox.requests.count("tuf"), 0);
    },
    { sandbox: {} },
  );

  scenario(
    "by several jobs at once, which share a cache",
    async (scene) => {
      const cache = await useTuf(scene);
      const paths = ["a/a.zip", "b/b.zip", "c/c.zip", "d/d.zip"];
      for (const path of paths) await scene.write(path);
      const runs = await Promise.all(paths.map((path) => scene.sign([path])));
      for (const run of runs) scene.assertRun(run, 0);
      assert.equal((await readdir(cache)).length, 1);
      await scene.write("app.zip");
      await scene.assertSigned(await scene.sign(["app.zip"]), ["app.zip"]);
      assert.equal(scene.sandbox.requests.count("tuf"), 0);
    },
    { sandbox: {} },
  );

  scenario(
    "given as inputs of the action",
    async (scene) => {
      await useTuf(scene);
      const { SIGSTEP_TUF_MIRROR = "", SIGSTEP_TUF_ROOT = "" } = scene.environment;
      scene.setEnvironment({ SIGSTEP_TUF_MIRROR: undefined, SIGSTEP_TUF_ROOT: undefined });
      await scene.write("app.zip");
      const inputs = { "tuf-mirror": SIGSTEP_TUF_MIRROR, "tuf-root": SIGSTEP_TUF_ROOT };
      const run = await scene.action({ inputs: "app.zip", ...inputs });
      await scene.assertSigned(run, ["app.zip"]);
      assert.match(run.log, /Signing 1 file with the TUF mirror 127\.0\.0\.1:\d+\./);
    },
    { sandbox: {} },
  );

  scenario(
    "of GitHub's kind: no log, and nothing public",
    async (scene) => {
      await useTuf(scene);
      await scene.write("app.zip");
      await scene.assertSigned(await scene.sign(["app.zip"]), ["app.zip"]);
      assert.deepEqual(Object.keys(scene.asked()), ["token", "certificate", "timestamp"]);
      const bundle: unknown = JSON.parse(
        await readFile(scene.path("app.zip.sigstore.json"), "utf8"),
      );
      const material = at(bundle, "verificationMaterial");
      assert.deepEqual(list(at(material, "tlogEntries") ?? []), []);
      assert.equal(list(dig(material, "timestampVerificationData", "rfc3161Timestamps")).length, 1);
    },
    { sandbox: { instance: "github" } },
  );

  scenario(
    "that is silent: the day's cache holds, with a line that says so",
    async (scene) => {
      const cache = await useTuf(scene);
      await scene.write("app.zip");
      await scene.assertSigned(await scene.sign(["app.zip"]), ["app.zip"]);
      const [name = ""] = await readdir(cache);
      const path = join(cache, name);
      const kept: unknown = JSON.parse(await readFile(path, "utf8"));
      const old = new Date(Date.now() - 2 * day).toISOString();
      await writeFile(path, JSON.stringify({ ...Object(kept), askedAt: old }));
      scene.fault("tuf", { kind: "status", status: 503 });
      const run = await scene.sign(["app.zip", "--force", "--retry-budget=0"]);
      await scene.assertSigned(run, ["app.zip"]);
      assert.match(run.log, /answered|gave no answer/);
      assert.match(run.log, /What it said on \d{4}-\d\d-\d\d, 2 days ago still holds\./);
    },
    { sandbox: {} },
  );

  scenario(
    "that is silent at first: refused",
    async (scene) => {
      await useTuf(scene);
      await scene.write("app.zip");
      scene.fault("tuf", { kind: "status", status: 503 });
      await scene.assertRefused(await scene.sign(["app.zip", "--retry-budget=0"]), {
        exit: 1,
        code: "TRUST_UNAVAILABLE",
        says: /TUF repository of the TUF mirror 127\.0\.0\.1:\d+ .* last 503/,
        hint: /run again/,
      });
      assert.deepEqual(scene.asked(), {});
    },
    { sandbox: {} },
  );

  for (const [what, code, says] of [
    ["freeze", "TRUST_UNAVAILABLE", /TUF timestamp of .* expired at "20/],
    ["wrong-length", "TRUST_INVALID", /not usable|length/],
    ["few-signatures", "TRUST_INVALID", /signed by 1\/2 keys/],
    ["path-escape", "TRUST_INVALID", /leads elsewhere/],
  ] as const) {
    scenario(
      `that lies (${what}): refused, and nobody else is asked`,
      async (scene) => {
        await useTuf(scene);
        await scene.write("app.zip");
        scene.corrupt("tuf", what);
        const hint = /./;
        await scene.assertRefused(await scene.sign(["app.zip"]), { exit: 1, code, says, hint });
        assert.deepEqual(scene.asked(), {});
      },
      { sandbox: {} },
    );
  }

  scenario(
    "with another repository's root: refused",
    async (scene) => {
      const { startSandbox } = await import("../../src/sandbox/sandbox.ts");
      const other = await startSandbox();
      await useTuf(scene, other.tuf.root);
      await other.close();
      await scene.write("app.zip");
      await scene.assertRefused(await scene.sign(["app.zip"]), {
        exit: 1,
        code: "TRUST_INVALID",
        says: /TUF timestamp of .* signed by 0\/1 keys/,
        hint: /those who run that repository/,
      });
    },
    { sandbox: {} },
  );

  scenario(
    "dry: nobody is asked, not even it",
    async (scene) => {
      await useTuf(scene);
      await scene.write("app.zip");
      await scene.assertRefused(await scene.sign(["app.zip", "--dry-run"]), {
        exit: 1,
        code: "TRUST_UNAVAILABLE",
        says: /Nothing of the TUF mirror .* is cached here/,
        hint: /trusted-root/,
      });
      assert.equal(scene.sandbox.requests.count("tuf"), 0);
      await scene.assertSigned(await scene.sign(["app.zip"]), ["app.zip"]);
      scene.sandbox.requests.clear();
      const run = await scene.sign(["app.zip", "--dry-run"]);
      scene.assertRun(run, 0);
      assert.match(run.log, /Offline: trust of the TUF mirror .* less than a day ago\./);
      assert.equal(scene.sandbox.requests.count("tuf"), 0);
    },
    { sandbox: {} },
  );
});

describe("bad input about the instance", { concurrency: 3 }, () => {
  const wrong: readonly (readonly [string, readonly string[], string, RegExp, RegExp])[] = [
    [
      "a mirror without root",
      ["--tuf-mirror=https://a.example"],
      "INPUT_MISSING",
      /tuf-root/,
      /both/,
    ],
    ["a root without mirror", ["--tuf-root=root.json"], "INPUT_MISSING", /tuf-mirror/, /both/],
    [
      "a mirror that is no URL",
      ["--tuf-mirror=mirror", "--tuf-root=r"],
      "INPUT_VALUE",
      /"mirror"/,
      /https URL/,
    ],
    [
      "a root that is not there",
      ["--tuf-mirror=https://a.example", "--tuf-root=none.json"],
      "TUF_ROOT_INVALID",
      /"none\.json" cannot be read \(ENOENT\)/,
      /Check the path/,
    ],
    [
      "a root that is none",
      ["--tuf-mirror=https://a.example", "--tuf-root=app.zip"],
      "TUF_ROOT_INVALID",
      /is not JSON/,
      /root\.json from those who run it/,
    ],
    [
      "a mirror and a named instance",
      ["--tuf-mirror=https://a.example", "--tuf-root=r", "--instance=staging"],
      "INPUT_CONFLICT",
      /tuf-mirror and instance/,
      /give one/,
    ],
    [
      "an unknown instance",
      ["--instance=mars"],
      "INPUT_VALUE",
      /instance is "mars"/,
      /public-good, staging, github/,
    ],
    [
      "a log of GitHub's instance",
      ["--instance=github", "--rekor-version=2"],
      "INPUT_CONFLICT",
      /has no log/,
      /Leave rekor-version out/,
    ],
  ];
  for (const [name, args, code, says, hint] of wrong) {
    scenario(`${name}: refused`, async (scene) => {
      await useTuf(scene);
      const none = { SIGSTEP_TUF_MIRROR: undefined, SIGSTEP_TUF_ROOT: undefined };
      await scene.write("app.zip", "no JSON");
      const run = await scene.sign(["app.zip", ...args], { env: none });
      assert.equal(run.code, 2, run.log);
      const error = at(JSON.parse(run.stdout), "error");
      assert.equal(at(error, "code"), code, run.log);
      assert.match(String(at(error, "message")), says);
      assert.match(String(at(error, "hint")), hint);
      assert.equal(scene.sandbox.requests.count("tuf"), 0);
    });
  }
});
