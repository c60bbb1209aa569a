// Whole processes measured from outside, in turn, so that a change of the machine's mood hits all alike.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const script = join(import.meta.dirname, "measure.py");

/** What one run took. */
export interface Sample {
  readonly wall: number;
  readonly cpu: number;
  readonly megabytes: number;
}

/** A command; `prepare` runs before each run, uncounted. */
export interface Contestant {
  readonly name: string;
  readonly command: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly directory?: string;
  readonly prepare?: () => Promise<void>;
}

/** One run of a command. */
export async function measure(contestant: Contestant): Promise<Sample> {
  await contestant.prepare?.();
  const { stdout } = await run("python3", [script, ...contestant.command], {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...contestant.environment },
    ...(contestant.directory === undefined ? {} : { cwd: contestant.directory }),
    maxBuffer: 1 << 26,
  });
  const sample: unknown = JSON.parse(stdout);
  return {
    wall: field(sample, "wall"),
    cpu: field(sample, "cpu"),
    megabytes: field(sample, "megabytes"),
  };
}

function field(sample: unknown, name: string): number {
  const value: unknown =
    typeof sample === "object" && sample !== null ? Reflect.get(sample, name) : undefined;
  if (typeof value !== "number") throw new TypeError(`measure.py gave no ${name}`);
  return value;
}

/** Medians of `rounds` runs of each contestant, in turn: A B C A B C … after one warm-up each. */
export async function race(
  contestants: readonly Contestant[],
  rounds: number,
): Promise<ReadonlyMap<string, Sample>> {
  const samples = new Map<string, Sample[]>(contestants.map(({ name }) => [name, []]));
  for (let round = -1; round < rounds; round++) {
    for (const contestant of contestants) {
      const sample = await measure(contestant);
      if (round >= 0) samples.get(contestant.name)?.push(sample);
    }
  }
  return new Map([...samples].map(([name, all]) => [name, medians(all)]));
}

function medians(samples: readonly Sample[]): Sample {
  return {
    wall: median(samples.map(({ wall }) => wall)),
    cpu: median(samples.map(({ cpu }) => cpu)),
    megabytes: median(samples.map(({ megabytes }) => megabytes)),
  };
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  const [low = NaN, high = low] = [sorted[Math.ceil(half) - 1], sorted[Math.floor(half)]];
  return (low + high) / 2;
}
