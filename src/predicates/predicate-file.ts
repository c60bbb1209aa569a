// A predicate as its author wrote it: a JSON object that goes into the statement without being read and
// written again, so that no number, escape or order changes on the way. RFC 8259, RFC 7493.
import { computeDigest, type Digest } from "../crypto/digest.ts";
import { parseJson, type JsonValue } from "../encoding/json.ts";
import { SigstepError } from "../errors.ts";
import { findUnsafeValue, minifyJson } from "./json-text.ts";

/** The largest file that is read; what is embedded is far smaller (oversize.ts). */
export const maxPredicateFileBytes = 128 * 1024 * 1024;

/** A predicate that can be embedded. */
export interface PredicateText {
  /** For messages: `predicate vex.json`. */
  readonly label: string;
  /** The object, for checks. What is signed is {@link PredicateText.text}. */
  readonly json: JsonValue;
  /** The document without white space between its tokens, otherwise in its own spelling. */
  readonly text: string;
  /** Length of {@link PredicateText.text} in UTF-8. */
  readonly byteLength: number;
  /** Length and SHA-256 of the bytes as they were handed in. */
  readonly size: number;
  readonly digest: Digest;
}

/** What a document is: it decides how to complain about it. */
export interface DocumentSource {
  readonly label: string;
  readonly code: "PREDICATE_INVALID" | "SBOM_INVALID";
}

/**
 * Reads a predicate.
 *
 * @param bytes - The file.
 * @throws SigstepError `source.code` when it is not one JSON object in UTF-8, has a name twice or a value
 * that not every reader would take for the same, is nested deeper than 64 levels or above 128 MiB.
 */
export function parsePredicate(bytes: Uint8Array, source: DocumentSource): PredicateText {
  const { label, code } = source;
  requireNoMark(bytes, source);
  const json = parseJson(bytes, { label, code, maxBytes: maxPredicateFileBytes });
  requireObject(json);
  const original = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  const fault = findUnsafeValue(original);
  if (fault !== undefined) {
    throw new SigstepError(code, `The ${label} ${fault}.`, {
      where: label,
      hint: "Write large numbers and version numbers as strings.",
    });
  }
  const text = minifyJson(original);
  return {
    label,
    json,
    text,
    byteLength: Buffer.byteLength(text),
    size: bytes.byteLength,
    digest: computeDigest("sha256", bytes),
  };
}

/**
 * Reads a predicate that stands in an input.
 *
 * @throws SigstepError as {@link parsePredicate}, also for text that no UTF-8 can hold.
 */
export function parsePredicateInput(text: string, source: DocumentSource): PredicateText {
  if (!text.isWellFormed()) {
    throw new SigstepError(source.code, `The ${source.label} is not Unicode text.`, {
      where: source.label,
      hint: "Write it to a file in UTF-8 and name that.",
    });
  }
  return parsePredicate(Buffer.from(text), source);
}

function requireNoMark(bytes: Uint8Array, { label, code }: DocumentSource): void {
  const [first, second, third] = bytes;
  const utf16 = (first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff);
  const utf8 = first === 0xef && second === 0xbb && third === 0xbf;
  if (!utf16 && !utf8) return;
  const what = utf16 ? "is UTF-16" : "begins with a byte order mark";
  throw new SigstepError(code, `The ${label} ${what}, which JSON does not allow.`, {
    where: label,
    hint: "Save it as UTF-8 without a byte order mark. PowerShell: Set-Content -Encoding utf8NoBOM.",
  });
}

function requireObject(json: JsonValue): void {
  if (Array.isArray(json.raw)) throw json.refuse("is a list, not an object");
  if (!json.present) throw json.refuse("is null, not an object");
  json.members();
}
