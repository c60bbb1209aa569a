// Predicate types by short name, as cosign, GitHub and in-toto spell them. One name may stand for several
// spellings of the same thing.
// https://github.com/in-toto/attestation/tree/main/spec/predicates
import { quote, SigstepError } from "../errors.ts";

const provenanceV1 = "https://slsa.dev/provenance/v1";
const provenanceV02 = "https://slsa.dev/provenance/v0.2";
const spdx = "https://spdx.dev/Document";
const spdxTypes = [spdx, ...["2.2", "2.3", "3", "3.0", "3.0.1"].map((v) => `${spdx}/v${v}`)];
const cycloneDxTypes = ["https://cyclonedx.org/bom"];
const inToto = "https://in-toto.io/attestation";
const vulns = [`${inToto}/vulns/v0.2`, `${inToto}/vulns/v0.1`];
const link = `${inToto}/link/v0.3`;

/** Short name → every type that it stands for, what is written under it first. */
export const predicateTypesByName: ReadonlyMap<string, readonly string[]> = new Map([
  ["provenance", [provenanceV1, provenanceV02]],
  ["slsaprovenance", [provenanceV02]],
  ["slsaprovenance02", [provenanceV02]],
  ["slsaprovenance1", [provenanceV1]],
  ["vsa", ["https://slsa.dev/verification_summary/v1"]],
  ["spdx", spdxTypes],
  ["spdxjson", spdxTypes],
  ["cyclonedx", cycloneDxTypes],
  ["openvex", ["https://openvex.dev/ns", "https://openvex.dev/ns/v0.2.0"]],
  ["vuln", [...vulns, "https://cosign.sigstore.dev/attestation/vuln/v1"]],
  ["vulns", vulns],
  ["vulns01", [`${inToto}/vulns/v0.1`]],
  ["test-result", [`${inToto}/test-result/v0.1`]],
  ["release", [`${inToto}/release/v0.1`, `${inToto}/release/v0.2`]],
  ["runtime-trace", [`${inToto}/runtime-trace/v0.1`, `${inToto}/runtime-trace/v0.2`]],
  ["scai", [`${inToto}/scai/v0.3`, `${inToto}/scai/attribute-report/v0.2`]],
  ["svr", [`${inToto}/svr/v0.2`, `${inToto}/svr/v0.1`]],
  ["link", [link, "https://in-toto.io/Link/v1"]],
  ["link03", [link]],
  ["reference", [`${inToto}/reference/v0.1`]],
  ["custom", ["https://cosign.sigstore.dev/attestation/v1"]],
]);

/** Names that ask for one of several kinds. Nothing is written under them: they do not say which. */
const kindsByName: ReadonlyMap<string, readonly string[]> = new Map([
  ["sbom", [...spdxTypes, ...cycloneDxTypes]],
]);

const acceptedByName = new Map([...predicateTypesByName, ...kindsByName]);

/**
 * The predicate types that `text` stands for: a short name, or a URI that is itself.
 *
 * @throws SigstepError POLICY_INVALID for a word that is neither.
 */
export function parsePredicateType(text: string): readonly string[] {
  const known = acceptedByName.get(text);
  if (known !== undefined) return known;
  if (/^[a-z][a-z0-9+.-]*:[\x21-\x7e]{1,2000}$/i.test(text)) return [text];
  throw new SigstepError("POLICY_INVALID", `There is no predicate type ${quote(text, 60)}.`, {
    where: "predicate type",
    hint: `Give its URI, or one of ${[...acceptedByName.keys()].join(", ")}.`,
  });
}
