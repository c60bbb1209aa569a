// Verification: many bundles in one process, one process for one bundle, many files, and a large one.
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtemp, open, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Stack } from "../test/stack/start.ts";
import { ensureTools } from "../test/stack/tools.ts";
import { sigstep } from "./contestants.ts";
import { type Contestant, measure, median, race, type Sample } from "./measure.ts";
import type { Row } from "./rows.ts";

const run = promisify(execFile);
const cli = process.env.SIGSTEP_BENCH_CLI ?? join(import.meta.dirname, "../dist/cli.js");
const identity = "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0";
const bare: Contestant = { name: "node", command: [process.execPath, "-e", "0"] };
const none: Sample = { wall: NaN, cpu: NaN, megabytes: NaN };

/** `count` files of 1 KB with their bundles, all under one certificate. */
async function signFiles(stack: Stack, count: number, rekorVersion: 1 | 2 = 1): Promise<string> {
  const folder = await mkdtemp(join(stack.directory, "verify-"));
  for (let index = 0; index < count; index++) {
    await writeFile(join(folder, `blob-${index}`), randomBytes(1024));
  }
  const { command, environment } = sigstep(stack, [join(folder, "blob-*")], rekorVersion);
  const [program = "", ...args] = command;
  await run(program, args, { env: { PATH: process.env.PATH, ...environment }, cwd: folder });
  return folder;
}

/** `sigstep verify`, offline, over `paths`. */
function verifying(stack: Stack, paths: readonly string[], name = "sigstep"): Contestant {
  const trust = ["--offline", "--trusted-root", stack.trust.trustedRoot];
  const who = ["--certificate-identity", identity, "--certificate-oidc-issuer", stack.urls.github];
  return { name, command: [process.execPath, cli, "verify", ...trust, ...who, ...paths] };
}

const rounds = 3;
const seconds = "4";

/** Bundles a second in a loop, the peers in turn. */
export async function verifyLoop(stack: Stack): Promise<Row[]> {
  const rows: Row[] = [];
  for (const version of [1, 2] as const) {
    const folder = await signFiles(stack, 200, version);
    const { "sigstore-cli": tool } = await ensureTools(["sigstore-cli"]);
    const question = [folder, stack.trust.trustedRoot, identity, stack.urls.github, seconds];
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      ours.push(await perSecond("verify-loop.ts", question));
      theirs.push(await perSecond("verify-peer.mjs", [dirname(tool), ...question]));
    }
    const [own, peer] = [median(ours), median(theirs)];
    process.stdout.write(
      `  Rekor v${version}: sigstep ${own.toFixed(0)}/s, @sigstore/verify ${peer.toFixed(0)}/s\n`,
    );
    const work = `verify in a loop, Rekor v${version}`;
    rows.push(
      { work, figure: "times @sigstore/verify", value: own / peer, aim: "at least", limit: 10 },
      { work, figure: "bundles a second", value: own, aim: "at least", limit: 600 },
    );
  }
  return rows;
}

async function perSecond(script: string, args: readonly string[]): Promise<number> {
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, script), ...args]);
  const answer: unknown = JSON.parse(stdout);
  const value: unknown =
    typeof answer === "object" && answer !== null ? Reflect.get(answer, "perSecond") : undefined;
  if (typeof value !== "number") throw new TypeError(`${script} gave no figure`);
  return value;
}

/** The whole process for one small file. */
export async function verifyOne(stack: Stack): Promise<Row[]> {
  const folder = await signFiles(stack, 1);
  const results = await race([verifying(stack, [join(folder, "blob-0")]), bare], 20);
  const [ours = none, node = none] = results.values();
  process.stdout.write(
    `  sigstep ${(1000 * ours.wall).toFixed(0)} ms, ${ours.megabytes.toFixed(0)} MB; node ${(1000 * node.wall).toFixed(0)} ms\n`,
  );
  const value = ours.wall / node.wall;
  return [
    {
      work: "verify 1 blob of 1 KB",
      figure: "wall / node -e 0",
      value,
      aim: "at most",
      limit: 2.5,
    },
  ];
}

const many = 1000;
const few = 100;
/** cosign takes about a tenth of a second for each: these stand for all. */
const cosignRuns = 20;

/** All files in one run, against cosign once a file. */
export async function verifyMany(stack: Stack): Promise<Row[]> {
  const folder = await signFiles(stack, many);
  const all = await measure(verifying(stack, [join(folder, "blob-*[0-9]")]));
  const part = await measure(
    verifying(stack, [join(folder, "blob-[0-9]"), join(folder, "blob-[0-9][0-9]")]),
  );
  const samples: Sample[] = [];
  for (let index = 0; index < cosignRuns; index++) {
    samples.push(await measure(await cosignVerify(stack, join(folder, `blob-${index}`))));
  }
  const cosignWall = median(samples.map(({ wall }) => wall)) * many;
  process.stdout.write(
    `  ${many} files: sigstep ${all.wall.toFixed(2)} s, ${all.megabytes.toFixed(0)} MB (${few}: ${part.megabytes.toFixed(0)} MB); cosign ${cosignWall.toFixed(1)} s\n`,
  );
  const work = `verify ${many} files`;
  return [
    { work, figure: "times cosign", value: cosignWall / all.wall, aim: "at least", limit: 10 },
    { work, figure: "peak MB", value: all.megabytes, aim: "at most", limit: 130 },
  ];
}

async function cosignVerify(stack: Stack, path: string): Promise<Contestant> {
  const { cosign } = await ensureTools(["cosign"]);
  const trust = ["--trusted-root", stack.trust.trustedRoot, "--bundle", `${path}.sigstore.json`];
  const who = ["--certificate-identity", identity, "--certificate-oidc-issuer", stack.urls.github];
  return { name: "cosign", command: [cosign, "verify-blob", ...trust, ...who, path] };
}

const gibibyte = 1024 ** 3;

/** 1 GiB, against `openssl dgst`, which only hashes. */
export async function verifyLarge(stack: Stack): Promise<Row[]> {
  const folder = await mkdtemp(join(stack.directory, "verify-large-"));
  const path = join(folder, "one");
  const chunk = randomBytes(16 * 1024 * 1024);
  const handle = await open(path, "wx");
  for (let written = 0; written < gibibyte; written += chunk.length) await handle.write(chunk);
  await handle.close();
  await measure(sigstep(stack, [path]));
  const openssl = { name: "openssl", command: ["openssl", "dgst", "-sha256", path] };
  const results = await race([verifying(stack, [path]), openssl], 5);
  const [ours = none, hash = none] = results.values();
  process.stdout.write(
    `  1 GiB: sigstep ${ours.wall.toFixed(2)} s, ${ours.megabytes.toFixed(0)} MB; openssl ${hash.wall.toFixed(2)} s\n`,
  );
  return [
    {
      work: "verify 1 GiB",
      figure: "wall / (1.3 openssl dgst + 0.2 s)",
      value: ours.wall / (1.3 * hash.wall + 0.2),
      aim: "at most",
      limit: 1,
    },
    { work: "verify 1 GiB", figure: "peak MB", value: ours.megabytes, aim: "at most", limit: 130 },
  ];
}
