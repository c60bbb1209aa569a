// A bundle that an earlier try of this job has written: as good as a new one, and already public.
import { parseBundle, type Bundle } from "../sigstore/bundle.ts";
import { verifyEarlierClaims } from "../sigstore/certificate-claims.ts";
import { requireDistinct } from "../sigstore/distinct.ts";
import type { Artifact, SignedArtifact } from "../sigstore/sign.ts";
import type { SelectedServices } from "../sigstore/signing-config.ts";
import { verifyBundle } from "../sigstore/verify.ts";
import { readFoundFile } from "../subjects/small-file.ts";
import type { TokenSource } from "./identity.ts";
import type { Instance } from "./instance.ts";
import type { PlannedFile } from "./plan.ts";

const maxBytes = 1024 * 1024;

/** What a bundle is judged by. */
export interface KeptContext {
  readonly instance: Instance;
  readonly tokens: TokenSource;
}

/**
 * The bundle in the file's place when it is what this run would write: valid, with all that the signing
 * config selects, and of this run's identity: same workflow, commit and all, only the run's own address
 * may differ. Undefined for anything else, which is replaced.
 *
 * Fulcio's detached SCT has no place in a bundle, so under a trusted root with certificate logs a
 * certificate without an embedded one cannot be judged again: such files are signed anew each time.
 */
export async function findKeptBundle(
  file: PlannedFile,
  artifact: Artifact,
  { instance, tokens }: KeptContext,
): Promise<SignedArtifact | undefined> {
  const bytes = await readBounded(file.bundlePath);
  const kept = bytes === undefined ? undefined : await proveComplete(bytes, artifact, instance);
  if (kept === undefined) return undefined;
  const token = await tokens.get();
  return holds(() => verifyEarlierClaims(kept.certificate, token)) ? kept : undefined;
}

async function proveComplete(
  bytes: Uint8Array,
  artifact: Artifact,
  { services, trustedRoot }: Instance,
): Promise<SignedArtifact | undefined> {
  try {
    const bundle = parseBundle(bytes, "bundle");
    if (!isComplete(bundle, services)) return undefined;
    // Where the signing config selects no log, none is asked for, whatever logs the trusted root knows.
    const logs = services.logs.length === 0 ? [] : trustedRoot.logs;
    const kept = await verifyBundle(bundle, artifact, { ...trustedRoot, logs });
    requireDistinct(kept);
    return kept.timestamps.length === services.tsas.length ? kept : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it holds as many entries, of the same version, and as many timestamps as would be asked for. */
function isComplete({ entries, timestamps }: Bundle, { logs, tsas }: SelectedServices): boolean {
  const versions = new Set(logs.map(({ version }) => `0.0.${version}`));
  return (
    entries.length === logs.length &&
    entries.every(({ version }) => versions.has(version)) &&
    timestamps.length === tsas.length
  );
}

function holds(verify: () => void): boolean {
  try {
    verify();
    return true;
  } catch {
    return false;
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
