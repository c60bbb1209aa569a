// --help: every input is in it, and it fits a terminal.
import assert from "node:assert/strict";
import { test } from "node:test";
import { generalHelp, signHelp } from "../../src/commands/help.ts";
import { describeKind, signInputs } from "../../src/commands/input-table.ts";
import { signOutputs } from "../../src/commands/output-table.ts";
import { environmentName } from "../../src/runner/runner.ts";

test("names every input with what it takes and its default; secrets by their variable alone", () => {
  const help = signHelp();
  const words = help.replace(/\s+/g, " ");
  for (const spec of signInputs) {
    const secret = "secret" in spec;
    assert.equal(new RegExp(`^ {2}--${spec.name} `, "m").test(help), !secret, spec.name);
    if (secret) assert.ok(help.includes(`${environmentName(spec.name)} (never a flag)`));
    if (spec.default !== "") assert.ok(words.includes(`Default: ${spec.default}.`));
    for (const word of spec.help.split(" ").slice(0, 3)) assert.ok(help.includes(word));
  }
});

test("is no wider than 85 characters, and ends with a line feed", () => {
  for (const help of [signHelp(), generalHelp]) {
    for (const line of help.split("\n")) assert.ok(line.length <= 85, line);
    assert.ok(help.endsWith("\n") && !help.endsWith("\n\n"));
    assert.doesNotMatch(help, /[^\S\n]$/m);
  }
});

test("has an example for each command", () => {
  for (const help of [signHelp(), generalHelp]) assert.match(help, /Example:\n {2}sigstep \w+/);
});

test("names of inputs and outputs are single, in kebab case, with a sentence each", () => {
  for (const table of [signInputs, signOutputs]) {
    const names = table.map(({ name }) => name);
    assert.equal(new Set<string>(names).size, names.length);
    for (const name of names) assert.match(name, /^[a-z]+(-[a-z]+)*$/);
    for (const { help } of table) assert.match(help, /[.:]$/);
  }
});

test("defaults are values that their kind takes", () => {
  for (const { kind, default: value } of signInputs) {
    assert.notEqual(describeKind(kind), "");
    if (kind.type === "boolean") assert.match(value, /^(true|false)$/);
    if (kind.type === "choice") assert.ok(kind.choices.some((choice) => choice === value));
    if (kind.type === "integer" && value !== "") {
      assert.ok(Number(value) >= kind.min && Number(value) <= kind.max);
    }
  }
});
