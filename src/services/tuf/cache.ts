// The cache of one repository: one file, so that what belongs together is replaced together, and nothing
// that a repository names is ever a path. Whoever can write the folder can write the file: it is evidence
// to be proven again, never an answer.
import { createHash, randomBytes } from "node:crypto";
import { constants, lstat, mkdir, open, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { encodeBase64 } from "../../encoding/base64.ts";
import { parseJson, type JsonValue } from "../../encoding/json.ts";
import { SigstepError, systemCode } from "../../errors.ts";
import { targetNames, type Evidence, type TargetName } from "./evidence.ts";
import type { Repository } from "./refresh.ts";

/** A history of 256 roots and all targets, as base64, of a usual size. */
const maxBytes = 8 * 1024 * 1024;
const maxRoots = 256;
const format = "sigstep TUF cache, version 1";

/** Where the cache of `repository` stands below `directory`. Another address or first root is another cache. */
export function cachePath(directory: string, { url, root }: Repository): string {
  const key = createHash("sha256").update(url.href).update("\0").update(root).digest("hex");
  return join(directory, "sigstep", `tuf-${key.slice(0, 32)}.json`);
}

/**
 * What `path` holds, undefined when there is nothing.
 *
 * @throws SigstepError TRUST_INVALID for anything but a cache of ours
 */
export async function readCache(path: string): Promise<Evidence | undefined> {
  const bytes = await readFile(path);
  if (bytes === undefined) return undefined;
  const json = parseJson(bytes, { label: "TUF cache", code: "TRUST_INVALID", maxBytes });
  if (json.get("format").string() !== format) throw json.get("format").refuse("is not ours");
  const file = json.get("files");
  return {
    askedAt: json.get("askedAt").date(),
    roots: json
      .get("roots")
      .items(maxRoots)
      .map((root) => root.base64()),
    timestamp: json.get("timestamp").base64(),
    snapshot: json.get("snapshot").base64(),
    targets: json.get("targets").base64(),
    files: new Map(targetNames.flatMap((name) => readTarget(file, name))),
  };
}

function readTarget(files: JsonValue, name: TargetName): [TargetName, Uint8Array][] {
  const target = files.get(name).optional();
  return target === undefined ? [] : [[name, target.base64()]];
}

/** @throws SigstepError TRUST_INVALID for a link, a device, or more bytes than any cache of ours has */
async function readFile(path: string): Promise<Uint8Array | undefined> {
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;
  try {
    await using handle = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    const stats = await handle.stat();
    if (!stats.isFile() || stats.size > maxBytes) throw unusable(path, "no file of ours");
    const buffer = Buffer.alloc(stats.size);
    const { bytesRead } = await handle.read(buffer, 0, stats.size, 0);
    return buffer.subarray(0, bytesRead);
  } catch (error) {
    if (error instanceof SigstepError) throw error;
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw unusable(path, code);
  }
}

function unusable(path: string, why: string): SigstepError {
  return new SigstepError("TRUST_INVALID", `The TUF cache cannot be read (${why}).`, {
    where: path,
  });
}

/**
 * Puts `evidence`, proven, in the place of what is there: whole or not at all, for this user alone.
 *
 * @returns why it could not be done; the run goes on without
 */
export async function writeCache(path: string, evidence: Evidence): Promise<string | undefined> {
  const folder = join(path, "..");
  const temporary = join(folder, `.tuf-${randomBytes(8).toString("hex")}.tmp`);
  const text = encode(evidence);
  if (text.length > maxBytes) return "it is too large";
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    // A link would lead our writing elsewhere.
    if (!(await lstat(folder)).isDirectory()) return "its folder is a link";
    await using handle = await open(temporary, "wx", 0o600);
    await handle.writeFile(text);
    await rename(temporary, path);
    return undefined;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    return systemCode(error);
  }
}

function encode({ askedAt, roots, files, ...rest }: Evidence): string {
  return JSON.stringify({
    format,
    askedAt: askedAt.toISOString(),
    roots: roots.map(encodeBase64),
    timestamp: encodeBase64(rest.timestamp),
    snapshot: encodeBase64(rest.snapshot),
    targets: encodeBase64(rest.targets),
    files: Object.fromEntries([...files].map(([name, bytes]) => [name, encodeBase64(bytes)])),
  });
}
