// Finds the bundles of each artifact of a run: by name, as clients write them, or by what they are about.
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { quote, SigstepError, systemCode, toSigstepError } from "../errors.ts";
import { atStep } from "../sigstore/step.ts";
import { bundleSuffix } from "../subjects/find.ts";
import { bundlesAbout, readBundleIndex, type BundleIndex } from "./bundle-index.ts";
import { bundlesIn, HeldBundles, type BundlePath, type BundleSource } from "./bundle-source.ts";
import { otherBundleSuffixes, type Artifact } from "./verify-artifacts.ts";

/** Where a request says that bundles are. */
export type BundlePlace =
  | { readonly kind: "beside" }
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "folder"; readonly path: string };

/** In the order in which they are looked for; the first that is there is the one. */
const suffixes = [bundleSuffix, ...otherBundleSuffixes];

/** Finds bundles. Each folder is listed once a run. */
export class BundleFinder {
  readonly #place: BundlePlace;
  readonly #takesAll: boolean;
  readonly #given: BundleSource | undefined;
  readonly #folders = new Map<string, Promise<FolderNames>>();
  /** Of a manifest: many artifacts in a row have the same. */
  readonly #held = new HeldBundles();
  #index: Promise<BundleIndex> | undefined;

  /**
   * @param takesAll - Whether several bundles may be needed for one artifact: then all that are there are
   * taken, by name and by content.
   */
  constructor(place: BundlePlace, takesAll = false) {
    this.#place = place;
    this.#takesAll = takesAll;
    if (place.kind === "file") this.#given = bundlesIn([{ path: place.path }]);
  }

  /**
   * Bundles that may be about `artifact`.
   *
   * @throws SigstepError BUNDLE_MISSING of step 1 when there is none by name and none is looked for by
   * content; BUNDLE_INVALID, INPUT_UNREADABLE for a folder of bundles that cannot be used.
   */
  async find(artifact: Artifact): Promise<BundleSource> {
    if (this.#given !== undefined) return this.#given;
    if (artifact.kind !== "digest" && artifact.bundles !== undefined) {
      return bundlesIn(artifact.bundles, this.#held);
    }
    const folder = this.#place.kind === "folder" ? this.#place.path : undefined;
    const named = await this.#findByName(artifact, folder);
    if (named.length > 0 && !this.#takesAll) return bundlesIn(named);
    if (folder !== undefined) return this.#findAbout(folder, named);
    if (named.length > 0) return bundlesIn(named);
    if (artifact.kind === "file") throw missing(artifact.file.path);
    throw new TypeError("A digest has no bundle beside it.");
  }

  async #findAbout(folder: string, named: readonly BundlePath[]): Promise<BundleSource> {
    this.#index ??= this.#list(folder).then(({ names }) => readBundleIndex(folder, names));
    return bundlesAbout(await this.#index, named);
  }

  async #findByName(artifact: Artifact, given: string | undefined): Promise<BundlePath[]> {
    if (artifact.kind !== "file") return [];
    const { path } = artifact.file;
    const folder = given ?? dirname(path);
    const name = basename(path);
    const names = await this.#list(folder);
    const there = suffixes.filter((each) => names.has(`${name}${each}`));
    const own = (this.#takesAll ? there : there.slice(0, 1)).map((suffix) => {
      return { path: join(folder, `${name}${suffix}`) };
    });
    const others = names.startingWith(`${name}.`).filter((each) => isAttestationOf(each, name));
    return [...own, ...others.map((each) => ({ path: join(folder, each), isGuess: true }))];
  }

  #list(folder: string): Promise<FolderNames> {
    const known =
      this.#folders.get(folder) ?? this.#read(folder).then((names) => new FolderNames(names));
    this.#folders.set(folder, known);
    return known;
  }

  async #read(folder: string): Promise<readonly string[]> {
    try {
      return await readdir(folder);
    } catch (error) {
      if (this.#place.kind !== "folder") return [];
      throw new SigstepError(
        "INPUT_UNREADABLE",
        `Input bundle-dir: ${quote(folder)} cannot be read (${systemCode(error)}).`,
        {
          where: "bundle-dir",
          hint: "Name the folder of the bundles, relative to the working directory.",
          cause: error,
        },
      );
    }
  }
}

/** The names in a folder, of which there may be very many. */
class FolderNames {
  readonly names: readonly string[];
  readonly #all: ReadonlySet<string>;

  constructor(names: readonly string[]) {
    this.names = names.toSorted(compare);
    this.#all = new Set(names);
  }

  has(name: string): boolean {
    return this.#all.has(name);
  }

  startingWith(prefix: string): string[] {
    let [low, high] = [0, this.names.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(this.names[middle] ?? "", prefix) < 0) low = middle + 1;
      else high = middle;
    }
    let end = low;
    while (this.names[end]?.startsWith(prefix) === true) end++;
    return this.names.slice(low, end);
  }
}

/** By code units, as `startsWith` compares. */
function compare(left: string, right: string): number {
  return left < right ? -1 : Number(left > right);
}

/** `app.zip.provenance.sigstore.json` for `app.zip`; its content tells whether it is. */
function isAttestationOf(candidate: string, name: string): boolean {
  return candidate.endsWith(bundleSuffix) && candidate.length > name.length + bundleSuffix.length;
}

function missing(path: string): SigstepError {
  const shown = suffixes.map((suffix) => `${basename(path)}${suffix}`).join(", ");
  const error = new SigstepError(
    "BUNDLE_MISSING",
    `File ${quote(path)} has no bundle: none of ${quote(shown, 400)} is in its folder.`,
    {
      where: path,
      hint: "Say where it is: --bundle FILE or --bundle-dir DIR.",
    },
  );
  return toSigstepError(atStep(1, error));
}
