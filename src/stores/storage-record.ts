// Storage records: GitHub's note of where an organisation's artifact lies. Optional: a release does not
// fail for it, so what goes wrong is one notice.
// https://docs.github.com/en/rest/orgs/artifact-metadata#create-artifact-metadata-storage-record
import { SigstepError } from "../errors.ts";
import { isSuccess, parseAnswer } from "../services/answer.ts";
import type { HttpResponse } from "../services/http.ts";
import type { GitHubApi } from "./github-api.ts";
import { gitHubRefusal } from "./refusal.ts";

const service = "GitHub's storage records";
const timeoutMs = 30_000;
const maxBytes = 1024 * 1024;
const maxRecords = 100;

/** Where an artifact lies. */
export interface StorageRecord {
  /** 1 to 256 characters. */
  readonly name: string;
  /** SHA-256, lower-case hexadecimal. */
  readonly digest: string;
  /** At most 100 characters. */
  readonly version?: string | undefined;
  /** Base address of the registry: `https://ghcr.io`. */
  readonly registryUrl: URL;
}

/** Ids of the records made, or why there is none. */
export interface StorageRecordResult {
  /** Decimal. */
  readonly ids: readonly string[];
  /** One line for the log; empty when all went well. */
  readonly notice: string;
}

/**
 * Makes a record with the organisation that owns the place.
 *
 * @param ownerIsOrganization - Users have no records: nothing is asked then.
 * @throws SigstepError CANCELLED alone.
 */
export async function createStorageRecord(
  api: GitHubApi,
  record: StorageRecord,
  ownerIsOrganization: boolean,
): Promise<StorageRecordResult> {
  const obstacle = findObstacle(record, ownerIsOrganization);
  if (obstacle !== undefined) return failed(obstacle);
  try {
    return { ids: parseIds(await ask(api, record)), notice: "" };
  } catch (error) {
    if (!(error instanceof SigstepError) || error.code === "CANCELLED") throw error;
    return failed(`${error.message} ${error.hint}`.trim());
  }
}

function failed(reason: string): StorageRecordResult {
  return { ids: [], notice: `No storage record was made: ${reason.replace(/\s+/g, " ")}` };
}

function findObstacle(
  { name, version, registryUrl }: StorageRecord,
  ownerIsOrganization: boolean,
): string | undefined {
  if (!ownerIsOrganization) return "the repository is owned by a user, not by an organisation.";
  if (registryUrl.protocol !== "https:") return "the registry is not at an https address.";
  if (registryUrl.href.length > 256) return "the registry's address is over 256 characters long.";
  if (name === "" || name.length > 256) return "the artifact's name is not of 1 to 256 characters.";
  if (version !== undefined && (version === "" || version.length > 100)) {
    return "the artifact's version is not of 1 to 100 characters.";
  }
  return undefined;
}

async function ask(api: GitHubApi, record: StorageRecord): Promise<HttpResponse> {
  const { name, digest, version, registryUrl } = record;
  const registry_url = registryUrl.href.replace(/\/+$/, "");
  const answer = await api.ask({
    ...{ service, timeoutMs, maxBytes },
    route: "POST /orgs/{org}/artifacts/metadata/storage-record",
    parameters: { org: api.place.owner },
    body: {
      type: "application/json",
      content: JSON.stringify({
        ...{ name, digest: `sha256:${digest}`, version, registry_url },
        github_repository: api.place.repository,
      }),
    },
  });
  if (isSuccess(answer)) return answer;
  const permission = "artifact-metadata: write";
  throw gitHubRefusal(answer, { place: api.place, permission, what: "the storage record" });
}

function parseIds(answer: HttpResponse): string[] {
  const json = parseAnswer(service, answer, maxBytes);
  const records = json.get("storage_records").itemsOrNone(maxRecords);
  return records.map((record) => String(record.get("id").integer()));
}
