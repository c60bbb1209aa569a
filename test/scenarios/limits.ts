// Ways to run the program with less than everything: without privileges, with little room on the disk.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";

/**
 * Words that run a program for which the permissions of files count. Nobody but root needs any; root
 * stays root, so that it can read this clone wherever it is, and loses its capabilities.
 */
export function withoutPrivileges(): string[] {
  if (process.getuid?.() !== 0) return [];
  return [find("setpriv"), "--bounding-set=-all", "--inh-caps=-all", "--"];
}

/** Words that run a program which can write no file over `kilobytes`. */
export function withFileLimit(kilobytes: number): string[] {
  return [find("prlimit"), `--fsize=${kilobytes * 1024}`, "--"];
}

/** How to run a program, and what the system says when it writes. */
export interface FullDisk {
  readonly through: readonly string[];
  readonly code: "ENOSPC" | "EFBIG";
}

/**
 * Words that run a program with a full disk in place of `folder`. Where the kernel lets us mount none,
 * a limit on the size of files takes its place: writes fail in the middle in both cases.
 */
export function onFullDisk(folder: string): FullDisk {
  mkdirSync(folder);
  // Root needs no namespace of users; where others may make one, they are root inside.
  const flags = process.getuid?.() === 0 ? ["--mount"] : ["--mount", "--map-root-user"];
  const mount = `mount -t tmpfs -o size=4k tmpfs "$0"`;
  const unshare = [find("unshare"), ...flags, "/bin/sh", "-c"];
  const [program, ...flagsAndScript] = [find("unshare"), ...flags, "/bin/sh", "-c", mount, folder];
  if (spawnSync(program, flagsAndScript).status !== 0)
    return { through: withFileLimit(1), code: "EFBIG" };
  return { through: [...unshare, `${mount} && exec "$@"`, folder], code: "ENOSPC" };
}

function find(tool: string): string {
  const found = spawnSync("sh", ["-c", `command -v ${tool}`], { encoding: "utf8" });
  assert.equal(found.status, 0, `${tool} is needed (package util-linux)`);
  return found.stdout.trim();
}
