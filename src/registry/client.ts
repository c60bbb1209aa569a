// Manifests and blobs of one repository. Everything read is hashed here: a header's word on digest or size
// is compared, never believed. distribution-spec, "Pull" and "Push".
import { quote, SigstepError } from "../errors.ts";
import { isSuccess } from "../services/answer.ts";
import type { HttpResponse } from "../services/http.ts";
import { hasDigest, type Descriptor } from "./descriptor.ts";
import { manifestTypes, maxManifestBytes, parseManifest, type Manifest } from "./manifest.ts";
import { formatRepository, isDigestText } from "./reference.ts";
import { notFound, refusedBy } from "./refusal.ts";
import type { Repository, RepositoryResponse } from "./transport.ts";

/** A manifest with the version mark under which the registry keeps it. */
export interface TaggedManifest extends Manifest {
  /** ETag as sent, undefined when there was none. */
  readonly etag: string | undefined;
}

const accept = manifestTypes.join(", ");

/**
 * The manifest under `which`, a tag or a digest.
 *
 * @throws SigstepError IMAGE_NOT_FOUND; REGISTRY_ANSWER_INVALID when it has another digest than asked for or
 * announced; IMAGE_INVALID when it cannot be read; REGISTRY_REFUSED; those of the door
 */
export async function getManifest(repository: Repository, which: string): Promise<TaggedManifest> {
  const found = await findManifest(repository, which);
  if (found === undefined) throw await notFound(repository, which);
  return found;
}

/** The same, undefined when there is none. */
export async function findManifest(
  repository: Repository,
  which: string,
): Promise<TaggedManifest | undefined> {
  const response = await repository.send({
    method: "GET",
    path: `manifests/${which}`,
    access: "pull",
    headers: { accept },
    maxBytes: maxManifestBytes,
  });
  if (response.status === 404) return undefined;
  if (response.status !== 200) {
    throw await refusedBy(repository, response, { what: `read ${which}`, access: "pull" });
  }
  const { body, headers } = response;
  if (isDigestText(which) && !hasDigest(body, which)) throw wrongDigest(repository, which);
  const announced = headers["docker-content-digest"];
  if (announced !== undefined && !hasDigest(body, announced)) {
    throw wrongDigest(repository, which, announced);
  }
  const label = `manifest ${which} of ${formatRepository(repository.name)}`;
  const manifest = parseManifest(body, label, headers["content-type"] ?? "");
  return { ...manifest, etag: headers.etag };
}

function wrongDigest({ name }: Repository, which: string, announced = which): SigstepError {
  const where = formatRepository(name);
  return new SigstepError(
    "REGISTRY_ANSWER_INVALID",
    `${where} answered for ${quote(which, 140)} with bytes that do not have the digest ${quote(announced, 140)}.`,
    {
      hint: "The registry, or something in between, is broken or lies. Do not use this image.",
      where,
    },
  );
}

/** Whether the blob is there. A registry that cannot say (any other status) is taken to have none. */
export async function headBlob(repository: Repository, digest: string): Promise<boolean> {
  const path = `blobs/${digest}`;
  const response = await repository.send({
    method: "HEAD",
    path,
    access: "push",
    maxBytes: 65_536,
  });
  return response.status === 200;
}

/**
 * The blob of `descriptor`, proven by its digest and size.
 *
 * @param maxBytes - Largest that is read, whatever the descriptor says.
 * @throws SigstepError as {@link getManifest}
 */
export async function getBlob(
  repository: Repository,
  descriptor: Descriptor,
  maxBytes: number,
): Promise<Uint8Array> {
  const { digest, size } = descriptor;
  if (size > maxBytes) throw tooLarge(repository, descriptor, maxBytes);
  const path = `blobs/${digest}`;
  const response = await repository.send({ method: "GET", path, access: "pull", maxBytes: size });
  if (response.status === 404) throw await notFound(repository, digest);
  if (response.status !== 200) {
    throw await refusedBy(repository, response, { what: `read blob ${digest}`, access: "pull" });
  }
  if (response.body.byteLength !== size || !hasDigest(response.body, digest)) {
    throw wrongDigest(repository, digest);
  }
  return response.body;
}

function tooLarge(
  { name }: Repository,
  { digest, size }: Descriptor,
  maxBytes: number,
): SigstepError {
  const where = formatRepository(name);
  return new SigstepError(
    "REGISTRY_ANSWER_INVALID",
    `Blob ${digest} of ${where} is ${size} bytes, more than the ${maxBytes} that are read.`,
    { where },
  );
}

/** How a manifest is to be stored. */
export interface PutOptions {
  /** `If-Match`, as the registry's ETag was. */
  readonly ifMatch?: string;
  /** `If-None-Match: *`: only where there is none. */
  readonly ifAbsent?: boolean;
}

/**
 * Stores a manifest under its digest. Storing it twice is storing it once, so the door may try again.
 *
 * @returns OCI-Subject: the subject that the registry has seen, undefined when it does not say
 * @throws SigstepError REGISTRY_REFUSED, REGISTRY_ANSWER_INVALID, and those of the door
 */
export async function putManifest(
  repository: Repository,
  { descriptor, bytes }: Pick<Manifest, "descriptor" | "bytes">,
): Promise<string | undefined> {
  const response = await sendManifest(repository, { which: descriptor.digest, descriptor, bytes });
  await assertStored(repository, response, { which: descriptor.digest, descriptor });
  return response.headers["oci-subject"];
}

/** A manifest on its way to a name. */
export interface NamedManifest extends Pick<Manifest, "descriptor" | "bytes"> {
  /** Tag or digest. */
  readonly which: string;
}

/**
 * Puts a manifest once under a tag that others write too, whatever the answer.
 *
 * @returns any answer; {@link assertStored} judges it
 */
export function putTagOnce(
  repository: Repository,
  manifest: NamedManifest,
  { ifMatch, ifAbsent = false }: PutOptions = {},
): Promise<RepositoryResponse> {
  const condition = {
    ...(ifMatch === undefined ? {} : { "if-match": ifMatch }),
    ...(ifAbsent ? { "if-none-match": "*" } : {}),
  };
  // Not again by itself: by then it may be old, and would take away what others wrote.
  return sendManifest(repository, manifest, { headers: condition, retry: "never" });
}

function sendManifest(
  repository: Repository,
  { which, descriptor, bytes }: NamedManifest,
  options: { headers?: Readonly<Record<string, string>>; retry?: "never" } = {},
): Promise<RepositoryResponse> {
  return repository.send({
    method: "PUT",
    path: `manifests/${which}`,
    access: "push",
    headers: { "content-type": descriptor.mediaType, ...options.headers },
    body: bytes,
    maxBytes: 1024 * 1024,
    retry: options.retry ?? "budget",
  });
}

/** @throws SigstepError REGISTRY_REFUSED; REGISTRY_ANSWER_INVALID when it was stored as something else */
export async function assertStored(
  repository: Repository,
  response: HttpResponse,
  { which, descriptor }: Omit<NamedManifest, "bytes">,
): Promise<void> {
  if (!isSuccess(response)) {
    throw await refusedBy(repository, response, { what: `store ${which}`, access: "push" });
  }
  const announced = response.headers["docker-content-digest"];
  if (announced === undefined || announced === descriptor.digest) return;
  const where = formatRepository(repository.name);
  throw new SigstepError(
    "REGISTRY_ANSWER_INVALID",
    `${where} stored ${quote(which, 140)} as ${quote(announced, 140)}, but it is ${descriptor.digest}.`,
    { where },
  );
}
