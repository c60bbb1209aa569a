// Short names and URIs of predicate types; and, for each known type, one predicate as its specification
// shows it and ways to break that.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { suite, test } from "node:test";
import { parsePredicateInput } from "../../src/predicates/predicate-file.ts";
import {
  checkPredicate,
  parsePredicateType,
  predicateTypeOf,
  predicateTypes,
  writableNames,
} from "../../src/predicates/predicate-types.ts";
import { predicateTypesByName } from "../../src/sigstore/predicate-types.ts";
import { refusal, refuses } from "../refusal.ts";

type Members = Readonly<Record<string, unknown>>;

function check(type: string, predicate: unknown): void {
  const text = JSON.stringify(predicate);
  const { json } = parsePredicateInput(text, { label: "predicate", code: "PREDICATE_INVALID" });
  checkPredicate(parsePredicateType(type, "predicate-type"), json);
}

suite("short names", () => {
  // Written out again, as cosign's help and in-toto's list have them.
  for (const [name, uri, shortType] of [
    ["custom", "https://cosign.sigstore.dev/attestation/v1", "custom"],
    ["provenance", "https://slsa.dev/provenance/v1", "provenance"],
    ["slsaprovenance", "https://slsa.dev/provenance/v0.2", "provenance02"],
    ["slsaprovenance02", "https://slsa.dev/provenance/v0.2", "provenance02"],
    ["slsaprovenance1", "https://slsa.dev/provenance/v1", "provenance"],
    ["link", "https://in-toto.io/Link/v1", "link"],
    ["spdx", "https://spdx.dev/Document", "spdx"],
    ["spdxjson", "https://spdx.dev/Document", "spdx"],
    ["cyclonedx", "https://cyclonedx.org/bom", "cyclonedx"],
    ["vuln", "https://cosign.sigstore.dev/attestation/vuln/v1", "vuln"],
    ["openvex", "https://openvex.dev/ns", "openvex"],
    ["vsa", "https://slsa.dev/verification_summary/v1", "vsa"],
    ["test-result", "https://in-toto.io/attestation/test-result/v0.1", "test-result"],
    ["vulns", "https://in-toto.io/attestation/vulns/v0.2", "vulns"],
    ["vulns01", "https://in-toto.io/attestation/vulns/v0.1", "vulns01"],
    ["release", "https://in-toto.io/attestation/release/v0.1", "release"],
    ["scai", "https://in-toto.io/attestation/scai/v0.3", "scai"],
    ["svr", "https://in-toto.io/attestation/svr/v0.2", "svr"],
    ["reference", "https://in-toto.io/attestation/reference/v0.1", "reference"],
    ["runtime-trace", "https://in-toto.io/attestation/runtime-trace/v0.1", "runtime-trace"],
    ["link03", "https://in-toto.io/attestation/link/v0.3", "link03"],
  ] as const) {
    test(name, () => {
      const type = parsePredicateType(name, "predicate-type");
      assert.deepEqual([type.uri, type.shortType], [uri, shortType]);
      assert.equal(predicateTypeOf(uri), type);
    });
  }

  test("each URI is there once", () => {
    const uris = predicateTypes.map(({ uri }) => uri);
    assert.equal(new Set(uris).size, uris.length);
    for (const { shortType } of predicateTypes) assert.match(shortType, /^[a-z][a-z0-9-]*$/);
  });

  test("what is written under a name is verified under it, and is known", () => {
    for (const name of writableNames) {
      const { uri } = parsePredicateType(name, "predicate-type");
      assert.ok(
        predicateTypes.some((known) => known.uri === uri),
        uri,
      );
      const accepted = predicateTypesByName.get(name);
      if (accepted !== undefined) assert.ok(accepted.includes(uri), `${name}: ${uri}`);
    }
    for (const uri of [...predicateTypesByName.values()].flat()) {
      assert.ok(
        predicateTypes.some((known) => known.uri === uri),
        uri,
      );
    }
  });
});

