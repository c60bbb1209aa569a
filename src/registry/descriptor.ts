// Content descriptors: what one manifest says of another blob. OCI image-spec descriptor.md.
import { computeDigest, isDigestAlgorithm, type DigestAlgorithm } from "../crypto/digest.ts";
import { encodeHex } from "../encoding/base64.ts";
import type { JsonValue } from "../encoding/json.ts";
import { quote } from "../errors.ts";
import { isDigestText } from "./reference.ts";

/** What a blob is, by media type, digest and size. */
export interface Descriptor {
  readonly mediaType: string;
  /** `sha256:…` */
  readonly digest: string;
  /** In bytes. */
  readonly size: number;
  readonly artifactType?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly platform?: Platform;
}

/** What an image of an index is for. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

const maxAnnotations = 256;
const mediaTypePattern = /^[\w.+!#$&^-]{1,127}\/[\w.+!#$&^-]{1,127}(?:;[\w.=-]{1,100})?$/;

/**
 * Reads a descriptor that a registry or a file holds.
 *
 * @throws SigstepError of the source's code
 */
export function parseDescriptor(json: JsonValue): Descriptor {
  const digest = json.get("digest").string();
  if (!isDigestText(digest)) throw json.get("digest").refuse(`is ${quote(digest, 80)}, no digest`);
  const size = json.get("size").integer();
  if (size < 0) throw json.get("size").refuse("is negative");
  const artifactType = json.get("artifactType").optional()?.string();
  const annotations = parseAnnotations(json.get("annotations"));
  const platform = parsePlatform(json.get("platform"));
  return {
    mediaType: parseMediaType(json.get("mediaType")),
    digest,
    size,
    ...(artifactType === undefined || artifactType === "" ? {} : { artifactType }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(platform === undefined ? {} : { platform }),
  };
}

/** @throws SigstepError of the source's code */
export function parseMediaType(json: JsonValue): string {
  const text = json.string();
  if (!mediaTypePattern.test(text)) throw json.refuse(`is ${quote(text, 80)}, no media type`);
  return text;
}

/**
 * Annotations, undefined when there are none.
 *
 * @throws SigstepError of the source's code
 */
export function parseAnnotations(json: JsonValue): Readonly<Record<string, string>> | undefined {
  if (!json.present) return undefined;
  const names = Object.keys(json.members());
  if (names.length > maxAnnotations) throw json.refuse(`has more than ${maxAnnotations} members`);
  return Object.fromEntries(names.map((name) => [name, json.get(name).string()]));
}

function parsePlatform(json: JsonValue): Platform | undefined {
  if (!json.present) return undefined;
  const variant = json.get("variant").optional()?.string();
  return {
    os: json.get("os").string(),
    architecture: json.get("architecture").string(),
    ...(variant === undefined || variant === "" ? {} : { variant }),
  };
}

/** `linux/arm64/v8` */
export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, variant].filter((part) => part !== undefined).join("/");
}

/** `algorithm:hex` of `bytes`. */
export function digestText(bytes: Uint8Array, algorithm: DigestAlgorithm = "sha256"): string {
  return `${algorithm}:${encodeHex(computeDigest(algorithm, bytes).bytes)}`;
}

/** Whether `bytes` have `digest`, by the algorithm that it names. */
export function hasDigest(bytes: Uint8Array, digest: string): boolean {
  const [algorithm = ""] = digest.split(":");
  return isDigestAlgorithm(algorithm) && digestText(bytes, algorithm) === digest;
}

/** A descriptor of bytes in hand. */
export function describe(mediaType: string, bytes: Uint8Array): Descriptor {
  return { mediaType, digest: digestText(bytes), size: bytes.byteLength };
}
