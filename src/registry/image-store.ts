// Where images lie: a repository of a registry or a folder. What reads images needs no more than this.
import { findManifest, getBlob, getManifest } from "./client.ts";
import type { Descriptor } from "./descriptor.ts";
import type { Manifest } from "./manifest.ts";
import { formatRepository } from "./reference.ts";
import { listReferrers, type Referrers, type ReferrersFilter } from "./referrers.ts";
import type { Repository } from "./transport.ts";

/** A place to read images from. Everything read is proven by digest, nothing else is. */
export interface ImageStore {
  /** For messages. */
  readonly name: string;
  /** By tag or digest. @throws SigstepError IMAGE_NOT_FOUND, IMAGE_INVALID, and those of its kind */
  readManifest(which: string): Promise<Manifest>;
  /** The same, undefined when there is none. Nobody's credentials are looked up to say so. */
  findManifest(which: string): Promise<Manifest | undefined>;
  /** @throws SigstepError the same, also above `maxBytes` */
  readBlob(descriptor: Descriptor, maxBytes: number): Promise<Uint8Array>;
  /** @throws SigstepError the same */
  listReferrers(digest: string, filter?: ReferrersFilter): Promise<Referrers>;
}

/** A repository as a store. */
export function storeOf(repository: Repository): ImageStore {
  return {
    name: formatRepository(repository.name),
    readManifest: (which) => getManifest(repository, which),
    findManifest: (which) => findManifest(repository, which),
    readBlob: (descriptor, maxBytes) => getBlob(repository, descriptor, maxBytes),
    listReferrers: (digest, filter) => listReferrers(repository, digest, filter),
  };
}