suite("other types by URI", () => {
  for (const [uri, shortType] of [
    ["https://example.com/attestation/my-thing/v1", "my-thing-v1"],
    ["https://example.com/attestation/My_Thing/v0.2.1", "my_thing-v0.2.1"],
    ["https://example.com/scan?x=1#y", "y"],
    ["https://example.com", "example.com"],
    ["urn:example:build%20log", "urn"],
    [`https://example.com/${"long".repeat(30)}`, "long".repeat(10)],
    ["https://example.com/a/../v1", "a-v1"],
  ] as const) {
    test(uri.slice(0, 60), () => {
      const type = parsePredicateType(uri, "predicate-type");
      assert.equal(type.uri, uri);
      if (!uri.startsWith("urn")) assert.equal(type.shortType, shortType);
      assert.match(type.shortType, /^[a-z0-9][a-z0-9._-]*$/);
      check(uri, { anything: [1] });
    });
  }

  for (const text of [
    "",
    "spdx2",
    "Spdx",
    "example.com/x",
    "https://",
    "https://a b",
    "x y:z",
    "/a",
    "https://a/\n",
    `https://a/${"x".repeat(1100)}`,
  ]) {
    test(`not ${JSON.stringify(text.slice(0, 40))}`, () => {
      const error = refusal("INPUT_VALUE", () => parsePredicateType(text, "predicate-type"));
      assert.match(error.hint, /spdxjson/);
    });
  }
});

const time = "2026-01-02T03:04:05Z";
const severity = [{ method: "nvd", score: "medium" }];
const scan = {
  scanner: {
    uri: "pkg:github/aquasecurity/trivy@244fd47e07d1004f0aed9",
    db: { lastUpdate: time },
    result: [{ id: "CVE-1", severity }],
  },
  metadata: { scanStartedOn: time, scanFinishedOn: time },
};
const provenance = {
  buildDefinition: { buildType: "https://x.example/b", externalParameters: {} },
  runDetails: { builder: { id: "https://x.example/builder" } },
};
const vex = {
  "@context": "https://openvex.dev/ns/v0.2.0",
  "@id": "https://x.example/vex",
  author: "me",
  timestamp: time,
  version: 1,
  statements: [{ vulnerability: { name: "CVE-1" }, products: [], status: "not_affected" }],
};
const vsa = {
  verifier: { id: "https://x.example/v" },
  timeVerified: time,
  resourceUri: "git+https://x.example/r",
  policy: { uri: "https://x.example/p" },
  verificationResult: "PASSED",
  verifiedLevels: ["SLSA_BUILD_LEVEL_2"],
};
const trace = {
  monitor: { type: "https://x.example/m" },
  monitoredProcess: { hostID: "https://x.example", type: "https://x.example/t", event: "job" },
  monitorLog: { process: [] },
};

