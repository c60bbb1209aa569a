// Paths and globs in a folder of awkward names. Names that no string can hold are made with bytes.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after, before, suite, test } from "node:test";
import { findFiles } from "../../src/subjects/find.ts";
import { rejection } from "../refusal.ts";

const home = process.cwd();
let folder = "";

const names = [
  ...["a.txt", "b.txt", "c.log", "A.TXT", ".hidden", ".hidden.txt", "-lead", "--force", "~", "#x"],
  ...[
    "with space",
    " ",
    "tab\there",
    "new\nline",
    "crlf\r\n",
    `q'u"o`,
    "back`tick",
    "$(id)",
    "a;b",
  ],
  ...[
    "::set-output name=x::y",
    "##[group]x",
    "é",
    "e\u0301",
    "漢字",
    "😀",
    "\u202egpj.exe",
    "\u200b",
  ],
  ...[
    "[z]",
    "z",
    "{x,y}",
    "x",
    "(p)",
    "+(q)",
    "q",
    "a[b(c",
    "!n",
    "*star",
    "?",
    "back\\slash",
    "%41",
  ],
  ...[
    "app.tar.gz",
    "app.tar.gz.sigstore.json",
    "sigstep-manifest.json",
    "my-sigstep-manifest.json",
  ],
  ...["sub/a.txt", "sub/deep/a.txt", "sub/.dot/a.txt", "sub/deep/a.txt.sigstore.json"],
];

before(() => {
  folder = mkdtempSync(join(tmpdir(), "sigstep-find-"));
  process.chdir(folder);
  for (const name of ["sub/deep", "sub/.dot", "empty", "notutf8", "links", "set[1]"]) {
    mkdirSync(name, { recursive: true });
  }
  names.forEach((name, i) => writeFileSync(name, "x".repeat(i)));
  writeFileSync(Buffer.concat([Buffer.from("notutf8/bad"), Buffer.of(0xff)]), "");
  writeFileSync("notutf8/good", "");
  writeFileSync("set[1]/app", "");
  symlinkSync("../a.txt", "links/to-file");
  symlinkSync("../sub", "links/to-folder");
  symlinkSync("nowhere", "links/dangling");
  symlinkSync("loop", "links/loop");
});

after(() => {
  process.chdir(home);
  rmSync(folder, { recursive: true });
});

async function find(...items: string[]): Promise<string[]> {
  return (await findFiles(items)).map(({ path }) => path);
}

suite("a path that exists", () => {
  for (const name of names.filter((one) => one !== "~")) {
    test(`${JSON.stringify(name)} is that file`, async () => {
      const [file, ...more] = await findFiles([name]);
      assert.deepEqual(more, []);
      assert.deepEqual(file, {
        path: name,
        name: name.split("/").at(-1),
        size: names.indexOf(name),
      });
    });
  }

  test("is taken as it is written", async () => {
    const absolute = resolve("a.txt");
    assert.deepEqual(await find("./a.txt"), ["./a.txt"]);
    assert.deepEqual(await find(absolute), [absolute]);
    assert.deepEqual(await find("sub/../a.txt"), ["sub/../a.txt"]);
    assert.deepEqual(await find("links/to-file"), ["links/to-file"]);
    assert.deepEqual(await find("links/to-folder/a.txt"), ["links/to-folder/a.txt"]);
  });

  test("is taken literally even when it has glob characters and would match others", async () => {
    assert.deepEqual(await find("[z]"), ["[z]"]);
    assert.deepEqual(await find("*star"), ["*star"]);
    assert.deepEqual(await find("?"), ["?"]);
  });

  test("may be one of our own outputs", async () => {
    const own = ["app.tar.gz.sigstore.json", "sigstep-manifest.json"];
    assert.deepEqual(await find(...own), own);
  });
});

