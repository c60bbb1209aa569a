// One file read once: its digests and, when it is small, its bytes. Any size, flat memory.
// Two buffers take turns, so that the disk fills one while the processor hashes the other.
import type { BigIntStats } from "node:fs";
import { constants, open, stat, type FileHandle } from "node:fs/promises";
import { startDigest, type Digest, type DigestAlgorithm, type Digests } from "../crypto/digest.ts";
import { quote, SigstepError, systemCode } from "../errors.ts";
import type { FoundFile } from "./find.ts";

const bufferBytes = 1024 * 1024;

/** What signing needs of a file. */
export interface ReadFile {
  readonly digest: Digest;
  readonly size: number;
  /** The whole content, when it fitted one buffer. */
  readonly content: Uint8Array | undefined;
}

/** What verifying needs of a file. */
export interface ReadDigests {
  readonly digests: Digests;
  readonly size: number;
  /** The whole content, when it fitted one buffer or was wished for. */
  readonly content: Uint8Array | undefined;
}

/** What a file is read for. */
export interface ReadWish {
  readonly algorithms: Iterable<DigestAlgorithm>;
  /** Keeps the whole content of any file, whatever memory it takes. */
  readonly keepContent?: boolean;
}

/**
 * Reads and hashes `file` for a signature.
 *
 * @throws SigstepError as {@link readDigests}.
 */
export async function readFile(file: FoundFile, signal: AbortSignal): Promise<ReadFile> {
  const algorithm = "sha256";
  const { digests, ...rest } = await readDigests(file, { algorithms: [algorithm] }, signal);
  const bytes = digests.get(algorithm);
  if (bytes === undefined) throw new TypeError("A digest that was asked for is missing.");
  return { digest: { algorithm, bytes }, ...rest };
}

/**
 * Reads `file` once, with every digest of `wish`.
 *
 * @throws SigstepError FILE_UNREADABLE; FILE_CHANGED when it is not, from first to last byte, the
 * file that was planned; CANCELLED when `signal` aborts.
 */
export async function readDigests(
  file: FoundFile,
  wish: ReadWish,
  signal: AbortSignal,
): Promise<ReadDigests> {
  const handle = await openFile(file);
  try {
    const before = await handle.stat({ bigint: true });
    if (!before.isFile()) throw changed(file, "is no longer a regular file");
    if (before.size !== BigInt(file.size)) throw changed(file, "changed size since it was listed");
    const result = await new Hashing(handle, file, wish).run(signal);
    const after = await handle.stat({ bigint: true });
    if (
      after.mtimeNs !== before.mtimeNs ||
      after.size !== before.size ||
      result.size !== file.size
    ) {
      throw changed(file, "changed while it was read");
    }
    await requireSame(file, after);
    return result;
  } catch (error) {
    if (error instanceof SigstepError) throw error;
    if (systemCode(error) === "ENOENT") throw changed(file, "has vanished while it was read");
    throw unreadable(file, error);
  } finally {
    await handle.close();
  }
}

/** Whoever verifies finds what stands under the name, not what we had open. */
async function requireSame(file: FoundFile, { dev, ino }: BigIntStats): Promise<void> {
  const present = await stat(file.path, { bigint: true });
  if (present.dev === dev && present.ino === ino) return;
  throw changed(file, "was replaced while it was read");
}

async function openFile(file: FoundFile): Promise<FileHandle> {
  try {
    // A named pipe that took the file's place would otherwise hold the run.
    return await open(file.path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if (systemCode(error) === "ENOENT") throw changed(file, "has vanished since it was listed");
    throw unreadable(file, error);
  }
}

/** One pass over a file. */
class Hashing {
  readonly #handle: FileHandle;
  readonly #length: number;
  readonly #spares: boolean;
  readonly #hashes: readonly (readonly [DigestAlgorithm, ReturnType<typeof startDigest>])[];
  readonly #kept: Buffer[] | undefined;

  constructor(handle: FileHandle, file: FoundFile, { algorithms, keepContent }: ReadWish) {
    this.#handle = handle;
    // One byte more than a small file has: a first read that falls short has read it to its end.
    this.#length = Math.min(bufferBytes, file.size + 1);
    this.#spares = file.size >= this.#length;
    this.#hashes = [...new Set(algorithms)].map((name) => [name, startDigest(name)]);
    this.#kept = keepContent === true && this.#spares ? [] : undefined;
  }

  async run(signal: AbortSignal): Promise<ReadDigests> {
    const length = this.#length;
    let buffer = Buffer.allocUnsafe(length);
    let spare = Buffer.allocUnsafe(this.#spares ? length : 0);
    let chunk = await fill(this.#handle, buffer, 0);
    const whole = chunk.byteLength < length ? chunk : undefined;
    let size = chunk.byteLength;
    while (chunk.byteLength === length) {
      if (signal.aborted) throw new SigstepError("CANCELLED", "The run was cancelled.");
      const next = fill(this.#handle, spare, size);
      this.#take(chunk);
      [buffer, spare] = [spare, buffer];
      chunk = await next;
      size += chunk.byteLength;
    }
    this.#take(chunk);
    const digests = new Map(this.#hashes.map(([name, hash]) => [name, hash.digest()]));
    return { digests, size, content: this.#kept === undefined ? whole : Buffer.concat(this.#kept) };
  }

  #take(chunk: Buffer): void {
    for (const [, hash] of this.#hashes) hash.update(chunk);
    this.#kept?.push(Buffer.from(chunk));
  }
}

/** Fills `buffer` from `position`; less only at the end of the file. */
async function fill(handle: FileHandle, target: Buffer, position: number): Promise<Buffer> {
  let filled = 0;
  while (filled < target.byteLength) {
    const left = target.byteLength - filled;
    const { bytesRead } = await handle.read(target, filled, left, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return target.subarray(0, filled);
}

function changed(file: FoundFile, how: string): SigstepError {
  return new SigstepError("FILE_CHANGED", `File ${quote(file.path)} ${how}.`, {
    where: file.path,
    hint: "Run this when the step that writes it has ended.",
  });
}

function unreadable(file: FoundFile, error: unknown): SigstepError {
  return new SigstepError(
    "FILE_UNREADABLE",
    `File ${quote(file.path)} cannot be read (${systemCode(error)}).`,
    {
      where: file.path,
      hint: "Check that this user may read it.",
      cause: error,
    },
  );
}
