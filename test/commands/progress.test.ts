// Progress: a line every few seconds in a log, a bar on a terminal, nothing for one file.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { readJob } from "../../src/runner/job.ts";
import { createProgress, type Progress } from "../../src/commands/progress.ts";
import type { World } from "../../src/commands/world.ts";
import { GenericRunner } from "../../src/runner/generic.ts";
import { Printer } from "../../src/runner/printer.ts";

interface Watched {
  readonly progress: Progress;
  readonly lines: string[];
  readonly pass: (ms: number) => void;
}

function watch(total: number, terminal: boolean): Watched {
  const lines: string[] = [];
  let now = Date.parse("2026-11-20T12:00:00Z");
  const world: World = {
    runner: new GenericRunner({}, new Printer((text) => lines.push(text.trimEnd()))),
    openHttp: () => assert.fail("no request is made"),
    now: () => new Date(now),
    signal: new AbortController().signal,
    version: "test",
    inEnvironment: () => world,
    job: readJob({}),
    ...(terminal ? { showProgress: (line: string) => lines.push(line) } : {}),
  };
  return { progress: createProgress(total, world), lines, pass: (ms) => (now += ms) };
}

suite("in a log", () => {
  test("10,000 files in 60 seconds are 12 lines", () => {
    const { progress, lines, pass } = watch(10_000, false);
    for (let i = 0; i < 10_000; i++) {
      pass(6);
      progress.advance();
    }
    progress.end();
    assert.equal(lines.length, 11);
    assert.match(lines[0] ?? "", /^834\/10000 files, 167\/s$/);
  });

  test("quick runs and single files are none", () => {
    const quick = watch(1000, false);
    for (let i = 0; i < 1000; i++) quick.progress.advance();
    const single = watch(1, false);
    single.pass(60_000);
    single.progress.advance();
    assert.deepEqual([...quick.lines, ...single.lines], []);
  });

  test("a slow rate has a fraction", () => {
    const { progress, lines, pass } = watch(10, false);
    pass(8000);
    progress.advance();
    assert.deepEqual(lines, ["1/10 files, 0.1/s"]);
  });
});

suite("on a terminal", () => {
  test("is a bar that grows and goes away", () => {
    const { progress, lines, pass } = watch(4, true);
    for (let i = 0; i < 4; i++) {
      pass(1000);
      progress.advance();
    }
    progress.end();
    assert.deepEqual(
      lines.map((line) => line.replace(/[^#]/g, "").length),
      [7, 15, 22, 30, 0],
    );
    assert.equal(lines.at(-1), "");
    for (const line of lines.slice(0, -1)) assert.match(line, /^\[#+-*\] \d\/4 files, 1\.0\/s$/);
  });

  test("moves ten times a second at most", () => {
    const { progress, lines, pass } = watch(1000, true);
    for (let i = 0; i < 1000; i++) {
      pass(1);
      progress.advance();
    }
    assert.equal(lines.length, 10);
  });

  test("of no time at all divides by nothing", () => {
    const { progress, lines, pass } = watch(2, true);
    pass(-5000);
    progress.advance();
    assert.deepEqual(lines, []);
  });
});
