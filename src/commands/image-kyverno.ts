// Kyverno policies for what a run has signed, one a repository: who may run it, by whose word.
import { readSmallFile } from "../subjects/small-file.ts";
import type { Instance } from "./instance.ts";
import type { InstanceChoice } from "./instance-choice.ts";
import { formatKyvernoPolicy, type KyvernoRules } from "./kyverno-policy.ts";
import type { SignedResult } from "./results.ts";

const maxRootBytes = 1024 * 1024;
const withoutTrust =
  "# Add `tuf` (mirror and root) to the attestor: without it Kyverno trusts the public Sigstore alone, and\n# denies what another instance has signed.\n";

/** Whose services signed, and how the user named them. */
export interface PolicyTerms {
  readonly instance: Instance;
  readonly choice: InstanceChoice;
}

/**
 * YAML documents, empty when nothing stands where Kyverno looks.
 *
 * @throws SigstepError INPUT_VALUE for what no policy can name, and the system's error for the TUF root
 */
export async function formatPolicies(
  made: readonly SignedResult[],
  { instance, choice }: PolicyTerms,
): Promise<string> {
  const groups = [...groupByRepository(made)];
  const trust: Trust = groups.length === 0 ? {} : await trustOf(choice);
  const isComplete = instance.isPublicGood || trust.tuf !== undefined;
  const policies = groups.map(([images, results]) => policyOf(images, results, trust));
  return policies.map((policy) => (isComplete ? policy : withoutTrust + policy)).join("---\n");
}

/** Of what Kyverno can see: in a registry, as a referrer. */
function groupByRepository(made: readonly SignedResult[]): Map<string, SignedResult[]> {
  const seen = made.filter(({ image }) => ["api", "fallback"].includes(image?.listedBy ?? ""));
  return Map.groupBy(seen, ({ image }) => (image?.name ?? "").replace(/@.*$/s, ""));
}

type Trust = Pick<KyvernoRules, "tuf">;

async function trustOf(choice: InstanceChoice): Promise<Trust> {
  if (choice.kind !== "mirror") return {};
  const root = await readSmallFile(choice.root, maxRootBytes);
  return { tuf: { mirror: choice.url.href, root } };
}

function policyOf(images: string, results: readonly SignedResult[], trust: Trust): string {
  const [first] = results;
  const { identity = "", issuer = "" } = first?.certificate ?? {};
  const predicateTypes = commonTypes(results);
  return formatKyvernoPolicy({ identity, issuer, images, predicateTypes, ...trust });
}

/**
 * Types of statement that every image of the repository has: a policy asks each image that it matches for
 * all of them, and an SBOM may be of one platform alone.
 */
function commonTypes(results: readonly SignedResult[]): string[] {
  const images = Map.groupBy(results, ({ image }) => image?.name ?? "");
  const typesOf = [...images.values()].map(
    (group) => new Set(group.flatMap(({ image }) => image?.predicateType ?? [])),
  );
  const [first, ...others] = typesOf;
  return [...(first ?? [])].filter((type) => others.every((types) => types.has(type)));
}
