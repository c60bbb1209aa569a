// General names: whose a certificate is. Only the kinds that Fulcio issues are understood,
// the others are kept as they are. RFC 5280 section 4.2.1.6.
import { encodeHex } from "../encoding/base64.ts";
import { contextTag, type DerElement, DerFields, tags, unwrapExplicit } from "../encoding/der.ts";
import { parseAsciiContent, parseOid, parseUtf8String } from "../encoding/der-values.ts";

/** One name. `other` is a kind we have no use for; its value is `hex:` and its bytes. */
export type GeneralName =
  | { readonly type: "email"; readonly value: string }
  | { readonly type: "dns"; readonly value: string }
  | { readonly type: "uri"; readonly value: string }
  | { readonly type: "otherName"; readonly oid: string; readonly value: string }
  | { readonly type: "other"; readonly value: string };

const nameTags = {
  otherName: contextTag(0, "constructed"),
  email: contextTag(1, "primitive"),
  dns: contextTag(2, "primitive"),
  directoryName: contextTag(4, "constructed"),
  uri: contextTag(6, "primitive"),
} as const;

/**
 * `GeneralNames ::= SEQUENCE SIZE (1..MAX) OF GeneralName`
 *
 * @throws SigstepError ENCODING_INVALID
 */
export function parseGeneralNames(element: DerElement): GeneralName[] {
  const names = element.expect(tags.sequence, "general names").children.map(parseGeneralName);
  if (names.length === 0) throw element.invalid("general names are empty");
  return names;
}

function parseGeneralName(element: DerElement): GeneralName {
  switch (element.tag) {
    case nameTags.email:
      return { type: "email", value: parseAsciiContent(element, "email name") };
    case nameTags.dns:
      return { type: "dns", value: parseAsciiContent(element, "DNS name") };
    case nameTags.uri:
      return { type: "uri", value: parseAsciiContent(element, "URI name") };
    case nameTags.otherName:
      return parseOtherName(element);
    default:
      return describeOther(element);
  }
}

/** `OtherName ::= SEQUENCE { type-id OID, value [0] EXPLICIT ANY }`, implicitly tagged [0]. */
function parseOtherName(element: DerElement): GeneralName {
  const fields = new DerFields(element, "other name");
  const oid = parseOid(fields.take(tags.oid, "type"), "other name");
  const value = unwrapExplicit(fields.take(contextTag(0, "constructed"), "value"), "other name");
  fields.end();
  if (value.tag !== tags.utf8String) return describeOther(element);
  return { type: "otherName", oid, value: parseUtf8String(value, "other name") };
}

function describeOther(element: DerElement): GeneralName {
  return { type: "other", value: `hex:${encodeHex(element.raw)}` };
}

/** The directory name in general names that hold just one: the issuer in an ESS certificate id. */
export function findDirectoryName(element: DerElement): Uint8Array | undefined {
  const [name, ...rest] = element.expect(tags.sequence, "general names").children;
  if (name?.tag !== nameTags.directoryName || rest.length > 0) return undefined;
  return unwrapExplicit(name, "directory name").raw;
}
