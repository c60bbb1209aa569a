// CycloneDX documents in JSON, versions 1.4 to 1.7. Looked at as far as naming and version.
// https://cyclonedx.org/docs/1.6/json/
import type { JsonValue } from "../encoding/json.ts";
import { quote } from "../errors.ts";
import type { SbomFacts } from "./spdx.ts";

/** Whether the document claims to be CycloneDX. */
export function isCycloneDx(document: JsonValue): boolean {
  const schema = document.get("$schema").raw;
  return (
    document.get("bomFormat").present ||
    (typeof schema === "string" && /^https?:\/\/cyclonedx\.org\/schema\//.test(schema))
  );
}

const serialNumber = /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/**
 * Reads a CycloneDX document. A serial number is recommended, not required: a VEX often has none.
 *
 * @throws SigstepError with the document's code.
 */
export function readCycloneDx(document: JsonValue): SbomFacts {
  const format = document.get("bomFormat");
  if (format.string() !== "CycloneDX") throw format.refuse("is not CycloneDX");
  const version = document.get("specVersion");
  if (!/^1\.[4-7]$/.test(version.string())) {
    throw version.refuse(`is ${quote(version.string(), 40)}; CycloneDX 1.4 to 1.7 are read`);
  }
  const serial = document.get("serialNumber").optional();
  if (serial !== undefined && !serialNumber.test(serial.string())) {
    throw serial.refuse("is not urn:uuid: and a UUID");
  }
  document.get("version").optional()?.integer();
  const component = document.get("metadata").optional()?.get("component").optional();
  return { version: version.string(), name: component?.get("name").optional()?.string() ?? "" };
}
