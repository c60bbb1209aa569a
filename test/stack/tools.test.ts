// The cache of tools: whole tools only, and failure instead of silence.

import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, it } from "node:test";
import { run, runOk, type RunResult } from "./run.ts";
import { ensureTools, toolNames } from "./tools.ts";

let cache: string;
let goCache: string;

before(async () => {
  cache = await mkdtemp(join(tmpdir(), "sigstep-tools-"));
  // Go's own cache would move with ours, and start empty.
  goCache = (await runOk("go", ["env", "GOCACHE"])).trim();
});

after(() => rm(cache, { recursive: true }));

function build(environment: Readonly<Record<string, string>>): Promise<RunResult> {
  return run(process.execPath, [join(import.meta.dirname, "tools.ts"), "ocimem"], {
    environment: { ...process.env, XDG_CACHE_HOME: cache, GOCACHE: goCache, ...environment },
  });
}

it("two runs at once get the same tool, and build it once", async () => {
  const [one, two] = await Promise.all([build({}), build({})]);
  assert.equal(one.code, 0, one.stderr);
  assert.equal(two.code, 0, two.stderr);
  assert.equal(one.stdout, two.stdout);
  assert.equal((one.stderr + two.stderr).match(/built ocimem/g)?.length, 1);
  const tools = await readdir(join(cache, "sigstep/tools"));
  assert.deepEqual(tools.length, 1, tools.join());
  assert.equal((await build({})).stderr.includes("built"), false);
});

it("fails when there is no Go", async () => {
  const result = await build({ PATH: "/nowhere" });
  assert.equal(result.code, 1);
  assert.match(result.stderr, /go cannot be run/);
});

it("fails when the build fails, and tells why", async () => {
  const result = await build({
    XDG_CACHE_HOME: join(cache, "other"),
    GOPROXY: "off",
    GOMODCACHE: join(cache, "mod"),
  });
  assert.equal(result.code, 1);
  assert.match(result.stderr, /ocimem could not be built/);
  assert.match(result.stderr, /disabled by GOPROXY=off/);
});

it("has every tool", async () => {
  const tools = await ensureTools();
  assert.deepEqual(Object.keys(tools).sort(), [...toolNames()].sort());
});

it("every tool that checks the project itself runs", async () => {
  const { zizmor, actionlint } = await ensureTools(["zizmor", "actionlint"]);
  assert.match(await runOk(zizmor, ["--version"]), /^zizmor 1\./);
  assert.match(await runOk(actionlint, ["--version"]), /^v?1\./);
});
