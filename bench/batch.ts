// A thousand files in one run, against cosign once a file. cosign is timed on fewer and scaled up.
import { randomBytes } from "node:crypto";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Stack } from "../test/stack/start.ts";
import { cosign, sigstep } from "./contestants.ts";
import { measure, median } from "./measure.ts";
import { plainRequests } from "./plain-requests.ts";
import type { Row } from "./rows.ts";

const files = 1000;
const rounds = 3;

async function makeFiles(stack: Stack): Promise<string[]> {
  const folder = await mkdtemp(join(stack.directory, "batch-"));
  const paths = Array.from({ length: files }, (_, index) => join(folder, `blob-${index}`));
  for (const path of paths) await writeFile(path, randomBytes(1024));
  return paths;
}

async function ourSeconds(
  stack: Stack,
  paths: readonly string[],
  rekorVersion: 1 | 2,
): Promise<number> {
  const walls: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const { wall, cpu, megabytes } = await measure(sigstep(stack, paths, rekorVersion));
    process.stdout.write(
      `  sigstep, ${files} files: ${wall.toFixed(1)} s, CPU ${cpu.toFixed(1)} s, ${megabytes.toFixed(0)} MB\n`,
    );
    walls.push(wall);
  }
  return median(walls);
}

async function cosignSeconds(
  stack: Stack,
  paths: readonly string[],
  rekorVersion: 1 | 2,
): Promise<number> {
  const walls: number[] = [];
  for (const path of paths)
    walls.push((await measure(await cosign(stack, path, rekorVersion))).wall);
  const each = median(walls);
  process.stdout.write(`  cosign, one file: ${each.toFixed(3)} s\n`);
  return each * files;
}

/** cosign with `width` processes at a time, scaled to all files. */
async function cosignAbreast(
  stack: Stack,
  paths: readonly string[],
  width: number,
): Promise<number> {
  const waiting = [...paths];
  const started = performance.now();
  const worker = async (): Promise<void> => {
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      await measure(await cosign(stack, path));
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  const seconds = (performance.now() - started) / 1000;
  process.stdout.write(
    `  cosign, ${paths.length} files ${width} at a time: ${seconds.toFixed(1)} s\n`,
  );
  return (seconds * files) / paths.length;
}

/** Rekor v1. */
export async function batchRekor1(stack: Stack): Promise<Row[]> {
  const paths = await makeFiles(stack);
  const ours = await ourSeconds(stack, paths, 1);
  const single = await cosignSeconds(stack, paths.slice(0, 15), 1);
  const abreast = await cosignAbreast(stack, paths.slice(0, 80), 8);
  const work = `${files} blobs, Rekor v1`;
  return [
    { work, figure: "cosign once a file / ours", value: single / ours, aim: "at least", limit: 20 },
    { work, figure: "cosign 8 at a time / ours", value: abreast / ours, aim: "at least", limit: 4 },
  ];
}

/** Rekor v2. */
export async function batchRekor2(stack: Stack): Promise<Row[]> {
  const paths = await makeFiles(stack);
  const ours = await ourSeconds(stack, paths, 2);
  const single = await cosignSeconds(stack, paths.slice(0, 10), 2);
  const plain = await plainRequests(stack, { requests: files, concurrency: 256 });
  process.stdout.write(`  plain requests, 256 in flight: ${plain.toFixed(1)} s\n`);
  const work = `${files} blobs, Rekor v2`;
  return [
    {
      work,
      figure: "cosign once a file / ours",
      value: single / ours,
      aim: "at least",
      limit: 100,
    },
    { work, figure: "ours / plain requests", value: ours / plain, aim: "at most", limit: 2 },
  ];
}
