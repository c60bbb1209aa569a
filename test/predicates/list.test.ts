// The list form of `predicates`: what it takes, and the place of every mistake.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { parsePredicateList, type PredicateItem } from "../../src/predicates/list.ts";
import { isContained, refusal, runs } from "../refusal.ts";

function contents(text: string): PredicateItem["content"][] {
  return parsePredicateList(text).map(({ content }) => content);
}

suite("a list", () => {
  test("of everything at once", () => {
    const items = parsePredicateList(
      `
# what this release says of itself
- type: provenance
- type: sbom
  path: dist/app.spdx.json
- type: openvex
  path: "vex.json"
  subjects: app-*.tar.gz
- type: https://example.com/review/v1
  predicate:
    reviewer: 'é'
    score: 1.0
    tags: [a, "b", null, true]
    nested: {1: x}
  subjects:
    - app.deb
    - app.rpm
`.replace("{1: x}", '{"1": x}'),
    );
    assert.deepEqual(
      items.map(({ subjects, label }) => [subjects, label]),
      [
        [undefined, "predicates line 3"],
        [undefined, "predicates line 4"],
        [["app-*.tar.gz"], "predicates line 6"],
        [["app.deb", "app.rpm"], "predicates line 9"],
      ],
    );
    const [provenance, sbom, vex, own] = items.map(({ content }) => content);
    assert.deepEqual(provenance, { kind: "provenance" });
    assert.deepEqual(sbom, { kind: "sbom", path: "dist/app.spdx.json" });
    assert.ok(vex?.kind === "file");
    assert.deepEqual([vex.type.uri, vex.path], ["https://openvex.dev/ns", "vex.json"]);
    assert.ok(own?.kind === "inline");
    assert.equal(own.type.uri, "https://example.com/review/v1");
    assert.equal(
      own.json,
      '{"reviewer":"é","score":1.0,"tags":["a","b",null,true],"nested":{"1":"x"}}',
    );
  });

  test("in JSON, which is YAML too", () => {
    const json = '[{"type":"custom","predicate":{"n":12345678901234567890,"e":1e2,"s":"\\u0041"}}]';
    const [item] = contents(json);
    assert.ok(item?.kind === "inline");
    // The number is left to the reader of predicates, which refuses it.
    assert.equal(item.json, '{"n":12345678901234567890,"e":1e2,"s":"A"}');
  });

  test("with text that looks like something else", () => {
    const [item] = contents("- type: custom\n  predicate: {a: no, b: 2026-01-01, c: 0123x, <<: y}");
    assert.ok(item?.kind === "inline");
    assert.equal(item.json, '{"a":"no","b":"2026-01-01","c":"0123x","<<":"y"}');
  });
});

