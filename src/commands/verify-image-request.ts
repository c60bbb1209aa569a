// What a user asks of images: which, for which platform, and how their registries are reached.
import { SigstepError } from "../errors.ts";
import { parseImage, requireDigest, type ImageChoice } from "./image-request.ts";
import { parseRegistryRequest, type RegistryRequest } from "./image-registry.ts";
import type { InputReader } from "./input-reader.ts";
import { parsePlatform, type PlatformChoice } from "./verify-image-platform.ts";
import type { VerifyInputName } from "./verify-table.ts";

/** All that is asked of images. */
export interface ImagesRequest {
  /** Each once, in their order. */
  readonly images: readonly ImageChoice[];
  readonly platform: PlatformChoice;
  readonly registry: RegistryRequest;
}

const maxImages = 1000;

/**
 * The request that the inputs make. Nothing is looked up.
 *
 * @throws SigstepError REFERENCE_INVALID, INPUT_VALUE, INPUT_MISSING, INPUT_CONFLICT
 */
export function parseImagesRequest(inputs: InputReader<VerifyInputName>): ImagesRequest {
  const texts = [...new Set(inputs.list("images").map((text) => text.trim()))];
  if (texts.length > maxImages) throw tooMany(texts.length);
  const images = texts.map(parseImage);
  const mustHaveDigest = inputs.boolean("require-digest");
  if (mustHaveDigest) images.forEach(requireDigest);
  const platform = parsePlatform(inputs.text("platform"));
  if (images.length === 0) {
    if (platform !== undefined) throw withoutImages("platform");
    if (mustHaveDigest) throw withoutImages("require-digest");
  }
  return { images, platform, registry: parseRegistryRequest(inputs) };
}

function tooMany(count: number): SigstepError {
  return new SigstepError("INPUT_VALUE", `Input images names ${count}, more than ${maxImages}.`, {
    where: "images",
    hint: "Use several steps.",
  });
}

function withoutImages(name: string): SigstepError {
  return new SigstepError("INPUT_CONFLICT", `Input ${name} is given, and no images are.`, {
    where: name,
    hint: `Give images, or leave ${name} out.`,
  });
}
