// An OCI image layout: a registry's repository as a folder. OCI image-spec image-layout.md.
// Nothing that a file of the layout names is ever a path: blobs are found by digest alone, and links are
// not followed.
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { lstat, mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { parseJson } from "../encoding/json.ts";
import { quote, SigstepError, systemCode, type ErrorCode } from "../errors.ts";
import type { Artifact, Blob } from "./add-referrers.ts";
import { digestText, hasDigest, parseDescriptor, type Descriptor } from "./descriptor.ts";
import { encodeIndex } from "./fallback-index.ts";
import type { ImageStore } from "./image-store.ts";
import { describeReferrer, maxManifestBytes, parseManifest, type Manifest } from "./manifest.ts";
import { isDigestText } from "./reference.ts";
import type { Referrers, ReferrersFilter } from "./referrers.ts";

const refName = "org.opencontainers.image.ref.name";
const marker = JSON.stringify({ imageLayoutVersion: "1.0.0" });
const maxEntries = 5000;
const prefix = "oci-layout:";

/** Path and name of `oci-layout:path[:tag|@digest]`; undefined for what does not begin so. */
export function parseLayoutReference(
  text: string,
): { path: string; tag: string | undefined; digest: string | undefined } | undefined {
  if (!text.startsWith(prefix)) return undefined;
  const rest = text.slice(prefix.length);
  const [, path = "", digest] = /^(.*?)(?:@(sha\d{3}:[0-9a-f]+))?$/.exec(rest) ?? [];
  const [, folder = path, tag] = /^(.+):(\w[\w.-]{0,127})$/.exec(path) ?? [];
  if (folder === "" || (digest !== undefined && !isDigestText(digest))) {
    throw new SigstepError("REFERENCE_INVALID", `${quote(text)} names no OCI layout.`, {
      hint: "Write oci-layout:folder, oci-layout:folder:tag or oci-layout:folder@sha256:…",
    });
  }
  return { path: folder, tag, digest };
}

/**
 * Opens the layout in `folder` to read from.
 *
 * @throws SigstepError INPUT_UNREADABLE, IMAGE_INVALID when it is no layout
 */
export async function openLayout(folder: string): Promise<ImageStore> {
  const bytes = await readInside(folder, ["oci-layout"], { maxBytes: 4096, code: "IMAGE_INVALID" });
  const source = {
    label: `layout ${quote(folder, 200)}`,
    code: "IMAGE_INVALID",
    maxBytes: 4096,
  } as const;
  const version = parseJson(bytes, source).get("imageLayoutVersion");
  if (version.string() !== "1.0.0") throw version.refuse("is not 1.0.0");
  await readEntries(folder);
  return {
    name: `${prefix}${folder}`,
    readManifest: (which) => readManifest(folder, which),
    findManifest: (which) => findManifest(folder, which),
    readBlob: (descriptor, maxBytes) => readBlob(folder, descriptor, maxBytes),
    listReferrers: (digest, filter) => listReferrers(folder, digest, filter),
  };
}

async function readEntries(folder: string): Promise<readonly Descriptor[]> {
  const limits = { maxBytes: maxManifestBytes, code: "IMAGE_INVALID" } as const;
  const bytes = await readInside(folder, ["index.json"], limits);
  const source = { label: `index of ${quote(folder, 200)}`, ...limits };
  return parseJson(bytes, source).get("manifests").itemsOrNone(maxEntries).map(parseDescriptor);
}

async function readManifest(folder: string, which: string): Promise<Manifest> {
  const label = `manifest ${which} of ${quote(folder, 200)}`;
  if (isDigestText(which))
    return parseManifest(
      await readManifestBytes(folder, which),
      label,
      await typeIn(folder, which),
    );
  const entries = await readEntries(folder);
  const named = entries.filter(({ annotations }) => annotations?.[refName] === which);
  // Without a name, a layout of one image means that image.
  const images = entries.filter(isImage);
  const [entry, ...more] = named.length > 0 ? named : which === "latest" ? images : [];
  if (entry === undefined) throw absent(folder, which);
  if (more.length > 0) {
    const text = `The layout ${quote(folder, 200)} has ${more.length + 1} images for ${quote(which, 130)}.`;
    throw new SigstepError("IMAGE_INVALID", text, { hint: "Name the digest.", where: folder });
  }
  return parseManifest(await readManifestBytes(folder, entry.digest), label, entry.mediaType);
}

async function findManifest(folder: string, which: string): Promise<Manifest | undefined> {
  try {
    return await readManifest(folder, which);
  } catch (error) {
    if (error instanceof SigstepError && error.code === "IMAGE_NOT_FOUND") return undefined;
    throw error;
  }
}

/** Not what refers to an image: ours are listed with the type of their configuration. */
function isImage({ artifactType }: Descriptor): boolean {
  return artifactType === undefined || imageConfigTypes.has(artifactType);
}

const imageConfigTypes: ReadonlySet<string> = new Set([
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
]);

/** A manifest without a type of its own is what the index says. */
async function typeIn(folder: string, digest: string): Promise<string> {
  const entries = await readEntries(folder);
  return entries.find((entry) => entry.digest === digest)?.mediaType ?? "";
}

async function readManifestBytes(folder: string, digest: string): Promise<Uint8Array> {
  return readByDigest(folder, digest, maxManifestBytes);
}

async function readBlob(
  folder: string,
  { digest, size }: Descriptor,
  maxBytes: number,
): Promise<Uint8Array> {
  const bytes = await readByDigest(folder, digest, Math.min(size, maxBytes));
  if (bytes.byteLength === size) return bytes;
  throw damaged(folder, digest);
}

async function readByDigest(folder: string, digest: string, maxBytes: number): Promise<Uint8Array> {
  const [algorithm = "", hex = ""] = isDigestText(digest) ? digest.split(":") : [];
  if (hex === "") throw damaged(folder, digest);
  const parts = ["blobs", algorithm, hex];
  const bytes = await readInside(folder, parts, { maxBytes, code: "IMAGE_NOT_FOUND" });
  if (!hasDigest(bytes, digest)) throw damaged(folder, digest);
  return bytes;
}

/** Manifests of the index that name `digest` as their subject. */
async function listReferrers(
  folder: string,
  digest: string,
  { artifactType = "", maxEntries: most = 1000 }: ReferrersFilter = {},
): Promise<Referrers> {
  const found: Descriptor[] = [];
  for (const entry of await readEntries(folder)) {
    const bytes = await readManifestBytes(folder, entry.digest);
    const manifest = parseManifest(bytes, `manifest ${entry.digest}`, entry.mediaType);
    if (manifest.content.subject?.digest !== digest) continue;
    const described = describeReferrer(manifest);
    if ((described.artifactType ?? "").startsWith(artifactType)) found.push(described);
    if (found.length > most) {
      const text = `The layout ${quote(folder, 200)} has more than ${most} artifacts about ${digest}.`;
      throw new SigstepError("IMAGE_INVALID", text, { where: folder });
    }
  }
  return { listedBy: "api", entries: found };
}

/** A file below `folder`, where no part of the way may be a link. */
async function readInside(
  folder: string,
  parts: readonly string[],
  { maxBytes, code }: { readonly maxBytes: number; readonly code: ErrorCode },
): Promise<Uint8Array> {
  const path = join(folder, ...parts);
  try {
    for (let depth = 1; depth < parts.length; depth++) {
      const way = await lstat(join(folder, ...parts.slice(0, depth)));
      if (!way.isDirectory()) throw coded("ENOTDIR");
    }
    const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
    await using handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile()) throw coded("EFTYPE");
    if (stats.size > maxBytes) throw coded("EFBIG");
    return await handle.readFile();
  } catch (error) {
    const why = systemCode(error);
    const known = why === "ENOENT" || why === "EFBIG" ? code : "INPUT_UNREADABLE";
    const text = `${quote(path, 200)} of an OCI layout cannot be read (${why}).`;
    throw new SigstepError(known, text, {
      hint: "Check that the folder is an OCI image layout: oci-layout, index.json, blobs/.",
      where: folder,
    });
  }
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}

