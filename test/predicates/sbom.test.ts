// SBOMs of real tools, and everything that is none.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { suite, test } from "node:test";
import { promisify } from "node:util";
import { parseSbom, sbomPredicateType, type SbomTypeUri } from "../../src/predicates/sbom.ts";
import { isContained, refusal } from "../refusal.ts";

const run = promisify(execFile);
const folder = new URL("../vectors/sbom/", import.meta.url);

async function vector(name: string): Promise<Buffer> {
  return await readFile(new URL(name, folder));
}

type Members = Readonly<Record<string, unknown>>;

const spdx: Members = { spdxVersion: "SPDX-2.3", SPDXID: "SPDXRef-DOCUMENT", name: "app" };
const cycloneDx: Members = { bomFormat: "CycloneDX", specVersion: "1.6" };
const graph: readonly Members[] = [
  {
    "@id": "_:info",
    type: "CreationInfo",
    specVersion: "3.0.1",
    created: "2026-01-01T00:00:00Z",
  },
  {
    type: "SpdxDocument",
    spdxId: "https://example.com/doc",
    name: "app",
    creationInfo: "_:info",
  },
];
const spdx3: Members = {
  "@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld",
  "@graph": graph,
};

function bytesOf(document: unknown): Buffer {
  return Buffer.from(JSON.stringify(document));
}

suite("real SBOMs", () => {
  const gh = "https://spdx.dev/Document/v";
  const cosign = "https://spdx.dev/Document";
  const bom = "https://cyclonedx.org/bom";
  for (const [name, format, version, title, ghType, cosignType] of [
    ["spdx-2.2-example7-bin.json", "spdx", "2.2", "hello-go-binary.spdx.json", `${gh}2.2`, cosign],
    ["spdx-2.3-hello-source.json", "spdx", "2.3", "hello", `${gh}2.3`, cosign],
    ["spdx-3.0-hello-source.jsonld", "spdx", "3.0.0", "hello", `${gh}3`, cosign],
    ["cyclonedx-certificate.json", "cyclonedx", "1.6", "my application", bom, bom],
    ["cyclonedx-saas.json", "cyclonedx", "1.4", "Acme Cloud Example", bom, bom],
    ["cyclonedx-vex.json", "cyclonedx", "1.4", "", bom, bom],
  ] as const) {
    test(name, async () => {
      const bytes = await vector(name);
      const sbom = parseSbom(bytes, name);
      assert.deepEqual([sbom.format, sbom.version, sbom.name], [format, version, title]);
      assert.equal(sbomPredicateType(sbom, "gh"), ghType);
      assert.equal(sbomPredicateType(sbom, "cosign"), cosignType);
      assert.deepEqual(JSON.parse(sbom.document.text), JSON.parse(bytes.toString()));
      assert.ok(sbom.document.byteLength < bytes.byteLength);
    });
  }

  for (const format of ["spdx", "cyclonedx"] as const) {
    test(`npm sbom of this project as ${format}`, async () => {
      const args = ["sbom", "--sbom-format", format, "--package-lock-only", "--offline"];
      const { stdout } = await run("npm", args, {
        cwd: new URL("../..", import.meta.url),
        maxBuffer: 64 * 1024 * 1024,
        shell: process.platform === "win32",
      });
      const sbom = parseSbom(Buffer.from(stdout), "npm's");
      assert.equal(sbom.format, format);
      assert.deepEqual(JSON.parse(sbom.document.text), JSON.parse(stdout));
      assert.ok(stdout.includes("pkg:npm/yaml@2.9.1"));
    });
  }
});

suite("every version that is read, and no other", () => {
  const types: readonly (readonly [Members, version: string, SbomTypeUri, type: string])[] = [
    [{ ...spdx, spdxVersion: "SPDX-2.2" }, "2.2", "gh", "https://spdx.dev/Document/v2.2"],
    [spdx, "2.3", "gh", "https://spdx.dev/Document/v2.3"],
    [spdx, "2.3", "cosign", "https://spdx.dev/Document"],
    [spdx3, "3.0.1", "gh", "https://spdx.dev/Document/v3"],
    [spdx3, "3.0.1", "cosign", "https://spdx.dev/Document"],
    ...["1.4", "1.5", "1.6", "1.7"].map(
      (specVersion) =>
        [{ ...cycloneDx, specVersion }, specVersion, "gh", "https://cyclonedx.org/bom"] as const,
    ),
  ];
  for (const [document, version, choice, type] of types) {
    test(`${type}: ${version} for ${choice}`, () => {
      const sbom = parseSbom(bytesOf(document), "SBOM x");
      assert.equal(sbom.version, version);
      assert.equal(sbomPredicateType(sbom, choice), type);
    });
  }

  for (const document of [
    { ...spdx, spdxVersion: "SPDX-2.1" },
    { ...spdx, spdxVersion: "SPDX-3.0" },
    { ...spdx, spdxVersion: "2.3" },
    { ...cycloneDx, specVersion: "1.3" },
    { ...cycloneDx, specVersion: "1.8" },
    { ...cycloneDx, specVersion: "1.60" },
  ]) {
    test(`not ${JSON.stringify(document)}`, () => {
      assert.match(
        refusal("SBOM_INVALID", () => parseSbom(bytesOf(document), "SBOM x")).message,
        /are read/,
      );
    });
  }
});

