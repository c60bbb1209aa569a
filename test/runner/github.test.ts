// A GitHub job whose files for outputs and summary are broken.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { GitHubRunner } from "../../src/runner/github.ts";
import { Printer } from "../../src/runner/printer.ts";
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

  test("a good one is written", async () => {
    const path = join(folder, "output");
    await writeFile(path, "");
    await runnerWith("GITHUB_OUTPUT", path).output("status", "signed");
    assert.match(await readFile(path, "utf8"), /^status<<(\S+)\nsigned\n\1\n$/);
  });
});
