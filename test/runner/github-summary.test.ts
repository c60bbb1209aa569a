// The job's summary page on GitHub. A file of its own: actions/core looks for the page's file only once.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { GitHubRunner } from "../../src/runner/github.ts";
import { Printer } from "../../src/runner/printer.ts";

const folder = mkdtempSync(join(tmpdir(), "sigstep-summary-"));
const path = join(folder, "summary.md");
after(() => rmSync(folder, { recursive: true }));

test("pages are added after what is there, without secrets", async () => {
  writeFileSync(path, "# of another step\n");
  process.env.GITHUB_STEP_SUMMARY = path;
  const runner = new GitHubRunner({ GITHUB_STEP_SUMMARY: path }, new Printer(() => undefined));
  runner.secret("geheim-4711");
  await runner.summary("first geheim-4711");
  await runner.summary("second");
  assert.equal(readFileSync(path, "utf8"), "# of another step\nfirst ***\nsecond\n");
});
