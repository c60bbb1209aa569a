// SBOMs in formats that a predicate cannot hold, recognised only to say how to convert them; and JSON that
// has an SBOM somewhere inside or is a scanner's own.
import type { JsonValue } from "../encoding/json.ts";
import { SigstepError } from "../errors.ts";

const headBytes = 64 * 1024;

interface OtherFormat {
  readonly pattern: RegExp;
  readonly what: string;
  readonly hint: string;
}

const toCycloneDxJson =
  "cyclonedx convert --input-file bom.xml --output-file bom.cdx.json --output-format json";
const toSpdxJson = (name: string): string => `pyspdxtools -i ${name} -o bom.spdx.json`;

const otherFormats: readonly OtherFormat[] = [
  {
    pattern: /^\s*<[\s\S]*?cyclonedx\.org\/schema\/bom/i,
    what: "is CycloneDX in XML",
    hint: `Convert it: ${toCycloneDxJson}`,
  },
  {
    pattern: /^\s*<[\s\S]*?spdx\.org\/rdf/i,
    what: "is SPDX in RDF/XML",
    hint: `Convert it: ${toSpdxJson("bom.rdf.xml")} (PyPI: spdx-tools)`,
  },
  {
    pattern: /^\s*</,
    what: "is XML",
    hint: `Only JSON is attested. CycloneDX: ${toCycloneDxJson}. SPDX: ${toSpdxJson("bom.rdf.xml")}`,
  },
  {
    pattern: /^SPDXVersion:[ \t]*SPDX-/m,
    what: "is SPDX in tag-value form",
    hint: `Convert it: ${toSpdxJson("bom.spdx")} (PyPI: spdx-tools)`,
  },
  {
    pattern: /^(?:spdxVersion|SPDXID):[ \t]/m,
    what: "is SPDX in YAML",
    hint: `Convert it: ${toSpdxJson("bom.spdx.yaml")} (PyPI: spdx-tools)`,
  },
  {
    pattern: /^bomFormat:[ \t]/m,
    what: "is CycloneDX in YAML",
    hint: "Have the tool write JSON instead, or convert it: yq -o=json bom.yaml > bom.cdx.json",
  },
];

/**
 * Refuses what is recognisably an SBOM in another format. Anything else is left to the JSON reader.
 *
 * @throws SigstepError SBOM_INVALID
 */
export function refuseOtherFormat(bytes: Uint8Array, label: string): void {
  const head = new TextDecoder().decode(bytes.subarray(0, headBytes));
  if (/^\s*[[{]/.test(head)) return;
  const found = otherFormats.find(({ pattern }) => pattern.test(head));
  if (found === undefined) return;
  throw new SigstepError("SBOM_INVALID", `The ${label} ${found.what}, and only JSON is attested.`, {
    where: label,
    hint: found.hint,
  });
}

const wrapped: readonly (readonly [member: string, hint: string])[] = [
  [
    "sbom",
    "It holds an SBOM in its member sbom, as GitHub's API gives it: jq .sbom in.json > bom.spdx.json",
  ],
  ["predicate", "It is a statement that holds a predicate: jq .predicate in.json > bom.json"],
  ["dsseEnvelope", "It is a Sigstore bundle, not an SBOM: name the SBOM that it was made of."],
  ["payloadType", "It is a signed envelope, not an SBOM: name the SBOM that it was made of."],
  [
    "SchemaVersion",
    "It looks like Trivy's own format: run trivy with --format spdx-json or --format cyclonedx.",
  ],
  [
    "descriptor",
    "It looks like Syft's or Grype's own format: run syft with -o spdx-json or -o cyclonedx-json.",
  ],
];

/** What to do with JSON that is no SBOM itself; undefined when it looks like nothing we know. */
export function wrappedSbomHint(document: JsonValue): string | undefined {
  return wrapped.find(([member]) => document.get(member).present)?.[1];
}
