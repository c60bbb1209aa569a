// Predicate types by short name, as cosign, GitHub and in-toto spell them. One name may stand for several
// spellings of the same thing.
// https://github.com/in-toto/attestation/tree/main/spec/predicates
import { quote, SigstepError } from "../errors.ts";

const provenanceV1 = "https://slsa.dev/provenance/v1";
const provenanceV02 = "https://slsa.dev/provenance/v0.2";
const spdx = "https://spdx.dev/Document";
const spdxTypes = [spdx, ...["2.2", "2.3", "3", "3.0", "3.0.1"].map((v) => `${spdx}/v${v}`)];
const vulns = "https://in-toto.io/attestation/vulns";
const link = "https://in-toto.io/attestation/link/v0.3";

/** Short name → every type that it stands for. */
export const predicateTypesByName: ReadonlyMap<string, readonly string[]> = new Map([
  ["provenance", [provenanceV1, provenanceV02]],
  ["slsaprovenance", [provenanceV02]],
  ["slsaprovenance02", [provenanceV02]],
  ["slsaprovenance1", [provenanceV1]],
  ["vsa", ["https://slsa.dev/verification_summary/v1"]],
  ["spdx", spdxTypes],
  ["spdxjson", spdxTypes],
  ["cyclonedx", ["https://cyclonedx.org/bom"]],
  ["openvex", ["https://openvex.dev/ns", "https://openvex.dev/ns/v0.2.0"]],
  ["vuln", [`${vulns}/v0.1`, `${vulns}/v0.2`, "https://cosign.sigstore.dev/attestation/vuln/v1"]],
  ["test-result", ["https://in-toto.io/attestation/test-result/v0.1"]],
  ["release", ["https://in-toto.io/attestation/release/v0.1"]],
  ["runtime-trace", ["https://in-toto.io/attestation/runtime-trace/v0.1"]],
  ["scai", ["https://in-toto.io/attestation/scai/v0.3"]],
  ["svr", ["https://in-toto.io/attestation/svr/v0.2"]],
  ["link", [link, "https://in-toto.io/Link/v1"]],
  ["reference", ["https://in-toto.io/attestation/reference/v0.1"]],
  ["custom", ["https://cosign.sigstore.dev/attestation/v1"]],
]);

/**
 * The predicate types that `text` stands for: a short name, or a URI that is itself.
 *
 * @throws SigstepError POLICY_INVALID for a word that is neither.
 */
export function parsePredicateType(text: string): readonly string[] {
  const known = predicateTypesByName.get(text);
  if (known !== undefined) return known;
  if (/^[a-z][a-z0-9+.-]*:[\x21-\x7e]{1,2000}$/i.test(text)) return [text];
  throw new SigstepError("POLICY_INVALID", `There is no predicate type ${quote(text, 60)}.`, {
    where: "predicate type",
    hint: `Give its URI, or one of ${[...predicateTypesByName.keys()].join(", ")}.`,
  });
}
