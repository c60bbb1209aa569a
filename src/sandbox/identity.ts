// Whom a token names, as Fulcio judges it: signature by one of the known issuers, audience, times, and
// then the identity and the extensions that its claims give.
import { verify, type KeyObject } from "node:crypto";
import { parseBase64url } from "../encoding/base64.ts";
import { parseJson, type JsonValue } from "../encoding/json.ts";
import type { IssuerKind } from "./claims.ts";

/** An issuer that this Fulcio believes. */
export interface KnownIssuer {
  readonly kind: IssuerKind;
  readonly url: string;
  publicKey(): Promise<KeyObject>;
}

/** A token whose signature, audience and times are right. */
export interface VerifiedToken {
  readonly issuer: KnownIssuer;
  readonly claims: JsonValue;
}

/** The token is not accepted; Fulcio tells the client no more than that. */
export class TokenRefused extends Error {}

/** The audience of every token. */
export const audience = "sigstore";

/** What is needed to judge tokens. */
export interface TokenRules {
  readonly issuers: readonly KnownIssuer[];
  readonly now: Date;
}

/**
 * Verifies a JWT.
 *
 * @throws TokenRefused
 * @see https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation
 */
export async function verifyToken(token: string, rules: TokenRules): Promise<VerifiedToken> {
  try {
    return await verifyParts(token.split("."), rules);
  } catch (error) {
    throw new TokenRefused("token refused", { cause: error });
  }
}

async function verifyParts(parts: readonly string[], rules: TokenRules): Promise<VerifiedToken> {
  const [header = "", payload = "", signature = "", ...more] = parts;
  if (more.length > 0) throw new TokenRefused("not three parts");
  const claims = parsePart(payload, "token payload");
  const iss = claims.get("iss").string();
  const issuer = rules.issuers.find((known) => known.url === iss);
  if (issuer === undefined) throw new TokenRefused("unknown issuer");
  if (parsePart(header, "token header").get("alg").string() !== "RS256") {
    throw new TokenRefused("not RS256");
  }
  const signed = Buffer.from(`${header}.${payload}`);
  const bytes = parseBase64url(signature, "token signature");
  if (!verify("sha256", signed, await issuer.publicKey(), bytes)) {
    throw new TokenRefused("bad signature");
  }
  checkTimes(claims, Math.floor(rules.now.getTime() / 1000));
  if (claims.get("aud").string() !== audience) throw new TokenRefused("other audience");
  return { issuer, claims };
}

function parsePart(part: string, label: string): JsonValue {
  const bytes = parseBase64url(part, label);
  return parseJson(bytes, { label, code: "IDENTITY_INVALID", maxBytes: 65_536 });
}

function checkTimes(claims: JsonValue, now: number): void {
  if (claims.get("exp").integer() <= now) throw new TokenRefused("expired");
  const notBefore = claims.get("nbf").optional()?.integer() ?? 0;
  if (notBefore > now + 300) throw new TokenRefused("not yet valid");
}

/**
 * What the client must sign to prove that it has both the token and the key.
 *
 * @throws SigstepError IDENTITY_INVALID when the claim is missing
 */
export function challengeOf({ issuer, claims }: VerifiedToken): string {
  return claims.get(issuer.kind === "email" ? "email" : "sub").string();
}
