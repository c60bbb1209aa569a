// Builds one tool of tool-list.ts into a folder. Each kind leaves an executable file `<folder>/<name>`
// that still works after the folder has been renamed.

import { chmod, cp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run, runOk } from "./run.ts";
import type { GoInstall, GoModule, Npm, Python, Tool } from "./tool-list.ts";

const goEnvironment = {
  ...process.env,
  GOTOOLCHAIN: "local",
  CGO_ENABLED: "0",
  GOFLAGS: "-trimpath -buildvcs=false",
  GOGC: "400",
};
const smaller = "-ldflags=-s -w";

/** Where a tool goes: an existing, empty folder, and the name of the executable in it. */
export interface Target {
  readonly directory: string;
  readonly name: string;
}

/** @throws Error with the end of the build's output. */
export async function buildTool(tool: Tool, target: Target): Promise<void> {
  switch (tool.kind) {
    case "go-install":
      return buildGoInstall(tool, target);
    case "go-module":
      return buildGoModule(tool, target);
    case "python":
      return buildPython(tool, target);
    case "npm":
      return buildNpm(tool, target);
  }
}

async function buildGoInstall(tool: GoInstall, { directory, name }: Target): Promise<void> {
  const environment = goEnvironment;
  await checkSum(tool);
  const path = [tool.module, tool.folder].filter((part) => part !== "").join("/");
  const bin = join(directory, "bin");
  await runOk("go", ["install", smaller, `${path}@${tool.version}`], {
    environment: { ...environment, GOBIN: bin },
  });
  // Two of the tools are called alike, so the file gets the name that we use.
  for (const file of await readdir(bin)) await rename(join(bin, file), join(directory, name));
  await rm(bin, { recursive: true });
}

async function checkSum(tool: GoInstall): Promise<void> {
  const wanted = `${tool.module}@${tool.version}`;
  const answer = await run("go", ["mod", "download", "-json", wanted], {
    environment: goEnvironment,
  });
  const found = /"Sum": "([^"]*)"/.exec(answer.stdout)?.[1];
  if (found !== tool.sum) {
    throw new Error(
      `${wanted}: hash ${found ?? "unknown"}, expected ${tool.sum}\n${answer.stdout}${answer.stderr}`,
    );
  }
}

async function buildGoModule(tool: GoModule, { directory, name }: Target): Promise<void> {
  const out = join(directory, name);
  await runOk("go", ["build", "-mod=readonly", smaller, "-o", out, tool.package], {
    directory: fromHere(tool.source),
    environment: goEnvironment,
  });
}

// The scripts that pip writes name the folder they were made in, which we rename: hence a launcher.
async function buildPython(tool: Python, { directory, name }: Target): Promise<void> {
  const environment = join(directory, "python");
  await runOk("python3", ["-m", "venv", environment]);
  const pip = ["-m", "pip", "install", "--quiet", "--no-cache-dir", "--require-hashes"];
  await runOk(join(environment, "bin/python"), [
    ...pip,
    ...["--only-binary=:all:", "-r", fromHere(tool.requirements)],
  ]);
  await writeLauncher({ directory, name }, `python/bin/${tool.command}`);
}

async function buildNpm(tool: Npm, { directory, name }: Target): Promise<void> {
  for (const file of ["package.json", "package-lock.json", ".npmrc"]) {
    await cp(join(fromHere(tool.source), file), join(directory, file));
  }
  await runOk("npm", ["ci", "--ignore-scripts"], { directory });
  await writeLauncher({ directory, name }, `${tool.script}"`);
}

/** @param command - What to run: a path in the folder with its closing quote, then arguments. */
async function writeLauncher({ directory, name }: Target, command: string): Promise<void> {
  const file = join(directory, name);
  await writeFile(file, `#!/bin/sh\nexec "$(dirname "$0")/${command} "$@"\n`);
  await chmod(file, 0o755);
}

/** The path of a file of this folder. */
export function fromHere(path: string): string {
  return join(import.meta.dirname, path);
}
