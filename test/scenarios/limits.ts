// Ways to run the program with less than everything: without privileges, with little room on the disk.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";

/**
 * Words that run a program for which the permissions of files count. Nobody but root needs any; root
 * stays root, so that it can read this clone wherever it is, and loses its capabilities.
 */
export function withoutPrivileges(): string[] {
  if (process.getuid?.() !== 0) return [];
  return [find("setpriv"), "--bounding-set=-all", "--inh-caps=-all", "--"];
}

function find(tool: string): string {
  const found = spawnSync("sh", ["-c", `command -v ${tool}`], { encoding: "utf8" });
  assert.equal(found.status, 0, `${tool} is needed (package util-linux)`);
  return found.stdout.trim();
}
