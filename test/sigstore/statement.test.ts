// Statements: read strictly, and matched with an artifact by every digest that both know.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { computeDigest, type DigestAlgorithm, type Digests } from "../../src/crypto/digest.ts";
import {
  findSubject,
  parseStatement,
  type Statement,
  subjectAlgorithms,
} from "../../src/sigstore/statement.ts";
import { isContained, refusal, refuses, runs } from "../refusal.ts";

const code = "STATEMENT_INVALID";
const artifact = Buffer.from("artifact");

function bytesOf(algorithm: DigestAlgorithm, content: Uint8Array = artifact): Uint8Array {
  return computeDigest(algorithm, content).bytes;
}

function hexOf(algorithm: DigestAlgorithm, content: Uint8Array = artifact): string {
  return Buffer.from(bytesOf(algorithm, content)).toString("hex");
}

/** What is known of the artifact. */
function known(...algorithms: readonly DigestAlgorithm[]): Digests {
  return new Map(algorithms.map((algorithm) => [algorithm, bytesOf(algorithm)]));
}

const right = {
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "app", digest: { sha256: hexOf("sha256") } }],
  predicateType: "https://example.com/predicate/v1",
  predicate: { a: 1 },
};

function parse(value: unknown): Statement {
  return parseStatement(Buffer.from(typeof value === "string" ? value : JSON.stringify(value)));
}

/** A statement about subjects with these digests. */
function about(...digests: readonly Readonly<Record<string, string>>[]): Statement {
  return parse({ ...right, subject: digests.map((digest, i) => ({ name: `s${i}`, digest })) });
}

suite("reading a statement", () => {
  for (const version of ["v1", "v0.1"]) {
    test(`of ${version} gives what it says`, () => {
      const type = `https://in-toto.io/Statement/${version}`;
      const statement = parse({ ...right, _type: type });
      assert.equal(statement.type, type);
      assert.equal(statement.predicateType, right.predicateType);
      assert.deepEqual(statement.predicate.raw, { a: 1 });
      assert.deepEqual(statement.subjects, [
        { name: "app", digests: new Map([["sha256", hexOf("sha256")]]) },
      ]);
    });
  }

  test("takes subjects without a name, and no predicate", () => {
    const statement = parse({
      ...right,
      subject: [{ digest: right.subject[0]?.digest }],
      predicate: undefined,
    });
    assert.equal(statement.subjects[0]?.name, "");
    assert.ok(!statement.predicate.present);
  });

  test("takes upper-case digits, as the same digest", () => {
    const statement = about({ sha256: hexOf("sha256").toUpperCase() });
    assert.equal(statement.subjects[0]?.digests.get("sha256"), hexOf("sha256"));
    assert.equal(findSubject(statement, known("sha256")).algorithm, "sha256");
  });

  test("keeps digests by other algorithms as they are", () => {
    const { subjects } = about({ gitCommit: "ABC", sha256: hexOf("sha256") });
    assert.equal(subjects[0]?.digests.get("gitCommit"), "ABC");
  });

  const [subject] = right.subject;
  const hex = hexOf("sha256");
  const text = JSON.stringify(right);
  for (const [name, value] of Object.entries({
    nothing: "",
    "no JSON": "{",
    "a list": [],
    "a text": '"x"',
    "two texts": text + text,
    "a byte order mark": `\u{feff}${text}`,
    "no type": { ...right, _type: undefined },
    "another type": { ...right, _type: "https://in-toto.io/Statement/v2" },
    "a type with a slash": { ...right, _type: `${right._type}/` },
    "a type that is http": { ...right, _type: "http://in-toto.io/Statement/v1" },
    "no subject": { ...right, subject: undefined },
    "an empty list of subjects": { ...right, subject: [] },
    "a subject that is no list": { ...right, subject },
    "too many subjects": { ...right, subject: Array(16_385).fill(subject) },
    "a subject without digest": { ...right, subject: [{ name: "app" }] },
    "a second subject without digest": { ...right, subject: [subject, { name: "app" }] },
    "a subject with an empty digest": { ...right, subject: [{ name: "app", digest: {} }] },
    "a name that is a number": { ...right, subject: [{ ...subject, name: 1 }] },
    "no predicate type": { ...right, predicateType: undefined },
    "an empty predicate type": { ...right, predicateType: "" },
    "a predicate type that is a list": { ...right, predicateType: [right.predicateType] },
    "a digest that is a number": { ...right, subject: [{ digest: { sha256: 1 } }] },
    "a digest too short": { ...right, subject: [{ digest: { sha256: hex.slice(2) } }] },
    "a digest too long": { ...right, subject: [{ digest: { sha256: `${hex}00` } }] },
    "a digest of another length": { ...right, subject: [{ digest: { sha512: hex } }] },
    "a digest in base64": {
      ...right,
      subject: [{ digest: { sha256: Buffer.from(hex, "hex").toString("base64") } }],
    },
    "a digest with its name before it": {
      ...right,
      subject: [{ digest: { sha256: `sha256:${hex}` } }],
    },
    "33 digests of a subject": {
      ...right,
      subject: [
        { digest: Object.fromEntries(Array.from({ length: 33 }, (_, i) => [`a${i}`, "0"])) },
      ],
    },
    "a name twice": text.replace("{", '{"_type":"https://in-toto.io/Statement/v1",'),
    "a digest's name twice": text.replace('"sha256":', `"sha256":"${hex}","sha256":`),
    "a digest's name twice, once escaped": text.replace(
      '"sha256":',
      `"sha25\\u0036":"${hex}","sha256":`,
    ),
  })) {
    test(`with ${name} is refused`, () => refuses(code, () => parse(value)));
  }

  test("gives a value or our error for any bytes", () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 60 }),
      fc.json().map((json) => Buffer.from(json)),
      fc.nat(text.length).map((length) => Buffer.from(text.slice(0, length))),
    );
    fc.assert(
      fc.property(bytes, (given) => isContained(() => parseStatement(given))),
      { numRuns: runs },
    );
  });
});

