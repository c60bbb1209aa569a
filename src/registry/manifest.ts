// Manifests: images, artifacts and indexes, of OCI and of Docker. Size and digest are always ours.
// OCI image-spec manifest.md and image-index.md.
import { parseJson, type JsonSource, type JsonValue } from "../encoding/json.ts";
import { quote } from "../errors.ts";
import {
  describe,
  parseAnnotations,
  parseDescriptor,
  parseMediaType,
  type Descriptor,
} from "./descriptor.ts";

/** Largest manifest that is read; registries take no larger ones. */
export const maxManifestBytes = 4 * 1024 * 1024;
const maxDescriptors = 5000;

export const imageManifestType = "application/vnd.oci.image.manifest.v1+json";
export const imageIndexType = "application/vnd.oci.image.index.v1+json";
const dockerManifestType = "application/vnd.docker.distribution.manifest.v2+json";
const dockerIndexType = "application/vnd.docker.distribution.manifest.list.v2+json";

/** Media types that we read, as an Accept header. */
export const manifestTypes = [
  imageManifestType,
  imageIndexType,
  dockerManifestType,
  dockerIndexType,
] as const;

/** A manifest as its bytes are. */
export interface Manifest {
  /** Made from the bytes; `mediaType` is the manifest's own, else what it was sent as. */
  readonly descriptor: Descriptor;
  readonly bytes: Uint8Array;
  readonly content: ImageManifest | ImageIndex;
}

/** An image or an artifact. */
export interface ImageManifest {
  readonly kind: "image";
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly subject: Descriptor | undefined;
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A list of manifests. */
export interface ImageIndex {
  readonly kind: "index";
  readonly manifests: readonly Descriptor[];
  readonly subject: Descriptor | undefined;
  readonly artifactType: string | undefined;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Reads a manifest.
 *
 * @param label - For messages: `manifest of ghcr.io/acme/app`.
 * @param sentAs - Content-Type, or the media type of the descriptor that led here; may be empty.
 * @throws SigstepError IMAGE_INVALID
 */
export function parseManifest(bytes: Uint8Array, label: string, sentAs: string): Manifest {
  const source: JsonSource = { label, code: "IMAGE_INVALID", maxBytes: maxManifestBytes };
  const json = parseJson(bytes, source);
  const version = json.get("schemaVersion").integer();
  if (version !== 2) {
    throw json.get("schemaVersion").refuse(`is ${version}: only version 2 is read; push it again`);
  }
  const mediaType = typeOf(json, sentAs.split(";")[0]?.trim() ?? "");
  const isIndex = mediaType === imageIndexType || mediaType === dockerIndexType;
  const descriptor = describe(mediaType, bytes);
  return { descriptor, bytes, content: isIndex ? readIndex(json) : readImage(json) };
}

/** The manifest's own word and the sender's must not differ: one of them would be believed elsewhere. */
function typeOf(json: JsonValue, sentAs: string): string {
  const own = json.get("mediaType").present ? parseMediaType(json.get("mediaType")) : "";
  if (own !== "" && isManifestType(sentAs) && own !== sentAs) {
    throw json.get("mediaType").refuse(`is ${quote(own, 80)}, but it came as ${quote(sentAs, 80)}`);
  }
  const type = own === "" ? sentAs : own;
  if (!isManifestType(type)) throw json.refuse(`is of the unknown type ${quote(type, 80)}`);
  // One text that reads as both is how two clients are shown two images.
  if (json.get("manifests").present && json.get("layers").present) {
    throw json.refuse("has manifests and layers");
  }
  return type;
}

function isManifestType(type: string): boolean {
  return manifestTypes.some((known) => known === type);
}

function readImage(json: JsonValue): ImageManifest {
  return {
    kind: "image",
    config: parseDescriptor(json.get("config")),
    layers: json.get("layers").itemsOrNone(maxDescriptors).map(parseDescriptor),
    ...readCommon(json),
  };
}

function readIndex(json: JsonValue): ImageIndex {
  return {
    kind: "index",
    manifests: json.get("manifests").itemsOrNone(maxDescriptors).map(parseDescriptor),
    ...readCommon(json),
  };
}

function readCommon(json: JsonValue): Pick<ImageIndex, "subject" | "artifactType" | "annotations"> {
  const subject = json.get("subject").optional();
  const artifactType = json.get("artifactType").optional()?.string();
  return {
    subject: subject === undefined ? undefined : parseDescriptor(subject),
    artifactType: artifactType === "" ? undefined : artifactType,
    annotations: parseAnnotations(json.get("annotations")) ?? {},
  };
}

/**
 * How a manifest stands in a list of referrers: with its artifact type (or its config's), and its
 * annotations. distribution-spec, "Referrers Tag Schema".
 */
export function describeReferrer({ descriptor, content }: Manifest): Descriptor {
  const config = content.kind === "image" ? content.config.mediaType : undefined;
  const artifactType = content.artifactType ?? config;
  const { annotations } = content;
  return {
    ...descriptor,
    ...(artifactType === undefined ? {} : { artifactType }),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
  };
}
