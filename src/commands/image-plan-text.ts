// The plan of a run over images in words: what a dry run prints. No registry is asked, so a tag stays a tag.
import { quote } from "../errors.ts";
import type { PlannedPredicate } from "./attest-predicates.ts";
import { describeStores } from "./attest-stores.ts";
import type { ImageChoice, ImageRequest } from "./image-request.ts";
import type { ImageRunRequest } from "./image-run-request.ts";
import type { Instance } from "./instance.ts";
import { describeServices } from "./plan-text.ts";

const shown = 100;

const recursions: Readonly<Record<ImageRequest["recursion"], string>> = {
  root: "themselves alone, also where they are an index",
  all: "with every image of an index",
  platforms: "the images of an index, not the index",
};

const storages: Readonly<Record<ImageRequest["storage"], string>> = {
  referrers: "beside the image, as a referrer",
  legacy: "at the tags of cosign 2",
  both: "beside the image as a referrer, and at the tags of cosign 2",
  none: "in no registry",
};

/** What the plan is made of. */
export interface ImagePlanParts {
  readonly instance: Instance;
  readonly predicates: readonly PlannedPredicate[];
}

/** The plan, one line a thing. */
export function describeImagePlan(
  request: ImageRunRequest,
  { instance, predicates }: ImagePlanParts,
): string {
  const { images, recursion, storage } = request.images;
  const rest = images.length - shown;
  const secondEntries = ["legacy", "both"].includes(storage) && request.saying !== "attestations";
  return [
    "Dry run: nothing is signed and nobody is asked.",
    `Would sign these images, ${recursions[recursion]}, with ${instance.name}:`,
    ...images.slice(0, shown).map(describeImage),
    ...(rest > 0 ? [`  and ${rest} more`] : []),
    "Each with:",
    ...predicates.map(describePredicate),
    `Stored ${storages[storage]}.`,
    ...(secondEntries ? ["Each signature for cosign 2 is a second signature and log entry."] : []),
    ...(request.bundleDir === undefined ? [] : [`Bundles: ${quote(request.bundleDir)}`]),
    ...describeServices({ instance }, "the digest of each statement"),
    ...describeStores(request),
  ].join("\n");
}

function describeImage(image: ImageChoice): string {
  const digest = image.kind === "registry" ? image.reference.digest : image.digest;
  return `  ${quote(image.text, 300)}${digest === undefined ? " (its digest would be looked up)" : ""}`;
}

function describePredicate({ type, label, subjects }: PlannedPredicate): string {
  const only =
    subjects === undefined ? "" : `, for ${subjects.map((each) => quote(each)).join(", ")}`;
  return `  ${type.uri} (${label})${only}`;
}
