// Images in a registry of the test's own, with what signers store beside them: as cosign 3 does, and as
// cosign 2 did. Made by an instance of the test's own, without servers.
import { createEphemeralSigner } from "../../src/crypto/signer.ts";
import { computeDigest } from "../../src/crypto/digest.ts";
import { encodePem } from "../../src/encoding/pem.ts";
import type { NetworkSettings, World } from "../../src/commands/world.ts";
import { encodeBundleArtifact } from "../../src/registry/bundle-artifact.ts";
import { describe } from "../../src/registry/descriptor.ts";
import { encodeSimpleSigning, legacyTypes } from "../../src/registry/legacy.ts";
import { fallbackTag } from "../../src/registry/referrers.ts";
import type { Runner } from "../../src/runner/runner.ts";
import { createHttp } from "../../src/services/door.ts";
import { encodeBundle, type Bundle } from "../../src/sigstore/bundle.ts";
import { encodeEnvelope, statementType } from "../../src/sigstore/dsse.ts";
import { signArtifact, signPayload, type SignedArtifact } from "../../src/sigstore/sign.ts";
import { digestOf, imageManifest, type FakeRegistry } from "../registry/fake-registry.ts";
import { certify, logTo, stamp, trustedRoot, v1, workflow } from "../sigstore/own-instance.ts";
import { Folder, run, type Ended } from "./verify-run.ts";

export const issuer = "https://token.actions.githubusercontent.com";
export const signType = "https://sigstore.dev/cosign/sign/v1";
const emptyConfig = Buffer.from("{}");
const imageType = "application/vnd.oci.image.manifest.v1+json";

/** Who signs, and what about the signature differs. */
export interface SignerWish {
  readonly identity?: string;
  /** Timestamps beside the log's promise. */
  readonly stamped?: boolean;
}

/** The trusted root of the instance, as a file. */
export async function writeRoot(folder: Folder): Promise<string> {
  const encode = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
  const validFor = { start: "2025-01-01T00:00:00Z" };
  const authority = ({
    certificates,
  }: (typeof trustedRoot.certificateAuthorities)[number]): object => ({
    ...{
      uri: "https://own.example",
      subject: { organization: "own", commonName: "own" },
      validFor,
    },
    certChain: { certificates: certificates.map(({ der }) => ({ rawBytes: encode(der) })) },
  });
  const json = {
    mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    tlogs: trustedRoot.logs.map(({ baseUrl, logId, publicKey }) => ({
      ...{ baseUrl, hashAlgorithm: "SHA2_256", logId: { keyId: encode(logId) } },
      publicKey: { rawBytes: encode(publicKey.spki), keyDetails: publicKey.keyDetails, validFor },
    })),
    certificateAuthorities: trustedRoot.certificateAuthorities.map(authority),
    ctlogs: [],
    timestampAuthorities: trustedRoot.timestampAuthorities.map(authority),
  };
  return folder.write("trusted-root.json", JSON.stringify(json));
}

async function stepsFor({ identity = workflow, stamped = false }: SignerWish) {
  const signer = createEphemeralSigner();
  const certificate = await certify(signer, { identity, fulcio: { 8: issuer } });
  const credential = { signer, certificate, deadline: certificate.certificate.notAfter };
  return {
    certify: () => Promise.resolve(credential),
    logs: [logTo(v1)],
    timestamps: stamped ? [stamp()] : [],
    trustedRoot,
    onPublished: () => undefined,
    hasEnded: () => true,
  };
}

/** A statement about the image with `digest`, signed. */
export async function signStatement(
  digest: string,
  predicateType = signType,
  wish: SignerWish = {},
): Promise<SignedArtifact> {
  const [algorithm = "", hex = ""] = digest.split(":");
  const statement = {
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ name: "", digest: { [algorithm]: hex } }],
    ...{ predicateType, predicate: {} },
  };
  const payload = Buffer.from(JSON.stringify(statement));
  return signPayload({ payloadType: statementType, payload }, await stepsFor(wish));
}

/** As cosign 3 puts it into a file. */
export function bundleOf({ signed, entries, timestamps }: SignedArtifact): Bundle {
  const { certificate, envelope, digest, signature } = signed;
  return {
    version: "0.3",
    signer: { kind: "certificate", certificate, chain: [] },
    content: envelope ?? { kind: "message-signature", digest, signature },
    entries: entries.map(({ entry }) => entry),
    timestamps: timestamps.map(({ response }) => response.der),
  };
}

/** Stores an image. @returns its digest */
export function putImage(
  registry: FakeRegistry,
  number = 1,
  tags: readonly string[] = ["v1"],
): string {
  registry.blobs.set(digestOf(emptyConfig), emptyConfig);
  return registry.put(imageManifest(number), tags);
}

/** Stores a bundle as cosign 3 does. @returns the digest of its manifest */
export function putBundle(
  registry: FakeRegistry,
  digest: string,
  bundle: Bundle | Uint8Array,
): string {
  const bytes = "version" in bundle ? Buffer.from(encodeBundle(bundle)) : bundle;
  const kept = registry.manifests.get(digest);
  const subject = { mediaType: imageType, digest, size: kept?.bytes.length ?? 1 };
  const created = new Date(0);
  const { manifest, blobs } = encodeBundleArtifact({
    ...{ bundle: bytes, subject, content: "dsse-envelope", created },
  });
  for (const blob of blobs) registry.blobs.set(blob.descriptor.digest, Buffer.from(blob.bytes));
  return registry.put(JSON.parse(Buffer.from(manifest.bytes).toString()));
}

