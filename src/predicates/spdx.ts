// SPDX documents in JSON: versions 2.2 and 2.3, and 3.0 as JSON-LD. Looked at as far as naming and version.
// https://spdx.github.io/spdx-spec/v2.3/document-creation-information, https://spdx.github.io/spdx-spec/v3.0.1
import type { JsonValue } from "../encoding/json.ts";
import { quote } from "../errors.ts";

/** What an SBOM says of itself. */
export interface SbomFacts {
  /** `2.3`, `3.0.1`, `1.6`. */
  readonly version: string;
  /** Empty when it has none. */
  readonly name: string;
}

/** Large SBOMs list every file. */
const maxElements = 5_000_000;

/** Whether the document claims to be SPDX of version 2. */
export function isSpdx2(document: JsonValue): boolean {
  return document.get("spdxVersion").present || document.get("SPDXID").present;
}

/** Whether the document claims to be SPDX of version 3: JSON-LD in SPDX's context. */
export function isSpdx3(document: JsonValue): boolean {
  const context = document.get("@context");
  if (!context.present || isOpenVex(context)) return false;
  return document.get("@graph").present || mentionsSpdx(context);
}

function isOpenVex({ raw }: JsonValue): boolean {
  return typeof raw === "string" && raw.startsWith("https://openvex.dev/");
}

/** A context is an address, an object of prefixes, or a list of both. */
function mentionsSpdx({ raw }: JsonValue): boolean {
  const items: unknown[] = Array.isArray(raw) ? raw : [raw];
  return items.some((item) => {
    const texts: unknown[] =
      typeof item === "object" && item !== null ? Object.values(item) : [item];
    return texts.some(
      (text) => typeof text === "string" && /^https?:\/\/spdx\.org\/rdf\//.test(text),
    );
  });
}

/**
 * Reads an SPDX 2 document.
 *
 * @throws SigstepError with the document's code.
 */
export function readSpdx2(document: JsonValue): SbomFacts {
  const field = document.get("spdxVersion");
  const version = /^SPDX-(2\.[23])$/.exec(field.string())?.[1];
  if (version === undefined) {
    throw field.refuse(`is ${quote(field.string(), 40)}; SPDX-2.2, SPDX-2.3 and 3.0 are read`);
  }
  const id = document.get("SPDXID");
  if (id.string() !== "SPDXRef-DOCUMENT") throw id.refuse("is not SPDXRef-DOCUMENT");
  const name = document.get("name");
  if (name.string() === "") throw name.refuse("is empty");
  return { version, name: name.string() };
}

/**
 * Reads an SPDX 3.0 document: the version is that of the creation information, of which each must agree.
 *
 * @throws SigstepError with the document's code.
 */
export function readSpdx3(document: JsonValue): SbomFacts {
  const context = document.get("@context");
  if (!mentionsSpdx(context)) throw context.refuse("is not SPDX's (https://spdx.org/rdf/…)");
  const elements = document.get("@graph").items(maxElements);
  const described = elements.find((element) => typeOf(element) === "SpdxDocument");
  if (described === undefined) throw document.get("@graph").refuse("has no SpdxDocument");
  const versions = new Set(elements.flatMap(specVersionsOf).map(requireVersion3));
  const [version] = versions;
  if (version === undefined) {
    throw document.get("@graph").refuse("has no CreationInfo with a specVersion");
  }
  if (versions.size > 1) {
    throw document.get("@graph").refuse(`has several versions: ${[...versions].join(", ")}`);
  }
  return { version, name: described.get("name").optional()?.string() ?? "" };
}

/** `type` in SPDX's own context, `@type` in JSON-LD's. */
function typeOf(element: JsonValue): unknown {
  const plain = element.get("type");
  return plain.present ? plain.raw : element.get("@type").raw;
}

/** Creation information is an element by itself, or stands inside the element that it is about. */
function specVersionsOf(element: JsonValue): JsonValue[] {
  const inner = element.get("creationInfo");
  const infos = typeOf(element) === "CreationInfo" ? [element] : [];
  if (typeof inner.raw === "object" && inner.present) infos.push(inner);
  return infos.map((info) => info.get("specVersion"));
}

function requireVersion3(field: JsonValue): string {
  const version = field.string();
  if (/^3\.0(?:\.[0-9]{1,4})?$/.test(version)) return version;
  throw field.refuse(`is ${quote(version, 40)}; SPDX-2.2, SPDX-2.3 and 3.0 are read`);
}
