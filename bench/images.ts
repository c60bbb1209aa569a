// Images in a registry with the referrers API: one signed, as a release job does; fifty with three predicates
// each in one run, against cosign once a pair, which is timed on fewer pairs and scaled up.
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startRegistries } from "../test/policy/registries.ts";
import { ensureTools } from "../test/stack/tools.ts";
import { emptyEnvironment, runOk } from "../test/stack/run.ts";
import type { Stack } from "../test/stack/start.ts";
import { cosignImage, ourEnvironment, sigstepAttest, sigstepImages } from "./contestants.ts";
import { measure, median, race, type Sample } from "./measure.ts";
import type { Row } from "./rows.ts";

const rounds = 15;
const images = 50;
const types = [1, 2, 3].map((number) => `https://example.com/predicate-${number}/v1`);
const pairs = images * types.length;
const timedPairs = 15;
const none: Sample = { wall: NaN, cpu: NaN, megabytes: NaN };

/** One signature, Rekor v1. */
export async function oneImage(stack: Stack): Promise<Row[]> {
  await using bed = await openBed(stack);
  const reference = await bed.push("one");
  const results = await race(
    [sigstepImages(stack, reference, bed.folder), await cosignImage(stack, ["sign", reference])],
    rounds,
  );
  for (const [name, sample] of results) print(name, sample);
  const [ours = none, go = none] = results.values();
  const work = "1 image signed, referrers API, Rekor v1";
  return [{ work, figure: "wall / cosign", value: ours.wall / go.wall, aim: "at most", limit: 1 }];
}

/** 50 images × 3 predicates, Rekor v1. */
export async function manyImages(stack: Stack): Promise<Row[]> {
  await using bed = await openBed(stack);
  const references: string[] = [];
  for (let at = 0; at < images; at++) references.push(await bed.push(`many-${at}`));
  const predicate = join(bed.folder, "predicate.json");
  await writeFile(predicate, '{"findings":[]}');
  const list = types.map((type) => `- type: ${type}\n  path: ${predicate}`).join("\n");
  const args = ["--subject-images", references.join("\n"), "--predicates", list];
  const where = ["--bundle-dir", bed.folder];
  const walls: number[] = [];
  for (let round = 0; round < 3; round++) {
    const sample = await measure(sigstepAttest([...args, ...where], ourEnvironment(stack, 1)));
    print(`sigstep, ${pairs} attestations`, sample);
    walls.push(sample.wall);
  }
  const each = await cosignSeconds(stack, references, predicate);
  return [
    {
      work: `${images} images × ${types.length} predicates, Rekor v1`,
      figure: "cosign attest once a pair / ours",
      value: (each * pairs) / median(walls),
      aim: "at least",
      limit: 8,
    },
  ];
}

async function cosignSeconds(
  stack: Stack,
  references: readonly string[],
  predicate: string,
): Promise<number> {
  const [type = ""] = types;
  const walls: number[] = [];
  for (const reference of references.slice(0, timedPairs)) {
    const args = ["attest", "--predicate", predicate, "--type", type, reference];
    walls.push((await measure(await cosignImage(stack, args))).wall);
  }
  const each = median(walls);
  process.stdout.write(`  cosign, one pair: ${each.toFixed(3)} s\n`);
  return each;
}

interface Bed extends AsyncDisposable {
  readonly folder: string;
  /** Stores an image. @returns its reference, with digest */
  push(name: string): Promise<string>;
}

async function openBed(stack: Stack): Promise<Bed> {
  const folder = await mkdtemp(join(stack.directory, "images-"));
  const cleanup = new AsyncDisposableStack();
  const [registry] = await startRegistries(folder, cleanup);
  const { crane } = await ensureTools(["crane"]);
  const environment = emptyEnvironment(folder);
  const layer = join(folder, "layer.tar");
  return {
    folder,
    async push(name) {
      // An empty archive with a name of its own at the end: crane only counts and hashes it.
      await writeFile(layer, Buffer.concat([Buffer.alloc(1024), Buffer.from(name)]));
      const tag = `${registry?.host ?? ""}/acme/${name}:v1`;
      const args = ["append", "--oci-empty-base", "-f", layer, "-t", tag];
      return (await runOk(crane, args, { environment })).trim();
    },
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

function print(what: string, { wall, cpu, megabytes }: Sample): void {
  process.stdout.write(
    `  ${what}: wall ${wall.toFixed(3)} s, CPU ${cpu.toFixed(3)} s, ${megabytes.toFixed(0)} MB\n`,
  );
}
