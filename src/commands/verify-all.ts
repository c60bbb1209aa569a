// All artifacts of a run, a few at once. One that is refused does not keep the others back.
import { SigstepError } from "../errors.ts";
import { createProgress } from "./progress.ts";
import { verifyArtifact, type VerifyTerms } from "./verify-artifact.ts";
import type { Artifact } from "./verify-artifacts.ts";
import type { VerifyResult } from "./verify-results.ts";
import type { World } from "./world.ts";

/** How many at once, and the outside. */
export interface VerifyAllContext {
  readonly concurrency: number;
  readonly world: World;
}

/** Results in the order of `artifacts`: as many workers as files in flight take the next one in turn. */
export async function verifyAll(
  artifacts: readonly Artifact[],
  terms: VerifyTerms,
  { concurrency, world }: VerifyAllContext,
): Promise<VerifyResult[]> {
  const results: VerifyResult[] = [];
  const progress = createProgress(artifacts.length, world);
  const waiting = artifacts.entries();
  const work = async (): Promise<void> => {
    for (const [index, artifact] of waiting) {
      results[index] = world.signal.aborted
        ? cancelled(artifact)
        : await verifyArtifact(artifact, terms);
      progress.advance();
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, artifacts.length) }, work));
  progress.end();
  return results;
}

function cancelled({ name }: Artifact): VerifyResult {
  const error = new SigstepError("CANCELLED", "The run was cancelled.", { hint: "Run again." });
  return { kind: "refused", name, digests: {}, error, refusals: [] };
}
