// Claims of an identity token: read to fail early and clearly, never to decide whom to trust.
// Fulcio verifies the token; we never print it. RFC 7519.
import { parseBase64url } from "../encoding/base64.ts";
import { JsonValue, parseJson, type JsonSource } from "../encoding/json.ts";
import { quote, SigstepError } from "../errors.ts";

const maxLength = 64 * 1024;

const source: JsonSource = {
  label: "identity token",
  code: "IDENTITY_INVALID",
  maxBytes: maxLength,
};

/** A token and those of its claims that signing needs. */
export interface IdentityToken {
  /** The token itself: a secret. */
  readonly raw: string;
  readonly issuer: string;
  /** Where the user signed in, when the issuer (Dex) only passed that on. */
  readonly federatedIssuer: string | undefined;
  readonly subject: string;
  readonly expires: Date;
  /** What proof of possession signs: the verified e-mail address, else the subject, byte for byte. */
  readonly challenge: string;
  /** Every claim with a value that a certificate extension could repeat, as text. */
  readonly claims: ReadonlyMap<string, string>;
}

/**
 * Reads a token for `audience`.
 *
 * @throws SigstepError IDENTITY_INVALID when it is no token, has another audience or lacks a claim;
 * IDENTITY_EXPIRED when it ended before `now`. No message holds any part of the token but claims.
 */
export function parseIdentityToken(raw: string, audience: string, now: Date): IdentityToken {
  const claims = parseClaims(raw);
  try {
    checkAudience(claims.get("aud"), audience);
    return readClaims(raw, claims, now);
  } catch (error) {
    if (!(error instanceof SigstepError) || error.hint !== "") throw error;
    throw new SigstepError(error.code, error.message, {
      hint: "Sigstore needs this claim. Pass an OIDC identity token of this job, not an access token.",
      where: error.where,
    });
  }
}

function readClaims(raw: string, claims: JsonValue, now: Date): IdentityToken {
  const expires = new Date(claims.get("exp").integer() * 1000);
  if (Number.isNaN(expires.getTime())) throw claims.get("exp").refuse("is beyond every calendar");
  if (expires <= now) {
    throw new SigstepError(
      "IDENTITY_EXPIRED",
      `The identity token expired ${expires.toISOString()}.`,
      {
        hint: "Get a fresh token: on GitLab it lives as long as the job's timeout, so raise that or sign earlier. If the time looks wrong, check the runner's clock.",
      },
    );
  }
  return {
    raw,
    issuer: claims.get("iss").string(),
    federatedIssuer: findFederatedIssuer(claims.get("federated_claims").raw),
    subject: claims.get("sub").string(),
    expires,
    challenge: chooseChallenge(claims),
    claims: textClaims(claims),
  };
}

/** What Fulcio takes for the issuer of Dex's tokens; of another's, the claim can be anything. */
function findFederatedIssuer(claim: unknown): string | undefined {
  if (typeof claim !== "object" || claim === null) return undefined;
  const id: unknown = Reflect.get(claim, "connector_id");
  return typeof id === "string" ? id : undefined;
}

const asIssued = "Pass the token itself, as issued: three parts with dots between them.";

function parseClaims(raw: string): JsonValue {
  const parts = raw.split(".");
  const [, payload] = parts;
  if (parts.length !== 3 || payload === undefined || raw.length > maxLength) {
    throw new SigstepError("IDENTITY_INVALID", "The identity token is not a JWT.", {
      hint: asIssued,
    });
  }
  try {
    return parseJson(parseBase64url(payload, "its payload"), source);
  } catch (error) {
    // The cause of a JSON error quotes the text, here a secret: it ends here.
    if (error instanceof SigstepError && error.code === "IDENTITY_INVALID") {
      throw new SigstepError(error.code, error.message, { hint: asIssued });
    }
    throw new SigstepError("IDENTITY_INVALID", "The identity token's payload is not base64url.", {
      hint: asIssued,
    });
  }
}

function checkAudience(aud: JsonValue, audience: string): void {
  const found = Array.isArray(aud.raw)
    ? aud.items(100).map((item) => item.string())
    : [aud.string()];
  if (found.includes(audience)) return;
  const shown = found.map((name) => quote(name, 60)).join(", ");
  throw new SigstepError(
    "IDENTITY_INVALID",
    `The identity token is for audience ${shown}, not ${quote(audience, 60)}.`,
    {
      hint: `Ask for a token with that audience. On GitLab:\n  id_tokens:\n    SIGSTORE_ID_TOKEN:\n      aud: ${audience}`,
    },
  );
}

/**
 * Issuers of e-mail identities are challenged by address, all others by subject.
 *
 * An address that is not verified is refused by Fulcio; saying so here saves the round trip.
 */
function chooseChallenge(claims: JsonValue): string {
  const email = claims.get("email");
  if (!email.present) return claims.get("sub").string();
  const verified = claims.get("email_verified").raw;
  if (verified === true || verified === "true") return email.string();
  throw new SigstepError(
    "IDENTITY_INVALID",
    "The e-mail address in the identity token is not verified (email_verified is not true), and Fulcio takes no other.",
    { hint: "Verify it with the identity provider, then get a new token." },
  );
}

function textClaims(claims: JsonValue): ReadonlyMap<string, string> {
  const texts = new Map<string, string>();
  for (const [name, value] of Object.entries(claims.members())) {
    if (typeof value === "string") texts.set(name, value);
    else if (typeof value === "number" || typeof value === "boolean")
      texts.set(name, String(value));
    // Of the wrong kind it is still a claim: that the repository is public is not what it says.
    else if (/^(?:repository|project)_visibility$/.test(name))
      texts.set(name, JSON.stringify(value));
  }
  return texts;
}
