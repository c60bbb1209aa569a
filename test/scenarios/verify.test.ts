// What was signed in one job is verified in another: by manifest, by name, by digest; what was changed is
// refused by name, and nobody is asked.
import assert from "node:assert/strict";
import { appendFile, mkdir, open, readdir, readFile, readlink, rename, rm } from "node:fs/promises";
import { describe } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { scenario, type Run, type Scene } from "./harness.ts";

const identity = "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0";

/** Signs these files, and gives the flags of a policy that they satisfy. */
async function signFirst(scene: Scene, names: readonly string[]): Promise<string[]> {
  for (const name of names) await scene.write(name);
  const run = await scene.sign(names);
  await scene.assertSigned(run, names);
  const outputs: unknown = JSON.parse(run.stdout);
  assert.equal(at(outputs, "certificate-identity"), identity);
  const issuer = text(at(outputs, "certificate-oidc-issuer"));
  return [`--certificate-oidc-issuer=${issuer}`, `--certificate-identity=${identity}`];
}

function inputsOf(flags: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    flags.map((flag) => {
      const [name = "", value = ""] = flag.slice(2).split("=", 2);
      return [name, value];
    }),
  );
}

describe("from one job to the next", { concurrency: 4 }, () => {
  for (const rekor of [1, 2] as const) {
    scenario(
      `the verifying action takes the signer's manifest, Rekor v${rekor}`,
      async (scene) => {
        const flags = await signFirst(scene, ["a.zip", "deep/b.zip"]);
        await mkdir(scene.path("temp"));
        const inputs: Record<string, string> = {
          ...inputsOf(flags),
          manifest: "sigstep-manifest.json",
        };
        const env = { RUNNER_TEMP: scene.path("temp") };
        const run = await scene.verifyAction(inputs, { env });
        assert.equal(run.code, 0, run.log);
        assert.deepEqual(scene.asked(), {}, "nobody is asked");
        const [name = ""] = (await readdir(scene.path("temp"))).filter((each) =>
          each.startsWith("sigstep-verify-"),
        );
        assert.deepEqual(Object.fromEntries(run.outputs), {
          verified: "true",
          identity,
          issuer: inputs["certificate-oidc-issuer"],
          repository: "https://github.com/acme/widget",
          commit: text(run.outputs.get("commit")),
          images: "",
          "results-path": scene.path("temp", name),
        });
        const results: unknown = JSON.parse(await readFile(scene.path("temp", name), "utf8"));
        assert.equal(list(at(results, "results")).length, 2);
        assert.match(run.summary, /^### Verified 2 artifacts/);
        assert.match(run.summary, /What was checked/);
      },
      { rekor },
    );
  }

  scenario("all was moved to another folder, and the manifest still finds it", async (scene) => {
    const flags = await signFirst(scene, ["dist/a.zip", "dist/b.zip"]);
    await rename(scene.path("dist"), scene.path("downloaded"));
    const run = await scene.cli([
      "verify",
      "--manifest=downloaded/sigstep-manifest.json",
      ...flags,
    ]);
    assert.equal(run.code, 0, run.log);
    await rm(scene.path("downloaded/sigstep-manifest.json"));
  });

  scenario("a file that was changed is refused by name, the others are verified", async (scene) => {
    const flags = await signFirst(scene, ["a.zip", "b.zip"]);
    await rm(scene.path("sigstep-manifest.json"));
    await appendFile(scene.path("b.zip"), "!");
    const run = await scene.cli(["verify", "--json", "*.zip", ...flags]);
    assert.equal(run.code, 1);
    const results = list(at(JSON.parse(run.stdout), "results"));
    assert.deepEqual(
      results.map((result) => [at(result, "name"), at(result, "verified")]),
      [
        ["a.zip", true],
        ["b.zip", false],
      ],
    );
    assert.equal(run.errors.length, 1);
    assert.match(run.errors[0] ?? "", /^refused {2}"b\.zip" {2}step 5, entry: /);
    assert.equal(run.outputs.get("verified"), "false");
    assert.equal(run.outputs.get("identity"), "");
  });

  scenario("another workflow's signature is refused at step 10", async (scene) => {
    const [issuer = ""] = await signFirst(scene, ["a.zip"]);
    const other = identity.replace("widget", "widget-evil");
    const run = await scene.cli(["verify", "a.zip", issuer, `--certificate-identity=${other}`]);
    assert.equal(run.code, 1);
    assert.match(run.errors[0] ?? "", /step 10, identity: /);
  });

  scenario("no policy is bad input, in JSON and for the action", async (scene) => {
    await signFirst(scene, ["a.zip"]);
    const run = await scene.cli(["verify", "--json", "a.zip"]);
    assert.equal(run.code, 2);
    assert.equal(dig(JSON.parse(run.stdout), "error", "code"), "POLICY_INVALID");
    const action = await scene.verifyAction({ inputs: "a.zip" });
    assert.equal(action.code, 2);
    assert.deepEqual(Object.fromEntries(action.outputs), { verified: "false" });
    assert.equal(action.errors.length, 1);
  });

  scenario("inspect shows a bundle without asking anybody", async (scene) => {
    await signFirst(scene, ["a.zip"]);
    const run = await scene.cli(["inspect", "a.zip.sigstore.json"]);
    assert.equal(run.code, 0);
    assert.match(run.stdout, /^Nothing here is verified/);
    assert.ok(run.stdout.includes(identity));
    assert.deepEqual(scene.asked(), {});
  });
});

describe("runs that end before their time", { concurrency: 2 }, () => {
  scenario("SIGTERM while a big file is read ends at once", async (scene) => {
    const flags = await signFirst(scene, ["small"]);
    const big = await open(scene.path("big"), "w");
    await big.truncate(4 * 1024 * 1024 * 1024);
    await big.close();
    await rename(scene.path("small.sigstore.json"), scene.path("big.sigstore.json"));
    const running = await scene.start(["verify", "--json", "big", ...flags]);
    await untilOpen(running.pid, scene.path("big"));
    process.kill(running.pid, "SIGTERM");
    const run = await running.done;
    await rm(scene.path("big"));
    await rm(scene.path("sigstep-manifest.json"));
    assert.equal(run.code, 1);
    const [result] = list(at(JSON.parse(run.stdout), "results"));
    assert.equal(dig(result, "error", "code"), "CANCELLED");
  });
});

describe("many and large", { concurrency: 1 }, () => {
  scenario(
    "1,000 files with their bundles, and a file of 1 GiB: memory stays flat",
    async (scene) => {
      const names = Array.from({ length: 1000 }, (_, index) => `f${index}.bin`);
      const flags = await signFirst(scene, ["one.bin"]);
      for (const name of names) {
        await scene.write(name, "one.bin\n");
        await scene.write(
          `${name}.sigstore.json`,
          await readFile(scene.path("one.bin.sigstore.json")),
        );
      }
      const big = await open(scene.path("big.bin"), "w");
      await big.truncate(1024 * 1024 * 1024);
      await big.close();
      await scene.write(
        "big.bin.sigstore.json",
        await readFile(scene.path("one.bin.sigstore.json")),
      );
      const { run, peakKb } = await measured(scene, ["verify", "*.bin", ...flags]);
      await rm(scene.path("big.bin"));
      await rm(scene.path("sigstep-manifest.json"));
      assert.equal(run.code, 1, "the big file is not what was signed");
      assert.match(run.log, /Verified 1001 of 1002 artifacts/);
      assert.ok(peakKb < 130 * 1024, `${peakKb} KB`);
    },
  );
});

/** A run with the most memory that it held, as the kernel counts it. */
async function measured(
  scene: Scene,
  args: readonly string[],
): Promise<{ run: Run; peakKb: number }> {
  const running = await scene.start(args);
  let peakKb = 0;
  const watch = (async () => {
    for (;;) {
      try {
        const status = await readFile(`/proc/${running.pid}/status`, "utf8");
        peakKb = Math.max(peakKb, Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? 0));
      } catch {
        return; // it has ended
      }
      await sleep(50);
    }
  })();
  const run = await running.done;
  await watch;
  return { run, peakKb };
}

/** Waits until the process has `path` open. */
async function untilOpen(pid: number, path: string): Promise<void> {
  const folder = `/proc/${pid}/fd`;
  for (;;) {
    for (const name of await readdir(folder)) {
      if ((await readlink(`${folder}/${name}`).catch(() => "")) === path) return;
    }
    await sleep(2);
  }
}
