// Steps: a refusal leaves with the step that it happened in, and with nothing else changed.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SigstepError } from "../../src/errors.ts";
import { atStep, inStep, verificationSteps } from "../../src/sigstore/step.ts";
import { refusal } from "../refusal.ts";

const full = new SigstepError("LOG_ENTRY_INVALID", "The log entry is wrong.", {
  hint: "Do this.",
  where: "entry",
  published: [{ kind: "log-entry", what: "app", index: "1" }],
});

function thrower(error: unknown): () => never {
  return () => {
    throw error;
  };
}

test("are thirteen, each with a name of its own", () => {
  const names = Object.values(verificationSteps);
  assert.deepEqual(
    Object.keys(verificationSteps),
    Array.from({ length: 13 }, (_, i) => `${i + 1}`),
  );
  assert.equal(new Set(names).size, 13);
  for (const name of names) assert.match(name, /^[a-z]+( [a-z]+)?$/);
});

test("pass on what was found", () =>
  assert.equal(
    inStep(3, () => 7),
    7,
  ));

test("mark a refusal, and keep all that it says", () => {
  const error = refusal("LOG_ENTRY_INVALID", () => inStep(5, thrower(full)));
  assert.deepEqual(error.step, { number: 5, name: "entry" });
  assert.deepEqual(
    [error.message, error.hint, error.where, error.published, error.cause],
    [full.message, full.hint, full.where, full.published, full],
  );
});

test("leave the mark of an inner step", () => {
  const error = refusal("LOG_ENTRY_INVALID", () => inStep(1, () => inStep(4, thrower(full))));
  assert.deepEqual(error.step, { number: 4, name: "inclusion" });
});

test("leave a defect of ours as it is", () => {
  const defect = new TypeError("x");
  assert.equal(atStep(2, defect), defect);
  assert.throws(() => inStep(2, thrower(defect)), defect);
});
