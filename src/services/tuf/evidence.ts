// Everything that proves a repository's targets again from its first root, without asking anybody.
import { SigstepError } from "../../errors.ts";
import { openTrustedSet, type Beginning } from "./trusted-set.ts";

/** The targets that Sigstore clients read; a repository need not have all. */
export const targetNames = [
  "trusted_root.json",
  "signing_config.v0.2.json",
  "signing_config_rekor_v2.v0.2.json",
] as const;

/** Name of a target. */
export type TargetName = (typeof targetNames)[number];

/** Bytes of the targets that a repository has. */
export type Targets = ReadonlyMap<TargetName, Uint8Array>;

/** Signed metadata and targets, as the repository gave them. */
export interface Evidence {
  /** When the repository was asked. */
  readonly askedAt: Date;
  /** After the first, in order. */
  readonly roots: readonly Uint8Array[];
  readonly timestamp: Uint8Array;
  readonly snapshot: Uint8Array;
  readonly targets: Uint8Array;
  readonly files: Targets;
}

/**
 * Proves `evidence` from `beginning`, as if it came from the network now.
 *
 * @throws SigstepError TRUST_INVALID; TRUST_UNAVAILABLE when it has expired
 */
export async function proveEvidence(evidence: Evidence, beginning: Beginning): Promise<void> {
  const set = await openTrustedSet(beginning);
  for (const root of evidence.roots) set.updateRoot(root);
  set.requireRootInForce();
  set.updateTimestamp(evidence.timestamp);
  set.updateSnapshot(evidence.snapshot);
  set.updateTargets(evidence.targets);
  for (const name of targetNames) {
    const target = set.target(name);
    const bytes = evidence.files.get(name);
    if (target !== undefined && bytes !== undefined) await set.verifyTarget(target, bytes);
    else if (target !== undefined || bytes !== undefined) throw incomplete(name, beginning.label);
  }
}

function incomplete(name: TargetName, label: string): SigstepError {
  return new SigstepError("TRUST_INVALID", `The TUF targets of ${label} do not fit ${name}.`, {
    where: label,
  });
}
