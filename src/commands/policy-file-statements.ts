// What a policy file asks of statements: of provenance, and which attestations must all be there.
import { quote } from "../errors.ts";
import { exactly, matching, type Matcher } from "../sigstore/matcher.ts";
import type { AttestationRequirement, ProvenancePolicy } from "../sigstore/policy.ts";
import { parsePredicateType } from "../sigstore/predicate-types.ts";
import { isProvenanceType } from "../sigstore/provenance.ts";
import { attestationKeys, provenanceKeys } from "./policy-keys.ts";
import { itemsOf, placed, PolicyMap, present, textOf } from "./policy-map.ts";
import { conflict } from "./policy-signer.ts";
import { refuseAt, type YamlValue } from "./policy-yaml.ts";

const maxAttestations = 50;
const maxInputs = 100;

/**
 * The list `attestations` of a policy file.
 *
 * @throws SigstepError POLICY_INVALID, also beside `predicateTypes` or `provenance`: then it would not be
 * clear of which attestation they speak.
 */
export function readAttestations(file: PolicyMap): AttestationRequirement[] | undefined {
  const value = file.get("attestations");
  if (value === undefined) return undefined;
  for (const name of ["predicateTypes", "provenance"]) {
    const other = file.get(name);
    if (other === undefined) continue;
    throw refuseAt(other.place, `${name} beside attestations`, adviceBeside);
  }
  return itemsOf(value, "attestations", maxAttestations).map(readAttestation);
}

const adviceBeside =
  "Say it in attestations: each has its type and, of provenance, what it must say.";

function readAttestation(item: YamlValue): AttestationRequirement {
  const map = new PolicyMap(item, attestationKeys);
  const type = map.get("type");
  if (type === undefined) throw refuseAt(item.place, "an attestation without type", adviceType);
  const name = textOf(type, "type");
  const predicateTypes = placed(type.place, () => parsePredicateType(name));
  const provenance = map.get("provenance");
  if (provenance !== undefined && !predicateTypes.every(isProvenanceType)) {
    throw refuseAt(provenance.place, `provenance of the type ${quote(name, 60)}`, adviceProvenance);
  }
  return { name, predicateTypes, ...present("provenance", readProvenance(provenance)) };
}

const adviceType = "Say which: type: provenance, type: sbom, or the URI of a predicate type.";
const adviceProvenance = "Only an attestation of type: provenance says builder, source and inputs.";

/**
 * The map `provenance`.
 *
 * @throws SigstepError POLICY_INVALID
 */
export function readProvenance(value: YamlValue | undefined): ProvenancePolicy | undefined {
  if (value === undefined) return undefined;
  const map = new PolicyMap(
    value,
    provenanceKeys.flatMap((key) => [key, `${key}Pattern`]),
  );
  if (map.names.length === 0) throw refuseAt(value.place, "provenance is empty");
  return {
    ...present("builderId", readMatcher(map, "builderId")),
    ...present("sourceUri", readMatcher(map, "source")),
    ...present("buildType", readMatcher(map, "buildType")),
    ...present("inputs", readInputs(map)),
  };
}

function readMatcher(map: PolicyMap, name: string): Matcher | undefined {
  const pattern = map.read(`${name}Pattern`, (text) => matching(text, name));
  const exact = map.read(name, (text) => exactly(text, name));
  if (pattern === undefined || exact === undefined) return pattern ?? exact;
  return map.placed(name, () => {
    throw conflict(name, `${name}Pattern`);
  });
}

/** Both maps, exact values and patterns; a name stands in one of them. */
function readInputs(map: PolicyMap): ReadonlyMap<string, Matcher> | undefined {
  const matchers = new Map<string, Matcher>();
  for (const [key, make] of [
    ["inputs", exactly],
    ["inputsPattern", matching],
  ] as const) {
    const value = map.get(key);
    if (value === undefined) continue;
    const inputs = new PolicyMap(value);
    requireSome(inputs, key);
    for (const name of inputs.names) {
      const matcher = inputs.read(name, (text) => make(text, key));
      if (matcher === undefined) continue;
      if (matchers.has(name)) throw refuseAt(value.place, `the input ${quote(name, 60)} twice`);
      matchers.set(name, matcher);
    }
  }
  return matchers.size === 0 ? undefined : matchers;
}

function requireSome({ names, value }: PolicyMap, key: string): void {
  if (names.length === 0) throw refuseAt(value.place, `${key} is empty`, "Leave the key out.");
  if (names.length > maxInputs)
    throw refuseAt(value.place, `${key} has more than ${maxInputs} names`);
}
