// Gives the programs of the test bed, building into a cache what is not there yet.
//
// The cache lies outside the clone: `${XDG_CACHE_HOME:-~/.cache}/sigstep/tools/<name>-<key>/`. The key
// covers the tool's definition and the toolchain, so a new version of one tool builds that tool alone.
// A tool appears under its name by one rename, when it is whole, so that runs side by side cannot meet
// half a tool; a lock keeps them from building the same one. What is missing or fails is an error, never
// a skip.

import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { constants, homedir, setPriority } from "node:os";
import { dirname, join } from "node:path";
import { buildTool, fromHere } from "./build-tool.ts";
import { withLock } from "./lock.ts";
import { runOk } from "./run.ts";
import { toolList, type Tool, type ToolName } from "./tool-list.ts";

/** Absolute paths of executable files. */
export type Tools<Name extends ToolName = ToolName> = Readonly<Record<Name, string>>;

// A build takes all cores for most of its time, and up to 2 GB of memory. The slots are shared with all
// other runs on the machine.
const buildSlots = ["build-slot-1", "build-slot-2"];

/**
 * The paths of the named tools, built when missing; of all tools when none is named.
 *
 * @throws Error when a tool cannot be built, with the end of the build's output.
 */
export async function ensureTools<Name extends ToolName = ToolName>(
  names?: readonly Name[],
): Promise<Tools<Name>> {
  const wanted: readonly ToolName[] = names ?? toolNames();
  const found = new Map<string, string>();
  // In the order of the list, as many at once as there are slots.
  const waiting = [...wanted];
  const work = async (): Promise<void> => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      found.set(name, await ensureTool(name));
    }
  };
  const giveUp = (cause: unknown): never => {
    waiting.length = 0;
    throw cause;
  };
  const results = await Promise.allSettled(buildSlots.map(() => work().catch(giveUp)));
  // Not before all have ended: a build is not to go on behind the back of a run that has failed.
  for (const result of results) if (result.status === "rejected") throw result.reason;
  const tools = Object.fromEntries(found);
  if (!holdsAll<Name>(tools, wanted)) throw new TypeError("a tool has no path");
  return tools;
}

function holdsAll<Name extends ToolName>(
  tools: Partial<Record<string, string>>,
  names: readonly string[],
): tools is Tools<Name> {
  return names.every((name) => tools[name] !== undefined);
}

export function toolNames(): readonly ToolName[] {
  return Object.keys(toolList).filter(isToolName);
}

export function isToolName(name: string): name is ToolName {
  return Object.hasOwn(toolList, name);
}

async function ensureTool(name: ToolName): Promise<string> {
  const tool = toolList[name];
  const directory = join(cacheDirectory(), `${name}-${await cacheKey(name, tool)}`);
  const file = join(directory, name);
  if (await exists(file)) return file;
  await withLock([directory], async () => {
    if (await exists(file)) return;
    await withLock(buildSlots, () => buildInto(directory, { name, tool }));
  });
  return file;
}

async function buildInto(
  directory: string,
  { name, tool }: { name: ToolName; tool: Tool },
): Promise<void> {
  const start = performance.now();
  await mkdir(dirname(directory), { recursive: true });
  const unfinished = await mkdtemp(`${directory}.`);
  try {
    await buildTool(tool, { directory: unfinished, name });
    await rename(unfinished, directory);
  } catch (cause) {
    throw new Error(`test/stack: ${name} could not be built: ${messageOf(cause)}`, { cause });
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  process.stderr.write(`test/stack: built ${name} in ${seconds} s\n`);
}

async function cacheKey(name: ToolName, tool: Tool): Promise<string> {
  const hash = createHash("sha256");
  hash.update(JSON.stringify([name, tool, process.platform, process.arch, await toolchain(tool)]));
  // The way of building is part of what was built.
  for (const file of ["build-tool.ts", ...(await sourcesOf(tool))]) {
    hash.update(JSON.stringify([file, await readFile(fromHere(file), "utf8")]));
  }
  return hash.digest("hex").slice(0, 16);
}

async function toolchain(tool: Tool): Promise<string> {
  switch (tool.kind) {
    case "go-install":
    case "go-module":
      return goVersion();
    case "python":
      return pythonVersion();
    case "npm":
      return "";
  }
}

const goVersion = once(() => runOk("go", ["env", "GOVERSION", "GOOS", "GOARCH"]));
const pythonVersion = once(() =>
  runOk("python3", ["-c", "import sys; print(sys.version, sys.base_prefix)"]),
);

async function sourcesOf(tool: Tool): Promise<readonly string[]> {
  switch (tool.kind) {
    case "go-install":
      return [];
    case "go-module":
      return (await readdir(fromHere(tool.source))).sort().map((file) => `${tool.source}/${file}`);
    case "python":
      return [tool.requirements];
    case "npm":
      return [`${tool.source}/package-lock.json`];
  }
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}

function cacheDirectory(): string {
  const cache = process.env.XDG_CACHE_HOME ?? "";
  return join(cache === "" ? join(homedir(), ".cache") : cache, "sigstep/tools");
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

// `node test/stack/tools.ts [name…]`
if (import.meta.main) {
  // Builds take all cores for minutes; whoever else works here comes first.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  const names = process.argv.slice(2);
  const unknown = names.filter((name) => !isToolName(name));
  if (unknown.length > 0) throw new Error(`no such tool: ${unknown.join(", ")}`);
  const tools = await ensureTools(names.length === 0 ? undefined : names.filter(isToolName));
  for (const [name, path] of Object.entries(tools)) process.stdout.write(`${name} ${path}\n`);
}
