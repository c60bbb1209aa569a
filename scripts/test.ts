// What `npm test` does: every check, then every test, then one line with the count.
// `--fast` (npm run check) leaves out what needs the real servers; `--policy` (npm run test:policy) runs
// the policy engines alone; file names run those tests alone.
// A step counts as one test. Nothing is skipped: a missing tool or a skipped test is a failure.
import { spawn } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";

const root = dirname(import.meta.dirname);
const { values: flags, positionals: named } = parseArgs({
  options: {
    fast: { type: "boolean", default: false },
    policy: { type: "boolean", default: false },
  },
  allowPositionals: true,
});

const count = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());

const isWhole = named.length === 0 && !flags.policy;
if (isWhole) {
  await step("format", node("node_modules/prettier/bin/prettier.cjs", "--check", "."));
  await step("lint", node("node_modules/eslint/bin/eslint.js", "--max-warnings=0", "."));
  await step("types", node("node_modules/typescript/bin/tsc", "--pretty", "false"));
  await step("generated blocks", node("scripts/generate.ts", "--check"));
  await step("dist", node("scripts/build.ts", "--check"));
}
if (flags.policy || (isWhole && !flags.fast))
  await step("tools of the test bed", node("test/stack/tools.ts"));
if (isWhole && !flags.fast) await step("workflows", checkWorkflows);

const pattern = flags.policy ? "test/policy/*.test.ts" : "test/**/*.test.ts";
const files = named.length > 0 ? named : globSync(pattern, { cwd: root }).sort();
const onStack = flags.fast ? [] : files.filter(needsStack);
await runTests(
  files.filter((file) => !needsStack(file)),
  2,
);
// One at a time: these measure time, and start a dozen servers each.
await runTests(onStack, 1);
if (count.passed + count.failed === 0) fail("no test ran");

if (failures.length > 0)
  console.log(`\nFailed:\n${failures.map((name) => `  ${name}`).join("\n")}`);
process.exitCode = failures.length > 0 ? 1 : 0;
const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : "";
console.log(`\n${count.passed} passed, ${count.failed} failed${skipped}`);

/** A check that throws, with what it has to say, when it does not hold. */
type Check = () => Promise<void>;

async function step(name: string, check: Check): Promise<void> {
  if (stop.signal.aborted) return;
  const start = performance.now();
  try {
    await check();
    count.passed++;
    console.log(`ok    ${name} (${seconds(start)})`);
  } catch (cause) {
    console.log(
      `FAIL  ${name} (${seconds(start)})\n${cause instanceof Error ? cause.message : String(cause)}`,
    );
    fail(name);
  }
}

function fail(name: string): void {
  count.failed++;
  failures.push(name);
}

function node(...args: readonly string[]): Check {
  return () => succeed(process.execPath, args);
}

/** Runs a program; what it prints is shown only when it fails, what it says on stderr at once. */
async function succeed(program: string, args: readonly string[]): Promise<void> {
  const child = spawn(program, args, {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
    signal: stop.signal,
  });
  const output: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
  const code = await new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) throw new Error(Buffer.concat(output).toString());
}

async function checkWorkflows(): Promise<void> {
  const { ensureTools } = await import("../test/stack/tools.ts");
  const tools = await ensureTools(["actionlint", "zizmor"]);
  await succeed(tools.actionlint, ["-shellcheck=", "-pyflakes="]);
  await succeed(tools.zizmor, ["--offline", "--no-progress", "--quiet", "--pedantic", "."]);
}

/** Tests that use the real servers and clients live in test/stack/, or import from there. */
function needsStack(file: string): boolean {
  const path = file.replaceAll("\\", "/");
  return (
    path.includes("test/stack/") ||
    /from "[./]*\/stack\//.test(readFileSync(join(root, file), "utf8"))
  );
}

async function runTests(tests: readonly string[], concurrency: number): Promise<void> {
  if (tests.length === 0 || stop.signal.aborted) return;
  const stream = run({
    files: tests.map((file) => join(root, file)),
    cwd: root,
    concurrency,
    timeout: 600_000,
    signal: stop.signal,
  });
  stream.on("test:fail", ({ name, file = "" }) =>
    failures.push(`${relative(root, file)}: ${name}`),
  );
  stream.on("test:pass", ({ name, file = "", skip, todo }) => {
    if (skip !== undefined || todo !== undefined)
      failures.push(`skipped: ${relative(root, file)}: ${name}`);
    if (name === file) failures.push(`no test in ${relative(root, file)}`);
  });
  stream.on("test:summary", ({ file, counts }) => {
    if (file !== undefined) return; // one file's part of the whole
    count.passed += counts.passed;
    const notRun = counts.skipped + counts.todo;
    count.skipped += notRun;
    count.failed += counts.tests - counts.passed - notRun;
  });
  for await (const text of stream.compose(new spec())) process.stdout.write(String(text));
}

function seconds(start: number): string {
  return `${((performance.now() - start) / 1000).toFixed(1)} s`;
}
