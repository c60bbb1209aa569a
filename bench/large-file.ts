// 1 GiB and 4 GiB: bound by hashing, and no more memory than a small file.
import { open } from "node:fs/promises";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import type { Stack } from "../test/stack/start.ts";
import { sigstep } from "./contestants.ts";
import { measure, race } from "./measure.ts";
import type { Row } from "./rows.ts";

const gibibyte = 1024 ** 3;
const rounds = 10;

async function makeFile(path: string, bytes: number): Promise<string> {
  const chunk = randomBytes(16 * 1024 * 1024);
  const handle = await open(path, "wx");
  for (let written = 0; written < bytes; written += chunk.length) await handle.write(chunk);
  await handle.close();
  return path;
}

/** Against `openssl dgst`, which only hashes. */
export async function largeFile(stack: Stack): Promise<Row[]> {
  const folder = await mkdtemp(join(stack.directory, "large-"));
  const one = await makeFile(join(folder, "one"), gibibyte);
  const four = await makeFile(join(folder, "four"), 4 * gibibyte);
  const openssl = { name: "openssl", command: ["openssl", "dgst", "-sha256", one] };
  const results = await race([sigstep(stack, [one]), openssl], rounds);
  const [ours, hash] = [results.get("sigstep"), results.get("openssl")];
  const { megabytes } = await measure(sigstep(stack, [four]));
  if (ours === undefined || hash === undefined) throw new TypeError("no result");
  process.stdout.write(
    `  1 GiB: sigstep ${ours.wall.toFixed(2)} s, ${ours.megabytes.toFixed(0)} MB; openssl ${hash.wall.toFixed(2)} s; 4 GiB: ${megabytes.toFixed(0)} MB\n`,
  );
  return [
    {
      work: "1 GiB",
      figure: "wall / openssl dgst",
      value: ours.wall / hash.wall,
      aim: "at most",
      limit: 1.3,
    },
    { work: "1 GiB", figure: "peak MB", value: ours.megabytes, aim: "at most", limit: 130 },
    { work: "4 GiB", figure: "peak MB", value: megabytes, aim: "at most", limit: 130 },
  ];
}
