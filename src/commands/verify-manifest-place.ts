// Where a manifest may name files: below the working directory and its own folder, links followed.
import { realpath, stat } from "node:fs/promises";
import { dirname, isAbsolute, relative, sep } from "node:path";

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

  /** Size of the file at `path`, links followed; undefined when there is none inside. */
  async sizeInside(path: string): Promise<number | undefined> {
    try {
      const real = await realpath(path);
      const stats = await stat(real);
      return stats.isFile() && this.#roots.some((root) => isBelow(real, root))
        ? stats.size
        : undefined;
    } catch {
      return undefined;
    }
  }
}

function isBelow(path: string, root: string): boolean {
  const way = relative(root, path);
  return way !== "" && way.split(sep)[0] !== ".." && !isAbsolute(way);
}
