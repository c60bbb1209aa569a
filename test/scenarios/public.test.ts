// What becomes public, said before it does: dry runs, and the guard of repositories that are not public.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe } from "node:test";
import { publicGood } from "../../src/sigstore/public-good/embedded.ts";
import { at } from "../sandbox/wire.ts";
import { Edited } from "./edited.ts";
import { scenario, type Run, type Scene } from "./harness.ts";
import { startRecorder } from "./recorder.ts";

const publicInstance = { SIGSTEP_SIGNING_CONFIG: undefined, SIGSTEP_TRUSTED_ROOT: undefined };

/** A run, and where it tried to go. */
interface Tried {
  readonly run: Run;
  readonly tried: readonly string[];
}

describe("a repository that is not public", { concurrency: 3 }, () => {
  /** Runs against the public instance, of which nothing but a dead end is within reach. */
  async function signPublicly(scene: Scene, args: readonly string[] = []): Promise<Tried> {
    await scene.write("app.zip", "contents");
    const recorder = await startRecorder();
    const env = { ...publicInstance, HTTPS_PROXY: recorder.url };
    const run = await scene.sign(["app.zip", "--retry-budget=0", ...args], { env });
    await recorder.close();
    return { run, tried: recorder.attempts };
  }

  const digest = createHash("sha256").update("contents").digest("hex");
  const commit = "0123456789abcdef0123456789abcdef01234567";

  for (const [visibility, args] of [
    ["private", []],
    ["internal", []],
    ["private", ["--rekor-version=2"]],
    ["private", ["--allow-public-log=false"]],
  ] as const) {
    scenario(
      `${[visibility, ...args].join(" ")}: nothing is sent, and everything that would be is listed`,
      async (scene) => {
        scene.sandbox.issuers.github.setClaims({ repository_visibility: visibility });
        const { run, tried } = await signPublicly(scene, args);
        await scene.assertRefused(run, {
          exit: 1,
          code: "PUBLIC_LOG_NOT_ALLOWED",
          says: new RegExp(
            `^Nothing was sent: the repository is "${visibility}".* publish for ever:`,
          ),
          hint: /`allow-public-log: true`.*signing-config and trusted-root/,
        });
        const [error = ""] = run.errors;
        for (const line of [
          /identity: "http.*\/acme\/widget\/\.github\/workflows\/release\.yml@refs\/tags\/v1\.0\.0"/,
          /repository: "http.*\/acme\/widget"/,
          /ref: "refs\/tags\/v1\.0\.0"/,
          new RegExp(`commit: "${commit}"`),
          /run: "http.*\/acme\/widget\/actions\/runs\/4004\/attempts\/1"/,
          new RegExp(`sha256: ${digest} \\(of "app\\.zip"\\)`),
        ]) {
          assert.match(error, line);
        }
        assert.deepEqual(scene.asked(), { token: 1 });
        assert.deepEqual(tried, [], "no connection is attempted");
      },
    );
  }

  for (const visibility of ["private", "internal"]) {
    scenario(
      `${visibility} on GitLab: the same`,
      async (scene) => {
        const token = await scene.token("gitlab", { project_visibility: visibility });
        scene.setEnvironment({ SIGSTORE_ID_TOKEN: token });
        const { run, tried } = await signPublicly(scene);
        await scene.assertRefused(run, {
          exit: 1,
          code: "PUBLIC_LOG_NOT_ALLOWED",
          says: new RegExp(`the repository is "${visibility}"`),
          hint: /allow-public-log/,
        });
        assert.match(
          run.log,
          /identity: "https:\/\/gitlab\.com\/acme\/widget\/\/\.gitlab-ci\.yml@refs\/heads\/main"/,
        );
        assert.match(run.log, /run: ".*\/acme\/widget\/-\/jobs\/5005"/);
        assert.deepEqual(tried, []);
      },
      { runner: "gitlab" },
    );
  }

  scenario("many files: the list is cut", async (scene) => {
    scene.sandbox.issuers.github.setClaims({ repository_visibility: "private" });
    for (let index = 0; index < 30; index++) await scene.write(`f${index}.bin`);
    const { run, tried } = await signPublicly(scene, ["*.bin"]);
    assert.equal(run.code, 1);
    assert.match(run.errors[0] ?? "", /and 11 more digests/);
    assert.deepEqual(tried, []);
  });

  scenario("the same instance by a signing config of one's own: the same", async (scene) => {
    scene.sandbox.issuers.github.setClaims({ repository_visibility: "private" });
    const config = Buffer.from(publicGood.signingConfig[1]).toString("utf8");
    const root = Buffer.from(publicGood.trustedRoot).toString("utf8");
    const { run, tried } = await signPublicly(scene, [
      ...["--signing-config", await scene.give("config.json", config)],
      ...["--trusted-root", await scene.give("root.json", root)],
    ]);
    assert.match(run.errors[0] ?? "", /^Nothing was sent/);
    assert.deepEqual(tried, []);
  });

  scenario("the same instance under another address: its keys tell", async (scene) => {
    scene.sandbox.issuers.github.setClaims({ repository_visibility: "private" });
    const config = new Edited(Buffer.from(publicGood.signingConfig[1]).toString("utf8"));
    for (const kind of ["caUrls", "rekorTlogUrls", "tsaUrls"]) {
      config.set("https://mirror.example/", kind, 0, "url");
    }
    const root = Buffer.from(publicGood.trustedRoot).toString("utf8");
    const { run, tried } = await signPublicly(scene, [
      ...["--signing-config", await scene.give("config.json", String(config))],
      ...["--trusted-root", await scene.give("root.json", root)],
    ]);
    assert.match(run.errors[0] ?? "", /^Nothing was sent/);
    assert.deepEqual(tried, []);
  });

  scenario("that allows it goes there", async (scene) => {
    scene.sandbox.issuers.github.setClaims({ repository_visibility: "private" });
    const { run, tried } = await signPublicly(scene, ["--allow-public-log"]);
    await scene.assertRefused(run, {
      exit: 1,
      code: "SERVICE_UNAVAILABLE",
      says: /^The proxy 127\.0\.0\.1:\d+ refuses \(403\); Fulcio \(fulcio\.sigstore\.dev\) was not reached\./,
      hint: /Let the proxy allow fulcio\.sigstore\.dev/,
    });
    assert.ok(tried.length > 0);
    for (const attempt of tried)
      assert.match(
        attempt,
        /^CONNECT (tuf-repo-cdn|fulcio|rekor|timestamp)\.sigstore\.dev:443 HTTP/,
      );
  });

  scenario("allowed by the action's input", async (scene) => {
    scene.sandbox.issuers.github.setClaims({ repository_visibility: "private" });
    await scene.write("app.zip");
    const recorder = await startRecorder();
    const env = { ...publicInstance, HTTPS_PROXY: recorder.url };
    const inputs = { inputs: "app.zip", "retry-budget": "0" };
    const refused = await scene.action(inputs, { env });
    assert.match(refused.errors[0] ?? "", /^Nothing was sent/);
    assert.equal(refused.outputs.get("status"), "failed");
    const allowed = await scene.action({ ...inputs, "allow-public-log": "true" }, { env });
    assert.match(allowed.errors[0] ?? "", /^The proxy .* refuses/);
    await recorder.close();
  });

  scenario("may use an instance of its own", async (scene) => {
    scene.sandbox.issuers.github.setClaims({ repository_visibility: "private" });
    await scene.write("app.zip");
    await scene.assertSigned(await scene.sign(["app.zip"]), ["app.zip"]);
  });

  scenario("a public one needs no leave", async (scene) => {
    const { run, tried } = await signPublicly(scene);
    assert.match(run.errors[0] ?? "", /^The proxy .* refuses \(403\); Fulcio/);
    assert.ok(tried.length > 0);
  });
});

