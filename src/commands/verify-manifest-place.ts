// Where a manifest may name files: below the working directory and its own folder, links followed.
import { realpath, stat } from "node:fs/promises";
import { basename, dirname, isAbsolute, relative, sep } from "node:path";
import type { FoundFile } from "../subjects/find.ts";

/** The two folders in which a manifest may name files. */
export class Place {
  /** The manifest's own, as the user names it. */
  readonly folder: string;
  readonly #roots: readonly string[];

  private constructor(folder: string, roots: readonly string[]) {
    this.folder = folder;
    this.#roots = roots;
  }

  /** Those of the manifest at this path. */
  static async of(manifest: string): Promise<Place> {
    const folder = dirname(manifest);
    return new Place(folder, [await realpath("."), await realpath(folder)]);
  }

  /** Whether there is a file at `path` inside. */
  async has(path: string): Promise<boolean> {
    return (await this.#find(path)) !== undefined;
  }

  /**
   * Those of the paths that are files inside, each file once. Where a name leads to two, nobody can tell
   * which of them will be used: both have to hold.
   */
  async findAll(paths: readonly string[]): Promise<FoundFile[]> {
    const files = new Map<string, FoundFile>();
    for (const path of paths) {
      const found = await this.#find(path);
      if (found === undefined || files.has(found.real)) continue;
      files.set(found.real, { path, name: basename(path), size: found.size });
    }
    return [...files.values()];
  }

  /** Where the file at `path` really is, links followed; undefined when there is none inside. */
  async #find(path: string): Promise<{ readonly real: string; readonly size: number } | undefined> {
    try {
      const real = await realpath(path);
      const stats = await stat(real);
      const isInside = this.#roots.some((root) => isBelow(real, root));
      return stats.isFile() && isInside ? { real, size: stats.size } : undefined;
    } catch {
      return undefined;
    }
  }
}

function isBelow(path: string, root: string): boolean {
  const way = relative(root, path);
  return way !== "" && way.split(sep)[0] !== ".." && !isAbsolute(way);
}