suite("a mistake", () => {
  const file = "- type: custom\n  path: a.json\n";
  for (const [name, text, line, column, pattern] of [
    ["a map", "type: custom\npath: x", 1, 1, /is not a list/],
    ["text", "custom", 1, 1, /is not a list/],
    ["an empty list", "[]", 1, 1, /is empty/],
    ["an item that is text", `${file}- custom`, 3, 3, /not a list item/],
    ["an empty item", `${file}-\n`, 3, 2, /not a list item/],
    ["an unknown key", `${file}  paths: b`, 3, 3, /unknown key "paths"/],
    ["a key twice", `${file}  path: b`, 3, 3, /unique/i],
    ["a key twice in a predicate", "- type: custom\n  predicate: {a: 1, a: 2}", 2, 21, /unique/i],
    [
      "a key that is a number",
      "- type: custom\n  predicate: {1: x}",
      2,
      15,
      /key that is not text/,
    ],
    [
      "a key that is a list",
      "- type: custom\n  predicate: {[a]: x}",
      2,
      15,
      /key that is not text/,
    ],
    ["no type", "- path: x", 1, 3, /has no type/],
    ["an unknown type", "- path: x\n  type: spdx4", 2, 9, /type that is not known: "spdx4"/],
    ["a type that is a number", "- type: 1\n  path: x", 1, 9, /is not text/],
    ["an empty path", '- type: custom\n  path: ""', 2, 9, /is empty/],
    ["path and predicate", `${file}  predicate: {}`, 1, 3, /both path and predicate/],
    ["neither", "- type: custom", 1, 3, /without path or predicate/],
    ["an SBOM without path", "- type: sbom", 1, 3, /SBOM without path/],
    ["an SBOM in place", "- type: sbom\n  predicate: {}", 1, 3, /SBOM without path/],
    ["provenance from a file", "- type: provenance\n  path: x", 1, 3, /made here/],
    ["a predicate that is text", "- type: custom\n  predicate: x", 2, 14, /not an object/],
    ["a predicate that is a list", "- type: custom\n  predicate: []", 2, 14, /not an object/],
    ["an anchor", `${file}  subjects: &x [a]\n- *x`, 3, 16, /anchor/],
    ["an alias of nothing", "- *x", 1, 3, /alias/],
    ["an anchor in a predicate", "- type: custom\n  predicate: {a: &x 1}", 2, 21, /anchor/],
    ["a tag", "- type: !!str custom\n  path: x", 1, 15, /tag/],
    ["a tag of one's own", "- type: !x custom\n  path: x", 1, 9, /./],
    [
      "a hexadecimal number",
      "- type: custom\n  predicate: {a: 0x1F}",
      2,
      18,
      /not a value that JSON has/,
    ],
    [
      "a number that is none",
      "- type: custom\n  predicate: {a: .nan}",
      2,
      18,
      /not a value that JSON has/,
    ],
    ["no subject", `${file}  subjects: []`, 3, 13, /no subject/],
    ["a subject that is a number", `${file}  subjects: [1]`, 3, 14, /is not text/],
    ["two documents", `${file}---\n${file}`, 3, 1, /YAML/],
    ["a tab", "- type: custom\n\tpath: x", 2, 2, /YAML/],
    ["an open quote", '- type: "x', 1, 11, /YAML/],
    ["a directive", `%TAG ! tag:x,2000:\n---\n${file}- !y x`, 5, 3, /./],
  ] as const) {
    test(name, () => {
      const { message, hint } = refusal("INPUT_VALUE", () => parsePredicateList(text));
      assert.match(message, pattern);
      assert.ok(message.startsWith(`Input predicates, line ${line}, column ${column}, `), message);
      assert.notEqual(hint, "");
    });
  }

  for (const [name, text, pattern] of [
    ["nothing", "", /is not a list/],
    ["too long", `# ${"x".repeat(1024 * 1024)}`, /longer than/],
    ["too many", "- {type: provenance}\n".repeat(1001), /more than 1000/],
    ["too deep", `- type: custom\n  predicate: {a: ${"[".repeat(70)}${"]".repeat(70)}}`, /deeper/],
    ["deep enough to break a parser", "[".repeat(1024 * 1024), /./],
    [
      "a bomb of aliases",
      `- &a [x,x]\n${Array.from({ length: 30 }, (_, index) => `- &b${index} [*a,*a]`).join("\n")}`,
      /anchor/,
    ],
  ] as const) {
    test(name, () => {
      assert.match(refusal("INPUT_VALUE", () => parsePredicateList(text)).message, pattern);
    });
  }

  test("is one of our errors, whatever the text", () => {
    const piece = fc.constantFrom(
      "- ",
      "type: ",
      "path: ",
      "x",
      "\n",
      "  ",
      "[",
      "{",
      "*a",
      "&a ",
      "!!",
      "'",
      "|",
      ": ",
      "?",
      "custom",
    );
    const text = fc.oneof(
      fc.string(),
      fc.array(piece).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, (found) => isContained(() => parsePredicateList(found))),
      { numRuns: runs },
    );
  });
});
