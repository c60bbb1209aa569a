// Lists: words as a POSIX shell splits them, or lines as they are. A real shell is asked, too.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { suite, test } from "node:test";
import fc from "fast-check";
import { parseList } from "../../src/commands/words.ts";
import { refusal, refuses, runs } from "../refusal.ts";

const parse = (text: string): string[] => parseList(text, "inputs");

suite("words", () => {
  // POSIX.1-2024, Shell Command Language 2.2 and 2.6.5; nothing is expanded.
  const table: readonly (readonly [string, readonly string[]])[] = [
    ["", []],
    [" \t ", []],
    ["a", ["a"]],
    ["a b", ["a", "b"]],
    ["  a \t b  ", ["a", "b"]],
    ["'a b'", ["a b"]],
    ['"a b"', ["a b"]],
    ["a\\ b", ["a b"]],
    ["''", [""]],
    ['""', [""]],
    ["'' a ''", ["", "a", ""]],
    ["a''b", ["ab"]],
    ["a'b'c\"d\"e\\f", ["abcdef"]],
    ["'a'' b'", ["a b"]],
    [String.raw`'a\b'`, [String.raw`a\b`]],
    [String.raw`'\'`, ["\\"]],
    [String.raw`"a\b"`, [String.raw`a\b`]],
    [String.raw`"\$\"\\\`"`, ['$"\\`']],
    [String.raw`"\'"`, [String.raw`\'`]],
    [String.raw`\a\$\'\"\\`, ["a$'\"\\"]],
    [`'"'`, ['"']],
    [`"'"`, ["'"]],
    [`"a'b" 'c"d'`, ["a'b", 'c"d']],
    // What a shell would expand stays as it is.
    [
      "$HOME ~ *.txt {a,b} $(id) `id` a;b a|b a&b a>b #c !x",
      ["$HOME", "~", "*.txt", "{a,b}", "$(id)", "`id`", "a;b", "a|b", "a&b", "a>b", "#c", "!x"],
    ],
    ["[a-z]* **/x?", ["[a-z]*", "**/x?"]],
    ["-x --force -- -", ["-x", "--force", "--", "-"]],
    // White space that is no blank belongs to a name.
    ["a\u00a0b 東京\u3000資料.zip a\u2003b", ["a\u00a0b", "東京\u3000資料.zip", "a\u2003b"]],
    ["a\vb a\fb", ["a\vb", "a\fb"]],
    ["é 😀", ["é", "😀"]],
    ["::set-output", ["::set-output"]],
  ];
  for (const [text, words] of table) {
    test(JSON.stringify(text), () => assert.deepEqual(parse(text), words));
  }

  for (const text of ["'a", '"a', "a'", "a b 'c d", '"a\\"', "\\", "a \\", "'a' \"b"]) {
    test(`${JSON.stringify(text)} is not finished`, () => {
      const { hint, where } = refusal("INPUT_VALUE", () => parse(text));
      assert.notEqual(hint, "");
      assert.equal(where, "inputs");
    });
  }

  test("are what a shell makes of them", () => {
    const piece = fc.constantFrom("a", "b", " ", "\t", "'", '"', "\\", "é", "-", "*", "''");
    const texts = fc.array(piece, { maxLength: 12 }).map((all) => all.join(""));
    // One shell for all: a word for each argument, a NUL after each, a line for each text.
    const samples = fc.sample(texts, { numRuns: 400, seed: 42 }).map((text) => {
      try {
        return { text, words: parse(text) };
      } catch {
        return { text, words: undefined };
      }
    });
    const finished = samples.filter(({ words }) => words !== undefined);
    assert.ok(finished.length > 100 && finished.length < samples.length);
    const script = finished
      .map(({ text }) => `set -f; set -- ${text}\nprintf '%s\\0' "$#" "$@"`)
      .join("\n");
    const said = execFileSync("sh", ["-c", script]).toString().split("\0");
    for (const { text, words } of finished) {
      const count = Number(said.shift());
      assert.deepEqual(said.splice(0, count), words, JSON.stringify(text));
    }
  });

  test("are given back by quoting, whatever they hold", () => {
    const word = fc.string({ unit: "binary" }).filter((text) => !/[\r\n]/.test(text));
    fc.assert(
      fc.property(fc.array(word), (words) => {
        const quoted = words.map((text) => `'${text.replaceAll("'", `'\\''`)}'`);
        assert.deepEqual(parse(quoted.join(" ")), words);
      }),
      { numRuns: runs },
    );
  });
});

suite("lines", () => {
  const table: readonly (readonly [string, readonly string[]])[] = [
    ["a\nb", ["a", "b"]],
    ["a\n", ["a"]],
    ["\na", ["a"]],
    ["a\r\nb\r\n", ["a", "b"]],
    ["a b\nc", ["a b", "c"]],
    ["'a b'\n\"c\"\n\\d\n", ["'a b'", '"c"', "\\d"]],
    ["'a\n", ["'a"]],
    ["  a  \n\tb", ["  a  ", "\tb"]],
    ["a\n\n  \n\t\nb", ["a", "b"]],
    ["\n", []],
    ["\r\n\r\n", []],
    ["a\rb\nc", ["a\rb", "c"]],
    ["# no comment\na", ["# no comment", "a"]],
  ];
  for (const [text, items] of table) {
    test(`${JSON.stringify(text)} are taken as they are`, () =>
      assert.deepEqual(parse(text), items));
  }
});

suite("limits", () => {
  test("1 MiB", () => {
    assert.equal(parse("a ".repeat(1 << 19)).length, 1 << 19);
    for (const text of ["a".repeat((1 << 20) + 1), "a\n".repeat(1 << 20)]) {
      assert.notEqual(refusal("INPUT_VALUE", () => parse(text)).hint, "");
    }
  });

  test("time is linear and no stack overflows", () => {
    const large = (1 << 20) - 2;
    const started = process.cpuUsage();
    assert.deepEqual(parse(`"${"a".repeat(large)}"`), ["a".repeat(large)]);
    parse(`'${"a".repeat(large)}'`);
    parse(`"${"\\$".repeat(large / 2)}"`);
    parse("\\a".repeat(large / 2));
    parse("''".repeat(large / 2));
    for (const quote of ["'", '"', "\\"]) {
      refuses("INPUT_VALUE", () => parse(quote.padStart(large, "a")));
      refuses("INPUT_VALUE", () => parse(`${"'' ".repeat(large / 4)}${quote}`));
      refuses("INPUT_VALUE", () => parse(`${quote}${"a".repeat(large)}`.replace("\\", "'")));
    }
    assert.ok(process.cpuUsage(started).user < 5_000_000);
  });
});
