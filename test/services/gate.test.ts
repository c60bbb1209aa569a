// How many at once.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createGate, type Gate } from "../../src/services/gate.ts";

/** Starts `count` jobs that end when told; `most` is the most that ever ran at once. */
function start(gate: Gate, count: number): Jobs {
  const jobs: Jobs = { running: 0, most: 0, order: [], ends: [], done: [] };
  jobs.done = Array.from({ length: count }, (_, index) =>
    gate.run(async () => {
      jobs.running += 1;
      jobs.most = Math.max(jobs.most, jobs.running);
      jobs.order.push(index);
      const { promise, resolve } = Promise.withResolvers<undefined>();
      jobs.ends.push(() => resolve(undefined));
      await promise;
      jobs.running -= 1;
      return index;
    }),
  );
  return jobs;
}

interface Jobs {
  running: number;
  most: number;
  order: number[];
  ends: (() => void)[];
  done: Promise<number>[];
}

async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

async function endAll(jobs: Jobs): Promise<void> {
  for (;;) {
    const end = jobs.ends.shift();
    if (end === undefined) return;
    end();
    await settle();
  }
}

test("no more than the limit at once, in order, with their results", async () => {
  const gate = createGate(3);
  const jobs = start(gate, 20);
  await settle();
  assert.equal(jobs.running, 3);
  await endAll(jobs);
  assert.equal(jobs.most, 3);
  assert.deepEqual(
    jobs.order,
    [...jobs.order].sort((a, b) => a - b),
  );
  assert.deepEqual(await Promise.all(jobs.done), jobs.order);
});

test("a job that fails passes its error on and gives its place free", async () => {
  const gate = createGate(1);
  const failing = gate.run(() => Promise.reject(new Error("no")));
  const next = gate.run(() => Promise.resolve("yes"));
  await assert.rejects(failing, /no/);
  assert.equal(await next, "yes");
});

test("lower halves, to no less than one; a burst counts once", async () => {
  const gate = createGate(32);
  for (let i = 0; i < 32; i++) gate.lower();
  assert.equal(gate.limit, 16);
  const limits: number[] = [];
  for (let round = 0; round < 6; round++) {
    for (let i = 0; i < 16; i++) await gate.run(() => Promise.reject(new Error())).catch(() => 0);
    gate.lower();
    limits.push(gate.limit);
  }
  assert.deepEqual(limits, [8, 4, 2, 1, 1, 1]);
});

test("after lower no job starts until enough have ended", async () => {
  const gate = createGate(4);
  const jobs = start(gate, 6);
  await settle();
  gate.lower();
  jobs.ends.shift()?.();
  jobs.ends.shift()?.();
  await settle();
  assert.equal(jobs.order.length, 4, "two still run, and two is the limit now");
  jobs.ends.shift()?.();
  await settle();
  assert.equal(jobs.order.length, 5);
  await endAll(jobs);
  await Promise.all(jobs.done);
});

test("successes bring the limit back slowly, to where it began and no further", async () => {
  const gate = createGate(4);
  gate.lower();
  const limits: number[] = [];
  for (let i = 0; i < 8; i++) {
    await gate.run(() => Promise.resolve());
    limits.push(gate.limit);
  }
  assert.deepEqual(limits, [2, 2, 2, 3, 3, 3, 4, 4]);
});

test("every job runs once, whatever fails and whenever the gate is lowered", async () => {
  const steps = fc.array(fc.constantFrom("good", "bad", "lower"), { maxLength: 200 });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 8 }), steps, async (limit, plan) => {
      const gate = createGate(limit);
      let running = 0;
      let ran = 0;
      const jobs = plan.map((step) =>
        gate.run(async () => {
          running += 1;
          ran += 1;
          assert.ok(running <= limit);
          await settle();
          running -= 1;
          if (step === "lower") gate.lower();
          if (step === "bad") throw new Error("bad");
        }),
      );
      await Promise.allSettled(jobs);
      assert.equal(ran, plan.length);
      assert.ok(gate.limit >= 1 && gate.limit <= limit);
    }),
    { numRuns: 30 },
  );
});

for (const limit of [0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
  test(`a limit of ${limit} is a mistake of ours`, () => {
    assert.throws(() => createGate(limit), TypeError);
  });
}
