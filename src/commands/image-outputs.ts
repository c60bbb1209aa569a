// Outputs that runs over images have besides the usual ones, and the Kyverno policy that goes with them.
import { join } from "node:path";
import { toSigstepError } from "../errors.ts";
import { formatPolicies } from "./image-kyverno.ts";
import type { ImageRunRequest } from "./image-run-request.ts";
import type { ImagePlan } from "./image-statements.ts";
import { imageGhCommand, imageVerifyCommand } from "./image-verify-command.ts";
import type { SignReport } from "./report.ts";
import type { SignedResult } from "./results.ts";
import type { World } from "./world.ts";
import { writeWhole } from "./write.ts";

/** What outputs are made of. */
export interface OutputParts {
  readonly plan: ImagePlan;
  readonly request: ImageRunRequest;
  /** File with all bundles; empty when there is none. */
  readonly linesPath: string;
  /** Ids of storage records. */
  readonly records: readonly string[];
  readonly world: World;
}

const maxCommands = 10;
const policyName = "sigstep-kyverno-policies.yaml";

/** The outputs. */
export async function imageOutputs(
  made: readonly SignedResult[],
  { plan, request, linesPath, records, world }: OutputParts,
): Promise<SignReport["outputs"]> {
  const attestations = made.flatMap(({ attestation }) => attestation ?? []);
  return {
    "bundle-path": linesPath,
    ...(linesPath === "" ? { "bundle-paths": [] } : {}),
    "attestation-id": attestations[0]?.id ?? "",
    "attestation-url": attestations[0]?.url.href ?? "",
    "attestation-urls": attestations.map(({ url }) => url.href),
    "storage-record-ids": records.join(","),
    "referrer-digests": made.map(({ image }) => image?.referrer ?? ""),
    "verify-commands": commandsOf(made, request),
    "kyverno-policy-path": await writePolicies(made, plan, { world, request }),
  };
}

/** cosign's for each, then gh's: both judge the same. */
function commandsOf(made: readonly SignedResult[], { instance }: ImageRunRequest): string[] {
  const stored = made
    .filter(({ image }) => image?.listedBy !== undefined || image?.legacyTag !== undefined)
    .filter(({ image }) => image?.listedBy !== "layout")
    .slice(0, maxCommands);
  return [
    ...stored.map((result) => imageVerifyCommand(result, instance)),
    ...stored.flatMap((result) => imageGhCommand(result, instance) ?? []),
  ];
}

/** One policy a repository. One that cannot be made is no failure. */
async function writePolicies(
  made: readonly SignedResult[],
  plan: ImagePlan,
  { world: { runner }, request }: Pick<OutputParts, "world" | "request">,
): Promise<string> {
  try {
    const terms = { instance: plan.instance, choice: request.instance };
    const text = await formatPolicies(made, terms);
    if (text === "") return "";
    const path = join(plan.bundleDir, policyName);
    await writeWhole(path, text);
    return path;
  } catch (thrown) {
    runner.info(`No Kyverno policy was written: ${toSigstepError(thrown).message}`);
    return "";
  }
}
