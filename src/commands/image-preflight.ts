// What registries tell beforehand: may we write, and what is there. All of it before token, certificate and
// log entry, so that a refusal costs nothing that is public.
import { constants } from "node:fs";
import { access } from "node:fs/promises";
import { emptyConfig } from "../registry/bundle-artifact.ts";
import type { Referrers } from "../registry/referrers.ts";
import { sendBlob } from "../registry/upload.ts";
import { quote, SigstepError, systemCode } from "../errors.ts";
import type { Runner } from "../runner/runner.ts";
import { sizeOfPredicate } from "./attest-predicates.ts";
import type { PlannedImages } from "./image-plan.ts";
import type { ImageStorage } from "./image-request.ts";
import type { ImagePlace, ImageTarget } from "./image-targets.ts";
import type { Instance } from "./instance.ts";

/** What refers to each image already. */
export type KnownReferrers = ReadonlyMap<ImageTarget, Referrers>;

/** More than we make: an image may have had a long life. */
const maxEntries = 20_000;
/** What Kyverno reads of one bundle, in base64. */
const kyvernoBytes = 10 * 1024 * 1024;

/**
 * Asks every place whether it takes what the run will store, and every image what refers to it.
 *
 * A write is proven by a write: the empty config, two bytes that every artifact of a bundle needs anyway. A
 * registry's log-in gives out tokens that turn out to be for reading alone.
 *
 * @throws SigstepError REGISTRY_REFUSED with the scope that is missing, INPUT_NOT_WRITABLE, and those of
 * {@link listReferrers}
 */
export async function checkImages(
  targets: readonly ImageTarget[],
  storage: ImageStorage,
): Promise<KnownReferrers> {
  if (storage === "none") return new Map();
  const places = new Map(targets.map(({ place }) => [keyOf(place), place]));
  const [listed] = await Promise.all([
    Promise.all(targets.map(async (target) => [target, await list(target)] as const)),
    Promise.all([...places.values()].map(requireWritable)),
  ]);
  return new Map(listed);
}

/** One text for each place that is written to. */
export function keyOf(place: ImagePlace): string {
  if (place.kind === "layout") return `oci-layout:${place.folder}`;
  const { registry, repository } = place.repository.name;
  return `${registry}/${repository}`;
}

function list({ place, digest }: ImageTarget): Promise<Referrers> {
  return place.store.listReferrers(digest, { maxEntries });
}

async function requireWritable(place: ImagePlace): Promise<void> {
  if (place.kind === "registry") {
    const { descriptor, bytes } = emptyConfig;
    await sendBlob(place.repository, descriptor, bytes);
    return;
  }
  try {
    await access(place.folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    const text = `The OCI layout ${quote(place.folder)} cannot be written to (${systemCode(error)}).`;
    throw new SigstepError("INPUT_NOT_WRITABLE", text, {
      where: place.folder,
      hint: "Give this user the right to write there, or sign a copy.",
    });
  }
}

/**
 * Refuses cosign 2's layout where the log has no promises (SET), without which nobody could verify it.
 *
 * @throws SigstepError INPUT_CONFLICT
 */
export function requireLegacyLog({ services, name }: Instance, storage: ImageStorage): void {
  if (storage !== "legacy" && storage !== "both") return;
  if (services.logs.some(({ version }) => version === 1)) return;
  const has = services.logs.length === 0 ? "no log" : "Rekor v2 alone";
  throw new SigstepError(
    "INPUT_CONFLICT",
    `storage is ${storage}, but ${name} has ${has}: nobody can verify cosign 2's tags then. Nothing was signed.`,
    {
      where: "storage",
      hint: "Use storage: referrers, or an instance with Rekor v1 (rekor-version: 1).",
    },
  );
}

/** What will work, and what some readers will not take. */
export function tellOfPlaces(
  { files }: PlannedImages,
  known: KnownReferrers,
  runner: Pick<Runner, "info">,
): void {
  const without = [...known].filter(([, { listedBy }]) => listedBy === "fallback");
  const places = new Set(without.map(([{ place }]) => keyOf(place)));
  for (const place of [...places].slice(0, 20)) {
    runner.info(
      `${place} has no referrers API: what is stored is listed at a tag, sha256-…, as the OCI specification has it.`,
    );
  }
  const large = files.find(({ predicate }) => sizeOfPredicate(predicate) * (4 / 3) > kyvernoBytes);
  if (large === undefined) return;
  runner.info(
    `The ${large.predicate.label} is larger than the 10 MiB that Kyverno reads of a bundle; cosign and gh read it.`,
  );
}
