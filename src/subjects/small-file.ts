// A file that is read whole: configuration, tokens, bundles. Bounded, whatever its size is said to be.
import { constants, open, type FileHandle } from "node:fs/promises";

const chunkBytes = 64 * 1024;

/**
 * The content of `path`, which the user has named: a pipe will do, and is waited for.
 *
 * @throws Error of the operating system, or one with code `EFBIG` above `maxBytes`.
 */
export async function readSmallFile(path: string, maxBytes: number): Promise<Uint8Array> {
  await using handle = await open(path, constants.O_RDONLY);
  return await readAll(handle, maxBytes);
}

/**
 * The content of `path`, where anything may lie: only a regular file is read, and opening waits for
 * nobody, so that a named pipe or a device in its place cannot hold the run.
 *
 * @throws Error as {@link readSmallFile}, also with code `EFTYPE` for what is not a regular file.
 */
export async function readFoundFile(path: string, maxBytes: number): Promise<Uint8Array> {
  await using handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (!(await handle.stat()).isFile()) throw coded("EFTYPE");
  return await readAll(handle, maxBytes);
}

async function readAll(handle: FileHandle, maxBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(chunkBytes), 0, chunkBytes);
    if (bytesRead === 0) return Buffer.concat(chunks);
    length += bytesRead;
    if (length > maxBytes) throw coded("EFBIG");
    chunks.push(buffer.subarray(0, bytesRead));
  }
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}
