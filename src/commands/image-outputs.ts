// Outputs that runs over images have besides the usual ones, and the Kyverno policy that goes with them.
import { join } from "node:path";
import { toSigstepError } from "../errors.ts";
import type { ImageRunRequest } from "./image-run-request.ts";
import type { ImagePlan } from "./image-statements.ts";
import { imageGhCommand, imageVerifyCommand } from "./image-verify-command.ts";
import { formatKyvernoPolicy } from "./kyverno-policy.ts";
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
    "kyverno-policy-path": await writePolicies(made, plan, world),
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

/** One policy a repository: who may run what was signed here. A policy that cannot be made is no failure. */
async function writePolicies(
  made: readonly SignedResult[],
  plan: ImagePlan,
  { runner }: World,
): Promise<string> {
  const groups = [...groupByRepository(made)];
  if (groups.length === 0) return "";
  const path = join(plan.bundleDir, policyName);
  try {
    const policies = groups.map(([images, results]) => policyOf(images, results));
    await writeWhole(path, policies.join("---\n"));
    return path;
  } catch (thrown) {
    runner.info(`No Kyverno policy was written: ${toSigstepError(thrown).message}`);
    return "";
  }
}

/** Of what Kyverno can see: in a registry, as a referrer. */
function groupByRepository(made: readonly SignedResult[]): Map<string, SignedResult[]> {
  const seen = made.filter(({ image }) => ["api", "fallback"].includes(image?.listedBy ?? ""));
  return Map.groupBy(seen, ({ image }) => (image?.name ?? "").replace(/@.*$/s, ""));
}

function policyOf(images: string, results: readonly SignedResult[]): string {
  const [first] = results;
  const { identity = "", issuer = "" } = first?.certificate ?? {};
  const predicateTypes = [...new Set(results.flatMap(({ image }) => image?.predicateType ?? []))];
  return formatKyvernoPolicy({ identity, issuer, images, predicateTypes });
}
