// What the inputs of `verify` ask of statements.
import { SigstepError } from "../errors.ts";
import { exactly } from "../sigstore/matcher.ts";
import type { AttestationRequirement, Policy, ProvenancePolicy } from "../sigstore/policy.ts";
import { parsePredicateType } from "../sigstore/predicate-types.ts";
import { isProvenanceType } from "../sigstore/provenance.ts";
import type { InputReader } from "./input-reader.ts";
import { conflict } from "./policy-signer.ts";
import type { PolicyInputName } from "./policy-table.ts";

type Reader = InputReader<PolicyInputName>;
type Asked = Pick<Policy, "predicateTypes" | "provenance" | "attestations">;

/**
 * Types that are accepted, or attestations that must all be there.
 *
 * @throws SigstepError POLICY_INVALID
 */
export function parseStatementPolicy(inputs: Reader): Asked {
  const accepted = readNames(inputs, "predicate-type");
  const required = readNames(inputs, "require-predicate");
  const builderId = inputs.text("builder-id");
  const provenance =
    builderId === undefined ? undefined : { builderId: exactly(builderId, "builder-id") };
  if (required.length > 0) {
    if (accepted.length > 0) throw conflict("Input require-predicate", "input predicate-type");
    return { attestations: requireEach(required, provenance) };
  }
  const types = [...new Set(accepted.flatMap(parsePredicateType))];
  return {
    ...(types.length === 0 ? {} : { predicateTypes: types }),
    ...(provenance === undefined ? {} : { provenance }),
  };
}

/** Short names may also stand between commas, which no short name has; a URI may have some. */
function readNames(inputs: Reader, name: PolicyInputName): string[] {
  const names = inputs
    .list(name)
    .flatMap((item) => (item.includes(":") ? [item] : item.split(",").map((word) => word.trim())));
  return [...new Set(names)].filter((each) => each !== "");
}

/** What is asked of provenance is asked of the attestations that are provenance. */
function requireEach(
  names: readonly string[],
  provenance: ProvenancePolicy | undefined,
): AttestationRequirement[] {
  const all = names.map((name) => ({ name, predicateTypes: parsePredicateType(name) }));
  const isProvenance = ({ predicateTypes }: AttestationRequirement): boolean =>
    predicateTypes.every(isProvenanceType);
  if (provenance === undefined) return all;
  if (!all.some(isProvenance)) throw noProvenance();
  return all.map((each) => (isProvenance(each) ? { ...each, provenance } : each));
}

function noProvenance(): SigstepError {
  return new SigstepError(
    "POLICY_INVALID",
    "Input builder-id asks for provenance, and require-predicate does not name it.",
    { where: "builder-id", hint: "Add provenance to require-predicate, or leave builder-id out." },
  );
}
