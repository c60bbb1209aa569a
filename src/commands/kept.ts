// A bundle that an earlier try of this job has written: as good as a new one, and already public.
import { maxBundleBytes } from "../sigstore/bundle.ts";
import { verifyEarlierClaims } from "../sigstore/certificate-claims.ts";
import { requireDistinct } from "../sigstore/distinct.ts";
import type { SelectedServices } from "../sigstore/signing-config.ts";
import { readFoundFile } from "../subjects/small-file.ts";
import type { TokenSource } from "./identity.ts";
import type { Instance } from "./instance.ts";
import { requiredBy, verifyOwnBundle, type OwnBundle, type OwnTerms } from "./own-work.ts";
import type { PlannedItem } from "./plan.ts";

/** What a bundle is judged by. */
export interface KeptContext {
  readonly instance: Instance;
  readonly tokens: TokenSource;
  readonly now: () => Date;
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
  file: PlannedItem,
  artifact: OwnTerms["artifact"],
  context: KeptContext,
): Promise<OwnBundle | undefined> {
  const bytes = await readBounded(file.bundlePath);
  return bytes === undefined ? undefined : judgeKeptBundle(bytes, artifact, context);
}

/** The same for a bundle's bytes, wherever they were kept. */
export async function judgeKeptBundle(
  bytes: Uint8Array,
  artifact: OwnTerms["artifact"],
  { instance, tokens, now }: KeptContext,
): Promise<OwnBundle | undefined> {
  const kept = await proveComplete(bytes, artifact, { instance, now: now() });
  if (kept === undefined) return undefined;
  const token = await tokens.get();
  return holds(() => verifyEarlierClaims(kept.certificate, token)) ? kept : undefined;
}

async function proveComplete(
  bytes: Uint8Array,
  artifact: OwnTerms["artifact"],
  { instance: { services, trustedRoot }, now }: { instance: Instance; now: Date },
): Promise<OwnBundle | undefined> {
  try {
    const kept = await verifyOwnBundle(bytes, {
      ...{ artifact, trustedRoot, now },
      // Where the signing config selects no log, none is asked for, whatever logs the trusted root knows.
      required: requiredBy(services),
    });
    requireDistinct(kept);
    const kind = "subject" in artifact ? "dsse-envelope" : "message-signature";
    return kept.bundle.content.kind === kind && isComplete(kept, services) ? kept : undefined;
  } catch {
    return undefined;
  }
}

/** Whether it holds as many entries, of the same version, and as many timestamps as would be asked for. */
function isComplete(kept: OwnBundle, { logs, tsas }: SelectedServices): boolean {
  const entries = kept.entries.map(({ entry }) => entry);
  const versions = new Set(logs.map(({ version }) => `0.0.${version}`));
  return (
    kept.bundle.version === "0.3" &&
    kept.bundle.entries.length === logs.length &&
    entries.length === logs.length &&
    entries.every((entry) => versions.has(entry.version)) &&
    kept.bundle.timestamps.length === tsas.length &&
    kept.timestamps.length === tsas.length
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
    return await readFoundFile(path, maxBundleBytes);
  } catch {
    return undefined;
  }
}
