// Subjects by digest, from the runner's list, from our manifest and by path list; and all of them as one set.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { type ListedArtifact, parseArtifactsList } from "../../src/subjects/artifacts-list.ts";
import { parseDigestSubject } from "../../src/subjects/digest-subject.ts";
import { parseManifestSubjects } from "../../src/subjects/manifest-subjects.ts";
import { parsePathList } from "../../src/subjects/path-list.ts";
import { mergeSubjects } from "../../src/subjects/subject-set.ts";
import type { Subject } from "../../src/subjects/subject.ts";
import { isContained, refusal, refuses, runs } from "../refusal.ts";

const hex = "0123456789abcdef".repeat(8);
const sha256 = hex.slice(0, 64);

function subject(name: string, ...digests: readonly (readonly [string, string])[]): Subject {
  return { name, digests: new Map(digests) };
}

suite("subject-digest", () => {
  for (const [algorithm, length] of [
    ["sha224", 56],
    ["sha256", 64],
    ["sha384", 96],
    ["sha512", 128],
    ["sha512_224", 56],
    ["sha512_256", 64],
  ] as const) {
    const digits = hex.slice(0, length);
    test(algorithm, () => {
      for (const text of [digits, digits.toUpperCase()]) {
        const found = parseDigestSubject(`${algorithm}:${text}`, "app");
        assert.deepEqual(found, subject("app", [algorithm, digits]));
      }
    });
    test(`${algorithm} of another length`, () => {
      for (const text of [digits.slice(1), `${digits}0`, ""]) {
        refuses("INPUT_VALUE", () => parseDigestSubject(`${algorithm}:${text}`, "app"));
      }
    });
  }

  test("the message counts", () => {
    const error = refusal("INPUT_VALUE", () => parseDigestSubject("sha256:12ab", "app"));
    assert.match(error.message, /4 hexadecimal digits; sha256 has 64/);
  });

  for (const text of [
    "",
    sha256,
    `:${sha256}`,
    `md5:${hex.slice(0, 32)}`,
    `sha1:${hex.slice(0, 40)}`,
    `SHA256:${sha256}`,
    `sha256:${"g".repeat(64)}`,
    `sha256:${sha256}\n`,
    `sha256: ${sha256.slice(1)}`,
    `__proto__:${sha256}`,
  ]) {
    test(`not ${JSON.stringify(text.slice(0, 20))}`, () => {
      refuses("INPUT_VALUE", () => parseDigestSubject(text, "app"));
    });
  }

  test("needs a name that can be shown", () => {
    refuses("INPUT_MISSING", () => parseDigestSubject(`sha256:${sha256}`, ""));
    for (const name of ["a\nb", "a\u0000", "\u001b[31m", "a\u2029", "\ud800", "x".repeat(4097)]) {
      refuses("INPUT_NAME", () => parseDigestSubject(`sha256:${sha256}`, name));
    }
  });
});

function parseArtifacts(value: unknown): ListedArtifact[] {
  return parseArtifactsList(Buffer.from(typeof value === "string" ? value : JSON.stringify(value)));
}

suite("the runner's list", () => {
  const file = { name: "app", digest: `sha256:${sha256}`, kind: "file" };
  const image = { ...file, name: "ghcr.io/acme/app", kind: "oci" };

  test("of files and images, each once", () => {
    const found = parseArtifacts({ version: 1, subjects: [file, image, file], more: true });
    assert.deepEqual(found, [
      { kind: "file", ...subject("app", ["sha256", sha256]) },
      { kind: "oci", ...subject("ghcr.io/acme/app", ["sha256", sha256]) },
    ]);
  });

  test("that is blank has none", () => {
    for (const text of ["", "\n", " \r\n\t"]) assert.deepEqual(parseArtifacts(text), []);
    assert.deepEqual(parseArtifacts({ version: 1, subjects: [] }), []);
  });

  for (const [name, value, code] of [
    ["a byte order mark", "\uFEFF", "INPUT_VALUE"],
    ["text", "app", "INPUT_VALUE"],
    ["a list", [], "INPUT_VALUE"],
    ["another version", { version: 2, subjects: [] }, "INPUT_VALUE"],
    ["a version that is text", { version: "1", subjects: [] }, "INPUT_VALUE"],
    ["no version", { subjects: [] }, "INPUT_VALUE"],
    ["no subjects", { version: 1 }, "INPUT_VALUE"],
    ["an entry that is text", { version: 1, subjects: ["x"] }, "INPUT_VALUE"],
    ["no name", { version: 1, subjects: [{ ...file, name: undefined }] }, "INPUT_VALUE"],
    ["an empty name", { version: 1, subjects: [{ ...file, name: "" }] }, "INPUT_NAME"],
    ["a control character", { version: 1, subjects: [{ ...file, name: "a\u0007" }] }, "INPUT_NAME"],
    ["another kind", { version: 1, subjects: [{ ...file, kind: "npm" }] }, "INPUT_VALUE"],
    [
      "another algorithm",
      { version: 1, subjects: [{ ...file, digest: `sha512:${hex}` }] },
      "INPUT_VALUE",
    ],
    ["no algorithm", { version: 1, subjects: [{ ...file, digest: sha256 }] }, "INPUT_VALUE"],
    ["a short digest", { version: 1, subjects: [{ ...file, digest: "sha256:12" }] }, "INPUT_VALUE"],
    [
      "one name, two kinds",
      { version: 1, subjects: [file, { ...file, kind: "oci" }] },
      "INPUT_NAME_CLASH",
    ],
    [
      "one name, two digests",
      { version: 1, subjects: [file, { ...file, digest: `sha256:${"0".repeat(64)}` }] },
      "INPUT_NAME_CLASH",
    ],
    ["more than 1 MiB", " ".repeat(1024 * 1024 + 1), "INPUT_VALUE"],
  ] as const) {
    test(`with ${name} is refused`, () => refuses(code, () => parseArtifacts(value)));
  }
});

