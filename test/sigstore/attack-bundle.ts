// Bundles of our own instance, good but for what an attack changes, and what comes of asking about them.
import assert from "node:assert/strict";
import { computeDigest } from "../../src/crypto/digest.ts";
import { type ErrorCode, SigstepError } from "../../src/errors.ts";
import { encodeBundle, parseBundle, type Bundle } from "../../src/sigstore/bundle.ts";
import { preAuthEncode, statementType, type Envelope } from "../../src/sigstore/dsse.ts";
import type { LogEntry } from "../../src/sigstore/entry.ts";
import type { SignedDigest } from "../../src/sigstore/entry-request.ts";
import type { Credential } from "../../src/sigstore/sign.ts";
import {
  type VerifiedBundle,
  verifyBundle,
  type VerificationQuestion,
} from "../../src/sigstore/verify.ts";
import { policyOf, statementAbout } from "./mutation-bundles.ts";
import { type LeafWish, makeCredential, stamp, trustedRoot, v1, workflow } from "./own-instance.ts";
import { type EntryWish, makeEntry, type OwnLog } from "./own-log.ts";

/** Who vouches for every workflow here. */
export const issuer = "https://token.actions.githubusercontent.com";
export const artifact = Buffer.from("artifact");
export const artifactDigest = computeDigest("sha256", artifact);

/** What an attacker asks our instance to make: all of it really signed. */
export interface Order {
  readonly credential?: Credential;
  readonly leaf?: LeafWish;
  /** Rekor v1 unless given; null for none. */
  readonly log?: OwnLog | null;
  readonly entry?: EntryWish;
  readonly isStamped?: boolean;
  /** Signed as an envelope; a statement about the artifact where the payload is absent. */
  readonly envelope?: { readonly payloadType?: string; readonly payload?: Uint8Array };
  readonly content?: Uint8Array;
}

/** A bundle, and what it was made of. */
export interface Made {
  readonly bundle: Bundle;
  readonly signed: SignedDigest;
  readonly credential: Credential;
}

export async function make(order: Order = {}): Promise<Made> {
  const credential = order.credential ?? (await certify(order.leaf));
  const { message, content } = contentOf(order);
  const digest = computeDigest("sha256", message);
  const signature = await credential.signer.sign(digest, message);
  const certificate = credential.certificate.certificate.der;
  const signed = { digest, signature, certificate };
  const { log = v1 } = order;
  const bundle: Bundle = {
    version: "0.3",
    signer: { kind: "certificate", certificate, chain: [] },
    entries: log === null ? [] : [makeEntry(log, signed, order.entry)],
    timestamps: order.isStamped === true ? [await timestampOf(signature, credential)] : [],
    content:
      content === undefined
        ? { kind: "message-signature", digest, signature }
        : { ...content, signature },
  };
  return { bundle, signed, credential };
}

/** For the workflow, by its issuer, unless `leaf` says otherwise. */
export function certify(leaf: LeafWish = {}): Promise<Credential> {
  return makeCredential({ ...leaf, fulcio: { 1: issuer, 8: issuer, ...leaf.fulcio } });
}

/** What is signed, and the envelope around it. */
function contentOf({ envelope, content = artifact }: Order): {
  readonly message: Uint8Array;
  readonly content?: Omit<Envelope, "signature">;
} {
  if (envelope === undefined) return { message: content };
  const { payloadType = statementType, payload = aboutArtifact } = envelope;
  return {
    message: preAuthEncode({ payloadType, payload }),
    content: { kind: "dsse-envelope", payloadType, payload, keyId: "" },
  };
}

const aboutArtifact = statementAbout(Buffer.from(artifactDigest.bytes).toString("hex"));

async function timestampOf(signature: Uint8Array, credential: Credential): Promise<Uint8Array> {
  return (await stamp()(signature, credential)).response.der;
}

/** The bundle with its one entry changed. */
export function withEntry(bundle: Bundle, change: (entry: LogEntry) => Partial<LogEntry>): Bundle {
  return { ...bundle, entries: bundle.entries.map((entry) => ({ ...entry, ...change(entry) })) };
}

const question: Omit<VerificationQuestion, "bundle"> = {
  artifact: { digests: new Map([["sha256", artifactDigest.bytes]]), content: artifact },
  trustedRoot,
  policy: policyOf(workflow, issuer),
  now: new Date("2025-06-02T00:00:00Z"),
};

/** The answer about a bundle that has gone through a file; `other` replaces parts of the question. */
export async function ask(
  bundle: Bundle | string,
  other: Partial<VerificationQuestion> = {},
): Promise<VerifiedBundle> {
  const text = typeof bundle === "string" ? bundle : encodeBundle(bundle);
  return verifyBundle({ ...question, ...other, bundle: parseBundle(Buffer.from(text), "attack") });
}

/** Fails unless the answer is a refusal at this step with this code, and gives it. */
export async function refusedAt(
  step: number,
  code: ErrorCode,
  answer: Promise<unknown>,
): Promise<SigstepError> {
  try {
    await answer;
  } catch (error) {
    if (!(error instanceof SigstepError)) throw error;
    assert.equal(`${error.step?.number} ${error.code}`, `${step} ${code}`, error.message);
    return error;
  }
  return assert.fail("it was accepted");
}
