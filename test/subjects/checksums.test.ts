// Lists of checksums: those of real tools, each spelling, and each bad line with its number.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import fc from "fast-check";
import { parseChecksums, readChecksums } from "../../src/subjects/checksums.ts";
import type { Subject } from "../../src/subjects/subject.ts";
import { isContained, refusal, rejection, runs } from "../refusal.ts";

const hex = "0123456789abcdef".repeat(8);
const sha256 = hex.slice(0, 64);

type Plain = readonly (readonly [name: string, algorithm: string, digits: string])[];

function plain(subjects: readonly Subject[]): Plain {
  return subjects.flatMap(({ name, digests }) =>
    [...digests].map(([algorithm, digits]) => [name, algorithm, digits] as const),
  );
}

function parse(text: string): Plain {
  return plain(parseChecksums(Buffer.from(text), "subject-checksums"));
}

suite("a line", () => {
  for (const [name, line, expected] of [
    ["in text mode", `${sha256}  app.tar.gz`, ["app.tar.gz", "sha256", sha256]],
    ["in binary mode", `${sha256} *app.tar.gz`, ["app.tar.gz", "sha256", sha256]],
    ["with one space", `${sha256} app.tar.gz`, ["app.tar.gz", "sha256", sha256]],
    [
      "with spaces in the name",
      `${sha256}  my app (1).zip `,
      ["my app (1).zip ", "sha256", sha256],
    ],
    ["with a name that begins with a space", `${sha256}   x`, [" x", "sha256", sha256]],
    ["with a name that begins with a star", `${sha256} **x`, ["*x", "sha256", sha256]],
    ["with a path", `${sha256}  ./dist/app`, ["./dist/app", "sha256", sha256]],
    ["with a name outside ASCII", `${sha256}  日本語.txt`, ["日本語.txt", "sha256", sha256]],
    ["of Windows", `${sha256} *app.exe\r`, ["app.exe", "sha256", sha256]],
    ["in capitals", `${sha256.toUpperCase()}  x`, ["x", "sha256", sha256]],
    ["with an escaped backslash", `\\${sha256}  a\\\\b`, ["a\\b", "sha256", sha256]],
    ["with a backslash that is not escaped", `${sha256}  a\\b`, ["a\\b", "sha256", sha256]],
    ["of SHA-224", `${hex.slice(0, 56)}  x`, ["x", "sha224", hex.slice(0, 56)]],
    ["of SHA-384", `${hex.slice(0, 96)}  x`, ["x", "sha384", hex.slice(0, 96)]],
    ["of SHA-512", `${hex}  x`, ["x", "sha512", hex]],
    ["with a tag", `SHA256 (a (b) = c) = ${sha256}`, ["a (b) = c", "sha256", sha256]],
    ["with an escaped tag", `\\SHA256 (a\\\\b) = ${sha256}`, ["a\\b", "sha256", sha256]],
    ["with BSD's tag", `SHA512/256 (x) = ${sha256}`, ["x", "sha512_256", sha256]],
    ["with OpenSSL's tag", `SHA2-256(x)= ${sha256}`, ["x", "sha256", sha256]],
    [
      "with OpenSSL's other tag",
      `SHA512-224(x)= ${hex.slice(0, 56)}`,
      ["x", "sha512_224", hex.slice(0, 56)],
    ],
  ] as const) {
    test(name, () => assert.deepEqual(parse(line), [expected]));
  }

  test("after another, in their order; blank ones and comments are passed over", () => {
    const list = `# made by x\n\n${sha256}  b\r\n  \r\n${hex} *a\r\n${sha256}  b\n`;
    assert.deepEqual(parse(list), [
      ["b", "sha256", sha256],
      ["a", "sha512", hex],
      ["b", "sha256", sha256],
    ]);
  });
});

