// One key and one certificate for the whole run, made when the first file needs them and made anew
// only when the certificate is about to end.
import { setTimeout } from "node:timers/promises";
import { encodePem } from "../encoding/pem.ts";
import { equalBytes } from "../encoding/base64.ts";
import { computeDigest } from "../crypto/digest.ts";
import { createEphemeralSigner, type Signer } from "../crypto/signer.ts";
import { quote, SigstepError, toSigstepError } from "../errors.ts";
import { blaming } from "./blame.ts";
import { requestCertificate, type CertificateAnswer } from "../services/fulcio.ts";
import type { Http } from "../services/http.ts";
import { parseCertificate, type Certificate } from "../sigstore/certificate.ts";
import { rememberLinks } from "../sigstore/certificate-signature.ts";
import { verifyClaims } from "../sigstore/certificate-claims.ts";
import { verifyChain, type ProvenCertificate } from "../sigstore/chain.ts";
import { verifySct } from "../sigstore/sct.ts";
import { parseDetachedSct } from "../sigstore/sct-list.ts";
import type { Credential } from "../sigstore/sign.ts";
import type { IdentityToken } from "../sigstore/token.ts";
import type { TrustedRoot } from "../sigstore/trust.ts";
import type { TokenSource } from "./identity.ts";
import type { Instance } from "./instance.ts";
import type { World } from "./world.ts";

/** A certificate with less left is replaced before the next file. */
const renewalMs = 60_000;
/** No request starts so close to the end: its answer would come too late. */
const marginMs = 5_000;

/** Gives the credential to sign with now. */
export interface CredentialSource {
  /**
   * The present credential, or a new one when less than 60 s of it remain. Callers that come
   * together share one request; a failure is final for all of them.
   *
   * @param ended - One under which a service answered too late; it is not given again.
   * @throws SigstepError of the token, of Fulcio, CERTIFICATE_INVALID, SCT_INVALID
   */
  get(ended?: Credential): Promise<Credential>;
}

/** What a credential is made with. */
export interface CredentialContext {
  readonly tokens: TokenSource;
  readonly http: Http;
  readonly instance: Instance;
  readonly world: World;
  /** Hears of each certificate that is used. */
  readonly onCertificate: (certificate: ProvenCertificate) => void;
}

/** A source that has asked nobody yet. */
export function createCredentialSource(context: CredentialContext): CredentialSource {
  let current: Promise<Held> | undefined;
  return {
    get: async (ended) => {
      const asked = (current ??= certify(context));
      const held = await asked;
      if (held.credential !== ended && context.world.now() < held.renewAt) return held.credential;
      // Whoever comes first begins the renewal; the others find it begun.
      if (current === asked) current = certify(context);
      return (await current).credential;
    },
  };
}

interface Held {
  readonly credential: Credential;
  readonly renewAt: Date;
}

async function certify(context: CredentialContext): Promise<Held> {
  const signer = createEphemeralSigner();
  let token = await context.tokens.get();
  for (;;) {
    try {
      return await certifyWith(token, signer, context);
    } catch (error) {
      if (toSigstepError(error).code !== "DEADLINE_REACHED") throw error;
      // Fulcio was down for longer than the token lived. The retry budget goes on with a new one.
      token = await context.tokens.get(token);
    }
  }
}

async function certifyWith(
  token: IdentityToken,
  signer: Signer,
  { world, instance, http, onCertificate }: CredentialContext,
): Promise<Held> {
  const challenge = Buffer.from(token.challenge, "utf8");
  const proofOfPossession = await signer.sign(computeDigest("sha256", challenge), challenge);
  const publicKey = encodePem(signer.spki, "PUBLIC KEY");
  const asked = world.now();
  const { services, trustedRoot } = instance;
  const { url } = services.ca;
  const fulcio = { name: "Fulcio", url, trustedRoot: quote(trustedRoot.label) };
  return blaming(fulcio, async () => {
    const [answer] = await Promise.all([
      requestCertificate(http, url, { token, publicKey, proofOfPossession }),
      useTheWait(trustedRoot),
    ]);
    try {
      const certificate = verifyAnswer({ answer, signer, token }, trustedRoot);
      onCertificate(certificate);
      return hold({ signer, certificate }, asked);
    } catch (error) {
      throw alsoPublished(error, token);
    }
  });
}

