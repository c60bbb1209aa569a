// From the start of the action to its first line in the log, against a bare Node.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { median } from "./measure.ts";
import type { Row } from "./rows.ts";

const rounds = 20;
const action = join(import.meta.dirname, "../dist/action.js");

/** First byte of output, or the end of the process where there is none. */
async function firstSign(args: readonly string[]): Promise<number> {
  const started = performance.now();
  const child = spawn(process.execPath, args, { env: {}, stdio: ["ignore", "pipe", "ignore"] });
  await Promise.race([once(child.stdout, "data"), once(child, "exit")]);
  const seconds = (performance.now() - started) / 1000;
  if (child.exitCode === null) await once(child, "exit");
  return seconds;
}

/** Start-up of the action. */
export async function startUp(): Promise<Row[]> {
  const ours: number[] = [];
  const bare: number[] = [];
  for (let round = 0; round < rounds; round++) {
    ours.push(await firstSign([action]));
    bare.push(await firstSign(["-e", "0"]));
  }
  const value = median(ours) / median(bare);
  return [
    {
      work: "first log line of the action",
      figure: "wall / node -e 0",
      value,
      aim: "at most",
      limit: 3,
    },
  ];
}