suite("a glob", () => {
  const table: readonly (readonly [string, readonly string[]])[] = [
    ["*.txt", ["a.txt", "b.txt"]],
    ["./*.txt", ["a.txt", "b.txt"]],
    ["?.txt", ["a.txt", "b.txt"]],
    ["[ab].txt", ["a.txt", "b.txt"]],
    ["[!a].txt", ["b.txt"]],
    ["[^a].txt", ["b.txt"]],
    ["[a-c].txt", ["a.txt", "b.txt"]],
    ["[[:alpha:]].txt", ["a.txt", "b.txt"]],
    ["[]a].txt", ["a.txt"]],
    ["[!]a].txt", ["b.txt"]],
    ["*/a.txt", ["sub/a.txt"]],
    ["**/a.txt", ["a.txt", "sub/a.txt", "sub/deep/a.txt"]],
    ["sub/**", ["sub/a.txt", "sub/deep/a.txt"]],
    ["sub/**/*.txt", ["sub/a.txt", "sub/deep/a.txt"]],
    ["sub/*", ["sub/a.txt"]],
    ["app*", ["app.tar.gz"]],
    ["*manifest.json", ["my-sigstep-manifest.json"]],
    ["**/*.tar.gz*", ["app.tar.gz"]],
    [".*", [".hidden", ".hidden.txt"]],
    ["sub/.*/a.txt", ["sub/.dot/a.txt"]],
    ["-*", ["--force", "-lead"]],
    ["new*", ["new\nline"]],
    ["::*", ["::set-output name=x::y"]],
    ["with *", ["with space"]],
    ["#*", ["##[group]x", "#x"]],
    ["[!!-~]*e*", ["\u202egpj.exe"]],
    // Characters with a meaning as themselves.
    ["[[]z]*", ["[z]"]],
    ["[[]z[]]", ["[z]"]],
    ["[*]*", ["*star"]],
    ["[?]*", ["?"]],
    ["back?slash", ["back\\slash"]],
    ["!n*", ["!n"]],
    ["[!a-z]n", ["!n"]],
    // Braces, groups and an open class have none.
    ["{x,y}*", ["{x,y}"]],
    ["{a,b}.tx*", []],
    ["{*", ["{x,y}"]],
    ["*}", ["{x,y}"]],
    ["[{]*", ["{x,y}"]],
    ["(p*", ["(p)"]],
    ["+(q)*", ["+(q)"]],
    ["+(q|z)*", []],
    ["?(q)*", ["+(q)"]],
    ["@(a|b).tx*", []],
    ["a[b(*", ["a[b(c"]],
    ["a[b(c*", ["a[b(c"]],
    ["*[", []],
    ["$(*", ["$(id)"]],
    ["%*", ["%41"]],
    ["~*", ["~"]],
    // A folder whose name is one.
    ["set[1]/*", []],
    ["set[[]1]/*", ["set[1]/app"]],
  ];
  for (const [glob, expected] of table) {
    test(`${JSON.stringify(glob)} is ${expected.length === 0 ? "none" : expected.join(" ")}`, async () => {
      if (expected.length > 0) assert.deepEqual(await find(glob), expected);
      else assert.notEqual((await rejection("INPUT_NO_MATCH", find(glob))).hint, "");
    });
  }

  test("gives its files by name, whatever the file system's order", async () => {
    const found = await find("*");
    assert.deepEqual(found, found.toSorted());
    assert.ok(found.length > 25 && !found.some((name) => name.startsWith(".")));
    assert.ok(!found.includes("sub") && !found.includes("empty"));
    assert.ok(!found.includes("app.tar.gz.sigstore.json"));
    assert.ok(!found.includes("sigstep-manifest.json"));
  });

  test("of absolute paths gives absolute paths", async () => {
    const pattern = join(folder, "[ab].txt");
    assert.deepEqual(await find(pattern), [join(folder, "a.txt"), join(folder, "b.txt")]);
  });

  test("of our own outputs alone matches nothing", async () => {
    await rejection("INPUT_NO_MATCH", find("*.sigstore.json"));
    await rejection("INPUT_NO_MATCH", find("sigstep-manifest.jso?"));
  });

  test("of folders alone matches nothing", async () => {
    await rejection("INPUT_NO_MATCH", find("empt*"));
    await rejection("INPUT_NO_MATCH", find("empty/*"));
    await rejection("INPUT_NO_MATCH", find("*/"));
  });

  test("holds no backslash: it would be read as a slash", async () => {
    for (const glob of ["back\\slas?", "\\*", "[\\]]"]) {
      assert.notEqual((await rejection("INPUT_VALUE", find(glob))).hint, "");
    }
  });

  test("is not longer than any path", async () => {
    await rejection("INPUT_VALUE", find("*".repeat(100_000)));
    await rejection("INPUT_NO_MATCH", find("x".repeat(100_000)));
    const started = process.cpuUsage();
    await rejection("INPUT_NO_MATCH", find("[".repeat(8000)));
    await rejection("INPUT_NO_MATCH", find("[:a".repeat(2600)));
    assert.ok(process.cpuUsage(started).user < 5_000_000);
  });
});

