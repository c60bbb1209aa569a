// Reading: every size around the buffer's against node's own digest, and every way in which a file can change.
import assert from "node:assert/strict";
import { createHash, randomFillSync } from "node:crypto";
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { appendFile, open, rename, truncate, unlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { readFile, type ReadFile } from "../../src/subjects/read.ts";
import { rejection } from "../refusal.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "sigstep-read-")));
after(() => rmSync(folder, { recursive: true }));
const never = new AbortController().signal;
const mebibyte = 1 << 20;

/** A file of random bytes. */
async function make(name: string, size: number): Promise<{ path: string; bytes: Buffer }> {
  const bytes = randomFillSync(Buffer.alloc(size));
  const path = join(folder, name);
  await writeFile(path, bytes);
  return { path, bytes };
}

/** A file of zeros, which takes no room. */
async function makeSparse(name: string, size: number): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, "");
  await truncate(path, size);
  return path;
}

/** What this process has open, by name. */
function openFiles(): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/self/fd/${fd}`)];
    } catch {
      return []; // the folder's own, closed by now
    }
  });
}

/** Waits until this process has the file open and has asked for its size. */
async function opened(path: string): Promise<void> {
  while (!openFiles().includes(path)) await new Promise((resolve) => setTimeout(resolve, 1));
  await new Promise((resolve) => setTimeout(resolve, 10));
}

function read(path: string, size: number, signal = never): Promise<ReadFile> {
  return readFile({ path, name: "file", size }, signal);
}

suite("a file", () => {
  for (const size of [
    ...[0, 1, 31, 4095, 4096, 4097, 65_536],
    ...[mebibyte - 1, mebibyte, mebibyte + 1],
    ...[2 * mebibyte - 1, 2 * mebibyte, 2 * mebibyte + 1, 3 * mebibyte + 7],
  ]) {
    test(`of ${size} bytes has the digest that node computes`, async () => {
      const { path, bytes } = await make(`size-${size}`, size);
      const result = await read(path, size);
      const expected = createHash("sha256").update(bytes).digest();
      assert.equal(result.digest.algorithm, "sha256");
      assert.deepEqual(Buffer.from(result.digest.bytes), expected);
      assert.equal(result.size, size);
      if (size < mebibyte) assert.deepEqual(Buffer.from(result.content ?? []), bytes);
      else assert.equal(result.content, undefined);
    });
  }

  test("is as sha256sum says", async () => {
    const { path } = await make("sum", 3 * mebibyte + 7);
    const sum = execFileSync("sha256sum", [path]).toString().slice(0, 64);
    const { digest } = await read(path, 3 * mebibyte + 7);
    assert.equal(Buffer.from(digest.bytes).toString("hex"), sum);
  });

  test("may be a link to one", async () => {
    const { path } = await make("target", 10);
    symlinkSync(path, join(folder, "link"));
    assert.equal((await read(join(folder, "link"), 10)).size, 10);
  });

  test("may be one of many that are read at once", async () => {
    const files = await Promise.all(
      Array.from({ length: 40 }, (_, i) => make(`many-${i}`, i * 60_000)),
    );
    const results = await Promise.all(files.map(({ path, bytes }) => read(path, bytes.length)));
    results.forEach(({ digest }, i) => {
      const expected = createHash("sha256")
        .update(files[i]?.bytes ?? "")
        .digest();
      assert.deepEqual(Buffer.from(digest.bytes), expected);
    });
  });
});

suite("a file that is not the one that was planned", () => {
  test("is larger or smaller than it was", async () => {
    const { path } = await make("resized", 100);
    for (const size of [99, 101, 0, mebibyte, 5 * mebibyte]) {
      const error = await rejection("FILE_CHANGED", read(path, size));
      assert.notEqual(error.hint, "");
      assert.equal(error.where, path);
    }
  });

  test("has vanished, or its folder has", async () => {
    for (const path of [join(folder, "missing"), join(folder, "none/missing")]) {
      assert.notEqual((await rejection("FILE_CHANGED", read(path, 1))).hint, "");
    }
  });

  test("has become a folder", async () => {
    const path = join(folder, "becomes-folder");
    mkdirSync(path);
    const { size } = await (await open(path)).stat();
    await rejection("FILE_CHANGED", read(path, size));
  });

  test("has become a named pipe, which nobody writes to", async () => {
    const path = join(folder, "pipe");
    execFileSync("mkfifo", [path]);
    await rejection("FILE_CHANGED", read(path, 0));
  });

  test("has become a device", async () => {
    await rejection("FILE_CHANGED", read("/dev/zero", 0));
  });

  test("has become a link to itself", async () => {
    const path = join(folder, "loop");
    symlinkSync(path, path);
    assert.notEqual((await rejection("FILE_UNREADABLE", read(path, 1))).hint, "");
  });

  test("cannot be read to its end", async () => {
    // Linux: opens like a file, and refuses to be read at 0.
    await rejection("FILE_UNREADABLE", read("/proc/self/mem", 0));
  });
});

suite("a file that changes while it is read", () => {
  const size = 192 * mebibyte;

  /** Begins to read, changes the file when it is open, and expects the read to see it. */
  async function changes(change: (path: string) => Promise<unknown>, name: string): Promise<void> {
    const path = await makeSparse(name, size);
    const refused = rejection("FILE_CHANGED", read(path, size));
    await opened(path);
    await change(path);
    await refused;
  }

  test("by growing", () => changes((path) => appendFile(path, "x"), "grows"));

  test("by shrinking", () => changes((path) => truncate(path, size - 1), "shrinks"));

  test("by being written to in its place", () =>
    changes(async (path) => {
      const handle = await open(path, "r+");
      await handle.write(Buffer.from("other"), 0, 5, 0);
      await handle.close();
    }, "overwritten"));

  test("by its time alone", () =>
    changes((path) => utimes(path, new Date(), new Date(0)), "touched"));

  test("by another taking its name", async () => {
    const other = await make("other", 10);
    await changes((path) => rename(other.path, path), "renamed");
  });

  test("by a link taking its name", async () => {
    await changes(async (path) => {
      await rename(path, `${path}.real`);
      symlinkSync(`${path}.other`, path);
      await writeFile(`${path}.other`, "x");
    }, "linked");
  });

  test("by vanishing", () => changes((path) => unlink(path), "vanishes"));
});

suite("a run that is cancelled", () => {
  test("stops reading between two buffers", async () => {
    const path = await makeSparse("cancelled", 192 * mebibyte);
    const stop = new AbortController();
    const refused = rejection("CANCELLED", read(path, 192 * mebibyte, stop.signal));
    await opened(path);
    stop.abort();
    await refused;
  });

  test("does not begin to", async () => {
    const { path } = await make("not-begun", 2 * mebibyte);
    await rejection("CANCELLED", read(path, 2 * mebibyte, AbortSignal.abort()));
  });
});

test("every file is closed again, whatever came of it", async () => {
  const { path } = await make("closed", 2 * mebibyte);
  for (let i = 0; i < 20; i++) {
    await read(path, 2 * mebibyte);
    await rejection("FILE_CHANGED", read(path, 1));
    await rejection("CANCELLED", read(path, 2 * mebibyte, AbortSignal.abort()));
    await rejection("FILE_UNREADABLE", read("/proc/self/mem", 0));
  }
  const left = openFiles().filter((file) => file === path || file.endsWith("/mem"));
  assert.deepEqual(left, []);
});

test("memory does not grow with the file", async () => {
  const path = await makeSparse("large", 96 * mebibyte);
  const before = process.memoryUsage().arrayBuffers;
  let peak = 0;
  const watch = setInterval(() => {
    peak = Math.max(peak, process.memoryUsage().arrayBuffers - before);
  }, 1);
  await read(path, 96 * mebibyte);
  clearInterval(watch);
  assert.ok(peak < 8 * mebibyte, `${peak} bytes of buffers`);
});
