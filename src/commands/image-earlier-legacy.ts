// Whether an earlier try of the job has signed an image in cosign 2's layout: then a rerun makes no second one.
import { encodeSimpleSigning } from "../registry/legacy.ts";
import { legacyBundle } from "../registry/legacy-bundle.ts";
import { readLegacyEntries, type FoundLegacy } from "../registry/read-legacy.ts";
import { computeDigest } from "../crypto/digest.ts";
import { SigstepError, toSigstepError } from "../errors.ts";
import { verifyEarlierClaims } from "../sigstore/certificate-claims.ts";
import type { TokenSource } from "./identity.ts";
import type { ImageTarget } from "./image-targets.ts";
import type { Instance } from "./instance.ts";
import { verifyOwn } from "./own-work.ts";

/** What it takes to find and judge. */
export interface EarlierLegacyTerms {
  readonly plan: { readonly instance: Instance };
  readonly tokens: TokenSource;
  readonly now: () => Date;
  readonly force: boolean;
}

/** Looks once for each image. */
export function findEarlierLegacy(
  terms: EarlierLegacyTerms,
): (image: ImageTarget) => Promise<boolean> {
  const found = new Map<ImageTarget, Promise<boolean>>();
  return (image) => {
    if (terms.force) return Promise.resolve(false);
    const looking = found.get(image) ?? look(image, terms);
    found.set(image, looking);
    return looking;
  };
}

async function look(
  { place, digest, subjectName }: ImageTarget,
  terms: EarlierLegacyTerms,
): Promise<boolean> {
  const wanted = encodeSimpleSigning(subjectName, digest);
  const entries = await readLegacyEntries(place.store, { subject: digest, kind: "sig" });
  for (const { entry } of entries) {
    if (entry instanceof SigstepError || !Buffer.from(entry.payload).equals(wanted)) continue;
    if (await serves(entry, terms)) return true;
  }
  return false;
}

type Readable = Exclude<FoundLegacy["entry"], SigstepError>;

/** Valid, logged, and of this run's identity: what a new one would be. */
async function serves(
  entry: Readable,
  { plan, tokens, now }: EarlierLegacyTerms,
): Promise<boolean> {
  const { trustedRoot } = plan.instance;
  const content = entry.payload;
  const artifact = { digest: computeDigest("sha256", content), content };
  try {
    const bundle = legacyBundle(entry, "sig");
    const terms = { artifact, trustedRoot, required: { logs: 1 }, now: now() };
    const { certificate } = await verifyOwn(bundle, terms);
    verifyEarlierClaims(certificate, await tokens.get());
    return true;
  } catch (thrown) {
    if (toSigstepError(thrown).code === "CANCELLED") throw thrown;
    return false;
  }
}
