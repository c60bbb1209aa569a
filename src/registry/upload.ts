// Uploading a blob: ask for a place (POST), put it there whole (PUT). distribution-spec, "Pushing blobs".
import { quote, SigstepError } from "../errors.ts";
import { isSuccess } from "../services/answer.ts";
import { assertMayLeadTo } from "./authority.ts";
import { headBlob } from "./client.ts";
import type { Descriptor } from "./descriptor.ts";
import { formatRepository } from "./reference.ts";
import { refusedBy } from "./refusal.ts";
import type { Repository, RepositoryResponse } from "./transport.ts";

const maxAnswerBytes = 1024 * 1024;
/** Places that are asked for: a PUT that was cut leaves one in which nobody can say what lies. */
const maxPlaces = 3;

/** What this process has stored: the same empty config goes with every bundle. */
const stored = new WeakMap<Repository, Set<string>>();

/**
 * Stores `bytes`, unless they are there.
 *
 * @returns whether they had to be sent
 * @throws SigstepError REGISTRY_REFUSED; REGISTRY_ANSWER_INVALID for a place elsewhere; those of the door
 */
export async function putBlob(
  repository: Repository,
  descriptor: Descriptor,
  bytes: Uint8Array,
): Promise<boolean> {
  const { digest } = descriptor;
  if (stored.get(repository)?.has(digest) === true) return false;
  if (await headBlob(repository, digest)) return false;
  await sendBlob(repository, descriptor, bytes);
  return true;
}

/**
 * Stores `bytes` in any case: only a write shows that we may write.
 *
 * @throws SigstepError as {@link putBlob}
 */
export async function sendBlob(
  repository: Repository,
  descriptor: Descriptor,
  bytes: Uint8Array,
): Promise<void> {
  await sendUntilStored(repository, descriptor, bytes);
  const known = stored.get(repository) ?? new Set();
  stored.set(repository, known.add(descriptor.digest));
}

async function sendUntilStored(
  repository: Repository,
  { digest }: Descriptor,
  bytes: Uint8Array,
): Promise<void> {
  for (let count = 1; ; count++) {
    const place = await requestPlace(repository, digest);
    const { response, wasRepeated } = await sendTo(repository, place, bytes);
    if (isSuccess(response)) return;
    // The answer to an earlier try may have been lost: then the place is gone and the blob is there.
    if (wasRepeated && (await headBlob(repository, digest))) return;
    if (!wasRepeated || count === maxPlaces) {
      throw await refusedBy(repository, response, { what: `store blob ${digest}`, access: "push" });
    }
  }
}

async function requestPlace(repository: Repository, digest: string): Promise<URL> {
  const response = await repository.send({
    ...{ method: "POST", path: "blobs/uploads/", access: "push", maxBytes: maxAnswerBytes },
  });
  if (response.status !== 202) {
    throw await refusedBy(repository, response, { what: "take an upload", access: "push" });
  }
  const place = parsePlace(repository, response);
  place.searchParams.set("digest", digest);
  return place;
}

/** Relative or absolute, on the registry's own host or one that the user allows. */
function parsePlace({ name, world }: Repository, { url, headers }: RepositoryResponse): URL {
  const location = headers.location ?? "";
  const place = URL.parse(location, url.href);
  if (place !== null) {
    assertMayLeadTo(place, url, "the place for an upload");
    if (place.origin === url.origin || world.uploadHosts?.includes(place.host) === true)
      return place;
  }
  const where = formatRepository(name);
  throw new SigstepError(
    "REGISTRY_ANSWER_INVALID",
    `${where} wants the upload sent to ${quote(location, 140)}, which is not on its own host; it was not sent.`,
    {
      hint: "A registry behind a proxy must know its own address and scheme (X-Forwarded-Proto, Host).",
      where,
    },
  );
}

async function sendTo(
  repository: Repository,
  place: URL,
  body: Uint8Array,
): Promise<{ response: RepositoryResponse; wasRepeated: boolean }> {
  let wasRepeated = false;
  const response = await repository.send({
    ...{ method: "PUT", path: place, access: "push", body, maxBytes: maxAnswerBytes },
    headers: { "content-type": "application/octet-stream" },
    onRetry: () => (wasRepeated = true),
  });
  return { response, wasRepeated };
}
