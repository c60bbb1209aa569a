// Fulcio v2: a certificate for the key of this run. protocol: sigstore/fulcio fulcio.proto.
import { encodeBase64 } from "../encoding/base64.ts";
import { parsePem } from "../encoding/pem.ts";
import type { JsonValue } from "../encoding/json.ts";
import { quote, SigstepError } from "../errors.ts";
import type { IdentityToken } from "../sigstore/token.ts";
import { isSuccess, parseAnswer, refusedError } from "./answer.ts";
import type { Http, HttpResponse } from "./http.ts";

const service = "Fulcio";
const timeoutMs = 30_000;
const maxBytes = 256 * 1024;
const maxCertificates = 10;
const maxIssuers = 1000;

/** What is certified, and the proof that we hold its key. */
export interface CertificateRequest {
  readonly token: IdentityToken;
  /** PEM of the public key. */
  readonly publicKey: string;
  /** Signature over the token's challenge by that key. */
  readonly proofOfPossession: Uint8Array;
}

/** Certificates as answered, leaf first, DER; nothing is verified. */
export interface CertificateAnswer {
  readonly certificates: readonly Uint8Array[];
  /** JSON of an RFC 6962 AddChain answer, where the certificate embeds no SCT and a log made one. */
  readonly detachedSct: Uint8Array | undefined;
}

/**
 * Asks the certificate authority at `base`.
 *
 * @throws SigstepError IDENTITY_REFUSED when it does not accept the token, saying whether it knows
 * the issuer; SERVICE_REFUSED, SERVICE_ANSWER_INVALID, and those of the door.
 */
export async function requestCertificate(
  http: Http,
  base: URL,
  request: CertificateRequest,
): Promise<CertificateAnswer> {
  const response = await http.request({
    service,
    method: "POST",
    url: endpoint(base, "signingCert"),
    headers: { "content-type": "application/json", accept: "application/json" },
    body: encodeRequest(request),
    timeoutMs,
    maxBytes,
    retry: "budget",
    deadline: request.token.expires,
  });
  if (isSuccess(response)) return parseCertificateAnswer(response);
  if (response.status !== 400 && response.status !== 401 && response.status !== 403) {
    throw refusedError(service, response);
  }
  throw identityRefused(response, request.token, await describeIssuer(http, base, request.token));
}

function encodeRequest({ token, publicKey, proofOfPossession }: CertificateRequest): string {
  return JSON.stringify({
    credentials: { oidcIdentityToken: token.raw },
    publicKeyRequest: {
      publicKey: { algorithm: "ECDSA", content: publicKey },
      proofOfPossession: encodeBase64(proofOfPossession),
    },
  });
}

/**
 * Certificates and detached SCT of a successful answer.
 *
 * @throws SigstepError SERVICE_ANSWER_INVALID
 */
export function parseCertificateAnswer(response: HttpResponse): CertificateAnswer {
  const json = parseAnswer(service, response, maxBytes);
  const embedded = json.get("signedCertificateEmbeddedSct").optional();
  const answer = embedded ?? json.get("signedCertificateDetachedSct");
  const certificates = answer.get("chain").get("certificates").items(maxCertificates).map(parseOne);
  if (certificates.length === 0) throw answer.get("chain").refuse("holds no certificate");
  const sct =
    embedded === undefined ? answer.get("signedCertificateTimestamp").optional() : undefined;
  const detached = sct?.base64();
  return { certificates, detachedSct: detached?.byteLength === 0 ? undefined : detached };
}

function parseOne(json: JsonValue): Uint8Array {
  try {
    const [certificate, ...more] = parsePem(json.string(), "CERTIFICATE");
    if (certificate !== undefined && more.length === 0) return certificate;
  } catch (error) {
    throw json.refuse("is not a certificate in PEM", error);
  }
  throw json.refuse("is not one certificate in PEM");
}

function identityRefused(response: HttpResponse, token: IdentityToken, hint: string): SigstepError {
  const words = response.excerpt();
  return new SigstepError(
    "IDENTITY_REFUSED",
    `Fulcio refused the identity token of issuer ${quote(token.issuer)}: status ${response.status}${words === "" ? "" : `, ${words}`}.`,
    { hint, where: service },
  );
}

/** Fulcio does not say why; whether it knows the issuer, and for which audience, it does. */
async function describeIssuer(http: Http, base: URL, token: IdentityToken): Promise<string> {
  try {
    const url = endpoint(base, "configuration");
    const request = { service, method: "GET", url, timeoutMs, maxBytes, retry: "never" } as const;
    const answer = parseAnswer(service, await http.request(request), maxBytes);
    const issuers = answer.get("issuers").items(maxIssuers);
    const known = issuers.find((issuer) => isIssuer(issuer, token.issuer));
    if (known !== undefined) {
      const audience = known.get("audience").optional()?.string() ?? "sigstore";
      const own = token.claims.get("aud") ?? audience;
      if (own !== audience) {
        return `This Fulcio wants audience ${quote(audience, 60)}, the token is for ${quote(own, 60)}: set audience to ${quote(audience, 60).slice(1, -1)}.`;
      }
      return `The issuer is known there, for audience ${quote(audience, 60)}: the token may lack a claim that this Fulcio needs, or have expired on the way.`;
    }
    const names = issuers.slice(0, 10).map((issuer) => quote(issuerName(issuer)));
    return `This Fulcio does not know the issuer. It knows ${names.join(", ")}${issuers.length > 10 ? ", …" : ""}. Self-managed GitLab and GitHub Enterprise Server need a Sigstore instance of their own: set signing-config and trusted-root.`;
  } catch {
    return "Its list of issuers could not be read. Check that this Sigstore instance accepts the token's issuer.";
  }
}

function issuerName(issuer: JsonValue): string {
  const url = issuer.get("issuerUrl").optional() ?? issuer.get("wildcardIssuerUrl").optional();
  return url?.string() ?? "";
}

const maxNameLength = 512;
const maxWildcards = 4;

/** As Fulcio matches: `*` stands for letters, digits, `-` and `_`. The name comes from the service. */
function isIssuer(known: JsonValue, issuer: string): boolean {
  const name = issuerName(known);
  const parts = name.split("*");
  if (parts.length === 1) return name === issuer;
  // A wildcard that ends at a separator can only match in one way, so matching stays linear.
  const separated = parts
    .slice(1)
    .every((part, index) => (part === "" ? index === parts.length - 2 : /^[./:]/.test(part)));
  if (!separated || name.length > maxNameLength || parts.length > maxWildcards + 1) return false;
  const escaped = parts.map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${escaped.join("[-_a-zA-Z0-9]+")}$`).test(issuer);
}

function endpoint(base: URL, name: string): URL {
  return new URL(`${base.href.replace(/\/+$/, "")}/api/v2/${name}`);
}
