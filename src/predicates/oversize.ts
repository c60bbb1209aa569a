// Predicates too large to embed: refused, or signed as a reference to the document, which then lives
// elsewhere under its digest.
// https://github.com/in-toto/attestation/blob/main/spec/predicates/reference.md
import { encodeHex } from "../encoding/base64.ts";
import { quote, SigstepError } from "../errors.ts";
import type { PredicateText } from "./predicate-file.ts";

/** The largest predicate that is embedded, in bytes without needless white space; actions/attest's limit. */
export const maxInlineBytes = 16 * 1024 * 1024;

/** The predicate type that a reference has instead of the document's own. */
export const referenceType = "https://in-toto.io/attestation/reference/v0.1";

/** A predicate together with what it is. */
export interface TypedPredicate {
  readonly predicateType: string;
  /** Media type of the document: `application/json`, `application/spdx+json`. */
  readonly mediaType: string;
  readonly document: PredicateText;
}

/** What to do with a document that is too large. */
export type Oversize =
  | { readonly kind: "fail" }
  | {
      readonly kind: "reference";
      /** Where the document can be had: an https URL. */
      readonly location: string;
      /** Name of the document's file. */
      readonly name: string;
      /** Identifier of the system that provides it: the builder's. */
      readonly attester: string;
    };

/** What goes into the statement. */
export interface EmbeddedPredicate {
  readonly predicateType: string;
  /** JSON text. */
  readonly predicateJson: string;
  /** Whether this is a reference to the document. */
  readonly isReference: boolean;
}

/**
 * The predicate itself when it is small enough, otherwise what `oversize` asks for.
 *
 * @param maxBytes - What is small enough, when a log takes less than {@link maxInlineBytes}.
 * @throws SigstepError PREDICATE_INVALID for one that is too large and may not be referred to;
 * INPUT_VALUE for a location that is not an https URL.
 */
export function embedPredicate(
  predicate: TypedPredicate,
  oversize: Oversize,
  maxBytes = maxInlineBytes,
): EmbeddedPredicate {
  const { document, predicateType } = predicate;
  if (fitsInline(document, maxBytes)) {
    return { predicateType, predicateJson: document.text, isReference: false };
  }
  if (oversize.kind === "fail") throw tooLarge(document);
  requireLocation(oversize.location);
  const predicateJson = JSON.stringify(describeReference(predicate, oversize));
  return { predicateType: referenceType, predicateJson, isReference: true };
}

/** Whether a document of that size is embedded, where the log takes `maxBytes`. */
export function fitsInline(
  { byteLength }: Pick<PredicateText, "byteLength">,
  maxBytes: number,
): boolean {
  return byteLength <= Math.min(maxBytes, maxInlineBytes);
}

/** The digest covers the file's own bytes: that is what whoever fetches it has. */
function describeReference(
  { predicateType, mediaType, document }: TypedPredicate,
  { location, name, attester }: Extract<Oversize, { kind: "reference" }>,
): object {
  return {
    attester: { id: attester },
    references: [
      {
        name,
        downloadLocation: location,
        digest: { sha256: encodeHex(document.digest.bytes) },
        mediaType,
        annotations: { predicateType },
      },
    ],
  };
}

/**
 * Refuses a place that a reference cannot name.
 *
 * @throws SigstepError INPUT_VALUE for what is not an https URL, or has credentials in it.
 */
export function requireLocation(location: string): void {
  const url = URL.parse(location);
  if (url?.protocol === "https:" && url.username === "" && url.password === "") return;
  const shown = location.includes("@") ? "A location with an @" : quote(location);
  throw new SigstepError("INPUT_VALUE", `${shown} is not an https URL that anyone can use.`, {
    where: "oversize-location",
    hint: "A reference says where anyone can get the document: give its public https URL.",
  });
}

function tooLarge({ label, byteLength }: PredicateText): SigstepError {
  return new SigstepError(
    "PREDICATE_INVALID",
    `The ${label} is ${byteLength} bytes without white space, more than the ${maxInlineBytes} that are embedded.`,
    {
      where: label,
      hint: "Set `oversize: reference` to sign its digest and where it lives instead, or leave out what nobody needs (for an SBOM: the list of files).",
    },
  );
}