suite("a manifest", () => {
  const item = { name: "app", path: "dist/app", digest: { sha256 }, result: "signed" };
  function parse(value: unknown): Subject[] {
    return parseManifestSubjects(Buffer.from(JSON.stringify(value)), "manifest m.json");
  }

  test("gives the subjects of its run", () => {
    const found = parse({
      schemaVersion: 1,
      subjects: [item, { ...item, name: "b" }],
      failures: [],
    });
    assert.deepEqual(found, [subject("app", ["sha256", sha256]), subject("b", ["sha256", sha256])]);
  });

  for (const [name, value, code] of [
    ["of another version", { schemaVersion: 2, subjects: [item] }, "INPUT_VALUE"],
    ["without subjects", { schemaVersion: 1, subjects: [] }, "INPUT_VALUE"],
    ["without digest", { schemaVersion: 1, subjects: [{ ...item, digest: {} }] }, "INPUT_VALUE"],
    [
      "with a bad digest",
      { schemaVersion: 1, subjects: [{ ...item, digest: { sha256: "x" } }] },
      "INPUT_VALUE",
    ],
    ["with a bad name", { schemaVersion: 1, subjects: [{ ...item, name: "a\nb" }] }, "INPUT_NAME"],
    ["that is none", { hello: 1 }, "INPUT_VALUE"],
  ] as const) {
    test(`${name} is refused`, () => refuses(code, () => parse(value)));
  }
});

suite("subject-path", () => {
  for (const [text, items] of [
    ["dist/*.tar.gz", ["dist/*.tar.gz"]],
    ["a, b ,c", ["a", "b", "c"]],
    ["a\nb\r\nc\n", ["a", "b", "c"]],
    ["a,b\n c , \n\n,d", ["a", "b", "c", "d"]],
    ['"a,b",c', ["a,b", "c"]],
    ['"a ""x"" b"', ['a "x" b']],
    ['  "a b"  ,c', ["a b", "c"]],
    ['a"b,c"d', ['a"b', 'c"d']],
    ['"a" b,c', ['"a" b', "c"]],
    ['"open,c', ['"open', "c"]],
    ["# no\n!dist/x\nmy app", ["!dist/x", "my app"]],
    ["C:\\dist\\a b.exe", ["C:\\dist\\a b.exe"]],
  ] as const) {
    test(JSON.stringify(text), () => assert.deepEqual(parsePathList(text), items));
  }

  for (const text of ["", " \n , ,\n", "# only"]) {
    test(`${JSON.stringify(text)} names nothing`, () => {
      refuses("INPUT_MISSING", () => parsePathList(text));
    });
  }

  test("has an end", () => {
    refuses("INPUT_VALUE", () => parsePathList("x,".repeat(1024 * 1024)));
    const long = `"${'""'.repeat(500_000)}"`;
    assert.deepEqual(parsePathList(long), ['"'.repeat(500_000)]);
  });

  test("is read whatever it is", () => {
    fc.assert(
      fc.property(fc.string(), (text) => isContained(() => parsePathList(text))),
      { numRuns: runs },
    );
  });
});

suite("one set", () => {
  const other = "f".repeat(64);

  test("has each artifact once, in order", () => {
    const found = mergeSubjects([
      subject("b", ["sha256", sha256]),
      subject("a", ["sha256", sha256]),
      subject("b", ["sha256", sha256]),
    ]);
    assert.deepEqual(found, [subject("b", ["sha256", sha256]), subject("a", ["sha256", sha256])]);
  });

  test("joins digests of one name", () => {
    const found = mergeSubjects([
      subject("a", ["sha256", sha256]),
      subject("a", ["sha512", hex], ["sha256", sha256]),
    ]);
    assert.deepEqual(found, [subject("a", ["sha256", sha256], ["sha512", hex])]);
  });

  test("refuses two artifacts under one name", () => {
    const error = refusal("INPUT_NAME_CLASH", () =>
      mergeSubjects([subject("a", ["sha256", sha256]), subject("a", ["sha256", other])]),
    );
    assert.ok(error.message.includes(other) && error.message.includes(sha256));
  });

  test("refuses a file's name with a control character", () => {
    for (const name of ["a\u001b[2J", "a\nb", ""]) {
      refuses("INPUT_NAME", () => mergeSubjects([subject(name, ["sha256", sha256])]));
    }
  });

  test("has room for 10,000", () => {
    const many = Array.from({ length: 10_000 }, (_, index) =>
      subject(`f${index}`, ["sha256", sha256]),
    );
    assert.equal(mergeSubjects([...many, ...many]).length, 10_000);
  });
});
