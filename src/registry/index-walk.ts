// The images of an index, each once, however indexes are nested.
import { SigstepError } from "../errors.ts";
import type { Descriptor, Platform } from "./descriptor.ts";
import type { ImageStore } from "./image-store.ts";
import type { Manifest } from "./manifest.ts";

/** What of an index is meant: itself; itself and what is in it; only the images in it. */
export type Recursion = "root" | "all" | "platforms";

/** One manifest to sign or to verify. */
export interface FoundImage {
  readonly manifest: Manifest;
  /** As the index says; undefined for the root. */
  readonly platform: Platform | undefined;
}

const maxDepth = 4;
const maxImages = 500;
const maxTotalBytes = 64 * 1024 * 1024;

/**
 * `root` and the manifests in it that `recursion` asks for, in the order of the index. BuildKit's
 * attestations and images for `unknown/unknown` are not images, and are left out.
 *
 * @throws SigstepError IMAGE_INVALID for indexes nested too deep, too many images, or an entry that does not
 * describe what it leads to; those of the store
 */
export async function findImages(
  store: ImageStore,
  root: Manifest,
  recursion: Recursion,
): Promise<readonly FoundImage[]> {
  const start = { manifest: root, platform: undefined };
  if (recursion === "root" || root.content.kind === "image") return [start];
  const walk = new Walk(store);
  await walk.enter(root, 1);
  return recursion === "all" ? [start, ...walk.found] : walk.found.filter(isImage);
}

function isImage({ manifest }: FoundImage): boolean {
  return manifest.content.kind === "image";
}

class Walk {
  readonly found: FoundImage[] = [];
  readonly #store: ImageStore;
  readonly #seen = new Set<string>();
  #bytes = 0;

  constructor(store: ImageStore) {
    this.#store = store;
  }

  async enter({ content, descriptor }: Manifest, depth: number): Promise<void> {
    if (content.kind === "image") return;
    this.#seen.add(descriptor.digest);
    if (depth > maxDepth) throw this.#refuse(descriptor, `nests deeper than ${maxDepth} indexes`);
    for (const entry of content.manifests.filter(isWanted)) {
      if (this.#seen.has(entry.digest)) continue;
      this.#seen.add(entry.digest);
      if (this.#seen.size > maxImages)
        throw this.#refuse(descriptor, `has more than ${maxImages} images`);
      const manifest = await this.#read(entry);
      this.found.push({ manifest, platform: entry.platform });
      await this.enter(manifest, depth + 1);
    }
  }

  async #read(entry: Descriptor): Promise<Manifest> {
    const manifest = await this.#store.readManifest(entry.digest);
    const { size, mediaType } = manifest.descriptor;
    if (size !== entry.size || mediaType !== entry.mediaType) {
      throw this.#refuse(entry, "is not of the size and type that its index says");
    }
    this.#bytes += size;
    if (this.#bytes > maxTotalBytes) {
      throw this.#refuse(entry, `belongs to an index of more than ${maxTotalBytes} bytes`);
    }
    return manifest;
  }

  #refuse({ digest }: Descriptor, why: string): SigstepError {
    const where = this.#store.name;
    return new SigstepError("IMAGE_INVALID", `${digest} of ${where} ${why}.`, { where });
  }
}

/** docker/buildkit docs/attestations/attestation-storage.md */
function isWanted({ annotations, platform }: Descriptor): boolean {
  if (annotations?.["vnd.docker.reference.type"] === "attestation-manifest") return false;
  return !(platform?.os === "unknown" && platform.architecture === "unknown");
}
