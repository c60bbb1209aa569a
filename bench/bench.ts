// `npm run bench [NAME…]`: what we promise about speed, against peers on the same real servers, as ratios.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { startStack } from "../test/stack/start.ts";
import { attestPairs, attestSubjects } from "./attest.ts";
import { batchRekor1, batchRekor2 } from "./batch.ts";
import { manyImages, oneImage } from "./images.ts";
import { largeFile } from "./large-file.ts";
import { manyFiles } from "./many-files.ts";
import { oneBlob } from "./one-blob.ts";
import { printRows, type Row } from "./rows.ts";
import { startUp } from "./start-up.ts";
import { verifyLarge, verifyLoop, verifyMany, verifyOne } from "./verify.ts";

const run = promisify(execFile);

const benches = {
  "one-blob": oneBlob,
  "start-up": startUp,
  "batch-v1": batchRekor1,
  "batch-v2": batchRekor2,
  "attest-pairs": attestPairs,
  "attest-subjects": attestSubjects,
  "one-image": oneImage,
  "many-images": manyImages,
  "large-file": largeFile,
  "many-files": manyFiles,
  "verify-loop": verifyLoop,
  "verify-one": verifyOne,
  "verify-many": verifyMany,
  "verify-large": verifyLarge,
};

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  if (!existsSync(join(import.meta.dirname, "node_modules"))) {
    process.stdout.write("Installing the peers of bench/ …\n");
    await run("npm", ["ci", "--ignore-scripts"], { cwd: import.meta.dirname });
  }
  const stack = await startStack();
  try {
    const rows: Row[] = [];
    for (const [name, bench] of Object.entries(benches)) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      process.stdout.write(`${name} …\n`);
      rows.push(...(await bench(stack)));
    }
    process.stdout.write(printRows(rows));
  } finally {
    await stack.stop();
  }
}

await main();
