// Policy files: the documentation's examples, the schema that equals the reader, and what is refused where.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test } from "node:test";
import fc from "fast-check";
import { parsePolicyFile, readPolicyFile } from "../../src/commands/policy-file.ts";
import {
  attestationKeys,
  identityKeys,
  policyKeys,
  provenanceKeys,
  requireKeys,
} from "../../src/commands/policy-keys.ts";
import { parseJson, type JsonValue } from "../../src/encoding/json.ts";
import type { Policy } from "../../src/sigstore/policy.ts";
import { isContained, refusal, rejection, runs } from "../refusal.ts";

const parse = (text: string, keyed = false): Policy =>
  parsePolicyFile(Buffer.from(text), "p.yml", keyed);

const github = { kind: "exact", text: "https://token.actions.githubusercontent.com" };

suite("read", () => {
  const page = readFileSync("docs/policy.md", "utf8");
  const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].map(([, text = ""]) => text);
  test("every example of the documentation", () => {
    assert.ok(examples.length >= 6);
    for (const text of examples) assert.ok(parse(text, !text.includes("identities")));
  });
  test("the short form", () => {
    assert.deepEqual(parse("version: 1\nidentities:\n  - repository: acme/widget\n"), {
      identities: [
        {
          issuer: github,
          extensions: {
            sourceRepositoryUri: { kind: "exact", text: "https://github.com/acme/widget" },
          },
        },
      ],
    });
  });
  test("all else", () => {
    const text =
      "version: 1\nidentities: [{repository: a/b, visibility: public, sourceRepositoryIdentifier: 12}]\npredicateTypes: [cyclonedx]\nprovenance: {source: https://x.example/y}\nmaxAge: 12h\nrequire: {log: 2, timestamp: 0, sct: 1}\n";
    const { identities, ...rest } = parse(text);
    assert.deepEqual(identities[0]?.extensions.sourceRepositoryVisibilityAtSigning, {
      kind: "exact",
      text: "public",
    });
    assert.deepEqual(identities[0].extensions.sourceRepositoryIdentifier, {
      kind: "exact",
      text: "12",
    });
    assert.deepEqual(rest, {
      predicateTypes: ["https://cyclonedx.org/bom"],
      provenance: { sourceUri: { kind: "exact", text: "https://x.example/y" } },
      maxAgeMs: 43_200_000,
      required: { logs: 2, timestamps: 0, scts: 1 },
    });
  });
});

suite("attestations", () => {
  const head = "version: 1\nidentities: [{repository: a/b}]\n";
  test("each with its types and what provenance must say", () => {
    const inputs =
      "inputs: {environment: production, debug: false}, inputsPattern: {version: v\\d+}";
    const { attestations } = parse(
      `${head}attestations: [{type: provenance, provenance: {builderId: b, buildType: t, ${inputs}}}, {type: sbom}]\n`,
    );
    const [provenance, sbom] = attestations ?? [];
    assert.deepEqual(provenance?.predicateTypes, [
      "https://slsa.dev/provenance/v1",
      "https://slsa.dev/provenance/v0.2",
    ]);
    assert.deepEqual(provenance.provenance?.buildType, { kind: "exact", text: "t" });
    const asked = provenance.provenance.inputs;
    assert.deepEqual([...(asked?.keys() ?? [])], ["environment", "debug", "version"]);
    assert.deepEqual(asked?.get("debug"), { kind: "exact", text: "false" });
    assert.equal(asked.get("version")?.kind, "pattern");
    assert.equal(sbom?.name, "sbom");
    assert.ok(sbom.predicateTypes.includes("https://cyclonedx.org/bom"));
    assert.ok(sbom.predicateTypes.includes("https://spdx.dev/Document/v2.3"));
  });
  for (const [text, says] of [
    ["attestations: []", /attestations is empty/],
    ["attestations: [{}]", /an attestation without type/],
    ["attestations: [{type: spdy}]", /no predicate type "spdy"/],
    ["attestations: [{type: spdx, kind: x}]", /unknown key "kind"/],
    ["attestations: [{type: sbom, provenance: {source: x}}]", /provenance of the type "sbom"/],
    ["attestations: [{type: sbom}]\npredicateTypes: [spdx]", /predicateTypes beside attestations/],
    ["attestations: [{type: sbom}]\nprovenance: {source: x}", /provenance beside attestations/],
    ["provenance: {inputs: {}}", /inputs is empty/],
    ["provenance: {inputs: {a: b}, inputsPattern: {a: b}}", /the input "a" twice/],
    ["provenance: {inputs: [a]}", /must be a map/],
    ["provenance: {inputsPattern: {a: '('}}", /line 3/],
    ["provenance: {buildType: a, buildTypePattern: b}", /buildType/],
  ] as const) {
    test(`${text} is refused`, () => {
      const { message } = refusal("POLICY_INVALID", () => parse(`${head}${text}\n`));
      assert.match(message, says);
      assert.match(message, /line \d/);
    });
  }
});

