// From arguments to an exit code: which source of an input wins, and when standard output is JSON.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { runAction, runCommandLine } from "../../src/commands/main.ts";
import { rootAction } from "../../src/commands/root-action.ts";
import { at, dig } from "../sandbox/wire.ts";
import { makeWorld, type Told } from "./own-run.ts";

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly reserved: boolean;
  readonly told: Told;
}

async function run(
  args: readonly string[],
  inputs: Readonly<Record<string, string>> = {},
): Promise<Ended> {
  const { world, told } = makeWorld({ input: (name) => inputs[name] ?? "" });
  let stdout = "";
  let reserved = false;
  const code = await runCommandLine(args, world, {
    print: (text) => (stdout += text),
    reserveOutput: () => (reserved = true),
  });
  return { code, stdout, reserved, told };
}

suite("paths on the command line", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sigstep-test-"));
    for (const name of ["a", "b", "c"]) await writeFile(join(folder, name), name);
  });
  after(() => rm(folder, { recursive: true }));

  /** Which of the files would be signed. */
  async function planned(
    args: readonly string[],
    inputs: Readonly<Record<string, string>>,
  ): Promise<string> {
    const inFolder = (text: string): string =>
      text.replace(/\b[abc]$/, (name) => join(folder, name));
    const { told, code } = await run(
      ["sign", "--dry-run", ...args.map(inFolder)],
      Object.fromEntries(Object.entries(inputs).map(([name, text]) => [name, inFolder(text)])),
    );
    assert.equal(code, 0, told.failures.join());
    const lines = told.infos.join("\n").matchAll(/(\w)" \(1 bytes\) →/g);
    return [...lines].map(([, name]) => name).join("");
  }

  test("take the place of inputs that the environment gives", async () => {
    assert.equal(await planned(["b"], { inputs: "a" }), "b");
    assert.equal(await planned(["--", "b"], { inputs: "a" }), "b");
  });

  test("join those of a flag", async () => {
    assert.equal(await planned(["--inputs=a", "b"], { inputs: "c" }), "ab");
  });

  test("are not needed when the environment has them", async () => {
    assert.equal(await planned([], { inputs: "a" }), "a");
  });
});

suite("JSON on standard output", () => {
  test("an error in the flags is JSON, too, when JSON is asked for before it or after", async () => {
    for (const args of [
      ["--json", "--nothing"],
      ["--nothing", "--json"],
      ["--nothing", "--json=true"],
    ]) {
      const { code, stdout, reserved } = await run(["sign", ...args]);
      assert.equal(code, 2);
      assert.ok(reserved);
      assert.equal(dig(JSON.parse(stdout), "error", "code"), "INPUT_UNKNOWN");
    }
  });

  test("it is not asked for by a file of that name, nor by false", async () => {
    for (const args of [
      ["--nothing", "--", "--json"],
      ["--nothing", "--json=false"],
    ]) {
      const { code, stdout, reserved } = await run(["sign", ...args]);
      assert.deepEqual({ code, stdout, reserved }, { code: 2, stdout: "", reserved: false });
    }
  });

  test("a file that is called --json can be named", async () => {
    const { code, stdout, told } = await run(["sign", "--", "--json"]);
    assert.deepEqual({ code, stdout }, { code: 2, stdout: "" });
    assert.match(told.failures.join(), /There is no file "--json"/);
  });

  test("help is text, JSON or not", async () => {
    for (const args of [
      ["--help", "--json"],
      ["--json", "-h"],
    ]) {
      const { code, stdout } = await run(["sign", ...args]);
      assert.equal(code, 0);
      assert.match(stdout, /^sigstep sign: /);
    }
  });

  test("a failure is JSON with what is public", async () => {
    const { stdout } = await run(["sign", "--json", "gone"]);
    assert.equal(at(JSON.parse(stdout), "status"), "failed");
    assert.deepEqual(dig(JSON.parse(stdout), "error", "published"), []);
  });
});

test("the action says once what is wrong when its outputs are broken", async () => {
  const broken = (): Promise<void> => Promise.reject(new Error("EACCES"));
  const { world, told } = makeWorld({ output: broken });
  assert.equal(await runAction(rootAction, world), 2);
  assert.equal(told.failures.length, 1);
});
