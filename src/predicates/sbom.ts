// SBOMs, told apart by their content: SPDX or CycloneDX, in JSON. Nothing is guessed from a file's name,
// and what is in another format is refused with the command that converts it.
import type { JsonValue } from "../encoding/json.ts";
import { SigstepError } from "../errors.ts";
import { isCycloneDx, readCycloneDx } from "./cyclonedx.ts";
import { parsePredicate, type PredicateText } from "./predicate-file.ts";
import { isSpdx2, isSpdx3, readSpdx2, readSpdx3, type SbomFacts } from "./spdx.ts";
import { refuseOtherFormat, wrappedSbomHint } from "./sbom-formats.ts";

/** An SBOM that can be attested. */
export interface Sbom extends SbomFacts {
  readonly format: "spdx" | "cyclonedx";
  readonly mediaType: string;
  readonly document: PredicateText;
}

/**
 * Under which type URIs SBOMs are attested: `gh` as actions/attest does, with SPDX's version, and `cosign`
 * as its `--type` and in-toto's first list have it, without.
 */
export type SbomTypeUri = "gh" | "cosign";

/**
 * Reads an SBOM.
 *
 * @param label - For messages: `SBOM app.spdx.json`.
 * @throws SigstepError SBOM_INVALID when it is neither format or both, has no version or one that is not
 * read, or is not JSON.
 */
export function parseSbom(bytes: Uint8Array, label: string): Sbom {
  refuseOtherFormat(bytes, label);
  const document = parsePredicate(bytes, { label, code: "SBOM_INVALID" });
  const format = formatOf(document.json);
  const facts = format === "spdx" ? readSpdx(document.json) : readCycloneDx(document.json);
  const mediaType = format === "spdx" ? "application/spdx+json" : "application/vnd.cyclonedx+json";
  return { ...facts, format, mediaType, document };
}

/** The predicate type of `sbom`. SPDX 3 has its one URI from in-toto: actions/attest does not know it. */
export function sbomPredicateType({ format, version }: Sbom, choice: SbomTypeUri): string {
  if (format === "cyclonedx") return "https://cyclonedx.org/bom";
  if (choice === "cosign") return "https://spdx.dev/Document";
  return `https://spdx.dev/Document/v${version.startsWith("3.") ? "3" : version}`;
}

/** Refuses a predicate that is not SPDX of a version that we read. */
export function requireSpdx(document: JsonValue): void {
  if (formatOf(document) !== "spdx") throw document.refuse("is CycloneDX, not SPDX");
  readSpdx(document);
}

/** Refuses a predicate that is not CycloneDX of a version that we read. */
export function requireCycloneDx(document: JsonValue): void {
  if (formatOf(document) !== "cyclonedx") throw document.refuse("is SPDX, not CycloneDX");
  readCycloneDx(document);
}

function readSpdx(document: JsonValue): SbomFacts {
  return isSpdx2(document) ? readSpdx2(document) : readSpdx3(document);
}

function formatOf(document: JsonValue): "spdx" | "cyclonedx" {
  const claims = [isSpdx2(document), isSpdx3(document), isCycloneDx(document)];
  const [spdx2, spdx3] = claims;
  if (claims.filter(Boolean).length > 1) {
    throw ambiguous(document, "says of itself that it is more than one kind of SBOM");
  }
  if (spdx2 === true || spdx3 === true) return "spdx";
  if (claims.includes(true)) return "cyclonedx";
  throw ambiguous(document, "is neither SPDX nor CycloneDX", wrappedSbomHint(document));
}

const bothHint =
  "An SPDX document has spdxVersion and SPDXID (2.2, 2.3) or @context and @graph (3.0), a CycloneDX document bomFormat and specVersion.";

function ambiguous({ source }: JsonValue, why: string, hint = bothHint): SigstepError {
  return new SigstepError(source.code, `The ${source.label} ${why}.`, {
    where: source.label,
    hint,
  });
}
