// The program as a process, from its sources: its streams and its environment.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { access, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text as readAll } from "node:stream/consumers";
import { after, before, suite, test } from "node:test";
import { startSandbox, type Sandbox } from "../src/sandbox/sandbox.ts";

const cli = join(import.meta.dirname, "..", "src", "cli.ts");

suite("the process", () => {
  let sandbox: Sandbox;
  let folder: string;
  let environment: Readonly<Record<string, string>>;
  before(async () => {
    sandbox = await startSandbox();
    folder = await mkdtemp(join(tmpdir(), "sigstep-test-"));
    environment = await sandbox.environment(join(folder, "trust"));
  });
  after(async () => {
    await sandbox.close();
    await rm(folder, { recursive: true });
  });

  for (const [what, closed] of [
    ["standard output", ["stdout"]],
    ["standard error", ["stderr"]],
    ["all readers", ["stdout", "stderr"]],
  ] as const) {
    test(
      `${what} may go away: the files are signed all the same`,
      { timeout: 60_000 },
      async () => {
        const path = join(folder, `${closed.join("-")}.txt`);
        await writeFile(path, what);
        const child = spawn(process.execPath, [cli, "sign", "--json", path], {
          env: { PATH: process.env.PATH ?? "", ...environment },
        });
        for (const name of closed) child[name].destroy();
        const stderr = closed.some((name) => name === "stderr") ? "" : readAll(child.stderr);
        const code = await new Promise((resolve) => child.once("close", resolve));
        assert.equal(code, 0, await stderr);
        assert.doesNotMatch(await stderr, /EPIPE|at .*\.ts:/);
        await access(`${path}.sigstore.json`);
      },
    );
  }

  test(
    "the password of a proxy is not printed, whoever prints it",
    { timeout: 60_000 },
    async () => {
      const child = spawn(process.execPath, [cli, "sign", "dist/hunter22.zip"], {
        env: { PATH: process.env.PATH ?? "", https_proxy: "http://joe:hunter22@proxy.example" },
      });
      const printed = (await readAll(child.stdout)) + (await readAll(child.stderr));
      assert.match(printed, /There is no file "dist\/\*\*\*\.zip"/);
    },
  );
});
