// JSON lines, as attestations are collected in: one bundle a line. Read piece by piece, so that a file of
// any size takes the memory of its longest line.
import { constants, open, type FileHandle } from "node:fs/promises";
import { quote, SigstepError } from "../errors.ts";
import { maxBundleBytes } from "../sigstore/bundle.ts";

const chunkBytes = 256 * 1024;
const maxFileBytes = 256 * 1024 * 1024;
const maxLines = 10_000;
const lineFeed = 0x0a;

/** One line that is not blank. */
export interface BundleLine {
  /** Counted from 1. */
  readonly number: number;
  readonly bytes: Uint8Array;
}

/**
 * The lines of the file at `path`, which anyone may have written.
 *
 * @throws SigstepError BUNDLE_INVALID when the file, a line or their number is beyond its limit.
 * @throws Error of the operating system.
 */
export async function* readBundleLines(path: string): AsyncGenerator<BundleLine> {
  await using handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (!(await handle.stat()).isFile()) throw Object.assign(new Error("EFTYPE"), { code: "EFTYPE" });
  let number = 0;
  for await (const bytes of splitLines(handle, path)) {
    number++;
    if (number > maxLines) throw beyond(path, `has more than ${maxLines} lines`);
    if (!isBlank(bytes)) yield { number, bytes };
  }
}

async function* splitLines(handle: FileHandle, path: string): AsyncGenerator<Uint8Array> {
  let parts: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of readChunks(handle, path)) {
    let start = 0;
    for (let end = chunk.indexOf(lineFeed); end >= 0; end = chunk.indexOf(lineFeed, start)) {
      yield Buffer.concat([...parts, chunk.subarray(start, end)]);
      [parts, length, start] = [[], 0, end + 1];
    }
    length += chunk.length - start;
    if (length > maxBundleBytes) throw beyond(path, `has a line above ${maxBundleBytes} bytes`);
    parts.push(chunk.subarray(start));
  }
  if (length > 0) yield Buffer.concat(parts);
}

async function* readChunks(handle: FileHandle, path: string): AsyncGenerator<Uint8Array> {
  let total = 0;
  for (;;) {
    const { bytesRead, buffer } = await handle.read(Buffer.alloc(chunkBytes), 0, chunkBytes);
    if (bytesRead === 0) return;
    total += bytesRead;
    if (total > maxFileBytes) throw beyond(path, `is above ${maxFileBytes} bytes`);
    yield buffer.subarray(0, bytesRead);
  }
}

/** Blanks and a carriage return. */
function isBlank(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

function beyond(path: string, why: string): SigstepError {
  return new SigstepError("BUNDLE_INVALID", `The file of bundles ${quote(path)} ${why}.`, {
    where: path,
    hint: "Put the bundles of this artifact into a file of their own.",
  });
}
