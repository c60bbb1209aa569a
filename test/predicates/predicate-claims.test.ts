// What a statement claims, in one line: of every type that we know, of real SBOMs, and of hostile ones.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import fc from "fast-check";
import { describeClaim } from "../../src/predicates/predicate-claims.ts";
import { parseStatement } from "../../src/sigstore/statement.ts";
import { hostile } from "../commands/made-results.ts";

function claim(predicateType: string, predicate: unknown): string {
  const subject = [{ name: "a", digest: { sha256: "0".repeat(64) } }];
  const all = { _type: "https://in-toto.io/Statement/v1", subject, predicateType, predicate };
  return describeClaim(parseStatement(Buffer.from(JSON.stringify(all))));
}

const sbom = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`../vectors/sbom/${name}`, import.meta.url), "utf8"));
const provenance = "https://slsa.dev/provenance/v1";

suite("the claim of", () => {
  for (const [type, predicate, line] of [
    [
      provenance,
      {
        buildDefinition: {
          externalParameters: { workflow: { repository: "https://github.com/acme/widget" } },
          resolvedDependencies: [{ digest: { gitCommit: "abc" } }],
        },
        runDetails: {
          builder: { id: "https://b.example/x" },
          metadata: { invocationId: "https://r" },
        },
      },
      "provenance: builder https://b.example/x, source https://github.com/acme/widget, commit abc, run https://r",
    ],
    ["https://slsa.dev/provenance/v0.2", { builder: { id: "b" } }, "provenance: builder b"],
    [
      "https://spdx.dev/Document/v2.3",
      sbom("spdx-2.3-hello-source.json"),
      /^SPDX 2\.3: .*\d+ packages?$/,
    ],
    [
      "https://spdx.dev/Document/v3",
      sbom("spdx-3.0-hello-source.jsonld"),
      /^SPDX 3\.0.*: hello, 1 package$/,
    ],
    ["https://cyclonedx.org/bom", sbom("cyclonedx-vex.json"), /^CycloneDX 1\.\d: .*vulnerabilit/],
    [
      "https://openvex.dev/ns",
      { statements: [{ status: "fixed" }, { status: "fixed" }, { status: "affected" }, {}] },
      "VEX: 4 statements, 1 affected, 2 fixed",
    ],
    [
      "https://in-toto.io/attestation/test-result/v0.1",
      { result: "FAILED", passedTests: ["a"], failedTests: [] },
      "test result: FAILED, 1 passed, 0 failed",
    ],
    [
      "https://slsa.dev/verification_summary/v1",
      {
        verificationResult: "PASSED",
        verifiedLevels: ["SLSA_BUILD_LEVEL_2"],
        resourceUri: "pkg:x/y",
      },
      "verification summary: PASSED, of pkg:x/y, SLSA_BUILD_LEVEL_2",
    ],
    [
      "https://in-toto.io/attestation/vulns/v0.2",
      { scanner: { uri: "https://s.example", result: [{}] } },
      "vulnerability scan: 1 finding, scanner https://s.example",
    ],
    ["https://example.com/other", { name: "x" }, "https://example.com/other"],
    ["https://spdx.dev/Document", "a text", "SPDX, of unknown version"],
  ] as const) {
    test(type, () => {
      if (typeof line === "string") assert.equal(claim(type, predicate), line);
      else assert.match(claim(type, predicate), line);
    });
  }
});

suite("a hostile claim", () => {
  for (const [what, text] of Object.entries(hostile)) {
    test(`is one printable line of bounded length: ${what}`, () => {
      const lines = [
        claim("https://spdx.dev/Document", { spdxVersion: text, name: text }),
        claim(provenance, { runDetails: { builder: { id: text } } }),
        claim(`x:${text}`, {}),
      ];
      for (const line of lines) {
        assert.ok(line.length < 2000);
        assert.doesNotMatch(line, /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u);
      }
    });
  }

  test("of any shape is told", () => {
    const types = ["https://cyclonedx.org/bom", "https://openvex.dev/ns", provenance];
    fc.assert(
      fc.property(fc.constantFrom(...types), fc.jsonValue({ maxDepth: 4 }), (type, value) => {
        assert.notEqual(claim(type, value), "");
      }),
    );
  });
});
