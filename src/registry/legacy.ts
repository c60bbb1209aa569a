// cosign 2's layout: signatures and attestations as layers of an image at a tag of its own.
// sigstore/cosign specs/SIGNATURE_SPEC.md and ATTESTATION_SPEC.md.
import { parseBase64 } from "../encoding/base64.ts";
import { SigstepError } from "../errors.ts";
import { findManifest, getBlob } from "./client.ts";
import { describe, hasDigest, type Descriptor } from "./descriptor.ts";
import { imageManifestType, type Manifest } from "./manifest.ts";
import { fallbackTag } from "./referrers.ts";
import { updateTag, type SettleOptions } from "./shared-tag.ts";
import type { Repository } from "./transport.ts";
import { putBlob } from "./upload.ts";

/** Signatures over the image, or attestations about it. */
export type LegacyKind = "sig" | "att";

/** What each layer says beside its payload. All of it is text as cosign writes it; nothing is proven. */
export interface LegacyEntry {
  /** The signed payload (`sig`), or the DSSE envelope (`att`). */
  readonly payload: Uint8Array;
  /** Over the payload; empty for an envelope, which has its own. */
  readonly signature: Uint8Array;
  /** PEM, undefined when signed by a key. */
  readonly certificate: string | undefined;
  /** PEM of the certificates after it. */
  readonly chain: string | undefined;
  /** JSON: the log's signed promise and entry. */
  readonly bundle: string | undefined;
  /** JSON: the timestamp. */
  readonly timestamp: string | undefined;
  /** Of an attestation. */
  readonly predicateType: string | undefined;
}

/** Media type of a layer of each kind. */
export const legacyTypes: Readonly<Record<LegacyKind, string>> = {
  sig: "application/vnd.dev.cosign.simplesigning.v1+json",
  att: "application/vnd.dsse.envelope.v1+json",
};

const names = {
  signature: "dev.cosignproject.cosign/signature",
  certificate: "dev.sigstore.cosign/certificate",
  chain: "dev.sigstore.cosign/chain",
  bundle: "dev.sigstore.cosign/bundle",
  timestamp: "dev.sigstore.cosign/rfc3161timestamp",
  predicateType: "predicateType",
} as const;

const maxLayers = 200;
/** As for bundles: a predicate of 16 MiB in base64, and room. */
const maxPayloadBytes = 24 * 1024 * 1024;
const configType = "application/vnd.oci.image.config.v1+json";

/** `sha256-….sig` */
export function legacyTag(digest: string, kind: LegacyKind): string {
  return `${fallbackTag(digest)}.${kind}`;
}

/** What cosign 2 signs for an image, byte for byte. SIGNATURE_SPEC.md, "Simple Signing". */
export function encodeSimpleSigning(imageName: string, digest: string): Uint8Array {
  const payload = {
    critical: {
      identity: { "docker-reference": imageName },
      image: { "docker-manifest-digest": digest },
      type: "cosign container image signature",
    },
    optional: null,
  };
  return Buffer.from(JSON.stringify(payload), "utf8");
}

/**
 * What is stored about the image `digest`, in the order of the layers.
 *
 * @throws SigstepError IMAGE_INVALID for another layout, REGISTRY_ANSWER_INVALID, and those of the door
 */
export async function readLegacy(
  repository: Repository,
  digest: string,
  kind: LegacyKind,
): Promise<readonly LegacyEntry[]> {
  const manifest = await findManifest(repository, legacyTag(digest, kind));
  if (manifest === undefined) return [];
  const layers = layersOf(manifest).filter(({ mediaType }) => mediaType === legacyTypes[kind]);
  const read = async (layer: Descriptor): Promise<LegacyEntry> =>
    parseLegacyEntry(layer, await getBlob(repository, layer, maxPayloadBytes));
  return Promise.all(layers.map(read));
}

function layersOf({ content, descriptor }: Manifest): readonly Descriptor[] {
  if (content.kind === "image" && content.layers.length <= maxLayers) return content.layers;
  const why = content.kind === "image" ? `more than ${maxLayers} layers` : "an index in its place";
  throw new SigstepError("IMAGE_INVALID", `${descriptor.digest} holds no signatures: ${why}.`, {
    where: descriptor.digest,
  });
}

