// Policies against statements: predicate types, and what provenance says of builder and source.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createEphemeralSigner } from "../../src/crypto/signer.ts";
import { exactly, matching } from "../../src/sigstore/matcher.ts";
import { checkStatement } from "../../src/sigstore/policy.ts";
import { parsePredicateType } from "../../src/sigstore/predicate-types.ts";
import { parseStatement, type Statement } from "../../src/sigstore/statement.ts";
import { refusal, refuses } from "../refusal.ts";
import { certify, workflow } from "./own-instance.ts";

const v1 = "https://slsa.dev/provenance/v1";
const v02 = "https://slsa.dev/provenance/v0.2";
const repository = "https://github.com/acme/widget";

function statement(predicateType: string, predicate: unknown): Statement {
  const subject = [{ name: "a", digest: { sha256: "0".repeat(64) } }];
  const all = { _type: "https://in-toto.io/Statement/v1", subject, predicateType, predicate };
  return parseStatement(Buffer.from(JSON.stringify(all)));
}

const builder = { builderId: exactly(workflow, "builder") };
const source = { sourceUri: exactly(repository, "source") };

const githubV1 = {
  buildDefinition: {
    buildType: "https://actions.github.io/buildtypes/workflow/v1",
    externalParameters: { workflow: { repository, ref: "refs/heads/main", path: "x" } },
    resolvedDependencies: [{ uri: `git+${repository}@refs/heads/main` }],
  },
  runDetails: { builder: { id: workflow } },
};

suite("predicate types", () => {
  test("any one of the list, exactly", () => {
    checkStatement(statement(v1, {}), { predicateTypes: [v02, v1] });
    for (const other of [`${v1}/`, v1.toUpperCase(), `${v1}.1`, "provenance"]) {
      const { message } = refusal("POLICY_NOT_SATISFIED", () => {
        checkStatement(statement(other, {}), { predicateTypes: [v02, v1] });
      });
      assert.match(message, /predicate type is .*, and the policy wants .* or /);
    }
  });
  test("short names stand for every spelling", () => {
    assert.ok(parsePredicateType("spdx").includes("https://spdx.dev/Document"));
    assert.ok(parsePredicateType("spdx").includes("https://spdx.dev/Document/v2.3"));
    assert.deepEqual(parsePredicateType("provenance"), [v1, v02]);
    assert.deepEqual(parsePredicateType("https://x.example/y"), ["https://x.example/y"]);
    for (const word of ["spdy", "", "SPDX", "https://x.example/ y", "__proto__"]) {
      refuses("POLICY_INVALID", () => parsePredicateType(word));
    }
  });
});

suite("provenance", () => {
  const good: readonly (readonly [string, string, unknown])[] = [
    ["GitHub's", v1, githubV1],
    [
      "ours on GitLab",
      v1,
      {
        buildDefinition: { externalParameters: { pipeline: { repository } } },
        runDetails: { builder: { id: workflow } },
      },
    ],
    [
      "the first dependency, when nothing else tells",
      v1,
      {
        buildDefinition: { resolvedDependencies: [{ uri: `git+${repository}@v1` }] },
        runDetails: { builder: { id: workflow } },
      },
    ],
    [
      "version 0.2",
      v02,
      {
        builder: { id: workflow },
        invocation: { configSource: { uri: `git+${repository}@refs/heads/main` } },
      },
    ],
    ["materials", v02, { builder: { id: workflow }, materials: [{ uri: `git+${repository}` }] }],
  ];
  for (const [what, type, predicate] of good) {
    test(what, () => {
      checkStatement(statement(type, predicate), { provenance: { ...builder, ...source } });
    });
  }

  const external = (parameters: unknown): unknown => ({
    ...githubV1,
    buildDefinition: { ...githubV1.buildDefinition, externalParameters: parameters },
  });
  const bad: readonly (readonly [string, string, unknown, RegExp])[] = [
    ["none", v1, {}, /builder id is missing/],
    ["no predicate", v1, undefined, /builder id is missing/],
    ["another type", "https://spdx.dev/Document", githubV1, /wants SLSA provenance/],
    ["v1 as v0.2", v02, githubV1, /builder id is missing/],
    ["id of another kind", v1, { runDetails: { builder: { id: 5 } } }, /builder id is missing/],
    [
      "another builder",
      v1,
      { ...githubV1, runDetails: { builder: { id: `${workflow}x` } } },
      /builder id is/,
    ],
    [
      "another repository, with the right one among the dependencies",
      v1,
      external({ workflow: { repository: `${repository}-evil` } }),
      /source is .*widget-evil/,
    ],
    [
      "two sources",
      v1,
      external({ workflow: { repository }, source: "https://github.com/evil/widget" }),
      /source is .*evil/,
    ],
    [
      "no source",
      v1,
      { buildDefinition: {}, runDetails: githubV1.runDetails },
      /source is missing/,
    ],
  ];
  for (const [what, type, predicate, reason] of bad) {
    test(`refused: ${what}`, () => {
      const { message } = refusal("POLICY_NOT_SATISFIED", () => {
        checkStatement(statement(type, predicate), { provenance: { ...builder, ...source } });
      });
      assert.match(message, reason);
    });
  }

  test("a pattern of the builder", () => {
    const builderId = matching("https://github\\.com/acme/.*", "builder");
    checkStatement(statement(v1, githubV1), { provenance: { builderId } });
    refuses("POLICY_NOT_SATISFIED", () => {
      checkStatement(statement(v1, { runDetails: { builder: { id: "https://github.com/x" } } }), {
        provenance: { builderId },
      });
    });
  });
});

suite("GitHub's build type repeats the certificate", async () => {
  const certificate = await certify(createEphemeralSigner(), {
    identity: workflow,
    fulcio: { 8: "https://i.example", 9: workflow, 12: repository, 21: `${repository}/run/1` },
  });
  const check = (change: object): void => {
    checkStatement(statement(v1, { ...githubV1, ...change }), {}, certificate);
  };
  test("alike", () => {
    check({
      runDetails: { builder: { id: workflow }, metadata: { invocationId: `${repository}/run/1` } },
    });
    check({ runDetails: { builder: { id: "https://github.com/actions/runner/github-hosted" } } });
  });
  test("differing", () => {
    for (const runDetails of [
      { builder: { id: `${workflow}x` } },
      { builder: { id: workflow }, metadata: { invocationId: `${repository}/run/2` } },
    ]) {
      refuses("STATEMENT_INVALID", () => {
        check({ runDetails });
      });
    }
    const workflowOf = { workflow: { repository: `${repository}-evil` } };
    refuses("STATEMENT_INVALID", () => {
      check({ buildDefinition: { ...githubV1.buildDefinition, externalParameters: workflowOf } });
    });
  });
  test("other build types are left alone", () => {
    const buildDefinition = { ...githubV1.buildDefinition, buildType: "https://npm.example/v1" };
    check({
      buildDefinition,
      runDetails: { builder: { id: "https://github.com/actions/runner" } },
    });
  });
});
