// The command line before anything else is loaded.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

const cli = join(import.meta.dirname, "../dist/cli.js");
const older = `data:text/javascript,Object.defineProperty(process.versions,"node",{value:"20.19.0"})`;

test("an older Node gets one sentence and what to do, not a syntax error", () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--import", older, cli, "sign", "a"],
    { encoding: "utf8" },
  );
  assert.equal(status, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /^sigstep needs Node 24 or newer, and this is 20\.19\.0\.\n.+\n$/);
});