/** A certificate is in public logs from the moment it is issued, also when we do not take it. */
function alsoPublished(thrown: unknown, token: IdentityToken): SigstepError {
  const { code, message, hint, where, cause } = toSigstepError(thrown);
  const published = [{ kind: "certificate", what: token.subject }] as const;
  return new SigstepError(code, message, { hint, where, cause, published });
}

/** Long enough for a request to have left us, short against any answer. */
const headStartMs = 4;

/** Fulcio takes its time: the links inside the trusted chains are checked meanwhile. */
async function useTheWait(trustedRoot: TrustedRoot): Promise<void> {
  await setTimeout(headStartMs);
  const { certificateAuthorities, timestampAuthorities } = trustedRoot;
  for (const { certificates } of [...certificateAuthorities, ...timestampAuthorities]) {
    rememberLinks(certificates);
  }
}

/**
 * Deadlines run on our clock from the moment of asking, so that a runner whose clock is wrong still
 * uses the whole life of its certificate and no more.
 */
function hold(parts: Pick<Credential, "signer" | "certificate">, asked: Date): Held {
  const { notBefore, notAfter } = parts.certificate.certificate;
  const lifeMs = notAfter.getTime() - notBefore.getTime();
  const end = asked.getTime() + lifeMs;
  return {
    credential: { ...parts, deadline: new Date(end - Math.min(marginMs, lifeMs / 4)) },
    renewAt: new Date(end - Math.min(renewalMs, lifeMs / 2)),
  };
}

interface Issued {
  readonly answer: CertificateAnswer;
  readonly signer: Signer;
  readonly token: IdentityToken;
}

/**
 * Proves that the answer is a certificate for our key and identity by an authority we trust, logged
 * where the trusted root knows certificate logs.
 *
 * @throws SigstepError CERTIFICATE_INVALID, SCT_INVALID
 */
function verifyAnswer(issued: Issued, trustedRoot: TrustedRoot): ProvenCertificate {
  const { answer, signer, token } = issued;
  const [first, ...others] = answer.certificates;
  if (first === undefined) throw invalid("is missing");
  const leaf = readCertificate(first);
  if (!equalBytes(leaf.spki, signer.spki)) throw invalid("is for another key than ours");
  if (leaf.notAfter <= issueTime(token)) throw invalid("had ended before it was asked for");
  const proven = verifyIssued(leaf, others, trustedRoot);
  verifyClaims(proven, token);
  const { ctLogs, label } = trustedRoot;
  if (ctLogs.length > 0) {
    const detached = parseDetachedSct(answer.detachedSct ?? new Uint8Array());
    const question = { certificate: proven, ctLogs, label };
    verifySct(detached === undefined ? question : { ...question, detached });
  }
  return proven;
}

/** As a rule the trusted root has all issuers; those that came along are read only where it has not. */
function verifyIssued(
  leaf: Certificate,
  others: readonly Uint8Array[],
  { certificateAuthorities: authorities }: TrustedRoot,
): ProvenCertificate {
  const at = [leaf.notBefore];
  try {
    return verifyChain({ leaf, authorities, at });
  } catch (error) {
    if (others.length === 0) throw error;
    return verifyChain({ leaf, intermediates: others.map(readCertificate), authorities, at });
  }
}

/** By the issuer's clock, so that ours need not be right; the beginning of time when it does not say. */
function issueTime({ claims }: IdentityToken): Date {
  return new Date(Number(claims.get("iat") ?? 0) * 1000);
}

function readCertificate(der: Uint8Array): Certificate {
  try {
    return parseCertificate(der);
  } catch (error) {
    throw invalid("cannot be read", error);
  }
}

function invalid(why: string, cause?: unknown): SigstepError {
  return new SigstepError("CERTIFICATE_INVALID", `The certificate ${why}.`, { cause });
}
