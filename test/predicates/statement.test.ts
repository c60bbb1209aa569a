// The bytes of a statement, and how many subjects it takes.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { encodeStatement, maxSubjects, shardSubjects } from "../../src/predicates/statement.ts";
import { parseStatement } from "../../src/sigstore/statement.ts";
import { runs } from "../refusal.ts";

const hex = "ab".repeat(32);
const predicateType = "https://example.com/t/v1";

function subject(name: string): { name: string; digests: Map<string, string> } {
  return { name, digests: new Map([["sha256", hex]]) };
}

suite("statement", () => {
  test("has exactly these bytes, whatever the order of the digests", () => {
    const digests = [
      ["sha512", "1".repeat(128)],
      ["sha256", hex],
    ] as const;
    for (const order of [digests, digests.toReversed()]) {
      const bytes = encodeStatement({
        subjects: [{ name: 'a "é".txt', digests: new Map(order) }],
        predicateType,
        predicateJson: '{"n":1.0,"s":"\\u0041"}',
      });
      assert.equal(
        Buffer.from(bytes).toString(),
        `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a \\"é\\".txt","digest":{"sha256":"${hex}","sha512":"${"1".repeat(128)}"}}],"predicateType":"${predicateType}","predicate":{"n":1.0,"s":"\\u0041"}}`,
      );
    }
  });

  test("is read back as it was written", () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 5 }),
        fc.dictionary(fc.string(), fc.string()),
        (names, predicate) => {
          const predicateJson = JSON.stringify(predicate);
          const subjects = names.map(subject);
          const bytes = encodeStatement({ subjects, predicateType, predicateJson });
          const statement = parseStatement(bytes);
          assert.deepEqual(statement.subjects, subjects);
          assert.equal(statement.predicateType, predicateType);
          assert.equal(JSON.stringify(statement.predicate.raw), predicateJson);
        },
      ),
      { numRuns: runs },
    );
  });

  test("without or with too many subjects is a defect of the caller", () => {
    for (const count of [0, maxSubjects + 1]) {
      const subjects = Array.from({ length: count }, (_, index) => subject(`f${index}`));
      assert.throws(
        () => encodeStatement({ subjects, predicateType, predicateJson: "{}" }),
        TypeError,
      );
    }
  });
});

suite("sharding", () => {
  for (const [count, sizes] of [
    [0, []],
    [1, [1]],
    [1024, [1024]],
    [1025, [1024, 1]],
    [10_000, [...Array.from({ length: 9 }, () => 1024), 784]],
  ] as const) {
    test(`${count} subjects`, () => {
      const subjects = Array.from({ length: count }, (_, index) => index);
      const shards = shardSubjects(subjects);
      assert.deepEqual(
        shards.map(({ length }) => length),
        sizes,
      );
      assert.deepEqual(shards.flat(), subjects);
    });
  }
});
