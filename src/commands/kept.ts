// A bundle that an earlier try of this job has written: as good as a new one, and already public.
import { parseBundle } from "../sigstore/bundle.ts";
import { verifyClaims } from "../sigstore/certificate-claims.ts";
import type { Artifact, SignedArtifact } from "../sigstore/sign.ts";
import type { TrustedRoot } from "../sigstore/trust.ts";
import { verifyBundle } from "../sigstore/verify.ts";
import { readFoundFile } from "../subjects/small-file.ts";
import type { TokenSource } from "./identity.ts";
import type { PlannedFile } from "./plan.ts";

const maxBytes = 1024 * 1024;

/** What a bundle is judged by. */
export interface KeptContext {
  readonly trustedRoot: TrustedRoot;
  readonly tokens: TokenSource;
}

/**
 * The bundle in the file's place when it is valid and of this run's identity: same workflow, commit
 * and all, only the run's own address may differ. Undefined for anything else, which is replaced.
 */
export async function findKeptBundle(
  file: PlannedFile,
  artifact: Artifact,
  { trustedRoot, tokens }: KeptContext,
): Promise<SignedArtifact | undefined> {
  const bytes = await readBounded(file.bundlePath);
  if (bytes === undefined) return undefined;
  const token = await tokens.get();
  try {
    const kept = await verifyBundle(parseBundle(bytes, "bundle"), artifact, trustedRoot);
    verifyClaims(kept.certificate, token, ["runInvocationUri"]);
    return kept;
  } catch {
    return undefined;
  }
}

/** What cannot be read there is as good as nothing there. */
async function readBounded(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFoundFile(path, maxBytes);
  } catch {
    return undefined;
  }
}
