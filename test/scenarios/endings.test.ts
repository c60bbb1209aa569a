// Runs that end before their time: disks that are full or closed, files that change, signals.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { chmodSync } from "node:fs";
import { chmod, open, readdir, readFile, readlink, rename, rm } from "node:fs/promises";
import { describe } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { FaultRequest } from "../../src/sandbox/faults.ts";
import { parseBundle } from "../../src/sigstore/bundle.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { scenario, type Running, type Scene } from "./harness.ts";
import { onFullDisk, withFileLimit, withoutPrivileges } from "./limits.ts";

describe("places to write to", { concurrency: 4 }, () => {
  scenario("a folder that may not be written to is bad input", async (scene) => {
    await scene.write("closed/app.zip");
    await chmod(scene.path("closed"), 0o555);
    const run = await scene.sign(["closed/app.zip"], { through: withoutPrivileges() });
    await scene.assertRefused(run, {
      exit: 2,
      code: "INPUT_NOT_WRITABLE",
      says: /^"closed" cannot be written to \(EACCES\)\./,
      hint: /bundle-dir/,
    });
    await chmod(scene.path("closed"), 0o755);
  });

  scenario("bundle-dir lets files of a closed folder be signed", async (scene) => {
    await scene.write("closed/app.zip");
    await chmod(scene.path("closed"), 0o555);
    const args = ["closed/app.zip", "--bundle-dir=out/deep"];
    const run = await scene.sign(args, { through: withoutPrivileges() });
    assert.equal(run.code, 0, run.log);
    await scene.verify("closed/app.zip", "out/deep/app.zip.sigstore.json");
    await chmod(scene.path("closed"), 0o755);
  });

  scenario("bundle-dir below a folder that may not be written to is bad input", async (scene) => {
    await scene.write("app.zip");
    await scene.write("closed/x");
    await chmod(scene.path("closed"), 0o555);
    const args = ["app.zip", "--bundle-dir=closed/out"];
    await scene.assertRefused(await scene.sign(args, { through: withoutPrivileges() }), {
      exit: 2,
      code: "INPUT_NOT_WRITABLE",
      says: /^"closed" cannot be written to \(EACCES\)\./,
      hint: /bundle-dir/,
    });
    await chmod(scene.path("closed"), 0o755);
  });

  scenario("bundle-dir that is a file is bad input", async (scene) => {
    await scene.write("app.zip");
    await scene.assertRefused(await scene.sign(["app.zip", "--bundle-dir=app.zip"]), {
      exit: 2,
      code: "INPUT_NOT_WRITABLE",
      says: /^"app\.zip" is not a folder\./,
      hint: /bundle-dir/,
    });
  });

  scenario("a folder in a bundle's place is bad input", async (scene) => {
    await scene.write("app.zip");
    await scene.write("app.zip.sigstore.json/x");
    await scene.assertRefused(await scene.sign(["app.zip"]), {
      exit: 2,
      code: "INPUT_NOT_WRITABLE",
      says: /^"app\.zip\.sigstore\.json" is a folder\./,
      hint: /bundle-dir/,
    });
  });

  scenario(
    "a folder that closes during the run: what is public is told, no bundle is lost in silence",
    async (scene) => {
      await scene.write("out/x");
      await scene.write("app.zip");
      scene.fault("rekor1", { kind: "delay", ms: 300 });
      scene.sandbox.faults.add({
        service: "rekor1",
        match: () => {
          chmodSync(scene.path("out"), 0o555);
          return false;
        },
        fault: { kind: "hang" },
      });
      const args = ["app.zip", "--bundle-dir=out"];
      const run = await scene.sign(args, { through: withoutPrivileges() });
      await chmod(scene.path("out"), 0o755);
      assertDiskFailure(run.log, "EACCES", /set bundle-dir to a folder it owns/);
      assert.equal(run.code, 1);
      assert.deepEqual(await scene.files(), ["app.zip", "out/x"]);
      assert.equal(run.outputs.get("status"), "failed");
      assert.equal(run.outputs.get("manifest-path"), "");
    },
  );

  scenario("a full disk: what is public is told, nothing half-written stays", async (scene) => {
    await scene.write("app.zip");
    const { through, code } = onFullDisk(scene.path("out"));
    const run = await scene.sign(["app.zip", "--bundle-dir=out"], { through });
    assertDiskFailure(run.log, code, /free some space|ulimit/);
    assert.equal(run.code, 1);
    assert.equal(run.outputs.get("status"), "failed");
    assert.deepEqual(await scene.bundles(), []);
  });

  scenario("files that may not be as large as a bundle: the same", async (scene) => {
    for (const name of ["a", "b", "c"]) await scene.write(name);
    const run = await scene.sign(["a", "b", "c", "--concurrency=1"], { through: withFileLimit(1) });
    assertDiskFailure(run.log, "EFBIG", /ulimit -f/);
    assert.equal(run.code, 1);
    assert.equal(scene.asked().entry, 1, "no further entry is made that would only be lost");
    assert.deepEqual(await scene.files(), ["a", "b", "c"]);
    const json: unknown = JSON.parse(run.stdout);
    assert.equal(dig(json, "error", "code"), "WRITE_FAILED", "neither manifest nor outputs");
    assert.deepEqual(
      list(at(json, "failures")).map((failure) => at(failure, "code")),
      ["WRITE_FAILED", "WRITE_FAILED", "WRITE_FAILED"],
    );
  });

  scenario(
    "a manifest that cannot be written: the bundles are there, the run fails",
    async (scene) => {
      const names = Array.from({ length: 40 }, (_, index) => `file-${index}.txt`);
      for (const name of names) await scene.write(name);
      // Room for each bundle, not for the manifest of forty.
      const run = await scene.action({ inputs: "*.txt" }, { through: withFileLimit(12) });
      assert.equal(run.code, 1, run.log);
      assert.equal(run.outputs.get("status"), "partial");
      assert.equal(run.outputs.get("manifest-path"), "");
      assert.equal(run.outputs.get("bundle-paths")?.split("\n").length, 40);
      assert.equal(run.errors.length, 1);
      assert.match(
        run.errors[0] ?? "",
        /^There is no manifest: "sigstep-manifest\.json" cannot be written \(EFBIG\)\.\n[\s\S]*ulimit/,
      );
      for (const name of names) await scene.verify(name);
    },
  );

  scenario(
    "outputs that cannot be written: says so, and that the bundles are there",
    async (scene) => {
      await scene.write("app.zip");
      const env = { GITHUB_OUTPUT: scene.path("no", "such", "file") };
      const run = await scene.action({ inputs: "app.zip" }, { env });
      assert.equal(run.code, 1);
      assert.equal(run.errors.length, 1, run.log);
      assert.match(
        run.errors[0] ?? "",
        /^Later steps get no outputs\. The runner's file GITHUB_OUTPUT cannot be written/,
      );
      await scene.verify("app.zip");
    },
  );

  scenario("a summary that cannot be written is no reason to fail", async (scene) => {
    await scene.write("app.zip");
    const env = { GITHUB_STEP_SUMMARY: scene.path("no", "such", "file") };
    const run = await scene.action({ inputs: "app.zip" }, { env });
    await scene.assertSigned(run, ["app.zip"]);
    assert.match(
      run.log,
      /There is no job summary\. The runner's file GITHUB_STEP_SUMMARY cannot be written/,
    );
  });
});