function absent(folder: string, which: string): SigstepError {
  const text = `There is no ${quote(which, 140)} in the layout ${quote(folder, 200)}.`;
  return new SigstepError("IMAGE_NOT_FOUND", text, { where: folder });
}

function damaged(folder: string, digest: string): SigstepError {
  const text = `A blob of the layout ${quote(folder, 200)} does not have the digest ${quote(digest, 80)}.`;
  return new SigstepError("IMAGE_INVALID", text, { where: folder });
}

/**
 * Adds artifacts to the layout in `folder`, which is made when there is none; each is named in its index,
 * where readers look for what refers to an image.
 *
 * @throws SigstepError WRITE_FAILED, and IMAGE_INVALID when something else lies there
 */
export async function writeLayout(folder: string, artifacts: readonly Artifact[]): Promise<void> {
  const known = await readOrStart(folder);
  for (const { manifest, blobs } of artifacts) {
    for (const blob of [...blobs, manifest]) await writeBlob(folder, blob);
  }
  const added = artifacts.map(({ manifest }) => describeReferrer(manifest));
  const fresh = new Set(added.map(({ digest }) => digest));
  const { bytes } = encodeIndex([...known.filter(({ digest }) => !fresh.has(digest)), ...added]);
  await writeWhole(folder, "index.json", bytes);
}

async function readOrStart(folder: string): Promise<readonly Descriptor[]> {
  try {
    await mkdir(folder, { recursive: true });
    await lstat(join(folder, "index.json"));
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw writeFailed(folder, error);
    await writeWhole(folder, "oci-layout", Buffer.from(marker));
    return [];
  }
  await openLayout(folder);
  return readEntries(folder);
}

async function writeBlob(folder: string, { descriptor, bytes }: Blob): Promise<void> {
  if (digestText(bytes) !== descriptor.digest) throw new TypeError("a blob must have its digest");
  const [algorithm = "", hex = ""] = descriptor.digest.split(":");
  for (const way of [join(folder, "blobs"), join(folder, "blobs", algorithm)]) {
    await mkdir(way, { recursive: true }).catch((error: unknown) => {
      throw writeFailed(folder, error);
    });
    // A link would lead our writing elsewhere.
    if (!(await lstat(way)).isDirectory()) throw writeFailed(folder, coded("ENOTDIR"));
  }
  await writeWhole(join(folder, "blobs", algorithm), hex, bytes);
}

async function writeWhole(folder: string, name: string, bytes: Uint8Array): Promise<void> {
  const temporary = join(folder, `.sigstep-${randomBytes(8).toString("hex")}.tmp`);
  try {
    {
      await using handle = await open(temporary, "wx");
      await handle.writeFile(bytes);
    }
    await rename(temporary, join(folder, name));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeFailed(folder, error);
  }
}

function writeFailed(folder: string, error: unknown): SigstepError {
  const text = `The OCI layout ${quote(folder, 200)} cannot be written (${systemCode(error)}).`;
  return new SigstepError("WRITE_FAILED", text, { where: folder });
}
