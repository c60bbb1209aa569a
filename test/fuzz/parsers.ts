// Every parser that bytes from outside can reach, each with good input from which bad input is made.
import { readdirSync, readFileSync } from "node:fs";
import { parsePublicKey } from "../../src/crypto/keys.ts";
import { parseEcdsaSignature } from "../../src/crypto/ecdsa.ts";
import { parsePolicyFile } from "../../src/commands/policy-file.ts";
import { parseBase64, parseBase64url, parseHex } from "../../src/encoding/base64.ts";
import { parseDer } from "../../src/encoding/der.ts";
import { parseJson } from "../../src/encoding/json.ts";
import { encodePem, parsePem } from "../../src/encoding/pem.ts";
import { encodeSimpleSigning, type LegacyEntry } from "../../src/registry/legacy.ts";
import { legacyBundle } from "../../src/registry/legacy-bundle.ts";
import { openTrustedSet } from "../../src/services/tuf/trusted-set.ts";
import { parseBundle, type Bundle } from "../../src/sigstore/bundle.ts";
import { parseCertificate } from "../../src/sigstore/certificate.ts";
import { parseCheckpoint } from "../../src/sigstore/checkpoint.ts";
import { parseEnvelope } from "../../src/sigstore/dsse.ts";
import { verifyEntryBody } from "../../src/sigstore/entry-body.ts";
import { matching } from "../../src/sigstore/matcher.ts";
import { neededDigests } from "../../src/sigstore/message.ts";
import { parseDetachedSct, parseSctList } from "../../src/sigstore/sct-list.ts";
import { parseSigningConfig } from "../../src/sigstore/signing-config.ts";
import { requireSimpleSigning } from "../../src/sigstore/simple-signing.ts";
import { parseStatement } from "../../src/sigstore/statement.ts";
import {
  parseTimestampInfo,
  parseTimestampResponse,
} from "../../src/sigstore/timestamp-response.ts";
import { parseIdentityToken } from "../../src/sigstore/token.ts";
import { parseTrustedRoot } from "../../src/sigstore/trust.ts";

/** A parser, and bytes that it takes. */
export interface Target {
  readonly name: string;
  readonly parse: (bytes: Uint8Array) => unknown;
  readonly seeds: readonly Uint8Array[];
}

const now = new Date("2026-11-01T00:00:00Z");
const vectors = new URL("../vectors/sigstore-conformance/", import.meta.url);
const instances = new URL("../../src/sigstore/", import.meta.url);

const bundleTexts = readdirSync(vectors, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !entry.name.endsWith("_fail"))
  .map(({ name }) => readFileSync(new URL(`${name}/bundle.sigstore.json`, vectors)));
const bundles = bundleTexts.map((bytes) => parseBundle(bytes, "seed"));
const certificates = bundles.flatMap(({ signer }) =>
  signer.kind === "certificate" ? [signer.certificate, ...signer.chain] : [],
);
const entries = bundles.flatMap(({ entries: each }) => each);
const payloads = bundles.flatMap(({ content }) =>
  content.kind === "dsse-envelope" ? [content.payload] : [],
);
const read = (path: string): Buffer => readFileSync(new URL(path, instances));
const roots = ["public-good", "staging"].map((name) => read(`${name}/trusted_root.json`));
const configs = ["public-good", "staging"].map((name) => read(`${name}/signing_config.v0.2.json`));
const tufRoots = ["public-good", "staging", "github"].map((name) => read(`${name}/root.json`));
const latin = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");
const utf8 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8");

const policy = `version: 1
identities:
  - issuer: https://token.actions.githubusercontent.com
    identity: https://github.com/acme/widget/.github/workflows/release.yml@refs/heads/main
predicateTypes: [https://slsa.dev/provenance/v1]
maxAge: 30d
require:
  log: 1
`;
const claims = { iss: "https://issuer.example", sub: "someone", aud: "sigstore", exp: 4e9, iat: 1 };
const token = [{ alg: "RS256" }, claims, "signature"]
  .map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
  .join(".");