/**
 * One layer and its payload.
 *
 * @throws SigstepError IMAGE_INVALID
 */
export function parseLegacyEntry(layer: Descriptor, payload: Uint8Array): LegacyEntry {
  const annotations = layer.annotations ?? {};
  if (!hasDigest(payload, layer.digest)) {
    throw new SigstepError("IMAGE_INVALID", `A payload does not have the digest ${layer.digest}.`);
  }
  return {
    payload,
    signature: parseSignature(annotations[names.signature] ?? "", layer),
    certificate: annotations[names.certificate],
    chain: annotations[names.chain],
    bundle: annotations[names.bundle],
    timestamp: annotations[names.timestamp],
    predicateType: annotations[names.predicateType],
  };
}

function parseSignature(text: string, { digest }: Descriptor): Uint8Array {
  try {
    return parseBase64(text, "it");
  } catch (error) {
    throw new SigstepError("IMAGE_INVALID", `The signature beside ${digest} is not base64.`, {
      cause: error,
      where: digest,
    });
  }
}

/** The layer that stores `entry`. */
export function encodeLegacyLayer(kind: LegacyKind, entry: LegacyEntry): Descriptor {
  const optional = (
    ["certificate", "chain", "bundle", "timestamp", "predicateType"] as const
  ).flatMap((field) => (entry[field] === undefined ? [] : [[names[field], entry[field]] as const]));
  const signature = Buffer.from(entry.signature).toString("base64");
  const annotations = { [names.signature]: signature, ...Object.fromEntries(optional) };
  return { ...describe(legacyTypes[kind], entry.payload), annotations };
}

/**
 * Adds `entries` to what is stored about the image `digest`, beside what others have put there.
 *
 * @throws SigstepError those of {@link putBlob} and {@link updateTag}
 */
export async function addLegacy(
  repository: Repository,
  { digest, kind, entries }: LegacyAddition,
  options: SettleOptions = {},
): Promise<void> {
  const ours = entries.map((entry) => encodeLegacyLayer(kind, entry));
  await Promise.all(
    entries.map(({ payload }) =>
      putBlob(repository, describe(legacyTypes[kind], payload), payload),
    ),
  );
  const seen = new Map<string, Descriptor>();
  await updateTag(
    repository,
    {
      tag: legacyTag(digest, kind),
      merge: async (current) => {
        const there = current === undefined ? [] : layersOf(current);
        // What was seen once is kept, what is ours goes after it.
        for (const layer of [...there, ...ours]) seen.set(keyOf(layer), layer);
        const held = new Set(there.map(keyOf));
        if ([...seen.keys()].every((key) => held.has(key))) return undefined;
        return encodeLegacyManifest(repository, [...seen.values()]);
      },
    },
    options,
  );
}

/** What to add where. */
export interface LegacyAddition {
  /** Of the image. */
  readonly digest: string;
  readonly kind: LegacyKind;
  readonly entries: readonly LegacyEntry[];
}

/** Two signatures share one payload: they differ in the annotations alone. */
function keyOf({ digest, annotations }: Descriptor): string {
  return JSON.stringify([digest, Object.entries(annotations ?? {}).sort()]);
}

/** An image whose config lists its layers, as cosign makes it; the config is stored on the way. */
async function encodeLegacyManifest(
  repository: Repository,
  layers: readonly Descriptor[],
): Promise<Pick<Manifest, "descriptor" | "bytes">> {
  const created = "0001-01-01T00:00:00Z";
  const config = Buffer.from(
    JSON.stringify({
      architecture: "",
      created,
      history: layers.map(() => ({ created })),
      os: "",
      rootfs: { type: "layers", diff_ids: layers.map(({ digest }) => digest) },
      config: {},
    }),
  );
  await putBlob(repository, describe(configType, config), config);
  const manifest = {
    schemaVersion: 2,
    mediaType: imageManifestType,
    config: describe(configType, config),
    layers,
  };
  const bytes = Buffer.from(JSON.stringify(manifest), "utf8");
  return { descriptor: describe(imageManifestType, bytes), bytes };
}
