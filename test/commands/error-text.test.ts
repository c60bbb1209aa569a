// An error in words: what was wrong, what is public, what to do; nothing of our insides.
import assert from "node:assert/strict";
import { test } from "node:test";
import { describeError, describePublished } from "../../src/commands/error-text.ts";
import { type Published, SigstepError } from "../../src/errors.ts";
import { hostile } from "./made-results.ts";

const entry: Published = {
  kind: "log-entry",
  what: "app.tar.gz",
  index: "123",
  url: "https://rekor.example/123",
};

test("has the message first, then what is public, then the hint", () => {
  const error = new SigstepError("SERVICE_REFUSED", "It failed.", {
    hint: "Try again.",
    published: [{ kind: "certificate", what: "https://github.com/acme" }, entry],
  });
  const lines = describeError(error).split("\n");
  assert.equal(lines.length, 4);
  assert.equal(lines[0], "It failed.");
  assert.match(lines[1] ?? "", /public.*certificate.*https:\/\/github\.com\/acme/);
  assert.match(lines[2] ?? "", /public.*123.*"app\.tar\.gz".*https:\/\/rekor\.example\/123/);
  assert.equal(lines[3], "Try again.");
});

test("is the message alone when there is nothing else", () => {
  assert.equal(describeError(new SigstepError("INTERNAL", "It broke.")), "It broke.");
});

test("tells what the caller knows to be public instead of what the error does", () => {
  const error = new SigstepError("CANCELLED", "m", { published: [entry] });
  assert.equal(describeError(error, []), "m");
});

test("tells what may be public from what is", () => {
  const [line = ""] = describePublished([{ kind: "maybe-log-entry", what: "app" }]);
  assert.match(line, /Perhaps/);
  assert.doesNotMatch(line, /undefined/);
});

test("cuts a long list and says how much is left", () => {
  const lines = describePublished(Array.from({ length: 1000 }, () => entry));
  assert.ok(lines.length <= 21);
  assert.match(lines.at(-1) ?? "", /980 more/);
});

test("shows no stack and no cause", () => {
  const cause = new Error("inner secret");
  const text = describeError(new SigstepError("INTERNAL", "m", { hint: "h", cause }));
  assert.doesNotMatch(text, /inner|\bat /);
});

for (const [what, text] of Object.entries(hostile)) {
  test(`a name that is ${what} is one line`, () => {
    const lines = describePublished([{ ...entry, what: text }]);
    assert.equal(lines.length, 1);
    assert.doesNotMatch(lines[0] ?? "", /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
    assert.ok((lines[0] ?? "").length < 400);
  });
}
