// A folder of bundles by what they say that they are about, for artifacts that have none by name.
// Read once, and only when an artifact needs it.
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { DigestAlgorithm, Digests } from "../crypto/digest.ts";
import { encodeHex } from "../encoding/base64.ts";
import { quote, SigstepError } from "../errors.ts";
import { manifestName } from "../subjects/find.ts";
import { algorithmOf, claimedDigests } from "./bundle-about.ts";
import { readCandidates } from "./bundle-file.ts";
import { bundlesIn, type BundlePath, type BundleSource } from "./bundle-source.ts";

const maxFiles = 10_000;
const maxTotalBytes = 256 * 1024 * 1024;

/** Paths of bundles by `sha256:HEX`. */
export interface BundleIndex {
  readonly algorithms: ReadonlySet<DigestAlgorithm>;
  readonly paths: ReadonlyMap<string, readonly string[]>;
}

/**
 * Reads every bundle among the files called `names` in `folder`.
 *
 * @throws SigstepError BUNDLE_INVALID when there are more, or larger ones, than are read.
 */
export async function readBundleIndex(
  folder: string,
  names: readonly string[],
): Promise<BundleIndex> {
  const paths = new Map<string, string[]>();
  const bundles = names.filter((name) => isBundleName(name)).sort();
  if (bundles.length > maxFiles) throw tooMuch(folder, `${maxFiles} bundles`);
  let total = 0;
  for (const name of bundles) {
    const path = join(folder, name);
    total += await sizeOf(path);
    if (total > maxTotalBytes) throw tooMuch(folder, `${maxTotalBytes} bytes of bundles`);
    for (const claim of await claimsIn(path)) {
      const known = paths.get(claim) ?? [];
      if (known.at(-1) !== path) paths.set(claim, [...known, path]);
    }
  }
  const algorithms = [...paths.keys()].map(algorithmOf).filter((name) => name !== undefined);
  return { algorithms: new Set(algorithms), paths };
}

/** The bundles called `named`, and those of the index that say they are about the artifact. */
export function bundlesAbout(index: BundleIndex, named: readonly BundlePath[] = []): BundleSource {
  const find = (digests: Digests): BundleSource => {
    const claims = [...digests].map(([name, bytes]) => `${name}:${encodeHex(bytes)}`);
    const paths = new Set(claims.flatMap((claim) => index.paths.get(claim) ?? []));
    for (const { path } of named) paths.delete(path);
    return bundlesIn([...named, ...[...paths].map((path) => ({ path, isGuess: true }))]);
  };
  return {
    needs: async (key) => {
      const own = await bundlesIn(named).needs(key);
      const content = own.content || key?.facts.type === "ed25519";
      return { algorithms: new Set([...index.algorithms, ...own.algorithms]), content };
    },
    candidates: (digests) => find(digests).candidates(digests),
  };
}

function isBundleName(name: string): boolean {
  return /\.(?:sigstore|json|jsonl)$/.test(name) && name !== manifestName;
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch {
    return 0; // it has vanished, and nothing will be read
  }
}

/** What cannot be read is nobody's bundle here. */
async function claimsIn(path: string): Promise<ReadonlySet<string>> {
  const claims = new Set<string>();
  for await (const { bundle } of readCandidates(path)) {
    if (bundle !== undefined) for (const claim of claimedDigests(bundle)) claims.add(claim);
  }
  return claims;
}

function tooMuch(folder: string, limit: string): SigstepError {
  return new SigstepError("BUNDLE_INVALID", `Folder ${quote(folder)} holds more than ${limit}.`, {
    where: "bundle-dir",
    hint: "Name the bundle: --bundle FILE, or put the bundles of these artifacts into a folder of their own.",
  });
}
