// Policies against provenance: build type and workflow inputs, which nobody but the signer vouches for.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { exactly, matching, type Matcher } from "../../src/sigstore/matcher.ts";
import { checkStatement } from "../../src/sigstore/policy.ts";
import { parseStatement, type Statement } from "../../src/sigstore/statement.ts";
import { refusal } from "../refusal.ts";

const v1 = "https://slsa.dev/provenance/v1";
const buildType = "https://actions.github.io/buildtypes/workflow/v1";

function statement(inputs: string, predicateType = v1): Statement {
  const subject = `[{"name":"a","digest":{"sha256":"${"0".repeat(64)}"}}]`;
  const predicate = `{"buildDefinition":{"buildType":"${buildType}","externalParameters":{"inputs":${inputs}}}}`;
  const text = `{"_type":"https://in-toto.io/Statement/v1","subject":${subject},"predicateType":"${predicateType}","predicate":${predicate}}`;
  return parseStatement(Buffer.from(text));
}

const asking = (name: string, matcher: Matcher): Parameters<typeof checkStatement>[1] => ({
  provenance: { inputs: new Map([[name, matcher]]) },
});

suite("inputs", () => {
  for (const [json, wanted] of [
    ['"production"', exactly("production", "input")],
    ['"v1.2.3"', matching("v\\d+\\.\\d+\\.\\d+", "input")],
    ["true", exactly("true", "input")],
    ["12", exactly("12", "input")],
  ] as const) {
    test(`${json} fits`, () => {
      checkStatement(statement(`{"a":${json},"b":"other"}`), asking("a", wanted));
    });
  }

  for (const [what, inputs, says] of [
    [
      "another value",
      '{"a":"staging"}',
      /input "a" is "staging", and the policy wants "production"/,
    ],
    ["another case", '{"a":"Production"}', /input "a" is "Production"/],
    ["no such input", '{"b":"production"}', /input "a" is missing/],
    ["an inherited name", "{}", /input "a" is missing/],
    ["a list", '{"a":["production"]}', /input "a" is missing/],
    ["no inputs", "null", /input "a" is missing/],
  ] as const) {
    test(`${what} is refused`, () => {
      const policy = asking("a", exactly("production", "input"));
      const { message } = refusal("POLICY_NOT_SATISFIED", () => {
        checkStatement(statement(inputs), policy);
      });
      assert.match(message, says);
    });
  }

  test("a number that a double may not hold as written is none", () => {
    for (const number of ["9007199254740993", "0.1000000000000000000001", "1e400"]) {
      const policy = asking("a", matching(".*", "input"));
      const { message } = refusal("POLICY_NOT_SATISFIED", () => {
        checkStatement(statement(`{"a":${number}}`), policy);
      });
      assert.match(message, /is missing/);
    }
  });

  test("of what every object inherits there is none", () => {
    for (const name of ["__proto__", "constructor", "toString"]) {
      const policy = asking(name, matching(".*", "input"));
      refusal("POLICY_NOT_SATISFIED", () => checkStatement(statement("{}"), policy));
    }
  });

  test("of version 0.2 are not read", () => {
    const policy = asking("a", exactly("x", "input"));
    const old = statement('{"a":"x"}', "https://slsa.dev/provenance/v0.2");
    refusal("POLICY_NOT_SATISFIED", () => checkStatement(old, policy));
  });
});

test("the build type is compared exactly", () => {
  const asked = (text: string): void => {
    checkStatement(statement("{}"), { provenance: { buildType: exactly(text, "build type") } });
  };
  asked(buildType);
  const { message } = refusal("POLICY_NOT_SATISFIED", () => asked(`${buildType}/`));
  assert.match(message, /build type is "https:.*v1", and the policy wants/);
});