test("the schema has the reader's keys", () => {
  const bytes = readFileSync("docs/policy.schema.json");
  const schema = parseJson(bytes, { label: "schema", code: "INTERNAL", maxBytes: 65_536 });
  const provenance = provenanceKeys.flatMap((key) => [key, `${key}Pattern`]);
  const parts: readonly (readonly [JsonValue, readonly string[]])[] = [
    [schema, policyKeys],
    [schema.get("$defs").get("identity"), identityKeys],
    [schema.get("properties").get("require"), requireKeys],
    [schema.get("$defs").get("provenance"), provenance],
    [schema.get("properties").get("attestations").get("items"), attestationKeys],
  ];
  for (const [part, keys] of parts) {
    assert.deepEqual(Object.keys(part.get("properties").members()).sort(), [...keys].sort());
    assert.equal(part.get("additionalProperties").raw, false);
  }
});

suite("refused, with its place", () => {
  const head = "version: 1\nidentities:\n  - repository: a/b\n";
  const table: readonly (readonly [text: string, message: RegExp, hint?: RegExp])[] = [
    ["", /it is empty/],
    ["# nothing\n", /it is empty/],
    ["text", /line 1, column 1: this must be a map/],
    ["identities:\n  - repository: a/b\n", /no version/, /version: 1/],
    ["version: 2\n", /line 1, column 10: version "2"/],
    ["version: 1\n", /does not say whose/],
    ["version: 1\nidentities: []\n", /line 2, column 13: identities is empty/],
    ["version: 1\nidentities:\n", /identities must be a list/],
    [
      "version: 1\nidentites:\n",
      /line 2, column 1: the unknown key "identites"/,
      /mean identities/,
    ],
    [
      "version: 1\nidentities:\n  - repository: a/b\n    source-repository-ref: refs/x\n",
      /line 4, column 5: the unknown key/,
      /mean sourceRepositoryRef\?/,
    ],
    [`${head}__proto__: x\n`, /unknown key "__proto__"/],
    [`${head}version: 1\n`, /line 4, column 1: a key that is there already/],
    [`${head}    <<: {issuer: x}\n`, /line 4, column 5: a merge key/],
    ["version: &a 1\n", /line 1.*an anchor/],
    ["version: 1\nmaxAge: *a\n", /line 2/],
    ["version: 1\nmaxAge: &b 3d\nidentities: *b\n", /an anchor|an alias/],
    ["version: !!int 1\n", /a tag/],
    ["version: !x 1\n", /a tag/],
    [`${head}---\nversion: 1\n`, /a second document/],
    ["version: 1\n\tidentities: x\n", /line 2/],
    ["version: 1\nidentities: [\n", /no valid YAML/],
    [`${head}? [a]\n: b\n`, /a key that is no text/],
    [`${head}maxAge:\n`, /maxAge is empty/],
    [`${head}maxAge: [3d]\n`, /maxAge must be a text/],
    [`${head}maxAge: 3 days\n`, /line 4, column 1: maxAge "3 days" is no span/],
    [`${head}predicateTypes: [spdx, spdy]\n`, /line 4, column 24: There is no predicate type/],
    [`${head}provenance: {}\n`, /provenance is empty/],
    [`${head}provenance: {source: a, sourcePattern: b}\n`, /source and sourcePattern are both/],
    [`${head}require: {log: -1}\n`, /log "-1" is no number/],
    [`${head}require: {logs: 1}\n`, /unknown key "logs"/, /mean log\?/],
    [`${head}    sourceRepositoryIdentifier: 007\n`, /"007" is no number/],
    [`${head}    sourceRepositoryIdentifier: 1e7\n`, /"1e7" is no number/],
    [`${head}    project: a/b\n`, /repository and project are both given/],
    [`${head}    sourceRepositoryUri: https://x.example/y\n`, /repository and sourceRepositoryUri/],
    [`${head}    identity: a\n    identityPattern: a\n`, /identity and identityPattern/],
    [
      `${head}    tokenSubject: a\n    tokenSubjectPattern: a\n`,
      /tokenSubject and tokenSubjectPattern/,
    ],
    [`${head}    identityPattern: (a\n`, /line 3, column 5: The pattern "\(a"/],
    ["version: 1\nidentities:\n  - identity: a\n", /line 3, column 5: The policy names no issuer/],
    [`${head}  - issuer: https://gitlab.com\n`, /line 4, column 5: The policy would accept anyone/],
    [`version: 1\nidentities: [${"{repository: a/b},".repeat(101)}]\n`, /more than 100 items/],
    [`version: 1\nmaxAge: ${"[".repeat(200)}\n`, /Policy file "p.yml"/],
    ["a: ".repeat(50_000), /Policy file "p.yml"/],
    [`version: 1\n#${"x".repeat(300_000)}`, /larger than 262144 bytes/],
  ];
  for (const [text, message, hint] of table) {
    test(JSON.stringify(text.slice(0, 80)), () => {
      const error = refusal("POLICY_INVALID", () => parse(text));
      assert.match(error.message, message);
      assert.match(error.message, /^Policy file "p\.yml"/);
      assert.equal(error.message.split("Policy file").length, 2);
      if (hint !== undefined) assert.match(error.hint, hint);
    });
  }
  test("identities beside a key, and a file that is not UTF-8", () => {
    assert.match(
      refusal("POLICY_INVALID", () => parse(head, true)).message,
      /identities and a key/,
    );
    refusal("POLICY_INVALID", () => parsePolicyFile(Uint8Array.of(0xff), "p"));
  });
});

