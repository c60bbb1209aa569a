// Where the bundles of one artifact are: given by name, beside it, or in a folder of bundles.
import type { DigestAlgorithm, Digests } from "../crypto/digest.ts";
import type { PublicKey } from "../crypto/keys.ts";
import { SigstepError } from "../errors.ts";
import { needsContent, neededDigests } from "../sigstore/message.ts";
import { isAboutAnother } from "./bundle-about.ts";
import { isLines, readCandidates, type Candidate } from "./bundle-file.ts";
import { LineClaims } from "./line-claims.ts";

/** What an artifact must be read for. */
export interface Needs {
  readonly algorithms: ReadonlySet<DigestAlgorithm>;
  /** The whole content must be at hand. */
  readonly content: boolean;
}

/** Bundles that may be about one artifact. */
export interface BundleSource {
  /** What proving them takes, so that the artifact is read once. */
  needs(key: PublicKey | undefined): Promise<Needs>;
  /** Those that are worth proving, read as they are asked for. */
  candidates(digests: Digests): AsyncIterable<Candidate>;
}

/** A file of bundles, and how sure it is that they are about the artifact. */
export interface BundlePath {
  readonly path: string;
  /** Found by a pattern or by its content: what is about another artifact is none of this one's. */
  readonly isGuess?: boolean;
}

/** Bundles that were read last: a few, as each may be large. */
export class HeldBundles {
  readonly #held = new Map<string, Promise<Candidate[]>>();

  /** The bundles in the file at `path`. */
  read(path: string): Promise<Candidate[]> {
    const known = this.#held.get(path) ?? readAll(path);
    this.#held.delete(path);
    this.#held.set(path, known);
    const [oldest] = this.#held.keys();
    if (this.#held.size > maxHeld && oldest !== undefined) this.#held.delete(oldest);
    return known;
  }
}

const maxHeld = 16;

/**
 * Bundles in these files. One bundle a file is read once; a file of many is read again for each question.
 *
 * @param held - Keeps them for other artifacts, too.
 */
export function bundlesIn(
  paths: readonly BundlePath[],
  held: HeldBundles = new HeldBundles(),
): BundleSource {
  const needed = new Map<PublicKey | undefined, Promise<Needs>>();
  const claims = new LineClaims();
  const read = async function* (
    { path }: BundlePath,
    digests?: Digests,
  ): AsyncGenerator<Candidate> {
    if (isLines(path)) {
      yield* readCandidates(path, digests && claims.aboutAnother(digests));
      return;
    }
    yield* await held.read(path);
  };
  const readNeeds = async (key: PublicKey | undefined): Promise<Needs> => {
    const needs = new NeedsOf(key);
    for (const path of paths) {
      for await (const candidate of read(path)) {
        needs.add(candidate);
        if (isLines(path.path)) claims.note(candidate);
      }
    }
    return needs;
  };
  return {
    needs: (key) => {
      const known = needed.get(key) ?? readNeeds(key);
      needed.set(key, known);
      return known;
    },
    candidates: async function* (digests) {
      for (const path of paths) {
        const filters = path.isGuess === true || isLines(path.path);
        for await (const candidate of read(path, digests)) {
          const { bundle } = candidate;
          if (filters && bundle !== undefined && isAboutAnother(bundle, digests)) continue;
          yield candidate;
        }
      }
    },
  };
}

async function readAll(path: string): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for await (const candidate of readCandidates(path)) candidates.push(candidate);
  return candidates;
}

/** Needs of several bundles; one that cannot be read needs nothing. */
class NeedsOf implements Needs {
  readonly #key: PublicKey | undefined;
  readonly algorithms = new Set<DigestAlgorithm>();
  content = false;

  constructor(key: PublicKey | undefined) {
    this.#key = key;
  }

  add({ bundle }: Candidate): void {
    if (bundle === undefined) return;
    try {
      for (const algorithm of neededDigests(bundle, this.#key)) this.algorithms.add(algorithm);
      this.content ||= needsContent(bundle, this.#key);
    } catch (error) {
      if (!(error instanceof SigstepError)) throw error;
      // Its verification will say the same, with the step.
    }
  }
}
