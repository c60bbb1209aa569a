// 10,000 files: memory stays flat.
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Stack } from "../test/stack/start.ts";
import { sigstep } from "./contestants.ts";
import { measure } from "./measure.ts";
import type { Row } from "./rows.ts";

const files = 10_000;

/** Rekor v2 with its 256 in flight: the most that a run holds at once. */
export async function manyFiles(stack: Stack): Promise<Row[]> {
  const folder = await mkdtemp(join(stack.directory, "many-"));
  for (let index = 0; index < files; index++) {
    await writeFile(join(folder, `blob-${index}`), `blob ${index}\n`);
  }
  const { wall, megabytes } = await measure(sigstep(stack, [join(folder, "blob-*")], 2));
  process.stdout.write(`  ${files} files: ${wall.toFixed(1)} s, ${megabytes.toFixed(0)} MB\n`);
  return [
    { work: `${files} files`, figure: "peak MB", value: megabytes, aim: "at most", limit: 200 },
  ];
}
