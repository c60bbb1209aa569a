// What a user asks of images: which, for which platform, and how their registries are reached.
import { quote, SigstepError } from "../errors.ts";
import { parseLayoutReference } from "../registry/layout.ts";
import { parseReference, type ImageReference } from "../registry/reference.ts";
import { parseRegistryRequest, type RegistryRequest } from "./image-registry.ts";
import type { InputReader } from "./input-reader.ts";
import { parsePlatform, type PlatformChoice } from "./verify-image-platform.ts";
import type { VerifyInputName } from "./verify-table.ts";

/** An image, in a registry or in a folder. */
export type ImageName = NamedByUser &
  (
    | { readonly kind: "registry"; readonly reference: ImageReference }
    /** `path` is the folder of an OCI layout. */
    | { readonly kind: "layout"; readonly path: string }
  );

interface NamedByUser {
  /** As the user wrote it. */
  readonly text: string;
  readonly tag: string | undefined;
  readonly digest: string | undefined;
}

/** All that is asked of images. */
export interface ImagesRequest {
  /** Each once, in their order. */
  readonly names: readonly ImageName[];
  readonly platform: PlatformChoice;
  readonly registry: RegistryRequest;
}

/**
 * The request that the inputs make. Nothing is looked up.
 *
 * @throws SigstepError REFERENCE_INVALID, INPUT_VALUE, INPUT_MISSING, INPUT_CONFLICT
 */
export function parseImagesRequest(inputs: InputReader<VerifyInputName>): ImagesRequest {
  const texts = [...new Set(inputs.list("images").map((text) => text.trim()))];
  const names = texts.map(parseImageName);
  if (inputs.boolean("require-digest")) names.forEach(requireDigest);
  const platform = parsePlatform(inputs.text("platform"));
  if (platform !== undefined && names.length === 0) throw withoutImages("platform");
  return { names, platform, registry: parseRegistryRequest(inputs) };
}

function parseImageName(text: string): ImageName {
  const layout = parseLayoutReference(text);
  if (layout !== undefined) return { kind: "layout", text, ...layout };
  const reference = parseReference(text);
  const { tag, digest } = reference;
  return { kind: "registry", text, tag, digest, reference };
}

function requireDigest({ text, digest }: ImageName): void {
  if (digest !== undefined) return;
  throw new SigstepError(
    "INPUT_VALUE",
    `Image ${quote(text)} has no digest, and require-digest is set.`,
    {
      where: "images",
      hint: "Name it as registry.example/repository@sha256:…: a tag may have moved since it was checked.",
    },
  );
}

function withoutImages(name: string): SigstepError {
  return new SigstepError("INPUT_CONFLICT", `Input ${name} is given, and no images are.`, {
    where: name,
    hint: `Give images, or leave ${name} out.`,
  });
}