const material = {
  content: { kind: "artifact", digests: new Map() },
  signature: Buffer.alloc(0),
  verifier: { kind: "certificate", der: Buffer.alloc(0) },
} as const;

function verifyBody(bytes: Uint8Array): void {
  for (const { kind, version } of kinds) {
    const entry = { ...entryLike, kind, version, canonicalizedBody: bytes };
    verifyEntryBody(entry, material);
  }
}

const entryLike = {
  logIndex: 0n,
  logId: Buffer.alloc(32),
  integratedTime: undefined,
  inclusionPromise: undefined,
  inclusionProof: undefined,
};
const kinds = [
  "hashedrekord 0.0.1",
  "hashedrekord 0.0.2",
  "dsse 0.0.1",
  "intoto 0.0.1",
  "intoto 0.0.2",
].map((name) => {
  const [kind = "", version = ""] = name.split(" ");
  return { kind, version };
});

/** Each method of a trusted set on the same bytes, whatever came of the one before. */
async function updateTuf(bytes: Uint8Array): Promise<void> {
  const [root = bytes] = tufRoots;
  const set = await openTrustedSet({ label: "fuzz", root, now });
  let first: unknown;
  for (const update of [
    () => set.updateRoot(bytes),
    () => set.updateTimestamp(bytes),
    () => set.updateSnapshot(bytes),
    () => set.updateTargets(bytes),
  ]) {
    try {
      update();
    } catch (error) {
      first ??= error;
    }
  }
  if (first instanceof Error) throw first;
}

/** A signature of an image as cosign 2 stored it, with `change`. */
function oldSignature(change: Partial<LegacyEntry>): Bundle {
  const none = { certificate: undefined, chain: undefined, bundle: undefined };
  const entry = { ...none, timestamp: undefined, predicateType: undefined };
  const payload = Buffer.from("payload");
  return legacyBundle({ ...entry, payload, signature: Buffer.from("s"), ...change }, "sig");
}

const promised = entries.flatMap(({ inclusionPromise, ...entry }) => {
  if (inclusionPromise === undefined) return [];
  const Payload = {
    body: Buffer.from(entry.canonicalizedBody).toString("base64"),
    integratedTime: Number(entry.integratedTime ?? 0n),
    logIndex: Number(entry.logIndex),
    logID: Buffer.from(entry.logId).toString("hex"),
  };
  const SignedEntryTimestamp = Buffer.from(inclusionPromise).toString("base64");
  return [Buffer.from(JSON.stringify({ SignedEntryTimestamp, Payload }))];
});
const imageDigest = `sha256:${"ab".repeat(32)}`;

