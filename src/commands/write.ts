// Files of ours: whole under their name, or not there at all.
import { randomBytes } from "node:crypto";
import { mkdir, open, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { quote, SigstepError, systemCode } from "../errors.ts";

/**
 * Writes `text` to a temporary name in the same folder and renames it. Missing folders are made.
 *
 * @throws SigstepError WRITE_FAILED; nothing is left behind.
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  const folder = dirname(path);
  const temporary = join(folder, `.sigstep-${randomBytes(8).toString("hex")}.tmp`);
  try {
    await makeFolder(folder);
    const handle = await open(temporary, "wx", 0o644);
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeFailed(path, error);
  }
}

/** As `mkdir -p`. Node's own never ends where a file system answers ENOENT below a folder that exists. */
async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === "EEXIST") return;
    if (code !== "ENOENT" || dirname(path) === path) throw error;
    await makeFolder(dirname(path));
    await mkdir(path).catch(refuseUnlessThere);
  }
}

/** Another file of the same run may have made it meanwhile. */
function refuseUnlessThere(error: unknown): void {
  if (systemCode(error) !== "EEXIST") throw error;
}

function writeFailed(path: string, error: unknown): SigstepError {
  const code = systemCode(error);
  const cures: Readonly<Record<string, string>> = {
    ENOSPC: "The disk is full: free some space and run again.",
    EDQUOT: "This user's share of the disk is full: free some space and run again.",
    EFBIG: "The limit on the size of files is too low here (ulimit -f): raise it and run again.",
    EACCES: "This user may not write there: set bundle-dir to a folder it owns.",
    EROFS: "That file system is read-only: set bundle-dir to another.",
    EISDIR: `There is a folder called ${quote(basename(path))}: remove it or set bundle-dir.`,
    ENOTDIR: "A part of that path is a file: set bundle-dir to a folder.",
    EEXIST: "A part of that path is a file: set bundle-dir to a folder.",
  };
  return new SigstepError("WRITE_FAILED", `${quote(path)} cannot be written (${code}).`, {
    where: path,
    hint: cures[code] ?? "Check the folder and run again.",
    cause: error,
  });
}
