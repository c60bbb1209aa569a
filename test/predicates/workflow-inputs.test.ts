// Which inputs of a workflow run may be published.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseJson } from "../../src/encoding/json.ts";
import { selectInputs, type SelectedInputs } from "../../src/predicates/workflow-inputs.ts";
import { refusal, refuses } from "../refusal.ts";

const secret = "hunter2";

function select(event: unknown): SelectedInputs {
  const source = { label: "event", code: "INPUT_VALUE", maxBytes: 10_000_000 } as const;
  const json = parseJson(Buffer.from(JSON.stringify(event)), source);
  return selectInputs(json, (text) => text.includes(secret));
}

suite("workflow inputs", () => {
  for (const [name, event, inputs, dropped] of [
    ["none", {}, {}, []],
    ["null, as on a push", { inputs: null }, {}, []],
    [
      "all kinds",
      { inputs: { b: "x", a: 1, c: true, d: "" } },
      { a: 1, b: "x", c: true, d: "" },
      [],
    ],
    ["one without a value", { inputs: { a: null, b: "x" } }, { b: "x" }, []],
    ["a secret", { inputs: { a: secret, b: "x" } }, { b: "x" }, ["a"]],
    ["a secret within", { inputs: { a: `--password=${secret}!`, b: "x" } }, { b: "x" }, ["a"]],
    ["a secret as a name", { inputs: { [secret]: "x" } }, {}, [secret]],
  ] as const) {
    test(name, () => assert.deepEqual(select(event), { inputs, dropped }));
  }

  test("64 KiB are taken, one byte more is refused", () => {
    const frame = '{"a":""}'.length;
    const value = "x".repeat(64 * 1024 - frame);
    assert.deepEqual(select({ inputs: { a: value } }).inputs, { a: value });
    const error = refusal("INPUT_VALUE", () => select({ inputs: { a: `${value}x` } }));
    assert.match(error.hint, /provenance-inputs: false/);
    assert.deepEqual(select({ inputs: { a: `${value}${secret}` } }).dropped, ["a"]);
  });

  test("what GitHub does not make is refused", () => {
    for (const inputs of [[], "x", { a: {} }, { a: [1] }]) {
      refuses("INPUT_VALUE", () => select({ inputs }));
    }
  });

  test("a name that every object has stays a name", () => {
    const event: unknown = JSON.parse('{"inputs":{"__proto__":"x","constructor":"y"}}');
    const { inputs } = select(event);
    assert.equal(JSON.stringify(inputs), '{"__proto__":"x","constructor":"y"}');
  });
});