export const targets: readonly Target[] = [
  {
    name: "bundle",
    parse: (bytes): Bundle => parseBundle(bytes, "fuzz"),
    seeds: bundleTexts,
  },
  {
    name: "bundle, and the digests that it asks for",
    parse: (bytes) => neededDigests(parseBundle(bytes, "fuzz")),
    seeds: bundleTexts,
  },
  { name: "statement", parse: parseStatement, seeds: payloads },
  {
    name: "envelope",
    parse: (bytes) =>
      parseEnvelope(
        parseJson(bytes, { label: "envelope", code: "BUNDLE_INVALID", maxBytes: 1 << 20 }),
      ),
    seeds: payloads.map((payload) =>
      Buffer.from(
        JSON.stringify({
          payload: Buffer.from(payload).toString("base64"),
          payloadType: "application/vnd.in-toto+json",
          signatures: [{ sig: "AAAA", keyid: "" }],
        }),
      ),
    ),
  },
  {
    name: "cosign 2's payload",
    parse: (bytes) => {
      requireSimpleSigning(bytes, imageDigest);
    },
    seeds: [encodeSimpleSigning("registry.example/acme/app", imageDigest)],
  },
  {
    name: "cosign 2's log entry",
    parse: (bytes) => oldSignature({ bundle: utf8(bytes) }),
    seeds: promised,
  },
  {
    name: "cosign 2's timestamp",
    parse: (bytes) => oldSignature({ timestamp: utf8(bytes) }),
    seeds: [Buffer.from('{"SignedRFC3161Timestamp":"AAAA"}')],
  },
  {
    name: "cosign 2's certificate and chain",
    parse: (bytes) => oldSignature({ certificate: latin(bytes), chain: latin(bytes) }),
    seeds: certificates.map((der) => Buffer.from(encodePem(der, "CERTIFICATE"))),
  },
  { name: "log entry's body", parse: verifyBody, seeds: entries.map((e) => e.canonicalizedBody) },
  { name: "trusted root", parse: (bytes) => parseTrustedRoot(bytes, "fuzz"), seeds: roots },
  { name: "signing config", parse: (bytes) => parseSigningConfig(bytes, "fuzz"), seeds: configs },
  {
    name: "policy file",
    parse: (bytes) => parsePolicyFile(bytes, "fuzz"),
    seeds: [Buffer.from(policy)],
  },
  {
    name: "TUF root",
    parse: (root) => openTrustedSet({ label: "fuzz", root, now }),
    seeds: tufRoots,
  },
  { name: "TUF metadata", parse: updateTuf, seeds: tufRoots },
  { name: "certificate", parse: parseCertificate, seeds: certificates },
  { name: "DER", parse: (bytes) => parseDer(bytes, "fuzz"), seeds: certificates },
  {
    name: "public key",
    parse: parsePublicKey,
    seeds: certificates.map((der) => parseCertificate(der).publicKey.spki),
  },
  {
    name: "ECDSA signature",
    parse: (bytes) => parseEcdsaSignature(bytes, 32),
    seeds: bundles.map(({ content }) => content.signature),
  },
  {
    name: "timestamp response and its CMS",
    parse: parseTimestampResponse,
    seeds: bundles.flatMap(({ timestamps }) => timestamps),
  },
  {
    name: "timestamp content",
    parse: parseTimestampInfo,
    seeds: bundles
      .flatMap(({ timestamps }) => timestamps)
      .flatMap((der) => parseTimestampResponse(der).token?.content ?? []),
  },
  {
    name: "SCT list",
    parse: parseSctList,
    seeds: certificates.flatMap((der) => parseCertificate(der).sctList ?? []),
  },
  {
    name: "detached SCT",
    parse: parseDetachedSct,
    seeds: [
      Buffer.from(
        `{"sct_version":0,"id":"${"A".repeat(43)}=","timestamp":1,"signature":"BAMAAA=="}`,
      ),
    ],
  },
  {
    name: "checkpoint",
    parse: (bytes) => parseCheckpoint(utf8(bytes)),
    seeds: entries.flatMap(({ inclusionProof: proof }) =>
      proof?.checkpoint === undefined ? [] : [Buffer.from(proof.checkpoint)],
    ),
  },
  {
    name: "JSON",
    parse: (bytes) =>
      parseJson(bytes, { label: "fuzz", code: "BUNDLE_INVALID", maxBytes: 1 << 26 }),
    seeds: bundleTexts,
  },
  {
    name: "PEM",
    parse: (bytes) => parsePem(latin(bytes), "CERTIFICATE"),
    seeds: certificates.map((der) => Buffer.from(encodePem(der, "CERTIFICATE"))),
  },
  {
    name: "base64",
    parse: (bytes) => parseBase64(latin(bytes), "fuzz"),
    seeds: [Buffer.from("AAECAw==")],
  },
  {
    name: "base64url",
    parse: (bytes) => parseBase64url(latin(bytes), "fuzz"),
    seeds: [Buffer.from("AAECAw")],
  },
  {
    name: "hexadecimal",
    parse: (bytes) => parseHex(latin(bytes), "fuzz"),
    seeds: [Buffer.from("00ff")],
  },
  {
    name: "identity token",
    parse: (bytes) => parseIdentityToken(utf8(bytes), "sigstore", now),
    seeds: [Buffer.from(token)],
  },
  {
    name: "identity pattern",
    parse: (bytes) => matching(utf8(bytes), "identity").matches("https://github.com/acme/widget"),
    seeds: [
      Buffer.from("https://github\\.com/acme/(widget|gadget)/.*@refs/(heads|tags)/[^/]{1,20}"),
    ],
  },
];
