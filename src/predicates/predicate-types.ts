// The predicate types that we can write: their URIs, what they require, and which of the types that a short
// name stands for (sigstore/predicate-types.ts) is written under it.
// Any other type is welcome by its URI; its predicate only has to be a JSON object.
// Short names: cosign's --type (cmd/cosign/cli/options/predicate.go) and in-toto's list of predicates.
import type { JsonValue } from "../encoding/json.ts";
import { quote, SigstepError } from "../errors.ts";
import { predicateTypesByName } from "../sigstore/predicate-types.ts";
import { requireCycloneDx, requireSpdx } from "./sbom.ts";
import {
  requireCosignVuln,
  requireLink,
  requireOldLink,
  requireOpenVex,
  requireReference,
  requireRelease,
  requireRuntimeTrace,
  requireScai,
  requireSlsaProvenance,
  requireSlsaProvenance02,
  requireSvr,
  requireTestResult,
  requireVerificationSummary,
  requireVulns,
  type PredicateCheck,
} from "./required-fields.ts";

/** A predicate type by its URI. */
export interface PredicateType {
  readonly uri: string;
  /** Part of file names: `spdx` in `app.tar.gz.spdx.sigstore.json`. */
  readonly shortType: string;
  readonly check: PredicateCheck | undefined;
}

type Row = readonly [uri: string, shortType: string, check?: PredicateCheck];

const inToto = "https://in-toto.io/attestation";
const cosign = "https://cosign.sigstore.dev/attestation";

const rows: readonly Row[] = [
  ["https://slsa.dev/provenance/v1", "provenance", requireSlsaProvenance],
  ["https://slsa.dev/provenance/v0.2", "provenance02", requireSlsaProvenance02],
  ["https://slsa.dev/verification_summary/v1", "vsa", requireVerificationSummary],
  ["https://spdx.dev/Document", "spdx", requireSpdx],
  ["https://spdx.dev/Document/v2.2", "spdx", requireSpdx],
  ["https://spdx.dev/Document/v2.3", "spdx", requireSpdx],
  ["https://spdx.dev/Document/v3", "spdx", requireSpdx],
  ["https://spdx.dev/Document/v3.0", "spdx", requireSpdx],
  ["https://spdx.dev/Document/v3.0.1", "spdx", requireSpdx],
  ["https://cyclonedx.org/bom", "cyclonedx", requireCycloneDx],
  ["https://openvex.dev/ns", "openvex", requireOpenVex],
  ["https://openvex.dev/ns/v0.2.0", "openvex", requireOpenVex],
  [`${cosign}/vuln/v1`, "vuln", requireCosignVuln],
  [`${cosign}/v1`, "custom"],
  [`${inToto}/vulns/v0.2`, "vulns", requireVulns],
  [`${inToto}/vulns/v0.1`, "vulns01", requireVulns],
  [`${inToto}/test-result/v0.1`, "test-result", requireTestResult],
  [`${inToto}/release/v0.1`, "release", requireRelease],
  [`${inToto}/release/v0.2`, "release02", requireRelease],
  [`${inToto}/scai/v0.3`, "scai", requireScai],
  [`${inToto}/scai/attribute-report/v0.2`, "scai02", requireScai],
  [`${inToto}/svr/v0.2`, "svr", requireSvr],
  [`${inToto}/svr/v0.1`, "svr01", requireSvr],
  [`${inToto}/reference/v0.1`, "reference", requireReference],
  [`${inToto}/runtime-trace/v0.1`, "runtime-trace", requireRuntimeTrace],
  [`${inToto}/runtime-trace/v0.2`, "runtime-trace02", requireRuntimeTrace],
  [`${inToto}/link/v0.3`, "link03", requireLink],
  ["https://in-toto.io/Link/v1", "link", requireOldLink],
];

/** Every type that we know. */
export const predicateTypes: readonly PredicateType[] = rows.map(([uri, shortType, check]) => ({
  uri,
  shortType,
  check,
}));

/**
 * Names that we write as something else than the first type that verification takes them for: what cosign
 * writes under them, and names for exactly one of several types.
 */
const writtenAs: ReadonlyMap<string, string> = new Map([
  ["vuln", `${cosign}/vuln/v1`],
  ["vulns", `${inToto}/vulns/v0.2`],
  ["vulns01", `${inToto}/vulns/v0.1`],
  ["link", "https://in-toto.io/Link/v1"],
  ["link03", `${inToto}/link/v0.3`],
]);

/** Every short name that can be written. */
export const writableNames: readonly string[] = [
  ...new Set([...predicateTypesByName.keys(), ...writtenAs.keys()]),
].sort();

const maxUriLength = 1024;

/**
 * The type that `text` stands for: a short name, or a URI.
 *
 * @param where - The input, for messages.
 * @throws SigstepError INPUT_VALUE for what is neither.
 */
export function parsePredicateType(text: string, where: string): PredicateType {
  const named = writtenAs.get(text) ?? predicateTypesByName.get(text)?.[0];
  if (named !== undefined) return predicateTypeOf(named);
  if (isTypeUri(text)) return predicateTypeOf(text);
  throw new SigstepError(
    "INPUT_VALUE",
    `${quote(text)} is neither the URI of a predicate type nor a short name.`,
    { where, hint: `Write an absolute URI, or one of ${writableNames.join(", ")}.` },
  );
}

/** A scheme, and characters that a URI may have: RFC 3986 section 2. */
function isTypeUri(text: string): boolean {
  return (
    text.length <= maxUriLength &&
    /^[a-z][a-z0-9+.-]*:[\w.~:/?#[\]@!$&'()*+,;=%-]+$/i.test(text) &&
    URL.canParse(text)
  );
}

/** The type with this URI; for one that we do not know, a short type made of the URI's end. */
export function predicateTypeOf(uri: string): PredicateType {
  const known = predicateTypes.find((type) => type.uri === uri);
  return known ?? { uri, shortType: shortTypeOf(uri), check: undefined };
}

const maxShortType = 40;

/** The last part of the path, with the one before it when it is only a version. */
function shortTypeOf(uri: string): string {
  const parts = uri
    .replace(/^[a-z][a-z0-9+.-]*:/i, "")
    .split(/[/?#]/)
    .map((part) => part.toLowerCase().replaceAll(/[^a-z0-9._-]/g, "-"))
    .filter((part) => /[a-z0-9]/.test(part));
  const isVersion = /^v?[0-9][0-9a-z.]*$/.test(parts.at(-1) ?? "");
  const name = parts.slice(isVersion ? -2 : -1).join("-");
  return name.slice(0, maxShortType).replaceAll(/^[.-]+|[.-]+$/g, "") || "predicate";
}

/**
 * Checks what the type requires of its predicate.
 *
 * @throws SigstepError with the code that `predicate` was read with.
 */
export function checkPredicate(type: PredicateType, predicate: JsonValue): void {
  predicate.members();
  type.check?.(predicate);
}
