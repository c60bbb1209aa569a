// Inputs about images → one typed request. Every check that needs no registry is here.
import type { Recursion } from "../registry/index-walk.ts";
import { parseLayoutReference } from "../registry/layout.ts";
import { formatReference, parseReference, type ImageReference } from "../registry/reference.ts";
import { quote, SigstepError } from "../errors.ts";
import { parseRegistryRequest, type RegistryRequest } from "./image-registry.ts";
import type { ImageInputName } from "./image-table.ts";
import type { InputReader } from "./input-reader.ts";

/** Where what is said of an image is stored. */
export type ImageStorage = "referrers" | "legacy" | "both" | "none";

/** An image as the user names it: in a registry, or in a folder. */
export type ImageChoice =
  | { readonly kind: "registry"; readonly text: string; readonly reference: ImageReference }
  | {
      readonly kind: "layout";
      readonly text: string;
      readonly folder: string;
      readonly tag: string | undefined;
      readonly digest: string | undefined;
    };

/** What a user asks about images. */
export interface ImageRequest {
  /** At least one. */
  readonly images: readonly ImageChoice[];
  readonly recursion: Recursion;
  readonly storage: ImageStorage;
  readonly requireDigest: boolean;
  readonly repairIndex: boolean;
  readonly registries: RegistryRequest;
}

const maxImages = 1000;
const recursions: Readonly<Record<string, Recursion>> = {
  true: "all",
  platforms: "platforms",
};

/**
 * The request that the inputs make.
 *
 * @param pushed - The one image of `push-to-registry`, instead of `subject-images`.
 * @returns undefined when no image is named.
 * @throws SigstepError INPUT_VALUE, INPUT_MISSING, INPUT_CONFLICT, REFERENCE_INVALID
 */
export function parseImageRequest(
  inputs: InputReader<ImageInputName>,
  pushed?: ImageChoice,
): ImageRequest | undefined {
  const texts = inputs.list("subject-images");
  if (texts.length > maxImages) throw tooMany(texts.length);
  const images = [...texts.map(parseImage), ...(pushed === undefined ? [] : [pushed])];
  if (images.length === 0) {
    refuseUnused(inputs);
    return undefined;
  }
  const request: ImageRequest = {
    images,
    recursion: recursions[inputs.text("recursive") ?? ""] ?? "root",
    storage: storageOf(inputs.text("storage")),
    requireDigest: inputs.boolean("require-digest"),
    repairIndex: inputs.boolean("repair-index"),
    registries: parseRegistryRequest(inputs),
  };
  if (request.requireDigest)
    images.forEach((image) => {
      requireDigest(image);
    });
  if (["legacy", "both"].includes(request.storage)) for (const image of images) refuseLayout(image);
  return request;
}

/** An input that would be ignored is a mistake. */
function refuseUnused(inputs: InputReader<ImageInputName>): void {
  const names = ["recursive", "storage", "require-digest", "repair-index"] as const;
  const unused = names.find((name) => inputs.given(name));
  if (unused === undefined) return;
  throw new SigstepError("INPUT_CONFLICT", `Input ${unused} is given, but no image is named.`, {
    where: unused,
    hint: "Name the images: subject-images: ghcr.io/acme/app@sha256:…",
  });
}

function storageOf(text: string | undefined): ImageStorage {
  return text === "legacy" || text === "both" || text === "none" ? text : "referrers";
}

/**
 * Reads one image.
 *
 * @throws SigstepError REFERENCE_INVALID
 */
export function parseImage(text: string): ImageChoice {
  const layout = parseLayoutReference(text);
  if (layout === undefined) return { kind: "registry", text, reference: parseReference(text) };
  const { path, ...named } = layout;
  return { kind: "layout", text, folder: path, ...named };
}

/**
 * The image of actions/attest's `push-to-registry`: the name lower-cased, a tag dropped, one sha256 digest.
 *
 * @throws SigstepError INPUT_MISSING, INPUT_VALUE, REFERENCE_INVALID
 */
export function pushedImage(name: string | undefined, digest: string | undefined): ImageChoice {
  if (name === undefined || digest === undefined) {
    const where = name === undefined ? "subject-name" : "subject-digest";
    throw new SigstepError("INPUT_MISSING", `Input ${where} is missing.`, {
      where,
      hint: "push-to-registry is for one image: subject-name says which, without tag, and subject-digest its digest. For several use subject-images.",
    });
  }
  const text = digest.trim().toLowerCase();
  if (!/^sha256:[0-9a-f]{64}$/.test(text)) {
    throw new SigstepError("INPUT_VALUE", `Input subject-digest is ${quote(digest, 80)}.`, {
      where: "subject-digest",
      hint: "An image's digest is sha256: and 64 hexadecimal digits, as the push gave it.",
    });
  }
  const named = parseReference(name.trim().toLowerCase());
  const reference = { ...named, tag: undefined, digest: text };
  return { kind: "registry", text: formatReference(reference), reference };
}

/** @throws SigstepError REFERENCE_INVALID when `image` names no digest */
export function requireDigest(image: ImageChoice): void {
  if (namedIn(image).digest !== undefined) return;
  throw new SigstepError("REFERENCE_INVALID", `${quote(image.text)} names no digest.`, {
    where: "require-digest",
    hint: "Use the digest that the push gave: registry/repository@sha256:…, for example `${{ steps.push.outputs.digest }}`.",
  });
}

/** Tag and digest as the user wrote them. */
export function namedIn(image: ImageChoice): Pick<ImageReference, "tag" | "digest"> {
  return image.kind === "registry" ? image.reference : image;
}

function refuseLayout(image: ImageChoice): void {
  if (image.kind === "registry") return;
  throw new SigstepError("INPUT_CONFLICT", `${quote(image.text)} has no tags of cosign 2.`, {
    where: "storage",
    hint: "A folder takes referrers alone: leave storage out, or sign it in a step of its own.",
  });
}

function tooMany(count: number): SigstepError {
  return new SigstepError(
    "INPUT_VALUE",
    `Input subject-images names ${count} images, more than ${maxImages}.`,
    { where: "subject-images", hint: "Use several steps." },
  );
}
