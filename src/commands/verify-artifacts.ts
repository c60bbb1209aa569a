// What to verify: paths, globs and digests, each once, in their order.
import { digestAlgorithms, isDigestAlgorithm, type Digest } from "../crypto/digest.ts";
import { encodeHex, parseHex } from "../encoding/base64.ts";
import { quote, SigstepError } from "../errors.ts";
import type { StatementSubject } from "../sigstore/statement.ts";
import { findFiles, type FindTerms, type FoundFile } from "../subjects/find.ts";
import { readCandidates } from "./bundle-file.ts";

/** A bundle that a manifest lists. */
export interface ListedBundle {
  readonly path: string;
  /** Of its statement; undefined for a signature. */
  readonly predicateType: string | undefined;
}

/** Something that a bundle may be about. */
export type Artifact =
  | {
      readonly kind: "file";
      /** The path, as a user would type it. */
      readonly name: string;
      readonly file: FoundFile;
      /** Where its bundles are, when a manifest says so; then each of them must hold. */
      readonly bundles?: readonly ListedBundle[];
      /** What a manifest says that its content is. */
      readonly listed?: readonly Digest[];
    }
  | {
      readonly kind: "subject";
      /** Name and digest, and that there is no file. */
      readonly name: string;
      /** What each statement must name, digests and all. */
      readonly subject: StatementSubject;
      readonly bundles: readonly ListedBundle[];
    }
  | {
      readonly kind: "digest";
      /** `sha256:HEX` */
      readonly name: string;
      readonly digest: Digest;
    };

/**
 * The artifacts that `items` name.
 *
 * @throws SigstepError INPUT_VALUE for a digest of a wrong length, and those of `findFiles`.
 */
export async function findArtifacts(items: readonly string[]): Promise<Artifact[]> {
  const found = new Map<string, Artifact>();
  for (const item of items) {
    const digest = parseDigestItem(item);
    const artifacts =
      digest === undefined ? (await findFiles([item], verifying)).map(fileArtifact) : [digest];
    for (const artifact of artifacts) {
      if (!found.has(artifact.name)) found.set(artifact.name, artifact);
    }
  }
  if (found.size === 0) await findFiles([], verifying);
  return [...found.values()];
}

function fileArtifact(file: FoundFile): Artifact {
  return { kind: "file", name: file.path, file };
}

/** `sha256:HEX`; a file of such a name is written `./sha256:HEX`. */
function parseDigestItem(item: string): Artifact | undefined {
  const [, algorithm = "", hex = ""] = /^(sha\d+):(.*)$/s.exec(item) ?? [];
  if (!isDigestAlgorithm(algorithm)) return undefined;
  const digits = 2 * digestAlgorithms[algorithm].length;
  if (!/^[0-9a-fA-F]*$/.test(hex) || hex.length !== digits) {
    const has = /^[0-9a-fA-F]*$/.test(hex)
      ? `${hex.length} hex digits, ${algorithm} has ${digits}`
      : `not ${digits} hex digits`;
    throw new SigstepError("INPUT_VALUE", `Digest ${quote(item, 160)}: ${has}.`, {
      where: "inputs",
      hint: `Write ${algorithm}: and the whole digest, or the path of the file. A file of that name is written ./${algorithm}:….`,
    });
  }
  const bytes = parseHex(hex.toLowerCase(), "digest");
  return {
    kind: "digest",
    name: `${algorithm}:${encodeHex(bytes)}`,
    digest: { algorithm, bytes },
  };
}

/** Endings of bundles that other clients write beside a file. */
export const otherBundleSuffixes = [".sigstore", ".sigstore.jsonl", ".jsonl"] as const;

const verifying: FindTerms = {
  verb: "verify",
  isBundle: async (path, all) =>
    otherBundleSuffixes.some(
      (suffix) => path.endsWith(suffix) && all.has(path.slice(0, -suffix.length)),
    ) && (await holdsBundles(path)),
};

/** The name alone would keep data unverified: `train.jsonl` beside `train` may be either. */
async function holdsBundles(path: string): Promise<boolean> {
  for await (const { error } of readCandidates(path)) if (error !== undefined) return false;
  return true;
}
