// Which images of an index are meant, by what the index says that they are for.
import { quote, SigstepError } from "../errors.ts";
import { parseJson } from "../encoding/json.ts";
import { formatPlatform, type Platform } from "../registry/descriptor.ts";
import type { ImageStore } from "../registry/image-store.ts";
import { findImages, type FoundImage } from "../registry/index-walk.ts";
import type { ImageManifest, Manifest } from "../registry/manifest.ts";

/** One platform, or every image of an index; undefined for what is named itself, be it an index. */
export type PlatformChoice = "all" | Platform | undefined;

const maxConfigBytes = 4 * 1024 * 1024;

/** @throws SigstepError INPUT_VALUE for anything but `all` and `os/architecture[/variant]` */
export function parsePlatform(text: string | undefined): PlatformChoice {
  if (text === undefined || text === "all") return text;
  const [, os, architecture, variant] =
    /^([a-z0-9]{1,40})\/([a-z0-9_]{1,40})(?:\/([a-z0-9.]{1,40}))?$/.exec(text.trim()) ?? [];
  if (os === undefined || architecture === undefined) {
    throw new SigstepError("INPUT_VALUE", `Input platform is ${quote(text, 60)}, not a platform.`, {
      where: "platform",
      hint: "Write linux/amd64, linux/arm/v7, or all for every image of an index.",
    });
  }
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}

/**
 * What of `root` is to be verified.
 *
 * @throws SigstepError IMAGE_NOT_FOUND when there is no image for the platform; IMAGE_INVALID when there are
 * several, and as `findImages`
 */
export async function chooseImages(
  store: ImageStore,
  root: Manifest,
  choice: PlatformChoice,
): Promise<readonly FoundImage[]> {
  if (choice === undefined) return [{ manifest: root, platform: undefined }];
  if (root.content.kind === "image") {
    const platform = await readPlatform(store, root.content);
    return chooseOne([{ manifest: root, platform }], { store, root, choice });
  }
  const images = await findImages(store, root, "platforms");
  return chooseOne(images, { store, root, choice });
}

interface Place {
  readonly store: ImageStore;
  readonly root: Manifest;
  readonly choice: "all" | Platform;
}

function chooseOne(images: readonly FoundImage[], place: Place): readonly FoundImage[] {
  const { choice } = place;
  const fitting = images.filter(({ platform }) => choice === "all" || isFor(platform, choice));
  if (fitting.length === 0) throw none(images, place);
  if (choice === "all" || fitting.length === 1) return fitting;
  throw refuse(place, {
    code: "IMAGE_INVALID",
    why: `has ${fitting.length} images for ${formatPlatform(choice)}`,
    hint: `Name the variant: ${listOf(fitting)}.`,
  });
}

/** An architecture without variant stands for any of its variants; `arm64` has one that all mean. */
function isFor(platform: Platform | undefined, { os, architecture, variant }: Platform): boolean {
  if (platform?.os !== os || platform.architecture !== architecture) return false;
  const common = architecture === "arm64" ? "v8" : undefined;
  return variant === undefined || (platform.variant ?? common) === variant;
}

/** What the image says of itself; only its index would say it otherwise. */
async function readPlatform(
  store: ImageStore,
  { config }: ImageManifest,
): Promise<Platform | undefined> {
  const label = `configuration of an image of ${store.name}`;
  const bytes = await store.readBlob(config, maxConfigBytes);
  const json = parseJson(bytes, { label, code: "IMAGE_INVALID", maxBytes: maxConfigBytes });
  const [os, architecture, variant] = ["os", "architecture", "variant"].map(
    (name) => json.get(name).optional()?.string() ?? "",
  );
  if (os === undefined || architecture === undefined || os === "") return undefined;
  return { os, architecture, ...(variant === undefined || variant === "" ? {} : { variant }) };
}

function none(images: readonly FoundImage[], place: Place): SigstepError {
  const { choice } = place;
  const wanted = choice === "all" ? "" : ` for ${formatPlatform(choice)}`;
  const has = images.length === 0 ? "" : `: it is for ${listOf(images)}`;
  return refuse(place, { code: "IMAGE_NOT_FOUND", why: `has no image${wanted}${has}` });
}

const maxShown = 12;

function listOf(images: readonly FoundImage[]): string {
  const names = images.map(({ platform }) => {
    return platform === undefined ? "no platform" : quote(formatPlatform(platform), 60);
  });
  const more = names.length > maxShown ? ", …" : "";
  return `${[...new Set(names)].slice(0, maxShown).join(", ")}${more}`;
}

interface Reason {
  readonly code: "IMAGE_NOT_FOUND" | "IMAGE_INVALID";
  readonly why: string;
  readonly hint?: string;
}

function refuse({ store, root }: Place, { code, why, hint = "" }: Reason): SigstepError {
  const text = `${root.descriptor.digest} of ${quote(store.name, 300)} ${why}.`;
  return new SigstepError(code, text, { where: store.name, hint });
}
