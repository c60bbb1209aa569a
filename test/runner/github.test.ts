// A GitHub job whose files for outputs and summary are broken.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { GitHubRunner } from "../../src/runner/github.ts";
import { Printer } from "../../src/runner/printer.ts";
import { hostile } from "../commands/made-results.ts";
import { rejection } from "../refusal.ts";

suite("files of the runner", () => {
  const saved = { ...process.env };
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sigstep-test-"));
  });
  after(async () => {
    process.env = saved;
    await rm(folder, { recursive: true });
  });

  /** The runner of a job with this file; actions/core reads the process's environment itself. */
  function runnerWith(variable: string, path: string): GitHubRunner {
    process.env[variable] = path;
    return new GitHubRunner({ [variable]: path }, new Printer(() => undefined));
  }

  const broken: readonly (readonly [what: string, path: () => string])[] = [
    ["is gone", () => join(folder, "gone")],
    ["is a folder", () => folder],
  ];
  for (const [what, path] of broken) {
    test(`an output file that ${what} is an error that can be told`, async () => {
      const runner = runnerWith("GITHUB_OUTPUT", path());
      const { message, where } = await rejection("WRITE_FAILED", runner.output("status", "signed"));
      assert.match(
        message,
        /^Later steps get no outputs\. The runner's file GITHUB_OUTPUT cannot be/,
      );
      assert.equal(where, "GITHUB_OUTPUT");
    });

    test(`a summary file that ${what} is an error that can be told`, async () => {
      const runner = runnerWith("GITHUB_STEP_SUMMARY", path());
      const { message } = await rejection("WRITE_FAILED", runner.summary("text"));
      assert.match(message, /^There is no job summary\. .* GITHUB_STEP_SUMMARY cannot be written/);
    });
  }

  for (const [what, value] of Object.entries(hostile)) {
    test(`an output that is ${what} is that output and no other`, async () => {
      const path = join(folder, "hostile");
      await writeFile(path, "");
      const runner = runnerWith("GITHUB_OUTPUT", path);
      await runner.output("first", value);
      await runner.output("second", "x");
      assert.deepEqual(readOutputs(await readFile(path, "utf8")), {
        first: value.toWellFormed(),
        second: "x",
      });
    });
  }

  test("an output holds no secret", async () => {
    const path = join(folder, "secret");
    await writeFile(path, "");
    const runner = runnerWith("GITHUB_OUTPUT", path);
    runner.secret("geheim-4711");
    await runner.output("a", "x geheim-4711 y");
    assert.deepEqual(readOutputs(await readFile(path, "utf8")), { a: "x *** y" });
  });

  test("a good one is written", async () => {
    const path = join(folder, "output");
    await writeFile(path, "");
    await runnerWith("GITHUB_OUTPUT", path).output("status", "signed");
    assert.match(await readFile(path, "utf8"), /^status<<(\S+)\nsigned\n\1\n$/);
  });
});

/** Outputs as the runner reads them: `name<<delimiter`, the value's lines, the delimiter. */
function readOutputs(text: string): Record<string, string> {
  const outputs: Record<string, string> = {};
  const lines = text.split("\n");
  for (let line = lines.shift(); line !== undefined && line !== ""; line = lines.shift()) {
    const [name = "", delimiter = ""] = line.split("<<");
    const end = lines.indexOf(delimiter);
    outputs[name] = lines
      .splice(0, end + 1)
      .slice(0, -1)
      .join("\n");
  }
  return outputs;
}
