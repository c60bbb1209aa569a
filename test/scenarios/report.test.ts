// What a run leaves for people and programs: JSON, log, outputs, summary, manifest.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe } from "node:test";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { signOutputs } from "../../src/commands/output-table.ts";
import { scenario } from "./harness.ts";

describe("--json", { concurrency: 4 }, () => {
  scenario(
    "is alone on standard output; log, masks and errors go to standard error",
    async (scene) => {
      await scene.write("app.zip");
      const run = await scene.sign(["app.zip"]);
      await scene.assertSigned(run, ["app.zip"]);
      const json: unknown = JSON.parse(run.stdout);
      assert.equal(run.stdout.match(/^\{/gm)?.length, 1);
      assert.equal(run.stderr.match(/^::add-mask::/gm)?.length, 2);
      assert.equal(at(json, "status"), "signed");
      assert.deepEqual(at(json, "bundle-paths"), ["app.zip.sigstore.json"]);
      assert.deepEqual(at(json, "failures"), []);
      for (const { name } of signOutputs) assert.notEqual(at(json, name), undefined, name);
    },
  );

  for (const args of [
    ["sign", "app.zip", "--json"],
    ["sign", "--json", "app.zip"],
  ]) {
    scenario(`wherever it stands: ${args.join(" ")}`, async (scene) => {
      await scene.write("app.zip");
      const run = await scene.cli(args);
      assert.equal(run.code, 0, run.log);
      assert.equal(at(JSON.parse(run.stdout), "status"), "signed");
    });
  }

  scenario("after -- it is a path", async (scene) => {
    await scene.write("--json");
    const run = await scene.cli(["sign", "--", "--json"]);
    assert.equal(run.code, 0, run.log);
    assert.match(run.stdout, /^Wrote "--json\.sigstore\.json"/m);
    await scene.verify("--json");
  });

  for (const [name, args] of [
    ["an unknown command", ["frobnicate", "--json"]],
    ["an unknown flag", ["sign", "--json", "--frobnicate"]],
    ["a missing value", ["sign", "--json", "app.zip", "--bundle-dir"]],
    ["no file", ["sign", "--json"]],
    ["a missing file", ["sign", "--json", "nothing.zip"]],
  ] as const) {
    scenario(`is alone on standard output also for ${name}`, async (scene) => {
      const run = await scene.cli(args);
      assert.equal(run.code, 2);
      const json: unknown = JSON.parse(run.stdout);
      assert.equal(at(json, "status"), "failed");
      assert.match(text(dig(json, "error", "code")), /^INPUT_/);
      assert.equal(run.errors.length, 1);
    });
  }

  scenario(
    "without it the log is on standard output and nothing on standard error",
    async (scene) => {
      await scene.write("app.zip");
      const run = await scene.cli(["sign", "app.zip"]);
      assert.equal(run.code, 0);
      assert.equal(run.stderr, "");
      assert.match(run.stdout, /Wrote "app\.zip\.sigstore\.json", log entry \d+/);
    },
  );

  scenario(
    "in any other CI no workflow command is printed",
    async (scene) => {
      await scene.write("app.zip");
      const env = { SIGSTORE_ID_TOKEN: await scene.token("email") };
      const good = await scene.cli(["sign", "app.zip"], { env });
      const bad = await scene.cli(["sign", "nothing.zip"], { env });
      assert.doesNotMatch(good.stdout + bad.stdout, /^::/m);
      assert.equal(good.outputs.size, 0);
      assert.equal(good.summary, "");
    },
    { runner: "none" },
  );
});

describe("the action", { concurrency: 4 }, () => {
  scenario("hands on every output of its table, each once", async (scene) => {
    await scene.write("a.zip");
    await scene.write("b.zip");
    const run = await scene.action({ inputs: "a.zip b.zip", "bundle-dir": "out" });
    assert.equal(run.code, 0, run.log);
    assert.deepEqual(
      [...run.outputs.keys()].sort(),
      signOutputs.map(({ name }) => name).toSorted(),
    );
    assert.equal(run.outputs.get("status"), "signed");
    assert.equal(run.outputs.get("bundle-dir"), "out");
    assert.equal(run.outputs.get("manifest-path"), "out/sigstep-manifest.json");
    assert.equal(
      run.outputs.get("bundle-paths"),
      "out/a.zip.sigstore.json\nout/b.zip.sigstore.json",
    );
    assert.match(run.outputs.get("log-indexes") ?? "", /^\d+\n\d+$/);
    assert.match(
      run.outputs.get("verify-commands") ?? "",
      /^cosign verify-blob --bundle out\/a\.zip\.sigstore\.json --certificate-identity https:\/\/github\.com\/acme\/widget\/\.github\/workflows\/release\.yml@refs\/tags\/v1\.0\.0 --certificate-oidc-issuer http:\/\/localhost:\d+ /m,
    );
    assert.equal(run.outputs.get("certificate-oidc-issuer"), scene.sandbox.urls.github);
    assert.match(run.stdout, /^sigstep \d+\.\d+\.\d+\n/);
    await scene.verify("a.zip", "out/a.zip.sigstore.json");
  });

  scenario("without inputs says which is missing, with the YAML", async (scene) => {
    await scene.assertActionRefused(await scene.action({}), {
      exit: 2,
      says: /^Nothing says what to attest/,
      hint: /with:\n {4}subject-path: dist/,
    });
  });

  scenario("hands on nothing but its status when the run fails as a whole", async (scene) => {
    await scene.write("app.zip");
    scene.fault("fulcio", { kind: "status", status: 400 });
    const run = await scene.action({ inputs: "app.zip" });
    await scene.assertActionRefused(run, { exit: 1, says: /^Fulcio .* refused/, hint: /issuer/ });
    assert.deepEqual([...run.outputs], [["status", "failed"]]);
  });

  for (const [input, value, says] of [
    ["dry-run", "yes", /Input dry-run is "yes", not true or false/],
    ["retry-budget", "5m", /Input retry-budget is "5m", not a whole number from 0 to 3600/],
    ["rekor-version", "v2", /Input rekor-version is "v2", not one of 1, 2/],
  ] as const) {
    scenario(`refuses ${input}: ${value}`, async (scene) => {
      await scene.write("app.zip");
      const run = await scene.action({ inputs: "app.zip", [input]: value });
      await scene.assertActionRefused(run, { exit: 2, says, hint: new RegExp(`${input}:`) });
    });
  }

  scenario("takes an empty input for one that is absent", async (scene) => {
    await scene.write("app.zip");
    const empty = Object.fromEntries(
      [
        "bundle-dir",
        "rekor-version",
        "retry-budget",
        "concurrency",
        "force",
        "dry-run",
        "identity-token",
      ].map((name) => [name, ""]),
    );
    await scene.assertSigned(await scene.action({ ...empty, inputs: "app.zip" }), ["app.zip"]);
  });

  scenario("writes no summary when told so", async (scene) => {
    await scene.write("app.zip");
    const run = await scene.action({ inputs: "app.zip", "show-summary": "false" });
    await scene.assertSigned(run, ["app.zip"]);
    assert.equal(run.summary, "");
  });

  scenario("takes the action's own id, even where GITHUB_ACTIONS is not set", async (scene) => {
    await scene.write("app.zip");
    const run = await scene.action({ inputs: "app.zip" }, { env: { GITHUB_ACTIONS: undefined } });
    await scene.assertSigned(run, ["app.zip"]);
    assert.equal(run.outputs.get("status"), "signed");
  });
});

describe("summary", { concurrency: 4 }, () => {
  scenario("is one table, open up to 20 rows", async (scene) => {
    for (let index = 0; index < 20; index++) await scene.write(`f${index}.bin`);
    const run = await scene.action({ inputs: "*.bin" });
    assert.equal(run.summary.match(/^\| --- /gm)?.length, 1);
    assert.doesNotMatch(run.summary, /<details>/);
    assert.match(run.summary, /^### Signed 20 files/);
  });

  scenario("is folded above 20 rows", async (scene) => {
    for (let index = 0; index < 21; index++) await scene.write(`f${index}.bin`);
    const run = await scene.action({ inputs: "*.bin" });
    assert.match(run.summary, /<details>\n<summary>21 files<\/summary>/);
    assert.match(run.summary, /<\/details>/);
  });

  scenario("shows what failed and why, before what went well", async (scene) => {
    for (const name of ["a.bin", "b.bin"]) await scene.write(name);
    scene.fault(
      "rekor1",
      { kind: "status", status: 400, body: '{"message":"no | <b>"}' },
      { times: 1 },
    );
    const run = await scene.action({ inputs: "a.bin b.bin", concurrency: "1" });
    assert.equal(run.code, 1);
    assert.match(run.summary, /^### Signed 1 of 2 files/);
    const rows = run.summary.split("\n").filter((line) => line.startsWith("| <code>"));
    assert.equal(rows.length, 2);
    assert.match(rows[0] ?? "", /a&#46;bin.*refused the request with status 400/);
    assert.match(rows[1] ?? "", /b&#46;bin.*\[\d+\]\(https?:/);
    assert.doesNotMatch(run.summary, /<b>/);
    for (const row of rows) assert.equal(row.split("|").length, 6);
  });
});

describe("manifest", { concurrency: 4 }, () => {
  scenario("holds what a later job needs to know", async (scene) => {
    const content = "of the application";
    await scene.write("dist/app.zip", content);
    const run = await scene.sign(["dist/app.zip", "--bundle-dir=out"]);
    assert.equal(run.code, 0);
    const manifest = await scene.manifest("out");
    assert.equal(at(manifest, "schemaVersion"), 1);
    assert.equal(at(manifest, "status"), "signed");
    const [subject] = list(at(manifest, "subjects"));
    assert.equal(at(subject, "name"), "app.zip");
    assert.equal(at(subject, "path"), "dist/app.zip");
    assert.equal(at(subject, "bundle"), "app.zip.sigstore.json");
    assert.equal(
      dig(subject, "digest", "sha256"),
      createHash("sha256").update(content).digest("hex"),
    );
    const [entry] = list(at(subject, "logEntries"));
    assert.equal(at(entry, "logIndex"), run.outputs.get("log-indexes"));
    assert.equal(list(at(subject, "times")).length, 2, "the log's and the timestamp authority's");
    const [certificate] = list(at(manifest, "certificates"));
    assert.equal(at(certificate, "issuer"), scene.sandbox.urls.github);
    const extensions = at(certificate, "extensions");
    assert.equal(at(extensions, "sourceRepositoryUri"), "https://github.com/acme/widget");
    assert.equal(
      at(extensions, "sourceRepositoryDigest"),
      "0123456789abcdef0123456789abcdef01234567",
    );
    assert.deepEqual(at(manifest, "failures"), []);
  });
});
