// Fulcio, version 2 of its API: a certificate for whoever shows a token and proves a key.
// https://github.com/sigstore/fulcio/blob/main/fulcio.proto
import * as x509 from "@peculiar/x509";
import { encodeDer } from "../encoding/der-encode.ts";
import { tags } from "../encoding/der.ts";
import { encodePem } from "../encoding/pem.ts";
import { parseJson, type JsonValue } from "../encoding/json.ts";
import { SigstepError } from "../errors.ts";
import { createAuthority, randomSerialNumber, type Authority, type Leaf } from "./authority.ts";
import { KeyRefused, verifyPossession } from "./certified-key.ts";
import { CtLogUnavailable, encodeSctList, poisonOid, type CtLog } from "./ct-log.ts";
import { audience, challengeOf, TokenRefused, verifyToken, type KnownIssuer } from "./identity.ts";
import { generateP256Key } from "./keys.ts";
import { profileOf, type Profile } from "./profile.ts";
import { answerJson, type Answer, type Call, type World } from "./server.ts";

const sctListOid = "1.3.6.1.4.1.11129.2.4.2";
const fulcioArc = "1.3.6.1.4.1.57264.1";

/** What a Fulcio is made of. */
export interface FulcioOptions {
  readonly world: World;
  readonly issuers: readonly KnownIssuer[];
  /** Without one, certificates carry no SCT. */
  readonly ctLog: CtLog | undefined;
  readonly lifetimeSeconds: number;
}

/** A certificate authority with Fulcio's interface. */
export class Fulcio {
  readonly authority: Authority;
  readonly #options: FulcioOptions;

  constructor(authority: Authority, options: FulcioOptions) {
    this.authority = authority;
    this.#options = options;
  }

  /** Answers one request. */
  async handle(call: Call): Promise<Answer> {
    switch (`${call.method} ${call.path}`) {
      case "POST /api/v2/signingCert":
        return this.#answerSigning(call);
      case "GET /api/v2/configuration":
        return answerJson(200, { issuers: this.#options.issuers.map(describeIssuer) });
      case "GET /api/v2/trustBundle":
        return answerJson(200, {
          chains: [{ certificates: this.authority.chain.map(encodeCertificate) }],
        });
      default:
        return refuse(404, 5, "Not Found");
    }
  }

  async #answerSigning(call: Call): Promise<Answer> {
    if (call.corruption === "not-json") return { status: 200, body: "not JSON" };
    try {
      return answerJson(200, await this.#sign(call));
    } catch (error) {
      return refusalFor(error);
    }
  }

  async #sign(call: Call): Promise<unknown> {
    const { world, issuers, ctLog } = this.#options;
    const label = "signing request";
    const maxBytes = 4 << 20;
    const request = parseJson(call.body, { label, code: "ENCODING_INVALID", maxBytes });
    const token = await verifyToken(tokenOf(request, call), { issuers, now: world.now() });
    const profile = profileOf(token);
    const key = await verifyPossession(request, challengeOf(token));
    const spki = key.export({ format: "der", type: "spki" });
    const leaf = this.#leaf(falsifyProfile(profile, call), spki, call);
    const authority = await this.#signerFor(call);
    const sct =
      call.corruption === "no-sct" ? undefined : await this.#certifyWithSct(leaf, authority);
    const certificate = sct ?? (await authority.issue(leaf));
    const chain = { certificates: [certificate, ...authority.chain].map(encodeCertificate) };
    if (ctLog === undefined) {
      return { signedCertificateDetachedSct: { chain, signedCertificateTimestamp: "" } };
    }
    return { signedCertificateEmbeddedSct: { chain } };
  }

  /** Precertificate, log, certificate: RFC 6962 section 3.1. */
  async #certifyWithSct(leaf: Leaf, authority: Authority): Promise<Uint8Array | undefined> {
    const { ctLog } = this.#options;
    if (ctLog === undefined) return undefined;
    const poison = new x509.Extension(poisonOid, true, Uint8Array.of(tags.null, 0));
    const precertificate = await authority.issue({
      ...leaf,
      extensions: [...leaf.extensions, poison],
    });
    const list = encodeSctList(await ctLog.submit(precertificate, authority.spki));
    const embedded = new x509.Extension(sctListOid, false, encodeDer(tags.octetString, list));
    return authority.issue({ ...leaf, extensions: [...leaf.extensions, embedded] });
  }

  #leaf(profile: Profile, spki: Uint8Array, call: Call): Leaf {
    const now = this.#options.world.now().getTime();
    const begin = call.corruption === "expired" ? now - 3_600_000 : now;
    const usage =
      call.corruption === "not-code-signing"
        ? x509.ExtendedKeyUsage.clientAuth
        : x509.ExtendedKeyUsage.codeSigning;
    return {
      spki: call.corruption === "other-public-key" ? generateP256Key().spki : spki,
      subject: [],
      serialNumber: randomSerialNumber(),
      notBefore: new Date(begin),
      notAfter: new Date(begin + this.#options.lifetimeSeconds * 1000),
      wrongKey: call.wrongKey,
      extensions: [
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([usage]),
        new x509.SubjectAlternativeNameExtension([profile.name], true),
        ...profile.extensions.map(encodeExtension),
      ],
    };
  }

  #signerFor(call: Call): Authority | Promise<Authority> {
    if (call.corruption !== "foreign-chain") return this.authority;
    return createAuthority({ purpose: "code signing", now: this.#options.world.now() });
  }
}

function tokenOf(request: JsonValue, call: Call): string {
  const credentials = request.get("credentials").optional();
  if (credentials !== undefined) return credentials.get("oidcIdentityToken").string();
  return (call.headers.authorization ?? "").replace(/^Bearer /, "");
}

/** The token's identity with other extensions (or another address): a client that compares notices. */
function falsifyProfile(profile: Profile, call: Call): Profile {
  if (call.corruption !== "other-identity") return profile;
  const { type, value } = profile.name;
  return {
    name: { type, value: type === "email" ? "mallory@example.com" : value },
    extensions: profile.extensions.map((extension) => ({
      ...extension,
      value: extension.value.replace("acme/", "mallory/"),
    })),
  };
}

function encodeExtension({ number, form, value }: Profile["extensions"][number]): x509.Extension {
  const text = Buffer.from(value);
  const bytes = form === "raw" ? text : encodeDer(tags.utf8String, text);
  return new x509.Extension(`${fulcioArc}.${number}`, false, bytes);
}

function describeIssuer({ kind, url }: KnownIssuer): unknown {
  return {
    issuerUrl: url,
    audience,
    challengeClaim: kind === "email" ? "email" : "sub",
    spiffeTrustDomain: "",
    issuerType: kind === "email" ? "email" : "ci-provider",
    subjectDomain: "",
  };
}

function refusalFor(error: unknown): Answer {
  if (error instanceof TokenRefused) {
    return refuse(400, 3, "There was an error processing the identity token");
  }
  if (error instanceof KeyRefused) return refuse(400, 3, error.message);
  if (error instanceof CtLogUnavailable) {
    return refuse(500, 13, "Error entering certificate in CTL");
  }
  if (error instanceof SigstepError) {
    return refuse(400, 3, "The request could not be parsed");
  }
  return refuse(500, 13, "error communicating with CA backend");
}

function refuse(status: number, code: number, message: string): Answer {
  return answerJson(status, { code, message, details: [] });
}

function encodeCertificate(der: Uint8Array): string {
  return encodePem(der, "CERTIFICATE");
}
