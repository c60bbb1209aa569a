// JSON in the one spelling that logs hash and sign: RFC 8785. Our values hold no fractions, so that
// JSON.stringify already writes every scalar as the RFC wants it; only the order of names is left.

/** @see https://www.rfc-editor.org/rfc/rfc8785#section-3.2.3 */
export function encodeCanonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, part: unknown) => sortNames(part));
}

function sortNames(part: unknown): unknown {
  if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
  const members = Object.entries(part).sort(([left], [right]) => (left < right ? -1 : 1));
  return Object.fromEntries(members);
}
