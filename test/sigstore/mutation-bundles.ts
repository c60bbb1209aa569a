// One good bundle of each kind, each with the question to which the answer is yes, and others of its like.
import { existsSync, readFileSync } from "node:fs";
import { computeDigest } from "../../src/crypto/digest.ts";
import { parsePublicKey, type PublicKey } from "../../src/crypto/keys.ts";
import { parsePem } from "../../src/encoding/pem.ts";
import { encodeBundle, parseBundle, type Bundle } from "../../src/sigstore/bundle.ts";
import { preAuthEncode, statementType, type Envelope } from "../../src/sigstore/dsse.ts";
import { exactly } from "../../src/sigstore/matcher.ts";
import { neededDigests } from "../../src/sigstore/message.ts";
import type { Policy } from "../../src/sigstore/policy.ts";
import { parseTrustedRoot, type TrustedRoot } from "../../src/sigstore/trust.ts";
import {
  verifyBundle,
  type VerificationQuestion,
  type VerifiedBundle,
} from "../../src/sigstore/verify.ts";
import { makeCredential, stamp, trustedRoot, v1, v2, workflow } from "./own-instance.ts";
import { makeEntry, type OwnLog } from "./own-log.ts";

/** A bundle that is accepted. */
export interface GoodBundle {
  readonly kind: string;
  /** JSON. */
  readonly text: string;
  /** Valid bundles of the same instance, JSON. */
  readonly others: readonly string[];
  readonly question: Omit<VerificationQuestion, "bundle">;
}

/** The answer to the bundle's question for another text. */
export function judge({ question }: GoodBundle, text: string): Promise<VerifiedBundle> {
  return verifyBundle({ ...question, bundle: parseBundle(Buffer.from(text), "bundle") });
}

const folder = new URL("../vectors/sigstore-conformance/", import.meta.url);
const publicGood = new URL("../../src/sigstore/public-good/trusted_root.json", import.meta.url);
const beacon =
  "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const github = "https://token.actions.githubusercontent.com";
const now = new Date("2026-11-01T00:00:00Z");

function read(name: string, file: string): string | undefined {
  const url = new URL(`${name}/${file}`, folder);
  return existsSync(url) ? readFileSync(url, "utf8") : undefined;
}

/** The case `name` of the conformance suite, with the bundles of `others` beside it. */
export function vectorOf(name: string, others: readonly string[] = []): GoodBundle {
  const text = read(name, "bundle.sigstore.json") ?? "";
  const key = keyOf(name);
  const content = Buffer.from(read(name, "artifact") ?? read(".", "a.txt") ?? "");
  const root = read(name, "trusted_root.json") ?? readFileSync(publicGood, "utf8");
  const digests = [...neededDigests(parseBundle(Buffer.from(text), name), key)];
  return {
    kind: name,
    text,
    others: others.map((other) => read(other, "bundle.sigstore.json") ?? ""),
    question: {
      artifact: {
        digests: new Map(digests.map((each) => [each, computeDigest(each, content).bytes])),
        content,
      },
      trustedRoot: parseTrustedRoot(Buffer.from(root), name),
      policy: key === undefined ? signerOf(name) : { identities: [] },
      key,
      now,
    },
  };
}

function keyOf(name: string): PublicKey | undefined {
  const pem = read(name, "key.pub");
  const [spki] = pem === undefined ? [] : parsePem(pem, "PUBLIC KEY");
  return spki === undefined ? undefined : parsePublicKey(spki);
}

function signerOf(name: string): Policy {
  return policyOf(read(name, "identity")?.trim() ?? beacon, read(name, "issuer")?.trim() ?? github);
}

/** Exactly this one. */
export function policyOf(identity: string, issuer: string): Policy {
  return {
    // The vector has somebody else's provenance: only its signer counts here.
    ignoresProvenanceClaims: true,
    identities: [
      {
        issuer: exactly(issuer, "issuer"),
        identity: exactly(identity, "identity"),
        extensions: {},
      },
    ],
  };
}