describe("dry run", { concurrency: 3 }, () => {
  scenario("prints the plan and asks nobody", async (scene) => {
    await scene.write("dist/a.zip", "12345");
    await scene.write("dist/b.zip", "1");
    const run = await scene.sign(["dist/*.zip", "--dry-run", "--bundle-dir=out"]);
    assert.equal(run.code, 0, run.log);
    assert.deepEqual(scene.asked(), {});
    assert.deepEqual(await scene.files(), ["dist/a.zip", "dist/b.zip"]);
    for (const line of [
      /Dry run: nothing is signed and nobody is asked\./,
      /Would sign 2 files, 6 bytes, with the Sigstore instance of ".*signing-config-rekor-v1\.json":/,
      /"dist\/a\.zip" \(5 bytes\) → "out\/a\.zip\.sigstore\.json"/,
      /Manifest: "out\/sigstep-manifest\.json"/,
      /Certificate: http:\/\/127\.0\.0\.1:\d+\//,
      /Log: http:\/\/127\.0\.0\.1:\d+\/ \(Rekor v1\)/,
      /Timestamp: http:\/\/127\.0\.0\.1:\d+\/api\/v1\/timestamp/,
      /Would become visible to those who can read these logs: the identity of this job .*2 digests/,
    ]) {
      assert.match(run.stderr, line);
    }
    const json: unknown = JSON.parse(run.stdout);
    assert.equal(at(json, "status"), "dry-run");
    assert.deepEqual(
      [...run.outputs],
      [
        ["status", "dry-run"],
        ["bundle-dir", "out"],
      ],
    );
    assert.equal(run.summary, "");
  });

  scenario("says what the public instance would show to everyone", async (scene) => {
    await scene.write("app.zip");
    const recorder = await startRecorder();
    const env = { ...publicInstance, HTTPS_PROXY: recorder.url };
    const run = await scene.action(
      { inputs: "app.zip", "dry-run": "true", "rekor-version": "2" },
      { env },
    );
    await recorder.close();
    assert.equal(run.code, 0, run.log);
    assert.match(run.log, /with the public-good Sigstore instance, Rekor v2/);
    assert.match(run.log, /Log: https:\/\/log.*\.rekor\.sigstore\.dev\/ \(Rekor v2\)/);
    assert.match(run.log, /visible to everyone, for ever: the identity of this job/);
    assert.equal(run.outputs.get("status"), "dry-run");
    assert.deepEqual(recorder.attempts, []);
    assert.deepEqual(scene.asked(), {});
  });

  scenario(
    "needs no identity",
    async (scene) => {
      await scene.write("app.zip");
      const run = await scene.sign(["app.zip", "--dry-run"]);
      assert.equal(run.code, 0, run.log);
    },
    { runner: "none" },
  );

  scenario("of many files shows the first hundred", async (scene) => {
    for (let index = 0; index < 105; index++) await scene.write(`f${index}.bin`);
    const run = await scene.sign(["*.bin", "--dry-run"]);
    assert.match(run.stderr, /Would sign 105 files/);
    assert.match(run.stderr, /and 5 more/);
  });

  scenario("refuses bad input as the run itself would", async (scene) => {
    await scene.write("a/app.zip");
    await scene.write("b/app.zip");
    const args = ["a/app.zip", "b/app.zip", "--bundle-dir=out", "--dry-run"];
    await scene.assertRefused(await scene.sign(args), {
      exit: 2,
      code: "INPUT_NAME_CLASH",
      says: /would both write/,
      hint: /bundle-dir/,
    });
  });
});
