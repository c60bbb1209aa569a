// Patterns: alike with JavaScript's own on the syntax they share, and fast on what makes those hang.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { compilePattern } from "../../src/sigstore/pattern.ts";
import { isContained, refuses, runs } from "../refusal.ts";

const piece = fc.constantFrom(
  ..."ab.|()*+?[]-^$\\".split(""),
  "(?:",
  "[ab]",
  "[^a]",
  "[a-b]",
  "\\d",
  "\\w",
  "\\.",
  "{1,2}",
  "{2}",
  "{1,}",
);

test("like the language's own patterns, anchored", () => {
  let compared = 0;
  fc.assert(
    fc.property(
      fc.array(piece, { minLength: 1, maxLength: 8 }),
      fc.array(fc.constantFrom("a", "b", ".", "1", "-", "\n"), { maxLength: 6 }),
      (pieces, letters) => {
        const [source, text] = [pieces.join(""), letters.join("")];
        let pattern;
        try {
          pattern = compilePattern(source, "identity");
        } catch {
          return;
        }
        const body = source.replace(/^\^/, "").replace(/(?<!\\)\$$/, "");
        const own = new RegExp(`^(?:${body})$`);
        assert.equal(pattern.matches(text), own.test(text), `${source} on ${JSON.stringify(text)}`);
        compared++;
      },
    ),
    { numRuns: 20 * runs },
  );
  assert.ok(compared > runs, `${compared} compared`);
});

suite("no backtracking", () => {
  for (const source of [
    "(a+)+$",
    "(a|a)*",
    "(a*)*b",
    "(.*)(.*)(.*)(.*)(.*)(.*)x",
    "(a?){50}a{50}",
  ]) {
    test(source, () => {
      const pattern = compilePattern(source, "identity");
      const before = process.cpuUsage().user;
      assert.equal(pattern.matches(`${"a".repeat(4000)}!`), false);
      assert.ok(process.cpuUsage().user - before < 5_000_000);
    });
  }
  test("a text beyond every identity matches nothing", () => {
    assert.equal(compilePattern("a*", "identity").matches("a".repeat(4097)), false);
    assert.equal(compilePattern("a*", "identity").matches("a".repeat(4096)), true);
  });
});

suite("whole texts only", () => {
  const table: readonly (readonly [string, string, boolean])[] = [
    ["acme", "acme", true],
    ["^acme$", "acme", true],
    ["acme", "acme-evil", false],
    ["acme", "evil-acme", false],
    ["acme", "acme\n", false],
    ["acme.*", "acme\nx", false],
    ["(a|b)c", "bc", true],
    ["\\$\\^", "$^", true],
    [".", "😀", true],
    ["[😀]", "😀", true],
    ["v\\d+\\.\\d+", "v1.20", true],
    ["\\d", "١", false],
    ["K", "\u212a", false],
    ["a{0}b", "b", true],
    ["a{0}b", "ab", false],
  ];
  for (const [source, text, matches] of table) {
    test(`${source} on ${JSON.stringify(text)}: ${matches}`, () => {
      assert.equal(compilePattern(source, "identity").matches(text), matches);
    });
  }
});

suite("refused", () => {
  const table = [
    "",
    "(",
    ")",
    "a)",
    "(a",
    "[a",
    "[]",
    "[^\\s\\S]",
    "[[a]]",
    "[b-a]",
    "*a",
    "a**",
    "a{2,1}",
    "a{1001}",
    "a{x}",
    "a{",
    "}",
    "]",
    "(?=a)",
    "(?!a)",
    "(?<=a)",
    "(?i)a",
    "(?<n>a)",
    "\\1",
    "\\b",
    "\\p{L}",
    "\\x41",
    "a\\",
    "a^b",
    "a$b",
    "^a|b$",
    "^a|b",
    "((a{1000}){1000})",
    "x".repeat(1025),
    "(".repeat(60) + "a" + ")".repeat(60),
  ];
  for (const source of table) {
    test(source.slice(0, 40) || "nothing", () => {
      refuses("POLICY_INVALID", () => compilePattern(source, "identity"));
    });
  }
  test("anything gives a pattern or our error", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 60 }), (source) =>
        isContained(() => compilePattern(source, "identity")),
      ),
      { numRuns: runs },
    );
  });
});