/** What our own instance is to make. */
export interface OwnWish {
  readonly kind: string;
  readonly log?: OwnLog;
  readonly isEnvelope: boolean;
  readonly isStamped: boolean;
}

const content = Buffer.from("artifact");
const digest = computeDigest("sha256", content);

/** A statement about the one artifact. */
export function statementAbout(hex: string): Buffer {
  return Buffer.from(
    JSON.stringify({
      _type: "https://in-toto.io/Statement/v1",
      subject: [{ name: "artifact", digest: { sha256: hex } }],
      predicateType: "https://slsa.dev/provenance/v1",
      predicate: { note: "h\u00e9llo", count: 12 },
    }),
  );
}

/** Two bundles of one identity about one artifact; the second is the donor. */
export async function ownBundle(wish: OwnWish): Promise<GoodBundle> {
  const [first, second] = [await makeOwn(wish), await makeOwn(wish)];
  const root: TrustedRoot = { ...trustedRoot, ...(wish.log === undefined ? { logs: [] } : {}) };
  return {
    kind: wish.kind,
    text: encodeBundle(first),
    others: [encodeBundle(second)],
    question: {
      artifact: { digests: new Map([["sha256", digest.bytes]]), content },
      trustedRoot: root,
      policy: policyOf(workflow, github),
      now,
    },
  };
}

async function makeOwn({ log, isEnvelope, isStamped }: OwnWish): Promise<Bundle> {
  const { signer, certificate } = await makeCredential({ fulcio: { 1: github, 8: github } });
  const der = certificate.certificate.der;
  const payload = statementAbout(Buffer.from(digest.bytes).toString("hex"));
  const message = isEnvelope ? preAuthEncode({ payloadType: statementType, payload }) : content;
  const signedDigest = computeDigest("sha256", message);
  const signature = await signer.sign(signedDigest, message);
  const envelope: Envelope = {
    kind: "dsse-envelope",
    payloadType: statementType,
    payload,
    signature,
    keyId: "",
  };
  const signed = { digest: signedDigest, signature, certificate: der };
  return {
    version: "0.3",
    signer: { kind: "certificate", certificate: der, chain: [] },
    entries: log === undefined ? [] : [makeEntry(log, signed)],
    timestamps: isStamped ? [(await stamp()(signature, undefinedCredential)).response.der] : [],
    content: isEnvelope ? envelope : { kind: "message-signature", digest, signature },
  };
}

/** The test's own authority does not look at who asks. */
const undefinedCredential = await makeCredential();

/** One of each kind. */
export async function goodBundles(): Promise<GoodBundle[]> {
  const happy = "happy-path-v0.3";
  return [
    vectorOf(happy, ["happy-path-v0.3-new-mediaType", "wrong-hashedrekord-entry_fail"]),
    vectorOf("happy-path-v0.1", [happy]),
    vectorOf("happy-path-intoto-in-dsse-v3", ["dsse-mismatch-envelope_fail", happy]),
    vectorOf("intoto-with-custom-trust-root", ["happy-path-intoto-in-dsse-v3"]),
    vectorOf("rekor2-happy-path", [
      "rekor2-timestamp-with-embedded-cert",
      "rekor2-dsse-happy-path",
      happy,
    ]),
    vectorOf("rekor2-dsse-happy-path", [
      "rekor2-dsse-mismatch-envelope_fail",
      "happy-path-intoto-in-dsse-v3",
    ]),
    vectorOf("rekor2-timestamp-with-embedded-cert", ["rekor2-happy-path"]),
    vectorOf("managed-key-happy-path", ["managed-key-wrong-key_fail", happy]),
    await ownBundle({ kind: "own v1 message", log: v1, isEnvelope: false, isStamped: true }),
    await ownBundle({ kind: "own v2 message", log: v2, isEnvelope: false, isStamped: true }),
    await ownBundle({ kind: "own v2 DSSE", log: v2, isEnvelope: true, isStamped: true }),
    await ownBundle({ kind: "own, timestamp only, DSSE", isEnvelope: true, isStamped: true }),
  ];
}
