// Real servers that go away and come back: nothing is lost, and what is public is told.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { judges } from "./judges.ts";
import { startStack, type Stack } from "./start.ts";

const cli = join(import.meta.dirname, "../../dist/cli.js");
const identity = "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0";
const files = 12;

interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

suite("an outage of a real server", () => {
  let stack: Stack;
  before(async () => {
    stack = await startStack();
  });
  after(async () => {
    await stack.stop();
  });

  async function makeFiles(): Promise<{ folder: string; paths: string[] }> {
    const folder = await mkdtemp(join(stack.directory, "outage-"));
    const paths = Array.from({ length: files }, (_, index) => join(folder, `file-${index}`));
    for (const path of paths) await writeFile(path, path);
    return { folder, paths };
  }

  function sign(paths: readonly string[], settings: Record<string, string>): Promise<Outcome> {
    const environment = {
      ...stack.environment,
      SIGSTEP_TRUSTED_ROOT: stack.trust.trustedRoot,
      SIGSTEP_SIGNING_CONFIG: stack.trust.signingConfigV2,
      ...settings,
    };
    return new Promise((resolve) => {
      const args = [cli, "sign", "--json", ...paths];
      execFile(process.execPath, args, { env: environment }, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  }

  async function allVerify(paths: readonly string[]): Promise<void> {
    const cosign = judges.find(({ name }) => name === "cosign");
    assert.ok(cosign !== undefined);
    for (const file of paths) {
      const bundle = `${file}.sigstore.json`;
      const question = { stack, bundle, file, identity, issuer: stack.urls.github };
      const { accepted, output } = await cosign.verifyBlob(question);
      assert.ok(accepted, output);
    }
  }

  test("a log that stands still for seconds loses no file", async () => {
    const { paths } = await makeFiles();
    stack.servers.rekor2.pause();
    const signing = sign(paths, {});
    await setTimeout(3000);
    stack.servers.rekor2.resume();
    const { code, stderr } = await signing;
    assert.equal(code, 0, stderr);
    await allVerify(paths);
  });

  test("a timestamp authority that dies and comes back loses no file", async () => {
    const { paths } = await makeFiles();
    await stack.servers.tsa.kill();
    const signing = sign(paths, {});
    await setTimeout(2000);
    await stack.servers.tsa.start();
    const { code, stderr } = await signing;
    assert.equal(code, 0, stderr);
    await allVerify(paths);
  });

  test("one that stays away fails every file, and says which entries are public", async () => {
    const { paths } = await makeFiles();
    await stack.servers.tsa.kill();
    const { code, stdout, stderr } = await sign(paths, { SIGSTEP_RETRY_BUDGET: "3" });
    await stack.servers.tsa.start();
    assert.equal(code, 1, stderr);
    const report: unknown = JSON.parse(stdout);
    assert.ok(typeof report === "object" && report !== null && "failures" in report);
    assert.ok(Array.isArray(report.failures));
    const published = report.failures.filter((failure: unknown) =>
      JSON.stringify(failure).includes('"kind":"log-entry"'),
    );
    assert.equal(published.length, files);
    for (const path of paths) await assert.rejects(readFile(`${path}.sigstore.json`));
  });
});
