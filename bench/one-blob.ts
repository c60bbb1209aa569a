// One file of 1 KB, whole process: what a release job waits for.
import { randomBytes } from "node:crypto";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Stack } from "../test/stack/start.ts";
import { cosign, sigstep, sigstoreSign } from "./contestants.ts";
import { race, type Sample } from "./measure.ts";
import type { Row } from "./rows.ts";

const rounds = 15;
const none: Sample = { wall: NaN, cpu: NaN, megabytes: NaN };

/** Rekor v1 and timestamp. */
export async function oneBlob(stack: Stack): Promise<Row[]> {
  const file = join(await mkdtemp(join(stack.directory, "bench-")), "blob");
  await writeFile(file, randomBytes(1024));
  const results = await race(
    [sigstep(stack, [file]), await cosign(stack, file), sigstoreSign(stack, file)],
    rounds,
  );
  for (const [name, { wall, cpu, megabytes }] of results) {
    process.stdout.write(
      `  ${name}: wall ${wall.toFixed(3)} s, CPU ${cpu.toFixed(3)} s, ${megabytes.toFixed(0)} MB\n`,
    );
  }
  const [ours = none, go = none, js = none] = results.values();
  const work = "1 blob of 1 KB, Rekor v1";
  return [
    { work, figure: "wall / cosign", value: ours.wall / go.wall, aim: "at most", limit: 1 },
    {
      work,
      figure: "wall / @sigstore/sign",
      value: ours.wall / js.wall,
      aim: "at most",
      limit: 0.65,
    },
    { work, figure: "CPU / @sigstore/sign", value: ours.cpu / js.cpu, aim: "at most", limit: 0.5 },
  ];
}
