// Many files: one token, one certificate, failures by name, bundles that are kept on the next run.
import assert from "node:assert/strict";
import { readFile, stat, writeFile } from "node:fs/promises";
import { describe } from "node:test";
import type { FaultRequest } from "../../src/sandbox/faults.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { Edited } from "./edited.ts";
import { scenario, type Run, type Scene } from "./harness.ts";

async function writeMany(scene: Scene, count: number): Promise<string[]> {
  const names = Array.from(
    { length: count },
    (_, index) => `f${String(index).padStart(4, "0")}.bin`,
  );
  for (const name of names) await scene.write(name);
  return names;
}

describe("many files", { concurrency: 2 }, () => {
  for (const rekor of [1, 2] as const) {
    scenario(
      `200 files are one token and one certificate, Rekor v${rekor}`,
      async (scene) => {
        const names = await writeMany(scene, 200);
        const run = await scene.action({ inputs: "*.bin" });
        await scene.assertSigned(run, names);
        assert.deepEqual(scene.asked(), { token: 1, certificate: 1, entry: 200, timestamp: 200 });
        const paths = text(run.outputs.get("bundle-paths")).split("\n");
        assert.deepEqual(
          paths,
          names.map((name) => `${name}.sigstore.json`),
        );
        assert.equal(text(run.outputs.get("verify-commands")).split("\n").length, 10);
        assert.ok(run.log.split("\n").length < 40, "not a line a file");
        assert.match(run.log, /and 180 more/);
      },
      { rekor },
    );
  }

  scenario("more than 200 files: outputs are cut, manifest and JSON have all", async (scene) => {
    const names = await writeMany(scene, 205);
    const run = await scene.sign(["*.bin", "--bundle-dir=out"]);
    assert.equal(run.code, 0);
    assert.equal(text(run.outputs.get("bundle-paths")).split("\n").length, 200);
    assert.equal(text(run.outputs.get("log-indexes")).split("\n").length, 200);
    assert.equal(list(at(JSON.parse(run.stdout), "bundle-paths")).length, 205);
    assert.equal(list(at(await scene.manifest("out"), "subjects")).length, names.length);
    assert.match(run.summary, /<details>\n<summary>205 files<\/summary>/);
  });

  scenario("429 lowers the concurrency, and all are signed", async (scene) => {
    const names = await writeMany(scene, 22);
    const delayMs = 1000;
    const arrivals: number[] = [];
    const seen = new Set<string>();
    const match = ({ body }: FaultRequest): boolean => {
      if (!seen.has(body)) arrivals.push(performance.now());
      seen.add(body);
      return true;
    };
    scene.fault("rekor1", { kind: "delay", ms: 0 }, { match });
    scene.fault("rekor1", { kind: "status", status: 429 }, { times: 8 });
    scene.fault("rekor1", { kind: "delay", ms: delayMs });
    const run = await scene.sign(["--concurrency=8", ...names]);
    await scene.assertSigned(run, names);
    assert.equal(scene.asked().certificate, 1);
    // Whoever takes longer than the window is in it once: how many are in it were under way together.
    const most = (times: readonly number[]): number => {
      const within = times.map((from) =>
        times.filter((at) => at >= from && at < from + delayMs - 100),
      );
      return Math.max(...within.map(({ length }) => length));
    };
    assert.ok(most(arrivals.slice(0, 8)) >= 6, "begins with many at once");
    const later = most(arrivals.slice(8, 18));
    assert.ok(later >= 2 && later <= 6, `goes on with ${later} at once`);
  });

  scenario("concurrency bounds how many are under way", async (scene) => {
    const names = await writeMany(scene, 12);
    let underWay = 0;
    let most = 0;
    scene.fault(
      "rekor1",
      { kind: "delay", ms: 300 },
      {
        match: () => {
          underWay++;
          most = Math.max(most, underWay);
          setTimeout(() => underWay--, 300);
          return true;
        },
      },
    );
    await scene.assertSigned(await scene.sign(["--concurrency=3", ...names]), names);
    assert.equal(most, 3);
  });

  scenario("some fail: the others are signed, told and handed on", async (scene) => {
    const names = await writeMany(scene, 6);
    scene.fault("rekor1", { kind: "corrupt", what: "bad-set" }, { after: 2, times: 1 });
    scene.fault(
      "rekor1",
      { kind: "status", status: 400, body: '{"message":"no"}' },
      { after: 2, times: 1 },
    );
    const run = await scene.sign(["--concurrency=1", ...names]);
    const [a = "", b = "", c = "", d = "", e = "", f = ""] = names;
    await scene.assertPartial(run, {
      signed: [a, b, e, f],
      failed: [
        [c, "LOG_ENTRY_INVALID", /promise/, /trusted root/],
        [d, "SERVICE_REFUSED", /status 400/, /address/],
      ],
    });
    assert.match(run.summary, /### Signed 4 of 6 files/);
    assert.match(
      run.summary,
      /\| File \| SHA-256 \| Log entry \| Bundle or reason \|\n.*\n.*f0002.*Not signed/,
    );
    assert.equal(at(await scene.manifest(), "status"), "partial");
    assert.equal(run.outputs.get("status"), "partial");
  });

  scenario("three failures in a row end the run: no further entry is wasted", async (scene) => {
    const names = await writeMany(scene, 20);
    scene.corrupt("rekor1", "bad-proof");
    const run = await scene.sign(["--concurrency=1", ...names]);
    assert.equal(run.code, 1);
    assert.equal(scene.asked().entry, 3);
    assert.equal(list(at(await scene.manifest(), "failures")).length, 20);
    assert.equal(run.outputs.get("status"), "failed");
    assert.ok(run.errors.length <= 3);
  });

  scenario("a log that goes down in the middle: one outage is waited for once", async (scene) => {
    const names = await writeMany(scene, 60);
    scene.fault("rekor1", { kind: "status", status: 503 }, { after: 20 });
    const run = await scene.sign(["--concurrency=8", "--retry-budget=2", ...names]);
    assert.equal(run.code, 1);
    assert.equal(at(JSON.parse(run.stdout), "status"), "partial");
    assert.equal((await scene.bundles()).length, 20);
    assert.equal(run.errors.length, 1);
    assert.match(run.errors[0] ?? "", /Not signed: .* and 20 more\nRekor \(.*last 503\)/);
    assert.ok(run.seconds < 12, `${run.seconds} s`);
  });
});

describe("bundles that are there", { concurrency: 3 }, () => {
  async function signTwice(
    scene: Scene,
    between: () => Promise<void>,
    args: readonly string[] = [],
  ): Promise<Run> {
    await scene.write("a.zip");
    await scene.write("b.zip");
    await scene.assertSigned(await scene.sign(["a.zip", "b.zip"]), ["a.zip", "b.zip"]);
    await between();
    return scene.sign(["a.zip", "b.zip", ...args]);
  }

  async function results(scene: Scene): Promise<string[]> {
    return list(at(await scene.manifest(), "subjects")).map((subject) =>
      text(at(subject, "result")),
    );
  }

  scenario("are kept on a rerun: no certificate, no entry", async (scene) => {
    let before = 0;
    const run = await signTwice(scene, async () => {
      before = (await stat(scene.path("a.zip.sigstore.json"))).mtimeMs;
    });
    await scene.assertSigned(run, ["a.zip", "b.zip"]);
    assert.deepEqual(scene.asked(), { token: 1 });
    assert.deepEqual(await results(scene), ["kept", "kept"]);
    assert.equal((await stat(scene.path("a.zip.sigstore.json"))).mtimeMs, before);
    assert.match(run.log, /Kept "a\.zip\.sigstore\.json", log entry \d+/);
    assert.match(run.summary, /was there already/);
    assert.equal(run.outputs.get("bundle-paths"), "a.zip.sigstore.json\nb.zip.sigstore.json");
    assert.match(run.outputs.get("certificate-identity") ?? "", /release\.yml/);
  });

  scenario("are kept by a later attempt of the same run", async (scene) => {
    const run = await signTwice(scene, () => {
      scene.sandbox.issuers.github.setClaims({ run_attempt: "2" });
      return Promise.resolve();
    });
    assert.equal(run.code, 0);
    assert.deepEqual(await results(scene), ["kept", "kept"]);
  });

  scenario("are signed again with force", async (scene) => {
    const run = await signTwice(scene, () => Promise.resolve(), ["--force"]);
    await scene.assertSigned(run, ["a.zip", "b.zip"]);
    assert.deepEqual(await results(scene), ["signed", "signed"]);
    assert.equal(scene.asked().entry, 2);
  });

  scenario("are replaced when their file has changed", async (scene) => {
    const run = await signTwice(scene, () => writeFile(scene.path("a.zip"), "other"));
    await scene.assertSigned(run, ["a.zip", "b.zip"]);
    assert.deepEqual(await results(scene), ["signed", "kept"]);
  });

  scenario("are replaced when another commit made them", async (scene) => {
    const run = await signTwice(scene, () => {
      scene.sandbox.issuers.github.setClaims({ sha: "f".repeat(40), workflow_sha: "f".repeat(40) });
      return Promise.resolve();
    });
    await scene.assertSigned(run, ["a.zip", "b.zip"]);
    assert.deepEqual(await results(scene), ["signed", "signed"]);
  });

  for (const [name, tamper] of [
    [
      "a signature that is not ours",
      (bundle: Edited) =>
        bundle.set(Buffer.alloc(70).toString("base64"), "messageSignature", "signature"),
    ],
    [
      "another index",
      (bundle: Edited) => bundle.set("1", "verificationMaterial", "tlogEntries", 0, "logIndex"),
    ],
    [
      "no timestamp and no entry",
      (bundle: Edited) =>
        bundle
          .drop("verificationMaterial", "tlogEntries")
          .drop("verificationMaterial", "timestampVerificationData"),
    ],
    [
      "a digest of another file",
      (bundle: Edited) =>
        bundle.set(
          Buffer.alloc(32).toString("base64"),
          "messageSignature",
          "messageDigest",
          "digest",
        ),
    ],
    ["text that is no JSON", () => "half a bund"],
    ["nothing in it", () => ""],
  ] as const) {
    scenario(`are replaced when they have been tampered with: ${name}`, async (scene) => {
      const path = (): string => scene.path("a.zip.sigstore.json");
      const run = await signTwice(scene, async () => {
        await writeFile(path(), String(tamper(new Edited(await readFile(path(), "utf8")))));
      });
      await scene.assertSigned(run, ["a.zip", "b.zip"]);
      assert.deepEqual(await results(scene), ["signed", "kept"]);
      assert.deepEqual(scene.asked(), { token: 1, certificate: 1, entry: 1, timestamp: 1 });
    });
  }

  scenario("are replaced when the other log of the same instance made them", async (scene) => {
    await scene.write("a.zip");
    await scene.assertSigned(await scene.sign(["a.zip"]), ["a.zip"]);
    const rekor2 = scene.environment.SIGSTEP_SIGNING_CONFIG?.replace("-v1", "-v2");
    const run = await scene.sign(["a.zip"], { env: { SIGSTEP_SIGNING_CONFIG: rekor2 } });
    await scene.assertSigned(run, ["a.zip"]);
    assert.deepEqual(await results(scene), ["signed"]);
    assert.equal(scene.sandbox.requests.count("rekor2"), 1);
  });

  scenario("that are too large to be one are replaced", async (scene) => {
    await scene.write("a.zip");
    await scene.write("a.zip.sigstore.json", Buffer.alloc(20 * 1024 * 1024, " "));
    await scene.assertSigned(await scene.sign(["a.zip"]), ["a.zip"]);
    assert.ok(dig(await scene.manifest(), "subjects") !== undefined);
  });
});