describe("files that change", { concurrency: 2 }, () => {
  scenario("a big file that grows while it is read", async (scene) => {
    const big = await open(scene.path("big.log"), "w");
    await big.truncate(768 * 1024 * 1024);
    const running = await scene.start(["sign", "--json", "big.log"]);
    await untilOpen(running, scene.path("big.log"));
    await sleep(20);
    await big.appendFile("and more");
    await big.close();
    await scene.assertAllFailed(await running.done, [
      ["big.log", "FILE_CHANGED", /"big\.log" changed while it was read/, /has ended/],
    ]);
    assert.equal(scene.asked().entry, undefined, "nothing was published");
  });

  scenario("a big file that is replaced while it is read", async (scene) => {
    const big = await open(scene.path("big.log"), "w");
    await big.truncate(512 * 1024 * 1024);
    await big.close();
    await scene.write("new.log");
    const running = await scene.start(["sign", "--json", "big.log"]);
    await untilOpen(running, scene.path("big.log"));
    await rename(scene.path("new.log"), scene.path("big.log"));
    const run = await running.done;
    // What was signed is gone: the bundle must not vouch for what stands there now.
    assert.equal(run.code, 1, run.log);
    await scene.assertAllFailed(run, [
      ["big.log", "FILE_CHANGED", /"big\.log" was replaced while it was read/, /has ended/],
    ]);
  });
});