suite("the subject", () => {
  const other = Buffer.from("other");
  const all = { sha256: hexOf("sha256"), sha384: hexOf("sha384"), sha512: hexOf("sha512") };

  for (const algorithm of ["sha256", "sha384", "sha512"] as const) {
    test(`is found by ${algorithm} alone`, () => {
      const found = findSubject(about({ [algorithm]: hexOf(algorithm) }), known(algorithm));
      assert.equal(found.algorithm, algorithm);
      assert.deepEqual(Buffer.from(found.bytes), Buffer.from(bytesOf(algorithm)));
    });
  }

  test("is any one of them", () => {
    const statement = about({ sha256: hexOf("sha256", other) }, { sha1: "0" }, all);
    findSubject(statement, known("sha256"));
    findSubject(statement, known("sha256", "sha384", "sha512"));
  });

  test("may have digests that nobody asks about", () => {
    findSubject(about({ ...all, sha512: hexOf("sha512", other) }), known("sha256"));
    findSubject(about({ sha1: "whatever", gitCommit: "", sha256: all.sha256 }), known("sha256"));
  });

  test("is not one whose digests contradict each other", () => {
    for (const digests of [
      { ...all, sha512: hexOf("sha512", other) },
      { ...all, sha256: hexOf("sha256", other) },
    ]) {
      refuses(code, () => findSubject(about(digests), known("sha256", "sha512")));
      refuses(code, () => findSubject(about(digests), known("sha512", "sha256")));
    }
  });

  test("is not put together from two", () => {
    const statement = about(
      { sha256: all.sha256, sha512: hexOf("sha512", other) },
      { sha256: hexOf("sha256", other), sha512: all.sha512 },
    );
    refuses(code, () => findSubject(statement, known("sha256", "sha512")));
  });

  test("is another artifact's: says whose, and what was looked for", () => {
    const error = refusal(code, () =>
      findSubject(about({ sha256: hexOf("sha256", other) }), known("sha256")),
    );
    assert.match(error.message, /is about "s0", not about the artifact sha256:[0-9a-f]{64}/);
  });

  test("by sha512 only, as npm's, is not found by sha256: says that it is the kind", () => {
    const error = refusal(code, () => findSubject(about({ sha512: all.sha512 }), known("sha256")));
    assert.match(error.message, /names its subjects by "sha512" only.*known by sha256/);
    assert.match(error.hint, /Give the file itself/);
  });

  test("by nothing that we compute is not found at all", () => {
    const statement = about({ sha1: "00", gitCommit: "00" });
    assert.deepEqual([...subjectAlgorithms(statement)], []);
    refuses(code, () => findSubject(statement, known("sha256", "sha384", "sha512")));
    refuses(code, () => findSubject(about(all), new Map()));
  });

  test("is found in no name of an object's own", () => {
    const statement = about({ __proto__x: "00", constructor: "00", toString: "00" });
    assert.deepEqual([...subjectAlgorithms(statement)], []);
    refuses(code, () => findSubject(statement, known("sha256")));
  });

  test("asks for every algorithm that any of them has", () => {
    const statement = about({ sha1: "0" }, { sha512: all.sha512 }, { sha256: all.sha256 });
    assert.deepEqual([...subjectAlgorithms(statement)].toSorted(), ["sha256", "sha512"]);
  });
});