test("a file is read, or said why not", async () => {
  const folder = mkdtempSync(join(tmpdir(), "policy-"));
  writeFileSync(join(folder, "p.yml"), "version: 1\nidentities: [{repository: a/b}]\n");
  assert.equal((await readPolicyFile(join(folder, "p.yml"))).identities.length, 1);
  const missing = await rejection("POLICY_INVALID", readPolicyFile(join(folder, "q.yml")));
  assert.match(missing.message, /ENOENT/);
  assert.match((await rejection("POLICY_INVALID", readPolicyFile(folder))).message, /EISDIR/);
});

test("anything gives a policy or our error", () => {
  const piece = fc.constantFrom(
    ...["version: 1\n", "identities:\n", "  - ", "repository: a/b\n", "&a ", "*a", "!t ", "{", "}"],
    ...[
      "[",
      "]",
      "? ",
      ": ",
      "---\n",
      "<<: ",
      "|\n ",
      '"',
      "'",
      "\t",
      "%YAML 1.1\n",
      "#",
      "\n",
      "\0",
    ],
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 30 }), (pieces) =>
      isContained(() => parse(pieces.join(""))),
    ),
    { numRuns: runs },
  );
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) =>
      isContained(() => parsePolicyFile(bytes, "p")),
    ),
    { numRuns: runs },
  );
});
