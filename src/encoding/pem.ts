// PEM, one label at a time and strictly: RFC 7468 section 3, the "strict" production.
import { SigstepError } from "../errors.ts";
import { encodeBase64, parseBase64 } from "./base64.ts";

/**
 * The contents of every block of `text`, all of which must have `label`.
 *
 * White space between blocks is allowed, other text is not.
 *
 * @throws SigstepError ENCODING_INVALID
 */
export function parsePem(text: string, label: string): Uint8Array[] {
  const block = new RegExp(
    `\\s*-----BEGIN ${label}-----\\r?\\n((?:[A-Za-z0-9+/=]+\\r?\\n)+)-----END ${label}-----\\s*`,
    "y",
  );
  const blocks: Uint8Array[] = [];
  while (block.lastIndex < text.length) {
    const match = block.exec(text);
    const body = match?.[1];
    if (body === undefined) {
      throw new SigstepError("ENCODING_INVALID", `This is not PEM of type ${label} alone.`);
    }
    blocks.push(parseBase64(body.replace(/\r?\n/g, ""), `PEM ${label}`));
  }
  return blocks;
}

/** One PEM block, 64 characters a line. */
export function encodePem(bytes: Uint8Array, label: string): string {
  const lines = encodeBase64(bytes).match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
