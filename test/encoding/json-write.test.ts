// JSON that goes through us unchanged: one member's own text, and a writer that puts it where it belongs.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { memberText } from "../../src/encoding/json-member.ts";
import { JsonText, writeJson } from "../../src/encoding/json-write.ts";

suite("the text of a member", () => {
  for (const [text, found] of [
    ['{"a":1,"p":{"n":9007199254740993}}', '{"n":9007199254740993}'],
    ['{"p": 1e400 }', "1e400"],
    [' { "b":{"p":1},"p" : [1, {"p":2}, "]}"] ,"c":3}', '[1, {"p":2}, "]}"]'],
    ['{"\\u0070":"\\"}"}', '"\\"}"'],
    ['{"x":"p","p":true}', "true"],
    ['{"x":{"p":1}}', undefined],
    ["{}", undefined],
    ['["p",1]', undefined],
    ['"p"', undefined],
  ] as const) {
    test(text, () => {
      assert.equal(memberText(text, "p"), found);
    });
  }

  test("of any object is what it parses to", () => {
    const objects = fc.dictionary(fc.string(), fc.jsonValue());
    fc.assert(
      fc.property(objects, fc.boolean(), (object, isWide) => {
        const text = JSON.stringify(object, null, isWide ? 2 : 0);
        const parsed: unknown = JSON.parse(text);
        assert.ok(typeof parsed === "object" && parsed !== null);
        for (const [name, value] of Object.entries(parsed)) {
          assert.deepEqual(JSON.parse(memberText(text, name) ?? ""), value);
        }
      }),
    );
  });

  test("of an object with very many members takes no time", () => {
    const text = `${" ".repeat(100_000)}{${Array.from({ length: 100_000 }, (_, i) => `"${i}":0`).join(",")},"p":1}`;
    const start = performance.now();
    assert.equal(memberText(text, "p"), "1");
    assert.ok(performance.now() - start < 2000);
  });
});

suite("the writer", () => {
  test("writes what JSON.stringify writes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        assert.equal(writeJson(value), JSON.stringify(value, null, 2));
      }),
    );
    assert.equal(writeJson({ a: undefined, b: [undefined] }), '{\n  "b": [\n    null\n  ]\n}');
  });

  test("leaves text that is JSON as it is", () => {
    const text = '{"n":9007199254740993,"z":1.10,"e":1e400}';
    assert.equal(writeJson({ p: new JsonText(text) }), `{\n  "p": ${text}\n}`);
  });
});
