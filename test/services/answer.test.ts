// Answers in general: a status that is a success, and JSON within its limits.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { isSuccess, parseAnswer, refusedError } from "../../src/services/answer.ts";
import { refusal, refuses } from "../refusal.ts";
import { answer } from "./answer.ts";

test("success is 200 to 299", () => {
  for (const status of [200, 201, 204, 299]) assert.ok(isSuccess(answer("", status)));
  for (const status of [0, 100, 199, 300, 304, 400, 500]) assert.ok(!isSuccess(answer("", status)));
});

suite("JSON", () => {
  test("is read from a success", () => {
    assert.equal(
      parseAnswer("Rekor", answer({ a: 1 }), 100)
        .get("a")
        .integer(),
      1,
    );
  });

  test("of a refusal is not", () => {
    const error = refusal("SERVICE_REFUSED", () =>
      parseAnswer("Rekor", answer({ a: 1 }, 400), 100),
    );
    assert.match(error.message, /Rekor.*400/);
    assert.equal(error.where, "Rekor");
  });

  for (const [name, body] of Object.entries({
    "that is none": "x",
    "that is HTML": "<html>",
    "that is empty": "",
    "that is cut": '{"a":',
    "that is larger than asked for": JSON.stringify("x".repeat(100)),
    "with a name twice": '{"a":1,"a":2}',
    "that is not UTF-8": Buffer.of(0x22, 0xff, 0x22),
  })) {
    test(`${name} is no answer`, () => {
      refuses("SERVICE_ANSWER_INVALID", () => parseAnswer("Rekor", answer(body), 100));
    });
  }
});

test("a refusal says service, status, the service's words, and what the caller advises", () => {
  const response = { ...answer("", 418), excerpt: () => '"I am a teapot"' };
  const error = refusedError("Rekor", response, "Brew tea.");
  assert.equal(error.code, "SERVICE_REFUSED");
  assert.match(error.message, /Rekor.*418.*"I am a teapot"/);
  assert.equal(error.hint, "Brew tea.");
  assert.doesNotMatch(refusedError("Rekor", answer("", 418)).message, /:\s*\./);
});