suite("required fields", () => {
  const good: readonly (readonly [type: string, predicate: Members])[] = [
    ["slsaprovenance1", provenance],
    [
      "slsaprovenance",
      { builder: { id: "https://x.example/b" }, buildType: "https://x.example/t" },
    ],
    ["vsa", vsa],
    ["openvex", vex],
    ["openvex", { ...vex, statements: [{ vulnerability: "CVE-1", status: "fixed" }] }],
    ["test-result", { result: "PASSED", configuration: [{ name: "ci.yml" }] }],
    ["vulns", scan],
    ["vulns", { ...scan, scanner: { ...scan.scanner, result: [] } }],
    ["vulns01", scan],
    [
      "vulns01",
      { ...scan, scanner: { ...scan.scanner, result: [{ vulnerability: { id: "C", severity } }] } },
    ],
    ["vuln", { invocation: {}, scanner: { uri: "", result: {} }, metadata: scan.metadata }],
    ["vuln", { scanners: [{ uri: "", result: {} }], metadata: scan.metadata }],
    ["link", { name: "build" }],
    ["link03", { name: "build", materials: [{ name: "a", digest: { sha256: "00" } }] }],
    ["scai", { attributes: [{ attribute: "REPRODUCIBLE" }] }],
    ["release", { purl: "pkg:npm/@angular/http@7.2.16" }],
    ["release", { purl: "pkg:oci/..." }],
    [
      "reference",
      {
        attester: { id: "https://x.example/b" },
        references: [{ downloadLocation: "https://x.example/s", mediaType: "application/json" }],
      },
    ],
    ["svr", { verifier: { id: "https://x.example/v" }, timeCreated: time, properties: ["A"] }],
    ["runtime-trace", trace],
    ["custom", {}],
    ["spdx", { spdxVersion: "SPDX-2.3", SPDXID: "SPDXRef-DOCUMENT", name: "x" }],
    ["cyclonedx", { bomFormat: "CycloneDX", specVersion: "1.4" }],
  ];
  for (const [index, [type, predicate]] of good.entries()) {
    test(`${type} (${index}) as its specification shows it`, () => check(type, predicate));
    if (type === "custom") continue;
    test(`${type} (${index}) lacks each of its members in turn`, () => {
      const optional = /^(invocation|timeVerified|version|products)$/;
      for (const name of Object.keys(predicate).filter((member) => !optional.test(member))) {
        if (type === "link03" && name === "materials") continue;
        const rest = Object.fromEntries(
          Object.entries(predicate).filter(([other]) => other !== name),
        );
        refuses("PREDICATE_INVALID", () => check(type, rest));
      }
    });
  }

  for (const [type, predicate, pattern] of [
    [
      "slsaprovenance1",
      { ...provenance, runDetails: { builder: { id: "me" } } },
      /builder\.id .*URI/,
    ],
    ["vsa", { ...vsa, verificationResult: "OK" }, /PASSED, FAILED/],
    ["vsa", { ...vsa, timeVerified: "yesterday" }, /RFC 3339/],
    ["openvex", { ...vex, statements: [] }, /statements .*is empty/],
    ["openvex", { ...vex, "@context": "https://x.example" }, /OpenVEX/],
    ["openvex", { ...vex, statements: [{ vulnerability: "C", status: "fine" }] }, /not_affected/],
    ["test-result", { result: "passed", configuration: [] }, /PASSED, WARNED, FAILED/],
    ["test-result", { result: "PASSED", configuration: [], failedTests: [1] }, /failedTests\[0\]/],
    ["link03", { name: "x", materials: [{ name: "a" }] }, /materials\[0\]\.digest/],
    ["scai", { attributes: [] }, /is empty/],
    ["release", { purl: "npm/x@1" }, /is not a package URL/],
    ["runtime-trace", { ...trace, monitorLog: {} }, /none of process/],
    ["spdx", { bomFormat: "CycloneDX", specVersion: "1.4" }, /CycloneDX, not SPDX/],
    ["cyclonedx", { spdxVersion: "SPDX-2.3", SPDXID: "x" }, /SPDX, not CycloneDX/],
    ["https://spdx.dev/Document/v2.3", {}, /neither/],
  ] as const) {
    test(`${type}: ${String(pattern)}`, () => {
      assert.match(refusal("PREDICATE_INVALID", () => check(type, predicate)).message, pattern);
    });
  }

  test("real documents pass under their types", async () => {
    for (const [type, name] of [
      ["spdx", "spdx-2.3-hello-source.json"],
      ["https://spdx.dev/Document/v2.2", "spdx-2.2-example7-bin.json"],
      ["https://spdx.dev/Document/v3", "spdx-3.0-hello-source.jsonld"],
      ["cyclonedx", "cyclonedx-vex.json"],
    ] as const) {
      const text = await readFile(new URL(`../vectors/sbom/${name}`, import.meta.url), "utf8");
      check(type, JSON.parse(text));
    }
  });
});