describe("signals", { concurrency: 4 }, () => {
  const names = Array.from({ length: 12 }, (_, index) => `file-${String(index).padStart(2, "0")}`);

  /** A run of twelve files, two at a time, of which the first four are done. */
  async function startSlowly(scene: Scene): Promise<Running> {
    for (const name of names) await scene.write(name);
    const done = names.slice(0, 4).map((name) => sha256(`${name}\n`));
    const match = ({ body }: FaultRequest): boolean =>
      !done.some((digest) => body.includes(digest));
    scene.fault("rekor1", { kind: "hang" }, { match });
    const running = await scene.start(["sign", "--json", "--concurrency=2", ...names]);
    while ((await scene.bundles()).length < 4) await sleep(20);
    return running;
  }

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    scenario(
      `${signal} in the middle: what is done is whole, the rest is cancelled by name`,
      async (scene) => {
        const running = await startSlowly(scene);
        process.kill(running.pid, signal);
        const run = await running.done;
        await scene.assertPartial(run, {
          signed: names.slice(0, 4),
          failed: names
            .slice(4)
            .map((name) => [name, "CANCELLED", /The run was cancelled/, /Run again/]),
        });
        assert.equal(run.errors.length, 1, "one error for all");
        assert.ok(run.seconds < 10);
        assert.equal(at(await scene.manifest(), "status"), "partial");
      },
    );
  }

  scenario("after SIGTERM a second run signs what is left", async (scene) => {
    const running = await startSlowly(scene);
    process.kill(running.pid, "SIGTERM");
    await running.done;
    scene.sandbox.faults.clear();
    const run = await scene.sign(names);
    await scene.assertSigned(run, names);
    assert.equal(scene.asked().entry, 8);
    const results = list(at(await scene.manifest(), "subjects")).map((subject) =>
      text(at(subject, "result")),
    );
    assert.deepEqual(results, [
      ...Array<string>(4).fill("kept"),
      ...Array<string>(8).fill("signed"),
    ]);
  });

  for (const service of ["issuer", "fulcio"] as const) {
    scenario(`SIGTERM while ${service} is silent ends at once`, async (scene) => {
      await scene.write("app.zip");
      scene.fault(service, { kind: "hang" });
      const running = await scene.start(["sign", "--json", "app.zip"]);
      while (scene.sandbox.requests.count(service) === 0) await sleep(20);
      process.kill(running.pid, "SIGTERM");
      const run = await running.done;
      assert.ok(run.seconds < 8, `${run.seconds} s`);
      await scene.assertRefused(run, {
        exit: 1,
        code: "CANCELLED",
        says: /ancelled/,
        hint: /Run again/,
      });
    });
  }

  scenario("SIGTERM while a big file is read ends at once", async (scene) => {
    const big = await open(scene.path("big.log"), "w");
    await big.truncate(4 * 1024 * 1024 * 1024);
    await big.close();
    const running = await scene.start(["sign", "--json", "big.log"]);
    await untilOpen(running, scene.path("big.log"));
    process.kill(running.pid, "SIGTERM");
    const run = await running.done;
    await scene.assertAllFailed(run, [["big.log", "CANCELLED", /cancelled/, /Run again/]]);
    await rm(scene.path("big.log"));
  });

  scenario(
    "a second SIGTERM ends it without more",
    async (scene) => {
      const running = await startSlowly(scene);
      process.kill(running.pid, "SIGTERM");
      process.kill(running.pid, "SIGTERM");
      const run = await running.done;
      assert.ok(run.signal === "SIGTERM" || run.code === 1);
    },
    { killed: true },
  );

  scenario(
    "SIGKILL leaves nothing half-written under a final name",
    async (scene) => {
      for (const name of names) await scene.write(name);
      scene.fault("tsa", { kind: "delay", ms: 40 });
      const running = await scene.start(["sign", "--json", "--concurrency=3", ...names]);
      while ((await scene.bundles()).length < 5) await sleep(1);
      process.kill(running.pid, "SIGKILL");
      const run = await running.done;
      assert.equal(run.signal, "SIGKILL");
      const bundles = await scene.bundles();
      assert.ok(bundles.length >= 5 && bundles.length <= names.length);
      for (const bundle of bundles) parseBundle(await readFile(scene.path(bundle)), bundle);
      for (const bundle of bundles) await scene.verify(bundle.replace(".sigstore.json", ""));
      assert.equal(run.outputs.size, 0);
      scene.sandbox.faults.clear();
      await scene.assertSigned(await scene.sign(names), names);
      assert.equal(scene.asked().entry ?? 0, names.length - bundles.length);
    },
    { killed: true },
  );
});

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** The log tells which file could not be written and why, what to do, and what is public already. */
function assertDiskFailure(log: string, code: string, hint: RegExp): void {
  assert.match(log, new RegExp(`\\.sigstore\\.json" cannot be written \\(${code}\\)\\.`));
  assert.match(log, /Already public: log entry \d+ for "[^"]+" \(https?:/);
  assert.match(log, hint);
}

/** Waits until the program has `path` open. */
async function untilOpen({ pid }: Running, path: string): Promise<void> {
  const folder = `/proc/${pid}/fd`;
  for (;;) {
    for (const name of await readdir(folder)) {
      if ((await readlink(`${folder}/${name}`).catch(() => "")) === path) return;
    }
    await sleep(2);
  }
}
