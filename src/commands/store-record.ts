// The storage record of an image that already lies in its registry.
import type { Subject } from "../subjects/subject.ts";
import type { GitHubApi } from "../stores/github-api.ts";
import { createStorageRecord, type StorageRecord } from "../stores/storage-record.ts";
import type { World } from "./world.ts";

/** What the record is about, as far as the request says. */
export interface RecordTerms {
  readonly subjects: readonly Subject[];
  readonly version: string | undefined;
  readonly ownerIsOrganization: boolean;
}

/**
 * Makes the record; ids for the output, empty when none was made, for which the log has the reason.
 *
 * @throws SigstepError CANCELLED alone.
 */
export async function recordImage(
  api: GitHubApi,
  { subjects, version, ownerIsOrganization }: RecordTerms,
  { runner }: World,
): Promise<readonly string[]> {
  const record = describeImage(subjects, version);
  if (record === undefined) {
    runner.info(
      "No storage record was made: it is for one subject whose subject-name begins with its registry, such as ghcr.io/acme/app, and whose digest is sha256.",
    );
    return [];
  }
  const { ids, notice } = await createStorageRecord(api, record, ownerIsOrganization);
  if (notice !== "") runner.info(notice);
  return ids;
}

/**
 * The same for several images: one record each, up to the first that is refused, which is told once.
 *
 * @throws SigstepError CANCELLED alone.
 */
export async function recordImages(
  api: GitHubApi,
  { subjects, version, ownerIsOrganization }: RecordTerms,
  { runner }: World,
): Promise<readonly string[]> {
  const made: string[] = [];
  for (const subject of subjects) {
    const record = describeImage([subject], version);
    if (record === undefined) continue;
    const { ids, notice } = await createStorageRecord(api, record, ownerIsOrganization);
    made.push(...ids);
    if (notice === "") continue;
    runner.info(notice);
    break;
  }
  return made;
}

/** The record of the only subject, when it is an image by its name. */
export function describeImage(
  subjects: readonly Subject[],
  version: string | undefined,
): StorageRecord | undefined {
  const [image, ...others] = subjects;
  const digest = image?.digests.get("sha256");
  const registryUrl = registryOf(image?.name ?? "");
  if (image === undefined || digest === undefined || others.length > 0) return undefined;
  return registryUrl === undefined ? undefined : { name: image.name, digest, version, registryUrl };
}

/** As with a reference of an image: the first part is a registry when it could be a host. */
function registryOf(name: string): URL | undefined {
  const [host = "", ...path] = name.split("/");
  const isHost = path.length > 0 && (/[.:]/.test(host) || host === "localhost");
  return isHost ? (URL.parse(`https://${host}`) ?? undefined) : undefined;
}