suite("a bad line", () => {
  for (const [name, line, code, pattern] of [
    ["of text", "hello", "INPUT_VALUE", /no checksum .*"hello"/],
    ["without a name", sha256, "INPUT_VALUE", /no checksum/],
    ["with an empty name", `${sha256}  `, "INPUT_NAME", /is empty/],
    ["with a digit too few", `${sha256.slice(1)}  x`, "INPUT_VALUE", /63 hexadecimal digits/],
    ["with what is no digit", `${"g".repeat(64)}  x`, "INPUT_VALUE", /no checksum/],
    ["of MD5", `${hex.slice(0, 32)}  x`, "INPUT_VALUE", /MD5 has, which is too weak/],
    ["of SHA-1", `${hex.slice(0, 40)}  x`, "INPUT_VALUE", /SHA-1 has, which is too weak/],
    ["with a tag of another length", `SHA512 (x) = ${sha256}`, "INPUT_VALUE", /sha512 has 128/],
    ["with a tag of a weak algorithm", `SHA1 (x) = ${hex.slice(0, 40)}`, "INPUT_VALUE", /sha1/],
    ["with a line break in its name", `\\${sha256}  a\\nb`, "INPUT_NAME", /control character/],
    ["with a stray backslash", `\\${sha256}  a\\tb`, "INPUT_VALUE", /stray backslash/],
    ["with a backslash at its end", `\\${sha256}  a\\`, "INPUT_VALUE", /stray backslash/],
    ["with a control character", `${sha256}  a\u0007`, "INPUT_NAME", /control character/],
    ["with a carriage return within", `${sha256}  a\rb`, "INPUT_NAME", /control character/],
    ["with a line separator", `${sha256}  a\u2028b`, "INPUT_NAME", /control character/],
    ["with a name without end", `${sha256}  ${"x".repeat(4097)}`, "INPUT_NAME", /4096/],
  ] as const) {
    test(name, () => {
      const text = `${sha256}  good\n\n${line}\n${sha256}  fine\n`;
      const error = refusal(code, () => parse(text));
      assert.match(error.message, pattern);
      assert.match(error.message, /line 3\b/);
    });
  }

  for (const [name, bytes, code] of [
    ["an empty list", "", "INPUT_MISSING"],
    ["a list of comments", "# none\n\n", "INPUT_MISSING"],
    ["a byte order mark", `\uFEFF${sha256}  x`, "INPUT_VALUE"],
    ["UTF-16", Buffer.from(`${sha256}  é`, "utf16le"), "INPUT_VALUE"],
    ["Latin-1", Buffer.from(`${sha256}  é`, "latin1"), "INPUT_VALUE"],
    ["more than 16 MiB", Buffer.alloc(16 * 1024 * 1024 + 1, "#"), "INPUT_VALUE"],
  ] as const) {
    test(name, () => {
      refusal(code, () => parseChecksums(Buffer.from(bytes), "subject-checksums"));
    });
  }

  test("is one of our errors, whatever the text", () => {
    const piece = fc.constantFrom(sha256, " ", "*", "\\", "\n", "\r", "SHA256 (", ") = ", "x", "n");
    const text = fc.oneof(
      fc.string(),
      fc.array(piece).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, (found) => isContained(() => parse(found))),
      { numRuns: runs },
    );
  });
});

test("10,000 lines take no time", () => {
  const lines = Array.from(
    { length: 10_000 },
    (_, index) => `${sha256}  dist/file-${index}.tar.gz\n`,
  );
  assert.equal(parse(lines.join("")).length, 10_000);
});

suite("coreutils", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sigstep-test-"));
    for (const name of ["a b.txt", "back\\slash", "*star", "ünï"]) {
      await writeFile(join(folder, name), name);
    }
  });
  after(() => rm(folder, { recursive: true }));

  for (const [tool, flags, algorithm] of [
    ["sha256sum", [], "sha256"],
    ["sha256sum", ["--binary"], "sha256"],
    ["sha256sum", ["--tag"], "sha256"],
    ["sha224sum", [], "sha224"],
    ["sha384sum", [], "sha384"],
    ["sha512sum", [], "sha512"],
  ] as const) {
    test([tool, ...flags].join(" "), { skip: process.platform !== "linux" }, async () => {
      const names = ["a b.txt", "back\\slash", "*star", "ünï"];
      const text = execFileSync(tool, [...flags, "--", ...names], { cwd: folder });
      const path = join(folder, "SUMS");
      await writeFile(path, text);
      const found = await readChecksums(path);
      assert.deepEqual(
        plain(found).map(([name, used]) => [name, used]),
        names.map((name) => [name, algorithm]),
      );
    });
  }

  test("a name with a line break is refused, though coreutils can write it", async () => {
    await writeFile(join(folder, "SUMS"), `\\${sha256}  a\\nb\n`);
    const error = await rejection("INPUT_NAME", readChecksums(join(folder, "SUMS")));
    assert.match(error.message, /line 1/);
  });
});

suite("the input", () => {
  test("is the list itself when no file has that name", async () => {
    assert.deepEqual(plain(await readChecksums(`${sha256}  x`)), [["x", "sha256", sha256]]);
    assert.deepEqual(plain(await readChecksums(`SHA256 (x) = ${sha256}`)), [
      ["x", "sha256", sha256],
    ]);
    const two = plain(await readChecksums(`${sha256}  x\n${sha256}  y\n`));
    assert.equal(two.length, 2);
  });

  test("that is neither says that there is no file", async () => {
    for (const text of ["dist/SHA256SUMS", "", "x".repeat(5000)]) {
      await rejection("INPUT_NO_MATCH", readChecksums(text));
    }
  });

  test("that is a folder cannot be read", async () => {
    await rejection("INPUT_UNREADABLE", readChecksums(tmpdir()));
  });

  test("that is endless is left at the limit", { skip: process.platform === "win32" }, async () => {
    await rejection("INPUT_VALUE", readChecksums("/dev/zero"));
  });
});
