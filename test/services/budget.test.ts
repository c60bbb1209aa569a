// How long an outage may last.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createBudget, type Setback } from "../../src/services/budget.ts";

const origin = "https://rekor.example";

function setback(at: number, more: Partial<Setback> = {}): Setback {
  return { origin, requestSince: at, triedAt: at, unknownHost: false, ...more };
}

test("the budget runs from the first failing try", () => {
  const budget = createBudget(300);
  assert.equal(budget.left(setback(1000), 1010), 290);
  assert.equal(budget.left(setback(1200), 1210), 90);
  assert.equal(budget.left(setback(1290), 1299), 1);
  assert.equal(budget.left(setback(1290), 1300), 0);
  assert.equal(budget.left(setback(1300), 1400), 0);
});

test("a good answer gives the whole budget back", () => {
  const budget = createBudget(300);
  budget.left(setback(1000), 1200);
  budget.answered(origin, 1250);
  assert.equal(budget.left(setback(1260), 1260), 300);
});

test("time without requests is not an outage", () => {
  const budget = createBudget(300);
  budget.answered(origin, 1000);
  assert.equal(budget.left(setback(900_000), 900_000), 300);
});

test("a slow try that began before the last good answer does not backdate the outage", () => {
  const budget = createBudget(300);
  budget.answered(origin, 1000);
  assert.equal(budget.left(setback(800), 1010), 90, "the request itself is as old as it is");
  assert.equal(budget.left(setback(1005), 1010), 290, "others count from the good answer");
});

test("one request is bounded by its own first failure", () => {
  const budget = createBudget(300);
  for (let now = 1000; now < 1300; now += 10) {
    assert.equal(budget.left(setback(now, { requestSince: 1000 }), now), 1300 - now);
    budget.answered(origin, now);
  }
  assert.equal(budget.left(setback(1300, { requestSince: 1000 }), 1300), 0);
});

test("an unknown name has 20 s, unless it was known before", () => {
  const budget = createBudget(300_000);
  const unknown = setback(0, { unknownHost: true });
  assert.equal(budget.left(unknown, 5000), 15_000);
  assert.equal(budget.left(unknown, 20_000), 0);
  budget.answered(origin, 30_000);
  assert.equal(budget.left(setback(31_000, { unknownHost: true }), 31_000), 300_000);
  assert.equal(createBudget(5000).left(setback(0, { unknownHost: true }), 1000), 4000);
});

test("after a long outage one request in ten seconds may ask again", () => {
  const budget = createBudget(60_000);
  budget.left(setback(0), 0);
  assert.equal(budget.downFor(origin, 30_000), undefined, "not spent yet");
  budget.left(setback(0), 60_000);
  assert.equal(budget.downFor(origin, 60_001), 60_001);
  assert.equal(budget.downFor(origin, 70_000), undefined, "one may ask");
  assert.equal(budget.downFor(origin, 70_001), 70_001, "the next may not");
  budget.answered(origin, 70_500);
  assert.equal(budget.downFor(origin, 70_501), undefined);
});

test("with a budget of no time, one stumble does not fail the others", () => {
  const budget = createBudget(0);
  assert.equal(budget.left(setback(0), 100), 0);
  assert.equal(budget.downFor(origin, 101), undefined);
});

test("origins are apart", () => {
  const budget = createBudget(60_000);
  budget.left(setback(0), 60_000);
  assert.equal(budget.downFor("https://tsa.example", 60_001), undefined);
});
