// Fifty files and three predicates in one run, against cosign once a pair; ten thousand subjects at once.
// cosign is timed on fewer pairs and scaled up.
import { randomBytes } from "node:crypto";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Stack } from "../test/stack/start.ts";
import { cosignAttest, ourEnvironment, sigstepAttest } from "./contestants.ts";
import { measure, median, type Sample } from "./measure.ts";
import type { Row } from "./rows.ts";

const files = 50;
const types = [1, 2, 3].map((number) => `https://example.com/predicate-${number}/v1`);
const pairs = files * types.length;
const rounds = 3;
const timedPairs = 15;
const subjects = 10_000;

/** 50 files × 3 predicates, an attestation a pair. */
export async function attestPairs(stack: Stack): Promise<Row[]> {
  const folder = await mkdtemp(join(stack.directory, "pairs-"));
  const paths = Array.from({ length: files }, (_, index) => join(folder, `blob-${index}`));
  for (const path of paths) await writeFile(path, randomBytes(1024));
  const predicate = join(folder, "predicate.json");
  await writeFile(predicate, '{"findings":[]}');
  const list = types.map((type) => `- type: ${type}\n  path: ${predicate}`).join("\n");
  const args = ["--single-subject-attestations", "--predicates", list, ...paths];
  const ours = await oursIn(stack, args);
  const each = await cosignSeconds(stack, { paths, predicate });
  return [
    {
      work: `${files} files × ${types.length} predicates, Rekor v1`,
      figure: "cosign attest-blob once a pair / ours",
      value: (each * pairs) / ours,
      aim: "at least",
      limit: 10,
    },
  ];
}

async function oursIn(stack: Stack, args: readonly string[]): Promise<number> {
  const walls: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const sample = await measure(sigstepAttest(args, ourEnvironment(stack, 1)));
    print(`sigstep, ${pairs} attestations`, sample);
    walls.push(sample.wall);
  }
  return median(walls);
}

interface Pairs {
  readonly paths: readonly string[];
  readonly predicate: string;
}

async function cosignSeconds(stack: Stack, { paths, predicate }: Pairs): Promise<number> {
  const walls: number[] = [];
  for (const path of paths.slice(0, timedPairs)) {
    const [predicateType = ""] = types;
    const order = { path, predicate, predicateType };
    walls.push((await measure(await cosignAttest(stack, order))).wall);
  }
  const each = median(walls);
  process.stdout.write(`  cosign, one pair: ${each.toFixed(3)} s\n`);
  return each;
}

/** Provenance of 10,000 subjects, given by a list of checksums, on Rekor v2. */
export async function attestSubjects(stack: Stack): Promise<Row[]> {
  const few = await attestList(stack, 100);
  const many = await attestList(stack, subjects);
  const work = `${subjects} subjects by checksums`;
  const extra = many.megabytes - few.megabytes;
  return [
    { work, figure: "seconds", value: many.wall, aim: "at most", limit: 10 },
    { work, figure: "peak MB above 100 subjects", value: extra, aim: "at most", limit: 64 },
  ];
}

async function attestList(stack: Stack, count: number): Promise<Sample> {
  const folder = await mkdtemp(join(stack.directory, "subjects-"));
  const lines = Array.from(
    { length: count },
    (_, index) => `${index.toString(16).padStart(64, "0")}  file-${index}\n`,
  );
  const path = join(folder, "SHA256SUMS");
  await writeFile(path, lines.join(""));
  const args = ["--subject-checksums", path, "--bundle-dir", folder];
  const sample = await measure(sigstepAttest(args, ourEnvironment(stack, 2)));
  print(`sigstep, ${count} subjects`, sample);
  return sample;
}

function print(what: string, { wall, cpu, megabytes }: Sample): void {
  process.stdout.write(
    `  ${what}: ${wall.toFixed(1)} s, CPU ${cpu.toFixed(1)} s, ${megabytes.toFixed(0)} MB\n`,
  );
}
