// Bundles of the test's own instance, and the question whose answer about them is yes.
import { computeDigest } from "../../src/crypto/digest.ts";
import type { Bundle } from "../../src/sigstore/bundle.ts";
import { statementType } from "../../src/sigstore/dsse.ts";
import { exactly } from "../../src/sigstore/matcher.ts";
import type { IdentityPolicy } from "../../src/sigstore/policy.ts";
import {
  type Payload,
  signArtifact,
  type SignedArtifact,
  signPayload,
  type SigningSteps,
} from "../../src/sigstore/sign.ts";
import type { TrustedRoot } from "../../src/sigstore/trust.ts";
import {
  type VerificationQuestion,
  type VerifiedBundle,
  verifyBundle,
} from "../../src/sigstore/verify.ts";
import { makeCredential, stamp, trustedRoot, workflow } from "./own-instance.ts";

export const issuer = "https://token.actions.githubusercontent.com";
export const content: Buffer = Buffer.from("artifact");
export const digest = computeDigest("sha256", content);

/** A statement about the artifact. */
export const statement = {
  _type: "https://in-toto.io/Statement/v1",
  subject: [{ name: "app", digest: { sha256: Buffer.from(digest.bytes).toString("hex") } }],
  predicateType: "https://example.com/predicate/v1",
  predicate: {},
};

/** `value` as it is put into an envelope. */
export function payloadOf(value: unknown, payloadType = statementType): Payload {
  return { payloadType, payload: Buffer.from(JSON.stringify(value)) };
}

/** A bundle over the artifact or, with a payload, over an envelope. */
export async function makeBundle(
  steps: Partial<SigningSteps> & Pick<SigningSteps, "logs">,
  payload?: Payload,
): Promise<Bundle> {
  const credential = await makeCredential({ fulcio: { 8: issuer } });
  const all: SigningSteps = {
    certify: () => Promise.resolve(credential),
    timestamps: [stamp()],
    trustedRoot,
    onPublished: () => undefined,
    hasEnded: () => true,
    ...steps,
  };
  return bundleOf(
    payload === undefined
      ? await signArtifact({ digest, content }, all)
      : await signPayload(payload, all),
  );
}

function bundleOf({ signed, entries, timestamps }: SignedArtifact): Bundle {
  const { certificate, envelope } = signed;
  return {
    version: "0.3",
    signer: { kind: "certificate", certificate, chain: [] },
    content: envelope ?? {
      kind: "message-signature",
      digest: signed.digest,
      signature: signed.signature,
    },
    entries: entries.map(({ entry }) => entry),
    timestamps: timestamps.map(({ response }) => response.der),
  };
}

/** Whose bundles these are. */
export const identity: IdentityPolicy = {
  issuer: exactly(issuer, "issuer"),
  identity: exactly(workflow, "identity"),
  extensions: {},
};

/** Everything but the bundle, whole artifact included. */
export const question: Omit<VerificationQuestion, "bundle"> = {
  artifact: { digests: new Map([[digest.algorithm, digest.bytes]]), content },
  trustedRoot,
  policy: { identities: [identity] },
  now: new Date("2025-06-01T12:01:00Z"),
};

/** Asks about `bundle` as is right, but for `wish`. */
export function verify(
  bundle: Bundle,
  wish: Partial<Omit<VerificationQuestion, "bundle">> = {},
): Promise<VerifiedBundle> {
  return verifyBundle({ ...question, bundle, ...wish });
}

/** Asks with a trusted root that differs in `change`. */
export function under(change: Partial<TrustedRoot>): Pick<VerificationQuestion, "trustedRoot"> {
  return { trustedRoot: { ...trustedRoot, ...change } };
}