suite("JSON that is no SBOM", () => {
  const [info, described] = graph;
  for (const [name, document, pattern] of [
    ["neither", { hello: 1 }, /neither SPDX nor CycloneDX/],
    ["both", { ...spdx, ...cycloneDx }, /more than one kind/],
    ["SPDX 2 and 3", { ...spdx, ...spdx3 }, /more than one kind/],
    ["SPDX without version", { SPDXID: "SPDXRef-DOCUMENT", name: "x" }, /spdxVersion .*is missing/],
    ["SPDX without identifier", { spdxVersion: "SPDX-2.3", name: "x" }, /SPDXID .*is missing/],
    ["SPDX of a part", { ...spdx, SPDXID: "SPDXRef-Package" }, /SPDXRef-DOCUMENT/],
    ["SPDX without a name", { ...spdx, name: "" }, /name .*is empty/],
    ["SPDX with a version that is a number", { ...spdx, spdxVersion: 2.3 }, /not a string/],
    ["CycloneDX without version", { bomFormat: "CycloneDX" }, /specVersion .*is missing/],
    ["CycloneDX of another format", { ...cycloneDx, bomFormat: "SPDX" }, /is not CycloneDX/],
    ["a serial number that is none", { ...cycloneDx, serialNumber: "1" }, /urn:uuid/],
    ["a version that is text", { ...cycloneDx, version: "1" }, /whole number/],
    ["SPDX 3 without a document", { ...spdx3, "@graph": [info] }, /no SpdxDocument/],
    ["SPDX 3 without version", { ...spdx3, "@graph": [described] }, /no CreationInfo/],
    [
      "SPDX 3.1",
      { ...spdx3, "@graph": [{ ...info, specVersion: "3.1.0" }, described] },
      /"3\.1\.0"; .*are read/,
    ],
    [
      "SPDX 3 of two versions",
      { ...spdx3, "@graph": [info, { ...info, specVersion: "3.0.0" }, described] },
      /several versions: 3\.0\.1, 3\.0\.0/,
    ],
    ["another JSON-LD", { "@context": "https://schema.org", "@graph": [] }, /is not SPDX's/],
    ["a list", [spdx], /is a list/],
    ["null", null, /is null/],
  ] as const) {
    test(name, () => {
      const error = refusal("SBOM_INVALID", () => parseSbom(bytesOf(document), "SBOM x"));
      assert.match(error.message, pattern);
    });
  }

  for (const [name, document, hint] of [
    ["GitHub's API answer", { sbom: spdx }, /jq \.sbom/],
    ["a statement", { _type: "x", predicate: spdx }, /jq \.predicate/],
    ["a bundle", { dsseEnvelope: {} }, /bundle/],
    ["an envelope", { payloadType: "x", payload: "" }, /envelope/],
    ["Trivy's own format", { SchemaVersion: 2 }, /--format spdx-json/],
    ["Syft's own format", { descriptor: { name: "syft" } }, /-o spdx-json/],
    ["OpenVEX", { "@context": "https://openvex.dev/ns/v0.2.0" }, /spdxVersion/],
  ] as const) {
    test(`${name} is told how to become one`, () => {
      const error = refusal("SBOM_INVALID", () => parseSbom(bytesOf(document), "SBOM x"));
      assert.match(error.hint, hint);
    });
  }
});

suite("SBOMs that are not JSON", () => {
  for (const [name, text, message, hint] of [
    [
      "CycloneDX in XML",
      '<?xml version="1.0"?>\n<bom xmlns="http://cyclonedx.org/schema/bom/1.6">',
      /CycloneDX in XML/,
      /cyclonedx convert .*--output-format json/,
    ],
    ["SPDX in RDF/XML", '<rdf:RDF xmlns:spdx="http://spdx.org/rdf/terms#">', /RDF/, /pyspdxtools/],
    ["other XML", "\uFEFF<html>", /is XML/, /cyclonedx convert/],
    ["tag-value", "SPDXVersion: SPDX-2.3\nDataLicense: CC0-1.0\n", /tag-value/, /pyspdxtools/],
    [
      "tag-value after a comment",
      "# made by x\nSPDXVersion: SPDX-2.2\n",
      /tag-value/,
      /pyspdxtools/,
    ],
    [
      "SPDX in YAML",
      'SPDXID: "SPDXRef-DOCUMENT"\nspdxVersion: "SPDX-2.3"\n',
      /YAML/,
      /pyspdxtools/,
    ],
    ["CycloneDX in YAML", "bomFormat: CycloneDX\nspecVersion: '1.6'\n", /YAML/, /yq/],
  ] as const) {
    test(name, () => {
      const error = refusal("SBOM_INVALID", () => parseSbom(Buffer.from(text), "SBOM x"));
      assert.match(error.message, message);
      assert.match(error.hint, hint);
    });
  }

  test("anything else is not JSON", () => {
    const bytes = Buffer.from([0x0a, 0x08, 0xff, 0xfe]);
    assert.match(refusal("SBOM_INVALID", () => parseSbom(bytes, "SBOM x")).message, /UTF-8/);
    assert.ok(isContained(() => parseSbom(Buffer.from("PK\u0003"), "SBOM x")));
  });
});