suite("several items", () => {
  test("are in their order, each file once, under the name that came first", async () => {
    assert.deepEqual(await find("b.txt", "*.txt"), ["b.txt", "a.txt"]);
    assert.deepEqual(await find("*.txt", "b.txt"), ["a.txt", "b.txt"]);
    assert.deepEqual(await find("./a.txt", "a.txt", resolve("a.txt"), "sub/../a.txt"), ["./a.txt"]);
    assert.deepEqual(await find("c.log", "a.txt"), ["c.log", "a.txt"]);
  });

  test("fail as a whole when one of them fails", async () => {
    await rejection("INPUT_NO_MATCH", find("a.txt", "missing"));
    await rejection("INPUT_NO_MATCH", find("*.txt", "*.missing"));
  });

  test("that are none are an error with an example", async () => {
    const { hint } = await rejection("INPUT_MISSING", find());
    assert.match(hint, /inputs:/);
  });
});

suite("refused", () => {
  for (const item of [
    "missing",
    "",
    "missing/a.txt",
    "a.txt/",
    "a.txt/b",
    "*.missing",
    "x".repeat(5000),
  ]) {
    test(`${JSON.stringify(item.slice(0, 20))}: no such file`, async () => {
      const error = await rejection("INPUT_NO_MATCH", find(item));
      assert.notEqual(error.hint, "");
      assert.equal(error.where, "inputs");
    });
  }

  for (const item of ["sub", "sub/", ".", "..", "/", "links/to-folder", "set[1]"]) {
    test(`${item}: a folder`, async () => {
      const error = await rejection("INPUT_NOT_A_FILE", find(item));
      assert.match(error.hint, /\*/);
    });
  }

  test("what is neither file nor folder", async () => {
    await rejection("INPUT_NOT_A_FILE", find("/dev/null"));
  });

  test("a link to nothing, literally or by a glob, and a link to itself", async () => {
    for (const item of ["links/dangling", "links/d*", "links/loop"]) {
      assert.notEqual((await rejection("INPUT_UNREADABLE", find(item))).hint, "");
    }
  });

  test("a name that is not UTF-8, which no bundle could hold", async () => {
    const error = await rejection("INPUT_NAME", find("notutf8/*"));
    assert.notEqual(error.hint, "");
    await rejection("INPUT_NAME", find("notutf8/bad*"));
    assert.deepEqual(await find("notutf8/good"), ["notutf8/good"]);
    const given = Buffer.concat([Buffer.from("notutf8/bad"), Buffer.of(0xff)]).toString();
    assert.match((await rejection("INPUT_NO_MATCH", find(given))).hint, /UTF-8/);
  });

  test("a NUL character", async () => {
    for (const item of ["a\0.txt", "\0", "*\0"]) {
      const error = await rejection("INPUT_NAME", find(item));
      assert.ok(!error.message.includes("\0"));
    }
  });

  test("with a name that cannot steer the log", async () => {
    const item = "missing\n::error::\u001b[2J\u202e";
    const { message } = await rejection("INPUT_NO_MATCH", find(item));
    assert.doesNotMatch(message, /[\p{Cc}\p{Cf}]/u);
  });
});
