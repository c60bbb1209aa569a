// Base64 and hexadecimal, strictly: what is not the one canonical spelling is refused.
// Nothing outside this folder decodes either. RFC 4648 sections 3.2, 3.5 and 4.
import { SigstepError } from "../errors.ts";

/**
 * Bytes of standard, padded base64 without white space.
 *
 * @param label - What the text is, for the message.
 * @throws SigstepError ENCODING_INVALID
 */
export function parseBase64(text: string, label: string): Uint8Array {
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64") !== text) {
    throw new SigstepError("ENCODING_INVALID", `${label} is not canonical base64.`);
  }
  return bytes;
}

/** Standard, padded base64 of `bytes`. */
export function encodeBase64(bytes: Uint8Array): string {
  return view(bytes).toString("base64");
}

/**
 * Bytes of unpadded base64url, as in a JWT (RFC 7515 section 2).
 *
 * @throws SigstepError ENCODING_INVALID
 */
export function parseBase64url(text: string, label: string): Uint8Array {
  const bytes = Buffer.from(text, "base64url");
  if (bytes.toString("base64url") !== text) {
    throw new SigstepError("ENCODING_INVALID", `${label} is not canonical base64url.`);
  }
  return bytes;
}

/**
 * Bytes of lower-case hexadecimal.
 *
 * @throws SigstepError ENCODING_INVALID
 */
export function parseHex(text: string, label: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/.test(text)) {
    throw new SigstepError("ENCODING_INVALID", `${label} is not lower-case hexadecimal.`);
  }
  return Buffer.from(text, "hex");
}

/** Lower-case hexadecimal of `bytes`. */
export function encodeHex(bytes: Uint8Array): string {
  return view(bytes).toString("hex");
}

/** Whether two byte strings are the same. Not constant time: nothing here is secret. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  return view(left).equals(right);
}

function view(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
