// DSSE: an envelope with one signature, and the bytes that the signature covers.
// Envelopes with several signatures are refused: readers would take different ones.
// https://github.com/secure-systems-lab/dsse/blob/master/envelope.md
import { encodeBase64 } from "../encoding/base64.ts";
import type { JsonValue } from "../encoding/json.ts";

/** An envelope as read: nothing in it is proven. */
export interface Envelope {
  readonly kind: "dsse-envelope";
  readonly payloadType: string;
  /** As it was signed, before base64. */
  readonly payload: Uint8Array;
  readonly signature: Uint8Array;
  /** A hint, often empty. */
  readonly keyId: string;
}

/** Media type of in-toto statements, the only payload that we sign or believe. */
export const statementType = "application/vnd.in-toto+json";

/**
 * Reads an envelope in protobuf's JSON form.
 *
 * @throws SigstepError of the source's code.
 */
export function parseEnvelope(json: JsonValue): Envelope {
  const signatures = json.get("signatures");
  const [signature, ...more] = signatures.items(maxSignatures);
  if (signature === undefined || more.length > 0) {
    throw signatures.refuse(`has not exactly one item`);
  }
  return {
    kind: "dsse-envelope",
    payloadType: json.get("payloadType").string(),
    payload: json.get("payload").base64(),
    signature: signature.get("sig").base64(),
    keyId: signature.get("keyid").optional()?.string() ?? "",
  };
}

/** Its JSON form, in protobuf's and DSSE's common spelling. */
export function encodeEnvelope({ payload, payloadType, signature, keyId }: Envelope): object {
  return {
    payload: encodeBase64(payload),
    payloadType,
    signatures: [{ sig: encodeBase64(signature), keyid: keyId }],
  };
}

/** More than one is refused in any case; this many are counted. */
const maxSignatures = 32;

/**
 * The exact bytes that a DSSE signature covers.
 *
 * Lengths count bytes, not characters: a payload type outside ASCII is longer than it looks.
 *
 * @returns `"DSSEv1" SP len(type) SP type SP len(payload) SP payload`
 * @see https://github.com/secure-systems-lab/dsse/blob/master/protocol.md#signature-definition
 */
export function preAuthEncode({
  payloadType,
  payload,
}: Pick<Envelope, "payloadType" | "payload">): Uint8Array {
  const type = Buffer.from(payloadType, "utf8");
  return Buffer.concat([
    Buffer.from(`DSSEv1 ${type.byteLength} `, "utf8"),
    type,
    Buffer.from(` ${payload.byteLength} `, "utf8"),
    payload,
  ]);
}
