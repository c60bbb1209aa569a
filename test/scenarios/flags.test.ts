// How the program is told what to do: commands, flags, inputs, environment, and what it refuses.
import assert from "node:assert/strict";
import { describe } from "node:test";
import { at } from "../sandbox/wire.ts";
import { scenario } from "./harness.ts";

describe("flags", { concurrency: 4 }, () => {
  scenario("no command is bad input", async (scene) => {
    const run = await scene.cli([]);
    assert.equal(run.code, 2);
    assert.match(
      run.log,
      /^No command is given\.\nWrite sigstep sign PATH… or sigstep verify PATH…; see sigstep --help\.\n$/,
    );
    assert.deepEqual(scene.asked(), {});
  });

  scenario("an unknown command is bad input, and the hint lists those there are", async (scene) => {
    const run = await scene.cli(["sgin", "app.zip"]);
    assert.equal(run.code, 2);
    assert.match(
      run.log,
      /^There is no command "sgin"\.\n.*sign, attest, verify, inspect and demo.*--help/,
    );
    assert.deepEqual(scene.asked(), {});
  });

  scenario("help says how, and needs nothing", async (scene) => {
    for (const args of [["--help"], ["-h"], ["help"]]) {
      const run = await scene.cli(args);
      assert.equal(run.code, 0);
      assert.match(run.stdout, /sigstep sign PATH…/);
      assert.equal(run.stderr, "");
    }
    for (const flag of ["--help", "-h"]) {
      const run = await scene.cli(["sign", flag]);
      assert.equal(run.code, 0);
      assert.match(run.stdout, /--bundle-dir DIR/);
      assert.match(run.stdout, /SIGSTEP_IDENTITY_TOKEN \(never a flag\)/);
      assert.match(run.stdout, /Exit code: 0 all signed; 1 something failed; 2 bad input/);
    }
  });

  scenario("the example in the help runs", async (scene) => {
    await scene.write("dist/app.tar.gz");
    const help = await scene.cli(["sign", "--help"]);
    const example = /Example:\n {2}sigstep (.+)\n/.exec(help.stdout)?.[1]?.split(" ") ?? [];
    const run = await scene.cli(example);
    assert.equal(run.code, 0, run.log);
    assert.match(run.log, /Would sign 1 file/);
  });

  for (const [given, meant] of [
    ["--bundledir=out", "--bundle-dir"],
    ["--bundle_dir=out", "--bundle-dir"],
    ["--rekor-versoin=2", "--rekor-version"],
    ["--rekor-version2", "--rekor-version"],
    ["--forc", "--force"],
    ["--retrybudget=3", "--retry-budget"],
    ["--frobnicate", undefined],
    ["-x", undefined],
  ] as const) {
    const hint = meant === undefined ? /See --help/ : new RegExp(`^Did you mean ${meant}\\?$`, "m");
    scenario(`unknown flag ${given}: ${meant ?? "no suggestion"}`, async (scene) => {
      await scene.write("app.zip");
      const flag = given.replace(/=.*/, "");
      await scene.assertRefused(await scene.sign([given, "app.zip"]), {
        exit: 2,
        code: "INPUT_UNKNOWN",
        says: new RegExp(`^There is no flag "${flag}"\\.`),
        hint,
      });
    });
  }

  for (const [args, message] of [
    [["--rekor-version", "3"], /Input rekor-version is "3", not one of 1, 2/],
    [["--retry-budget", "soon"], /Input retry-budget is "soon", not a whole number from 0 to 3600/],
    [["--retry-budget", "3601"], /Input retry-budget is "3601", not a whole number from 0 to 3600/],
    [["--retry-budget=-1"], /Input retry-budget is "-1", not a whole number from 0 to 3600/],
    [["--concurrency", "0"], /Input concurrency is "0", not a whole number from 1 to 1024/],
    [["--concurrency", "1.5"], /Input concurrency is "1\.5", not a whole number from 1 to 1024/],
    [["--force=yes"], /Input force is "yes", not true or false/],
    [["--dry-run=1"], /Input dry-run is "1", not true or false/],
    [["--inputs", '"app.zip'], /Input inputs has a quote \("\) that does not close/],
    [["--inputs", "app.zip\\"], /Input inputs has a backslash at its end/],
  ] as const) {
    scenario(`wrong value: ${args.join(" ")}`, async (scene) => {
      await scene.write("app.zip");
      await scene.assertRefused(await scene.sign([...args, "app.zip"]), {
        exit: 2,
        code: "INPUT_VALUE",
        says: message,
        hint: /./,
      });
    });
  }

  scenario("a flag without its value is bad input", async (scene) => {
    await scene.assertRefused(await scene.sign(["app.zip", "--bundle-dir"]), {
      exit: 2,
      code: "INPUT_MISSING",
      says: /^Flag --bundle-dir has no value\./,
      hint: /--bundle-dir=VALUE/,
    });
  });

  scenario("a flag given twice is bad input", async (scene) => {
    await scene.assertRefused(await scene.sign(["--bundle-dir=a", "--bundle-dir=b", "app.zip"]), {
      exit: 2,
      code: "INPUT_CONFLICT",
      says: /^Flag --bundle-dir is given twice\./,
      hint: /once/,
    });
  });

  for (const args of [
    ["--dry-run"],
    ["--dry-run", "true"],
    ["--dry-run=true"],
    ["--dry-run=TRUE"],
  ]) {
    scenario(`${args.join(" ")} switches it on`, async (scene) => {
      await scene.write("app.zip");
      const run = await scene.sign([...args, "app.zip"]);
      assert.equal(run.code, 0, run.log);
      assert.equal(at(JSON.parse(run.stdout), "status"), "dry-run");
    });
  }

  for (const args of [["--dry-run", "false"], ["--dry-run=false"]]) {
    scenario(`${args.join(" ")} leaves it off`, async (scene) => {
      await scene.write("app.zip");
      await scene.assertSigned(await scene.sign([...args, "app.zip"]), ["app.zip"]);
    });
  }

  for (const args of [
    ["--identity-token", "eyJhbGciOiJub25lIn0.flag-secret-1.x"],
    ["--identity-token=eyJhbGciOiJub25lIn0.flag-secret-1.x"],
  ]) {
    scenario(
      `a secret as a flag (${args.length} words) is refused and not repeated`,
      async (scene) => {
        await scene.write("app.zip");
        const run = await scene.sign([...args, "app.zip"]);
        await scene.assertRefused(run, {
          exit: 2,
          code: "INPUT_VALUE",
          says: /^A secret is never given as a flag: --identity-token\./,
          hint: /SIGSTEP_IDENTITY_TOKEN or --identity-token-file.*leaked/s,
        });
        assert.doesNotMatch(run.stdout + run.stderr, /flag-secret/);
      },
    );
  }

  scenario("a flag wins over an action input, and that over the environment", async (scene) => {
    await scene.write("app.zip");
    const env = { SIGSTEP_BUNDLE_DIR: "from-environment" };
    const input = { "INPUT_BUNDLE-DIR": "from-input" };
    scene.assertRun(await scene.cli(["sign", "app.zip"], { env }), 0);
    scene.assertRun(await scene.cli(["sign", "app.zip"], { env: { ...env, ...input } }), 0);
    const flag = ["sign", "app.zip", "--bundle-dir=from-flag"];
    scene.assertRun(await scene.cli(flag, { env: { ...env, ...input } }), 0);
    assert.deepEqual(await scene.bundles(), [
      "from-environment/app.zip.sigstore.json",
      "from-flag/app.zip.sigstore.json",
      "from-input/app.zip.sigstore.json",
    ]);
    await scene.verify("app.zip", "from-flag/app.zip.sigstore.json");
  });

  scenario("an empty flag takes back what the environment says", async (scene) => {
    await scene.write("app.zip");
    const env = { SIGSTEP_BUNDLE_DIR: "from-environment" };
    const run = await scene.sign(["app.zip", "--bundle-dir="], { env });
    await scene.assertSigned(run, ["app.zip"]);
  });

  scenario("every input may come from the environment", async (scene) => {
    await scene.write("app.zip");
    const env = {
      SIGSTEP_INPUTS: "*.zip",
      SIGSTEP_BUNDLE_DIR: "out/deep",
      SIGSTEP_RETRY_BUDGET: "5",
      SIGSTEP_CONCURRENCY: "1",
      SIGSTEP_SHOW_SUMMARY: "false",
    };
    const run = await scene.sign([], { env });
    assert.equal(run.code, 0, run.log);
    assert.equal(run.summary, "");
    assert.deepEqual(await scene.files(), [
      "app.zip",
      "out/deep/app.zip.sigstore.json",
      "out/deep/sigstep-manifest.json",
    ]);
  });
});
