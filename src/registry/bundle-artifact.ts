// A Sigstore bundle as an artifact that refers to an image, exactly as cosign 3 writes it.
// sigstore/cosign specs/BUNDLE_SPEC.md; pkg/oci/remote/write.go WriteAttestationNewBundleFormat.
import { quote, SigstepError } from "../errors.ts";
import type { Artifact } from "./add-referrers.ts";
import { describe, type Descriptor } from "./descriptor.ts";
import { imageManifestType, parseManifest, type Manifest } from "./manifest.ts";

export const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";
/** Beginning of the artifact type of every bundle, of whatever version. */
export const bundleTypePrefix = "application/vnd.dev.sigstore.bundle";
const emptyType = "application/vnd.oci.empty.v1+json";
const emptyBytes = Buffer.from("{}");

/** The config of every bundle's artifact. */
export const emptyConfig = { descriptor: describe(emptyType, emptyBytes), bytes: emptyBytes };

/** What goes into the manifest. */
export interface BundleFacts {
  /** A v0.3 bundle's JSON. */
  readonly bundle: Uint8Array;
  /** The image that it is about. */
  readonly subject: Descriptor;
  readonly content: "dsse-envelope" | "message-signature";
  /** Of an attestation. */
  readonly predicateType?: string;
  readonly created: Date;
}

/** The artifact of one bundle, to be stored beside its subject. */
export function encodeBundleArtifact(facts: BundleFacts): Artifact {
  const { descriptor: config } = emptyConfig;
  const layer = describe(bundleType, facts.bundle);
  const { mediaType, digest, size } = facts.subject;
  const manifest = {
    schemaVersion: 2,
    mediaType: imageManifestType,
    artifactType: bundleType,
    config,
    layers: [layer],
    subject: { mediaType, digest, size },
    annotations: {
      "dev.sigstore.bundle.content": facts.content,
      ...(facts.predicateType === undefined
        ? {}
        : { "dev.sigstore.bundle.predicateType": facts.predicateType }),
      // Seconds are what cosign writes, and all that readers of RFC 3339 agree on.
      "org.opencontainers.image.created": facts.created.toISOString().replace(/\.\d{3}Z$/, "Z"),
    },
  };
  const bytes = Buffer.from(JSON.stringify(manifest), "utf8");
  return {
    manifest: parseManifest(bytes, "manifest of a bundle", imageManifestType),
    blobs: [emptyConfig, { descriptor: layer, bytes: facts.bundle }],
  };
}

/** Whether an entry of a list of referrers may be a bundle; its manifest has the last word. */
export function mayBeBundle({ artifactType = "" }: Descriptor): boolean {
  // Writers that did not look put the empty config's type, or nothing.
  return (
    artifactType === "" || artifactType === emptyType || artifactType.startsWith(bundleTypePrefix)
  );
}

/**
 * The layer that holds the bundle.
 *
 * @returns undefined when the manifest is something else than a bundle of version 0.3 or later
 * @throws SigstepError BUNDLE_INVALID when it calls itself one and does not have exactly one layer of that
 * kind, or is about another image than `subject`
 */
export function findBundleLayer(
  { content, descriptor }: Manifest,
  subject: string,
): Descriptor | undefined {
  if (content.kind !== "image" || content.artifactType?.startsWith(bundleTypePrefix) !== true) {
    return undefined;
  }
  const refuse = (why: string): SigstepError =>
    new SigstepError(
      "BUNDLE_INVALID",
      `The artifact ${descriptor.digest} is not a bundle: ${why}.`,
      {
        where: descriptor.digest,
      },
    );
  const [layer, ...more] = content.layers;
  if (layer === undefined || more.length > 0)
    throw refuse(`it has ${content.layers.length} layers`);
  if (content.subject?.digest !== subject) throw refuse("it is about another image");
  if (!layer.mediaType.startsWith(bundleTypePrefix)) {
    throw refuse(`its layer is ${quote(layer.mediaType, 80)}`);
  }
  return isRecent(layer.mediaType) ? layer : undefined;
}

/** `….bundle.v0.3+json`, or `….bundle+json;version=0.3`; older ones were never stored this way. */
function isRecent(mediaType: string): boolean {
  const [, dotted, spelled] =
    /\.bundle(?:\.v0\.(\d{1,4})\+json|\+json;version=0\.(\d{1,4}))$/.exec(mediaType) ?? [];
  return Number(dotted ?? spelled ?? 0) >= 3;
}
