// A bundle that a run of ours has made, judged from its bytes alone as strangers will judge it.
import type { Digest } from "../crypto/digest.ts";
import { SigstepError } from "../errors.ts";
import { encodeBundle, parseBundle, type Bundle } from "../sigstore/bundle.ts";
import { requireSigningLeaf } from "../sigstore/certificate-profile.ts";
import { parseCertificate, type Certificate } from "../sigstore/certificate.ts";
import type { ProvenCertificate } from "../sigstore/chain.ts";
import { findIssuer } from "../sigstore/fulcio-extensions.ts";
import { exactly } from "../sigstore/matcher.ts";
import type { Policy, RequiredServices } from "../sigstore/policy.ts";
import type { SignedArtifact } from "../sigstore/sign.ts";
import type { SelectedServices } from "../sigstore/signing-config.ts";
import type { StatementSubject } from "../sigstore/statement.ts";
import type { TrustedRoot } from "../sigstore/trust.ts";
import { verifyBundle, type VerifiedBundle } from "../sigstore/verify.ts";

/** A bundle of ours, proven: it always has a certificate. */
export interface OwnBundle extends VerifiedBundle {
  readonly certificate: ProvenCertificate;
}

/** What we have signed: an artifact that we have read, or a subject whose digests were given to us. */
export type OwnArtifact =
  | { readonly digest: Digest; readonly content?: Uint8Array | undefined }
  | { readonly subject: StatementSubject };

/** What a bundle of ours is judged by. */
export interface OwnTerms {
  readonly artifact: OwnArtifact;
  readonly trustedRoot: TrustedRoot;
  readonly required: RequiredServices;
  readonly now: Date;
}

/**
 * Proves a bundle under the identity that its own certificate names. Whether that is the right one the
 * caller decides, by the token or by the certificate that it signed with.
 *
 * @throws SigstepError the first step that fails.
 */
export async function verifyOwnBundle(bytes: Uint8Array, terms: OwnTerms): Promise<OwnBundle> {
  return verifyOwn(parseBundle(bytes, "bundle"), terms);
}

/** The same for a bundle that has been read already. @throws SigstepError the first step that fails. */
export async function verifyOwn(bundle: Bundle, terms: OwnTerms): Promise<OwnBundle> {
  const { artifact, required, ...rest } = terms;
  const verified = await verifyBundle({
    ...rest,
    bundle,
    artifact:
      "subject" in artifact
        ? { digests: new Map(), subject: artifact.subject }
        : {
            digests: new Map([[artifact.digest.algorithm, artifact.digest.bytes]]),
            content: artifact.content,
          },
    policy: { ...policyOf(leafOf(bundle)), required },
  });
  const { certificate } = verified;
  if (certificate === undefined) throw withoutCertificate();
  return { ...verified, certificate };
}

/** What a fresh bundle is judged by. */
export interface FreshTerms extends Pick<OwnTerms, "artifact" | "trustedRoot" | "now"> {
  readonly services: SelectedServices;
}

/**
 * The bundle of what has just been signed, proven in the very form in which it is handed out, under the
 * certificate whose identity was compared with the token's.
 *
 * @throws SigstepError the first step that fails; what is public stays so.
 */
export async function encodeProven(signed: SignedArtifact, terms: FreshTerms): Promise<string> {
  const { services, ...rest } = terms;
  const { certificate } = signed.certificate;
  const text = encodeSigned(signed);
  // Fulcio's detached SCT was proven on receipt; a bundle has no place for it.
  const scts = certificate.sctList === undefined ? { scts: 0 } : {};
  const required = { ...requiredBy(services), ...scts };
  await verifyOwnBundle(Buffer.from(text, "utf8"), { ...rest, required });
  return text;
}

function encodeSigned({ signed, entries, timestamps }: SignedArtifact): string {
  const { digest, signature, certificate, envelope } = signed;
  return encodeBundle({
    version: "0.3",
    signer: { kind: "certificate", certificate, chain: [] },
    entries: entries.map(({ entry }) => entry),
    timestamps: timestamps.map(({ response }) => response.der),
    content: envelope ?? { kind: "message-signature", digest, signature },
  });
}

/** What a signing config makes necessary. */
export function requiredBy({ logs, tsas }: SelectedServices): RequiredServices {
  return { logs: Math.min(1, logs.length), timestamps: Math.min(1, tsas.length) };
}

function leafOf({ signer }: Bundle): Certificate {
  if (signer.kind === "public-key") throw withoutCertificate();
  return parseCertificate(signer.certificate);
}

/** Accepts the certificate's identity, exactly, and no other. */
function policyOf(leaf: Certificate): Policy {
  return {
    identities: [
      {
        issuer: exactly(findIssuer(leaf.fulcio) ?? "", "issuer"),
        identity: exactly(requireSigningLeaf(leaf).value, "identity"),
        extensions: {},
      },
    ],
  };
}

function withoutCertificate(): SigstepError {
  return new SigstepError("BUNDLE_INVALID", "The bundle has no certificate.");
}
