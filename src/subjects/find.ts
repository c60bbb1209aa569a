// Paths and globs → files, in a fixed order. A path that exists is that file; anything else is a
// glob of `* ? ** [class]`, in which `[[]` stands for `[`.
import type { Stats } from "node:fs";
// `node:fs` itself would load its streams, which cost as much as a verification.
import { access, constants, glob, lstat, stat } from "node:fs/promises";
import { basename, join, resolve, sep } from "node:path";
import { quote, SigstepError, systemCode } from "../errors.ts";

/** What files are looked for: their name in messages, and what is left out of a glob besides our outputs. */
export interface FindTerms {
  readonly verb: "sign" | "attest" | "verify";
  /** Whether a path that a glob gave is somebody's bundle; `all` is everything that it gave. */
  readonly isBundle?: (path: string, all: ReadonlySet<string>) => Promise<boolean>;
}

const signing: FindTerms = { verb: "sign" };

/** A file to sign or to verify. */
export interface FoundFile {
  /** As a user would type it: relative stays relative. */
  readonly path: string;
  /** Last part of the path. */
  readonly name: string;
  readonly size: number;
}

/** Our own outputs: a glob over a folder that was signed before does not sign them. */
export const bundleSuffix = ".sigstore.json";
/** Name of the file that lists all results of a run. */
export const manifestName = "sigstep-manifest.json";

/**
 * The files that `items` name, each once, in the order of the items and, within a glob, of names.
 *
 * @throws SigstepError INPUT_MISSING, INPUT_NO_MATCH, INPUT_NOT_A_FILE, INPUT_UNREADABLE, INPUT_NAME,
 * INPUT_VALUE
 */
export async function findFiles(
  items: readonly string[],
  terms: FindTerms = signing,
): Promise<FoundFile[]> {
  const found = new Map<string, FoundFile>();
  for (const item of items) {
    for (const file of await findItem(item, terms)) {
      const key = resolve(file.path);
      if (!found.has(key)) found.set(key, file);
    }
  }
  const files = [...found.values()];
  await Promise.all(files.map(({ path }) => requireReadable(path)));
  if (files.length > 0) return files;
  throw new SigstepError("INPUT_MISSING", `No file to ${terms.verb} is given.`, {
    where: "inputs",
    hint: `Name files or globs: \`inputs: dist/*.tar.gz\`, or \`sigstep ${terms.verb} dist/app.tar.gz\`.`,
  });
}

async function findItem(item: string, terms: FindTerms): Promise<FoundFile[]> {
  if (item.includes("\0")) throw badName(item, "holds a NUL character");
  const literal = await statPath(item);
  if (literal !== undefined) return [describeFile(item, literal, terms)];
  if (!/[*?[]/.test(item)) throw noMatch(item, "There is no file");
  const files: FoundFile[] = [];
  for (const path of await expandGlob(item, terms)) {
    const stats = await statPath(path);
    if (stats === undefined) throw badName(path, "is not UTF-8, or the file has just vanished");
    if (!stats.isDirectory()) files.push(describeFile(path, stats, terms));
  }
  if (files.length === 0) throw noMatch(item, "No file matches");
  return files;
}

/** Facts of the file at `path`; undefined when there is nothing of that name. */
async function statPath(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (!isAbsent(error)) throw unreadable(path, `cannot be read (${systemCode(error)})`, error);
    if (await isLink(path)) throw unreadable(path, "is a link to a file that is not there", error);
    return undefined;
  }
}

function isAbsent(error: unknown): boolean {
  return ["ENOENT", "ENOTDIR", "ENAMETOOLONG"].includes(systemCode(error));
}

async function isLink(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isSymbolicLink();
  } catch {
    return false;
  }
}

async function requireReadable(path: string): Promise<void> {
  try {
    await access(path, constants.R_OK);
  } catch (error) {
    throw unreadable(path, `cannot be read (${systemCode(error)})`, error);
  }
}

function unreadable(path: string, why: string, cause: unknown): SigstepError {
  return new SigstepError("INPUT_UNREADABLE", `File ${quote(path)} ${why}.`, {
    where: path,
    hint: "Check that this user may read it and its folder.",
    cause,
  });
}

function describeFile(path: string, stats: Stats, { verb }: FindTerms): FoundFile {
  if (stats.isFile()) return { path, name: basename(path), size: stats.size };
  const kind = stats.isDirectory() ? "a folder" : "not a regular file";
  throw new SigstepError("INPUT_NOT_A_FILE", `${quote(path)} is ${kind}.`, {
    where: path,
    hint: stats.isDirectory()
      ? `Name the files in it: ${quote(join(path, "*"))}.`
      : `${verb === "sign" ? "Sign" : "Verify"} a copy of it.`,
  });
}

async function expandGlob(pattern: string, { isBundle }: FindTerms): Promise<string[]> {
  const paths: string[] = [];
  for await (const path of glob(escapeExtensions(pattern))) {
    if (!path.endsWith(bundleSuffix) && basename(path) !== manifestName) paths.push(path);
  }
  paths.sort();
  if (isBundle === undefined) return paths;
  const all = new Set(paths);
  const kept: string[] = [];
  for (const path of paths) if (!(await isBundle(path, all))) kept.push(path);
  return kept;
}

/** No path is longer, and node's globs take no more than 64 KiB. */
const maxPattern = 8192;

/** A class as in a shell, or a character with a meaning of node's own: braces, groups, an open class. */
const special = /(\[[!^]?\]?(?:\[:[a-z]+:\]|[^\]/])*\])|[{()[]/g;

/** A class of `{` alone that does not show it: braces are expanded before classes are read. */
const openingBrace = "[!\u0001-z|-\uFFFF]";

/**
 * Takes away the meaning that node's globs give to braces and parentheses, outside classes. A
 * backslash has no place in such a glob: node reads it as a slash.
 */
function escapeExtensions(pattern: string): string {
  if (pattern.length > maxPattern) {
    throw new SigstepError("INPUT_VALUE", `Glob ${quote(pattern)} is longer than any path.`, {
      where: "inputs",
      hint: "Write one path or glob a line.",
    });
  }
  if (sep === "/" && pattern.includes("\\")) {
    throw new SigstepError("INPUT_VALUE", `Glob ${quote(pattern)} holds a backslash.`, {
      where: "inputs",
      hint: "Write ? where a name has a backslash; [*], [?] and [[] stand for those characters.",
    });
  }
  return pattern.replace(special, (found, group?: string) => {
    return group ?? (found === "{" ? openingBrace : `[${found}]`);
  });
}

function noMatch(item: string, what: string): SigstepError {
  const lost = item.includes("\uFFFD");
  return new SigstepError("INPUT_NO_MATCH", `${what} ${quote(item)}.`, {
    where: "inputs",
    hint: lost
      ? "The name is not UTF-8 and so cannot be written in a bundle: rename the file."
      : "Check the path: it is relative to the working directory of this step.",
  });
}

function badName(path: string, why: string): SigstepError {
  return new SigstepError("INPUT_NAME", `The name ${quote(path)} ${why}.`, {
    where: path,
    hint: "Rename the file.",
  });
}
