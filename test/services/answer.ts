// Answers and tokens made by hand, for what judges them without a network.
import type { HttpResponse } from "../../src/services/http.ts";
import { type IdentityToken, parseIdentityToken } from "../../src/sigstore/token.ts";

/** An answer with this status and body; JSON unless it is text or bytes. */
export function answer(body: unknown, status = 200): HttpResponse {
  const bytes =
    body instanceof Uint8Array
      ? body
      : Buffer.from(typeof body === "string" ? body : JSON.stringify(body));
  return { status, headers: {}, body: bytes, excerpt: () => "" };
}

/** A token as the door's clock sees it: of 2026-11-20, for five minutes. */
export function tokenOf(claims: Readonly<Record<string, unknown>> = {}): IdentityToken {
  const now = Date.parse("2026-11-20T12:00:00Z");
  const all = {
    iss: "https://issuer.example",
    sub: "subject",
    aud: "sigstore",
    exp: now / 1000 + 300,
    ...claims,
  };
  const payload = Buffer.from(JSON.stringify(all)).toString("base64url");
  return parseIdentityToken(`eyJhbGciOiJub25lIn0.${payload}.geheim`, "sigstore", new Date(now));
}
