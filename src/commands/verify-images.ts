// All images of a run: each name to a digest, once; then what is stored about each. One that is refused does
// not keep the others back.
import { quote, toSigstepError } from "../errors.ts";
import { storeOf, type ImageStore } from "../registry/image-store.ts";
import { openLayout } from "../registry/layout.ts";
import { resolveImage } from "../registry/resolve.ts";
import type { Http } from "../services/http.ts";
import { openRegistries } from "./image-registry.ts";
import { namedIn, type ImageChoice } from "./image-request.ts";
import { createProgress } from "./progress.ts";
import type { ProofTerms } from "./verify-artifact.ts";
import { imageFacts, imageName, verifyImage, type LocatedImage } from "./verify-image.ts";
import { chooseImages } from "./verify-image-platform.ts";
import type { ImagesRequest } from "./verify-image-request.ts";
import type { ImageFacts, RefusedResult, VerifyResult } from "./verify-results.ts";
import type { World } from "./world.ts";

/** What verifying images needs of the run. */
export interface ImagesContext {
  readonly world: World;
  readonly concurrency: number;
  /** PEM of further authorities for https. */
  readonly caPem: string | undefined;
}

/** More at once would take more memory: all that is stored about an image is read before it is judged. */
const maxAtOnce = 4;
/** How long to go on trying since a registry's last good answer. */
const budgetMs = 60_000;

/**
 * Results in the order of the names, of an index's images in the order of the index.
 *
 * @throws SigstepError CREDENTIALS_INVALID, INPUT_MISSING: what is wrong for all of them
 */
export async function verifyImages(
  request: ImagesRequest,
  terms: ProofTerms,
  context: ImagesContext,
): Promise<VerifyResult[]> {
  if (request.images.length === 0) return [];
  const { world, concurrency } = context;
  const stores = await openStores(request, context);
  try {
    const found = await eachAtOnce(request.images, concurrency, (image) =>
      locate(image, { stores, request, world }),
    );
    const images = found.flat();
    const progress = createProgress(images.length, world);
    const atOnce = Math.min(concurrency, maxAtOnce);
    const results = await eachAtOnce(images, atOnce, async (image) => {
      const result = await judge(image, terms);
      progress.advance();
      return result;
    });
    progress.end();
    return results;
  } finally {
    await stores.close();
  }
}

/** Where images are read from. */
interface Stores {
  readonly open: (image: ImageChoice) => Promise<ImageStore>;
  readonly close: () => Promise<void>;
}

/** The network is opened when there is an image in a registry: a folder asks nobody. */
async function openStores(request: ImagesRequest, context: ImagesContext): Promise<Stores> {
  const names = request.images.flatMap((image) =>
    image.kind === "registry" ? [image.reference] : [],
  );
  const http = names.length === 0 ? undefined : await openDoor(request, context);
  const close = async (): Promise<void> => http?.close();
  try {
    const { world } = context;
    const tools = http === undefined ? undefined : { world, http, names };
    const open = tools === undefined ? undefined : openRegistries(request.registry, tools);
    return { open: async (image) => openStore(image, open), close };
  } catch (error) {
    await close();
    throw error;
  }
}

function openDoor({ registry }: ImagesRequest, { world, caPem }: ImagesContext): Promise<Http> {
  const { insecureHosts } = registry;
  return world.openHttp({ budgetMs, insecureHosts, ...(caPem === undefined ? {} : { caPem }) });
}

async function openStore(
  image: ImageChoice,
  open: ReturnType<typeof openRegistries> | undefined,
): Promise<ImageStore> {
  if (image.kind === "layout") return openLayout(image.folder);
  if (open === undefined) throw new TypeError("No registry was opened.");
  return storeOf(open(image.reference));
}

interface Locating {
  readonly stores: Stores;
  readonly request: ImagesRequest;
  readonly world: World;
}

/** The images that `choice` leads to, or why there are none. */
async function locate(
  choice: ImageChoice,
  { stores, request, world }: Locating,
): Promise<readonly (LocatedImage | RefusedResult)[]> {
  const { text, kind } = choice;
  const { tag, digest } = namedIn(choice);
  try {
    const store = await stores.open(choice);
    const root = await resolveImage(store, { tag, digest });
    const of = root.descriptor.digest;
    if (digest === undefined) world.runner.info(describeTag(text, of));
    const images = await chooseImages(store, root, request.platform);
    const common = { reference: text, store, isLayout: kind === "layout", root: of };
    return images.map((image) => ({ ...image, ...common }));
  } catch (thrown) {
    const image = { reference: text, name: text, digest, platform: undefined };
    return [refused(text, thrown, image)];
  }
}

function describeTag(text: string, digest: string): string {
  return `Image ${quote(text, 500)} is ${digest} now, and that is what is verified. Tags move: name the digest in what you deploy.`;
}

async function judge(
  image: LocatedImage | RefusedResult,
  terms: ProofTerms,
): Promise<VerifyResult> {
  if ("kind" in image) return image;
  try {
    return await verifyImage(image, terms);
  } catch (thrown) {
    const facts = imageFacts(image);
    return refused(imageName(facts), thrown, facts);
  }
}

/** A registry's answer is about one image; how we log in, and a defect of ours, is about all. */
function refused(name: string, thrown: unknown, image: ImageFacts): RefusedResult {
  const error = toSigstepError(thrown);
  if (error.code === "INTERNAL" || error.code === "CREDENTIALS_INVALID") throw error;
  return { kind: "refused", name, digests: {}, error, refusals: [], image };
}

/** What `work` makes of each item, in their order, a few at once. */
async function eachAtOnce<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const waiting = items.entries();
  const run = async (): Promise<void> => {
    for (const [index, item] of waiting) results[index] = await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, run));
  return results;
}
