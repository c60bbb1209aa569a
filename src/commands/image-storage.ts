// Stores bundles beside their images. Statements about one image are ready at different times: what is
// ready while an earlier write goes on is written together, so that a tag settles once, not once for each.
import { addReferrersTo, type Written } from "./image-writes.ts";
import { keyOf } from "./image-preflight.ts";
import type { ImageTarget } from "./image-targets.ts";
import type { Artifact } from "../registry/add-referrers.ts";

/** Where a bundle was stored. */
export interface StoredReferrer extends Written {
  /** Digest of the artifact's manifest. */
  readonly referrer: string;
}

/** Stores artifacts beside images. */
export interface ImageWriter {
  /** @throws SigstepError of the place */
  store(target: ImageTarget, artifact: Artifact): Promise<StoredReferrer>;
}

interface Waiting {
  readonly target: ImageTarget;
  readonly artifact: Artifact;
  readonly done: PromiseWithResolvers<StoredReferrer>;
}

/** A writer for one run. */
export function createImageWriter(): ImageWriter {
  const queues = new Map<string, Waiting[]>();
  const work = async (queue: Waiting[], key: string): Promise<void> => {
    while (queue.length > 0) await writeAll(queue.splice(0));
    queues.delete(key);
  };
  return {
    store: (target, artifact) => {
      const key = queueOf(target);
      const done = Promise.withResolvers<StoredReferrer>();
      const queue = queues.get(key);
      if (queue === undefined) {
        const started = [{ target, artifact, done }];
        queues.set(key, started);
        void work(started, key);
      } else queue.push({ target, artifact, done });
      return done.promise;
    },
  };
}

/** A folder has one index for all; in a registry each image has its own. */
function queueOf({ place, name }: ImageTarget): string {
  return place.kind === "layout" ? keyOf(place) : name;
}

async function writeAll(batch: readonly Waiting[]): Promise<void> {
  const [first] = batch;
  if (first === undefined) return;
  try {
    const artifacts = batch.map(({ artifact }) => artifact);
    const written = await addReferrersTo(first.target, artifacts);
    for (const { artifact, done } of batch) {
      done.resolve({ ...written, referrer: artifact.manifest.descriptor.digest });
    }
  } catch (error) {
    for (const { done } of batch) done.reject(error);
  }
}
