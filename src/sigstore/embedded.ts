// Embedded files: JSON modules are bundled as values; parsers take bytes, so the text is made anew.

/** JSON text in UTF-8. A signature over JSON is over its canonical form, which this does not change. */
export function encodeEmbedded(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value), "utf8");
}
