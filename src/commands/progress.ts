// How far a long run has come: a line that moves on a terminal, a line every few seconds in a log.
import type { World } from "./world.ts";

const lineEveryMs = 5_000;
const barEveryMs = 100;
const barWidth = 30;

/** Counts files. */
export interface Progress {
  advance(): void;
  /** Clears the moving line. */
  end(): void;
}

/** Progress over `total` files; a single file shows none. */
export function createProgress(total: number, world: World): Progress {
  const started = world.now().getTime();
  let shown = started;
  let done = 0;
  const { showProgress } = world;
  const intervalMs = showProgress === undefined ? lineEveryMs : barEveryMs;
  return {
    advance: () => {
      done++;
      const now = world.now().getTime();
      if (total === 1 || now - shown < intervalMs) return;
      shown = now;
      const rate = (done * 1000) / Math.max(1, now - started);
      const text = `${done}/${total} files, ${rate.toFixed(rate < 10 ? 1 : 0)}/s`;
      if (showProgress === undefined) world.runner.info(text);
      else showProgress(`${bar(done / total)} ${text}`);
    },
    end: () => showProgress?.(""),
  };
}

function bar(share: number): string {
  const full = Math.floor(share * barWidth);
  return `[${"#".repeat(full)}${"-".repeat(barWidth - full)}]`;
}
