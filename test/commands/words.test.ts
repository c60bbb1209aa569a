// Lists in one text.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseList } from "../../src/commands/words.ts";
import { refusal } from "../refusal.ts";

test("a text that is too long is bad input, in quotes or not", () => {
  const long = "a".repeat(16 * 1024 * 1024);
  for (const text of [long, `"${long}"`, `"${long}`, `a\n${long}`]) {
    const error = refusal("INPUT_VALUE", () => parseList(text, "inputs"));
    assert.match(error.message, /^Input inputs has \d+ characters; at most 1048576 are read\.$/);
  }
});

test("the longest text is read", () => {
  const long = "a".repeat(1024 * 1024 - 2);
  assert.deepEqual(parseList(`"${long}"`, "inputs"), [long]);
});
