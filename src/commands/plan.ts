// What a run would do, decided before it does anything: which bundles, where, by whom, seen by whom.
// Pure: the same request and files make the same plan.
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { quote, SigstepError } from "../errors.ts";
import { bundleSuffix, manifestName, type FoundFile } from "../subjects/find.ts";
import type { Instance } from "./instance.ts";
import type { SignRequest } from "./request.ts";

/** Things in flight at once, by the log's version. */
export const defaultConcurrency = { 1: 32, 2: 256 };

/** One thing to sign and where its bundle goes. */
export interface PlannedItem {
  /** For messages: a path, or what the thing is. */
  readonly path: string;
  readonly name: string;
  /** Bytes of a file. */
  readonly size?: number;
  /** What a statement says of what, as far as it is planned. */
  readonly statement?: StatementFacts;
  readonly bundlePath: string;
  /** The bundle goes elsewhere, and to that path only when it could not be stored there. */
  readonly isUnwritten?: boolean;
}

/** What the manifest says of an attestation. */
export interface StatementFacts {
  readonly predicateType: string;
  readonly subjects: readonly {
    readonly name: string;
    readonly digests: ReadonlyMap<string, string>;
  }[];
}

/** One file and where its bundle goes. */
export interface PlannedFile extends FoundFile, PlannedItem {
  readonly size: number;
}

/** What a run would do. */
export interface Plan<Item extends PlannedItem = PlannedFile> {
  readonly files: readonly Item[];
  /**
   * Folder of the manifest: `bundle-dir`, else the folder of all files, else, for files in several, the
   * one that holds them all when it is at or below the working directory, else the working directory.
   */
  readonly bundleDir: string;
  readonly manifestPath: string;
  readonly instance: Instance;
  readonly concurrency: number;
}

/**
 * The plan for `files`.
 *
 * @throws SigstepError INPUT_NAME_CLASH when two files would write one bundle, or a bundle or the
 * manifest would overwrite a file to sign.
 */
export function makePlan(
  request: SignRequest,
  files: readonly FoundFile[],
  instance: Instance,
): Plan {
  const planned = files.map((file) => ({ ...file, bundlePath: bundlePath(request, file) }));
  const bundleDir = request.bundleDir ?? commonFolder(planned.map((file) => dirname(file.path)));
  const manifestPath = join(bundleDir, manifestName);
  refuseClashes(planned, manifestPath);
  const version = instance.services.logs[0]?.version === 2 ? 2 : 1;
  return {
    files: planned,
    bundleDir,
    manifestPath,
    instance,
    concurrency: request.concurrency ?? defaultConcurrency[version],
  };
}

function bundlePath({ bundleDir }: SignRequest, file: FoundFile): string {
  return join(bundleDir ?? dirname(file.path), `${basename(file.path)}${bundleSuffix}`);
}

/** The folder of all, else the one that holds them all when it is here or below, else here. */
export function commonFolder(folders: readonly string[]): string {
  const split = folders.map((folder) => resolve(folder).split(sep));
  const [first = [], ...others] = split;
  let depth = 0;
  while (depth < first.length && others.every((parts) => parts[depth] === first[depth])) depth++;
  const isOne = split.every(({ length }) => length === depth);
  const path = relative("", first.slice(0, depth).join(sep) || sep) || ".";
  return isOne || isBelowHere(path) ? path : ".";
}

/** Files in two trees have a folder in common that is nobody's, at worst the root. */
function isBelowHere(path: string): boolean {
  return path.split(sep)[0] !== ".." && !isAbsolute(path);
}

/** Where file names differ only by case, two of them may be one file. */
const foldsCase = process.platform === "win32" || process.platform === "darwin";

/** The same for two paths that lead to one file by their names. */
export function pathKey(path: string): string {
  const full = resolve(path);
  return foldsCase ? full.normalize("NFC").toLowerCase() : full;
}

function refuseClashes(files: readonly PlannedFile[], manifestPath: string): void {
  const read = new Map(files.map((file) => [pathKey(file.path), file.path]));
  const written = new Map([[pathKey(manifestPath), "the manifest"]]);
  const manifested = read.get(pathKey(manifestPath));
  if (manifested !== undefined) throw overwrites(manifested, "the manifest");
  for (const { path, bundlePath: target } of files) {
    const other = written.get(pathKey(target));
    if (other !== undefined) throw sameBundle(other, path, target);
    const input = read.get(pathKey(target));
    if (input !== undefined) throw overwrites(input, `the bundle of ${quote(path)}`);
    written.set(pathKey(target), path);
  }
}

function sameBundle(first: string, second: string, bundle: string): SigstepError {
  return new SigstepError(
    "INPUT_NAME_CLASH",
    `Files ${quote(first)} and ${quote(second)} would both write ${quote(bundle)}.`,
    {
      where: second,
      hint: "Leave bundle-dir out, so that each bundle stands beside its file, or sign them in two steps.",
    },
  );
}

function overwrites(path: string, what: string): SigstepError {
  return new SigstepError(
    "INPUT_NAME_CLASH",
    `File ${quote(path)} would be overwritten by ${what}.`,
    {
      where: path,
      hint: "Sign it from another folder, set bundle-dir, or leave it out: bundles are not signed.",
    },
  );
}
