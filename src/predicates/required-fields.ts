// What the predicates that we know must have, as their specifications say: enough to notice a wrong file
// under a right type. Fields beyond these are the author's own. Each check names its specification.
import type { JsonValue } from "../encoding/json.ts";

/** Refuses a predicate that lacks what its type requires. */
export type PredicateCheck = (predicate: JsonValue) => void;

/** No list of a predicate is read further. */
const maxItems = 1_000_000;

/** https://slsa.dev/spec/v1.2/build-provenance#schema */
export function requireSlsaProvenance(predicate: JsonValue): void {
  const definition = predicate.get("buildDefinition");
  requireUri(definition.get("buildType"));
  definition.get("externalParameters").members();
  definition.get("internalParameters").optional()?.members();
  requireObjects(definition.get("resolvedDependencies").optional());
  requireUri(predicate.get("runDetails").get("builder").get("id"));
}

/** https://slsa.dev/spec/v0.2/provenance */
export function requireSlsaProvenance02(predicate: JsonValue): void {
  requireUri(predicate.get("builder").get("id"));
  requireUri(predicate.get("buildType"));
  requireObjects(predicate.get("materials").optional());
}

/** https://slsa.dev/spec/v1.2/verification_summary */
export function requireVerificationSummary(predicate: JsonValue): void {
  requireUri(predicate.get("verifier").get("id"));
  predicate.get("timeVerified").optional()?.date();
  requireText(predicate.get("resourceUri"));
  predicate.get("policy").members();
  requireOneOf(predicate.get("verificationResult"), ["PASSED", "FAILED"]);
  requireTexts(predicate.get("verifiedLevels"));
}

const vexStatuses = ["not_affected", "affected", "fixed", "under_investigation"];

/** https://github.com/openvex/spec/blob/main/OPENVEX-SPEC.md */
export function requireOpenVex(predicate: JsonValue): void {
  if (!predicate.get("@context").string().startsWith("https://openvex.dev/ns")) {
    throw predicate.get("@context").refuse("is not OpenVEX's");
  }
  requireText(predicate.get("@id"));
  requireText(predicate.get("author"));
  predicate.get("timestamp").date();
  const statements = predicate.get("statements").items(maxItems);
  if (statements.length === 0) throw predicate.get("statements").refuse("is empty");
  for (const statement of statements) {
    const vulnerability = statement.get("vulnerability");
    // Before v0.2.0 it was the name alone.
    requireText(typeof vulnerability.raw === "string" ? vulnerability : vulnerability.get("name"));
    requireOneOf(statement.get("status"), vexStatuses);
  }
}

/** https://github.com/in-toto/attestation/blob/main/spec/predicates/test-result.md */
export function requireTestResult(predicate: JsonValue): void {
  requireOneOf(predicate.get("result"), ["PASSED", "WARNED", "FAILED"]);
  requireObjects(predicate.get("configuration"));
  for (const name of ["passedTests", "warnedTests", "failedTests"]) {
    const tests = predicate.get(name);
    if (tests.present) requireTexts(tests);
  }
}

/** https://github.com/in-toto/attestation/blob/main/spec/predicates/vulns_02.md, and vulns.md before it */
export function requireVulns(predicate: JsonValue): void {
  const scanner = predicate.get("scanner");
  requireText(scanner.get("uri"));
  scanner.get("db").get("lastUpdate").date();
  for (const result of scanner.get("result").items(maxItems)) {
    // Version 0.1 describes one level more than its own example has.
    const found = result.get("vulnerability").optional() ?? result;
    requireText(found.get("id"));
    requireObjects(found.get("severity"));
  }
  requireScanTimes(predicate.get("metadata"));
}

/** https://github.com/sigstore/cosign/blob/main/specs/COSIGN_VULN_ATTESTATION_SPEC.md */
export function requireCosignVuln(predicate: JsonValue): void {
  // The specification's text says scanners, its Go type and every tool say scanner.
  if (predicate.get("scanners").present) requireObjects(predicate.get("scanners"));
  else predicate.get("scanner").members();
  requireScanTimes(predicate.get("metadata"));
}

function requireScanTimes(metadata: JsonValue): void {
  metadata.get("scanStartedOn").date();
  metadata.get("scanFinishedOn").date();
}

/** https://github.com/in-toto/attestation/blob/main/spec/predicates/link.md */
export function requireLink(predicate: JsonValue): void {
  requireText(predicate.get("name"));
  for (const material of predicate.get("materials").itemsOrNone(maxItems)) {
    requireText(material.get("name"));
    material.get("digest").members();
  }
}

/** The link of before: materials are an object. https://in-toto.io/Link/v1 */
export function requireOldLink(predicate: JsonValue): void {
  requireText(predicate.get("name"));
}

/** https://github.com/in-toto/attestation/blob/main/spec/predicates/scai.md */
export function requireScai(predicate: JsonValue): void {
  const attributes = predicate.get("attributes").items(maxItems);
  if (attributes.length === 0) throw predicate.get("attributes").refuse("is empty");
  for (const attribute of attributes) requireText(attribute.get("attribute"));
}

/**
 * A version is not asked for: actions/attest shows `pkg:oci/…` in its own example.
 * https://github.com/in-toto/attestation/blob/main/spec/predicates/release.md
 */
export function requireRelease(predicate: JsonValue): void {
  const purl = predicate.get("purl");
  if (!/^pkg:[a-z][a-z0-9.+-]*\/.+$/i.test(purl.string())) {
    throw purl.refuse("is not a package URL (pkg:npm/name@1.2.3)");
  }
}

/** https://github.com/in-toto/attestation/blob/main/spec/predicates/reference.md */
export function requireReference(predicate: JsonValue): void {
  requireUri(predicate.get("attester").get("id"));
  for (const reference of predicate.get("references").items(maxItems)) {
    requireUri(reference.get("downloadLocation"));
    requireText(reference.get("mediaType"));
  }
}

/** https://github.com/in-toto/attestation/blob/main/spec/predicates/svr.md */
export function requireSvr(predicate: JsonValue): void {
  requireUri(predicate.get("verifier").get("id"));
  predicate.get("timeCreated").date();
  requireTexts(predicate.get("properties"));
}

/** https://github.com/in-toto/attestation/blob/main/spec/predicates/runtime-trace.md */
export function requireRuntimeTrace(predicate: JsonValue): void {
  requireUri(predicate.get("monitor").get("type"));
  const observed = predicate.get("monitoredProcess");
  requireUri(observed.get("hostID"));
  requireUri(observed.get("type"));
  requireText(observed.get("event"));
  const log = predicate.get("monitorLog");
  if (!["process", "network", "fileAccess"].some((name) => log.get(name).present)) {
    throw log.refuse("has none of process, network and fileAccess");
  }
}

function requireText(json: JsonValue): void {
  if (json.string() === "") throw json.refuse("is empty");
}

function requireUri(json: JsonValue): void {
  if (!/^[a-z][a-z0-9+.-]*:[^\s]+$/i.test(json.string())) throw json.refuse("is not a URI");
}

function requireTexts(json: JsonValue): void {
  for (const item of json.items(maxItems)) item.string();
}

function requireObjects(json: JsonValue | undefined): void {
  for (const item of json?.items(maxItems) ?? []) item.members();
}

function requireOneOf(json: JsonValue, allowed: readonly string[]): void {
  if (!allowed.includes(json.string())) throw json.refuse(`is none of ${allowed.join(", ")}`);
}