/** Lists artifacts in the index at a tag, as for registries without the referrers API. */
export function putFallback(
  registry: FakeRegistry,
  digest: string,
  artifacts: readonly string[],
): void {
  const manifests = artifacts.map((each) => {
    const size = registry.manifests.get(each)?.bytes.length ?? 0;
    return { mediaType: imageType, digest: each, size };
  });
  const mediaType = "application/vnd.oci.image.index.v1+json";
  registry.put({ schemaVersion: 2, mediaType, manifests }, [fallbackTag(digest)]);
}

/** A layer of cosign 2's and what it is of. */
export interface OldLayer {
  readonly payload: Uint8Array;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A signature as cosign 2 made it. */
export async function oldSignature(
  digest: string,
  wish: SignerWish & { readonly payload?: Uint8Array } = {},
): Promise<OldLayer> {
  const payload = wish.payload ?? encodeSimpleSigning("registry.example/acme/app", digest);
  const artifact = { digest: computeDigest("sha256", payload), content: payload };
  const made = await signArtifact(artifact, await stepsFor(wish));
  const signature = Buffer.from(made.signed.signature).toString("base64");
  const [stamped] = made.timestamps;
  return {
    payload,
    annotations: { ...annotationsOf(made, stamped?.response.der), [names.signature]: signature },
  };
}

/** An attestation as cosign 2 made it, its timestamp over the whole envelope. */
export async function oldAttestation(
  digest: string,
  predicateType: string,
  wish: SignerWish = {},
): Promise<OldLayer> {
  const made = await signStatement(digest, predicateType, { ...wish, stamped: false });
  const { envelope } = made.signed;
  if (envelope === undefined) throw new Error("no envelope");
  const payload = Buffer.from(JSON.stringify(encodeEnvelope(envelope)));
  const response = wish.stamped === true ? await stampOver(payload) : undefined;
  return {
    payload,
    annotations: { ...annotationsOf(made, response), predicateType, [names.signature]: "" },
  };
}

async function stampOver(bytes: Uint8Array): Promise<Uint8Array> {
  const { response } = await stamp()(bytes, await (await stepsFor({})).certify());
  return response.der;
}

const names = {
  signature: "dev.cosignproject.cosign/signature",
  certificate: "dev.sigstore.cosign/certificate",
  chain: "dev.sigstore.cosign/chain",
  bundle: "dev.sigstore.cosign/bundle",
  timestamp: "dev.sigstore.cosign/rfc3161timestamp",
} as const;

function annotationsOf(
  { signed, entries }: SignedArtifact,
  timestamp: Uint8Array | undefined,
): Record<string, string> {
  const entry = entries[0]?.entry;
  if (entry?.inclusionPromise === undefined) throw new Error("no promise");
  const Payload = {
    body: Buffer.from(entry.canonicalizedBody).toString("base64"),
    integratedTime: Number(entry.integratedTime),
    logIndex: Number(entry.logIndex),
    logID: Buffer.from(entry.logId).toString("hex"),
  };
  const SignedEntryTimestamp = Buffer.from(entry.inclusionPromise).toString("base64");
  const root = trustedRoot.certificateAuthorities[0]?.certificates[0]?.der ?? new Uint8Array();
  const SignedRFC3161Timestamp = Buffer.from(timestamp ?? "").toString("base64");
  return {
    [names.certificate]: encodePem(signed.certificate, "CERTIFICATE"),
    [names.chain]: encodePem(root, "CERTIFICATE"),
    [names.bundle]: JSON.stringify({ SignedEntryTimestamp, Payload }),
    ...(timestamp === undefined
      ? {}
      : { [names.timestamp]: JSON.stringify({ SignedRFC3161Timestamp }) }),
  };
}

/** Tag of cosign 2's signatures or attestations of an image. */
export function oldTag<Kind extends "sig" | "att">(
  digest: string,
  kind: Kind,
): `${string}.${Kind}` {
  return `${fallbackTag(digest)}.${kind}`;
}

/** Stores layers at cosign 2's tag. */
export function putOld(
  registry: FakeRegistry,
  tag: `${string}.${"sig" | "att"}`,
  layers: readonly OldLayer[],
): void {
  const kind = tag.endsWith("sig") ? "sig" : "att";
  for (const { payload } of layers) registry.blobs.set(digestOf(payload), Buffer.from(payload));
  const manifest = imageManifest(0, {
    layers: layers.map(({ payload, annotations }) => ({
      ...describe(legacyTypes[kind], payload),
      annotations,
    })),
  });
  registry.put(manifest, [tag]);
}

/** How `verify` is run. */
export interface VerifyWish {
  /** Path of the trusted root. */
  readonly root: string;
  readonly wish?: Partial<World>;
  /** Inputs that are no flags. */
  readonly inputs?: Runner["input"];
}

/** Runs `verify` with a network that gives up soon. */
export async function verifyImages(
  args: readonly string[],
  { root, wish = {}, inputs }: VerifyWish,
): Promise<Ended> {
  const policy = [
    `--certificate-identity=${workflow}`,
    `--certificate-oidc-issuer=${issuer}`,
    `--trusted-root=${root}`,
  ];
  const runner = inputs === undefined ? {} : { input: inputs };
  return run(["verify", "--json", ...policy, ...args], { openHttp, ...wish }, runner);
}

/** The one door, with little patience. */
export function openHttp(settings: NetworkSettings): ReturnType<World["openHttp"]> {
  return Promise.resolve(createHttp({ ...settings, budgetMs: 1_500, now: () => new Date() }));
}
