// What an earlier try has made: beside the image, in the item's place, or nowhere. An equal bundle is used
// again, so that a rerun makes nothing public.
import { findBundleLayer, mayBeBundle } from "../registry/bundle-artifact.ts";
import type { Descriptor } from "../registry/descriptor.ts";
import { SigstepError } from "../errors.ts";
import { maxBundleBytes } from "../sigstore/bundle.ts";
import type { AttestPlan } from "./attest-plan.ts";
import type { TokenSource } from "./identity.ts";
import type { PlannedImage } from "./image-plan.ts";
import type { KnownReferrers } from "./image-preflight.ts";
import {
  findKeptStatement,
  judgeKeptStatement,
  type KeptStatement,
  type KeptStatementContext,
  type MakePayload,
} from "./kept-statement.ts";

import type { StoredImage } from "./results.ts";

/** A bundle that need not be made again. */
export interface EarlierImage extends KeptStatement {
  /** The artifact's digest, when the image has it. */
  readonly referrer: string | undefined;
  readonly listedBy: StoredImage["listedBy"];
}

/** Finds what earlier tries have made; looks once for each item. */
export interface EarlierImages {
  /** @throws SigstepError of the token */
  find(item: PlannedImage): Promise<EarlierImage | undefined>;
}

/** What it takes to find and judge. */
export interface EarlierImageTerms {
  readonly plan: AttestPlan;
  readonly tokens: TokenSource;
  readonly now: () => Date;
  readonly force: boolean;
  readonly known: KnownReferrers;
  readonly makePayload: (item: PlannedImage) => MakePayload;
}

/** Newest first; whoever signs one image more often than that signs it once more. */
const maxCandidates = 20;
const predicateTypeNote = "dev.sigstore.bundle.predicateType";

/** Earlier work of the job that `terms` describe. */
export function findEarlierImages(terms: EarlierImageTerms): EarlierImages {
  const found = new Map<PlannedImage, Promise<EarlierImage | undefined>>();
  return {
    find: (item) => {
      if (terms.force) return Promise.resolve(undefined);
      const looking = found.get(item) ?? look(item, terms);
      found.set(item, looking);
      return looking;
    },
  };
}

async function look(
  item: PlannedImage,
  terms: EarlierImageTerms,
): Promise<EarlierImage | undefined> {
  const [subject] = item.subjects;
  if (subject === undefined) return undefined;
  const payload = terms.makePayload(item);
  const isOwnProvenance = item.predicate.kind === "provenance";
  const context = { ...terms, ...terms.plan, artifact: { subject }, isOwnProvenance };
  const stored = await findStored(item, payload, { ...context, known: terms.known });
  if (stored !== undefined) return stored;
  const inPlace = await findKeptStatement(item, payload, context);
  return inPlace === undefined
    ? undefined
    : { ...inPlace, referrer: undefined, listedBy: undefined };
}

async function findStored(
  item: PlannedImage,
  payload: MakePayload,
  context: KeptStatementContext & { readonly known: KnownReferrers },
): Promise<EarlierImage | undefined> {
  const referrers = context.known.get(item.image);
  const candidates = (referrers?.entries ?? []).filter((entry) => mayServe(entry, item));
  for (const entry of candidates.slice(-maxCandidates).reverse()) {
    const text = await readText(entry, item);
    if (text === undefined) continue;
    const kept = await judgeKeptStatement(text, payload, context);
    if (kept?.text !== text) continue;
    const isLayout = item.image.place.kind === "layout";
    const listedBy = isLayout ? "layout" : referrers?.listedBy;
    return { ...kept, referrer: entry.digest, listedBy };
  }
  return undefined;
}

function mayServe(entry: Descriptor, { predicate }: PlannedImage): boolean {
  const noted = entry.annotations?.[predicateTypeNote];
  return mayBeBundle(entry) && (noted === undefined || noted === predicate.type.uri);
}

/** What cannot be read is as good as nothing there: then a new one is made. */
async function readText(
  entry: Descriptor,
  { image: { place, digest } }: PlannedImage,
): Promise<string | undefined> {
  try {
    const manifest = await place.store.readManifest(entry.digest);
    const layer = findBundleLayer(manifest, digest);
    if (layer === undefined) return undefined;
    return Buffer.from(await place.store.readBlob(layer, maxBundleBytes)).toString("utf8");
  } catch (error) {
    if (error instanceof SigstepError && error.code !== "CANCELLED") return undefined;
    throw error;
  }
}
