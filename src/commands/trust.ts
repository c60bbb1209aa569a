// Whom to believe: the trusted roots of a known instance, of a TUF mirror, or of a file.
import { quote, SigstepError, systemCode } from "../errors.ts";
import { parseTrustedRoot, type TrustedRoot } from "../sigstore/trust.ts";
import { readSmallFile } from "../subjects/small-file.ts";
import { readMaterial, requireFile, type TrustTerms } from "./trust-material.ts";
import { knownSource, mirrorSource, type KnownInstance, type Mirror } from "./trust-sources.ts";

export type { TrustTerms } from "./trust-material.ts";

/** Whose trusted root to use. */
export type TrustChoice =
  | { readonly kind: KnownInstance }
  /** The public-good instance and GitHub's, or those of the two that `of` names. */
  | { readonly kind: "default"; readonly of?: ReadonlySet<"public-good" | "github"> }
  | { readonly kind: "file"; readonly path: string }
  | Mirror;

const maxBytes = 4 * 1024 * 1024;

/**
 * The trusted roots that `choice` stands for.
 *
 * Of the two of the default, one that cannot be had is left out, with a line that says why: a bundle needs
 * only one of them.
 *
 * @throws SigstepError TRUST_UNAVAILABLE, TRUST_INVALID, TUF_ROOT_INVALID, TRUSTED_ROOT_INVALID, CANCELLED
 */
export async function readTrustedRoots(
  choice: TrustChoice,
  terms: TrustTerms,
): Promise<readonly TrustedRoot[]> {
  switch (choice.kind) {
    case "file":
      return [await readRootFile(choice.path)];
    case "mirror":
      return [await readRoot(await mirrorSource(choice), terms)];
    case "default":
      return readDefault(choice.of ?? new Set(["public-good", "github"]), terms);
    case "public-good":
    case "staging":
    case "github":
      return [await readRoot(await knownSource(choice.kind), terms)];
  }
}

async function readRoot(
  source: Parameters<typeof readMaterial>[0],
  terms: TrustTerms,
): Promise<TrustedRoot> {
  const material = await readMaterial(source, terms);
  return parseTrustedRoot(requireFile(material, "trusted_root.json"), material.label);
}

async function readDefault(
  instances: ReadonlySet<"public-good" | "github">,
  terms: TrustTerms,
): Promise<TrustedRoot[]> {
  const readings = [...instances].map(async (instance) =>
    readRoot(await knownSource(instance), terms),
  );
  const outcomes = await Promise.allSettled(readings);
  const roots: TrustedRoot[] = [];
  let missing: SigstepError | undefined;
  for (const outcome of outcomes) {
    if (outcome.status === "fulfilled") roots.push(outcome.value);
    else if (isUnavailable(outcome.reason)) missing ??= outcome.reason;
    else throw outcome.reason;
  }
  if (missing === undefined) return roots;
  if (roots.length === 0) throw missing;
  terms.world.runner.info(`${missing.message} Its bundles cannot be verified in this run.`);
  return roots;
}

function isUnavailable(error: unknown): error is SigstepError {
  return error instanceof SigstepError && error.code === "TRUST_UNAVAILABLE";
}

async function readRootFile(path: string): Promise<TrustedRoot> {
  let bytes: Uint8Array;
  try {
    bytes = await readSmallFile(path, maxBytes);
  } catch (error) {
    throw new SigstepError(
      "TRUSTED_ROOT_INVALID",
      `Input trusted-root: ${quote(path)} cannot be read (${systemCode(error)}).`,
      {
        where: "trusted-root",
        hint: "Check the path: it is relative to the working directory of this step.",
        cause: error,
      },
    );
  }
  return parseTrustedRoot(bytes, path);
}
