// SLSA provenance, versions 1 and 0.2, as far as a policy asks: who built, how, from which repository
// and with which inputs.
// https://slsa.dev/spec/v1.0/provenance, https://slsa.dev/spec/v0.2/provenance
import type { Statement } from "./statement.ts";

const types = { v1: "https://slsa.dev/provenance/v1", v02: "https://slsa.dev/provenance/v0.2" };

/** What provenance says of a build. Whoever signed it says so. */
export interface Provenance {
  readonly builderId: string | undefined;
  readonly buildType: string | undefined;
  /** Addresses of the repositories that it names as the build's source. */
  readonly sources: readonly string[];
}

/** Whether a type is provenance that we read. */
export function isProvenanceType(predicateType: string): boolean {
  return predicateType === types.v1 || predicateType === types.v02;
}

/** Whether a statement is provenance that we read. */
export function isProvenance({ predicateType }: Statement): boolean {
  return isProvenanceType(predicateType);
}

/**
 * Builder, build type and source of provenance. A source is what the build was asked to build; only where it was
 * asked nothing that we know, the first of the materials stands in.
 */
export function readProvenance({ predicateType, predicate }: Statement): Provenance {
  const v1 = predicateType === types.v1;
  const builder = v1 ? ["runDetails", "builder", "id"] : ["builder", "id"];
  const asked = (v1 ? askedV1 : askedV02).flatMap((path) => textAt(predicate.raw, path) ?? []);
  const first = textAt(predicate.raw, v1 ? firstDependency : firstMaterial);
  const sources = asked.length > 0 || first === undefined ? asked : [first];
  return {
    builderId: textAt(predicate.raw, builder),
    buildType: textAt(predicate.raw, v1 ? ["buildDefinition", "buildType"] : ["buildType"]),
    sources: sources.map(repositoryOf),
  };
}

/**
 * The input called `name` of the workflow, as GitHub's build type has them; numbers and switches as JSON
 * spells them. A number that a double may not hold as it was written is none: it could be another.
 */
export function readInput(
  { predicateType, predicate }: Statement,
  name: string,
): string | undefined {
  if (predicateType !== types.v1) return undefined;
  const value = valueAt(predicate.raw, [...inputsV1, name]);
  if (typeof value === "string" || typeof value === "boolean") return String(value);
  return typeof value === "number" && Number.isSafeInteger(value) ? String(value) : undefined;
}

const inputsV1 = ["buildDefinition", "externalParameters", "inputs"];

/** Names of members and numbers of items. */
export type Path = readonly (string | number)[];

// actions/attest and npm; our own on GitLab; GitLab's own, and slsa-github-generator.
const askedV1: readonly Path[] = [
  ["workflow", "repository"],
  ["pipeline", "repository"],
  ["source"],
  ["source", "uri"],
].map((path) => ["buildDefinition", "externalParameters", ...path]);
const firstDependency: Path = ["buildDefinition", "resolvedDependencies", 0, "uri"];

const askedV02: readonly Path[] = [["invocation", "configSource", "uri"]];
const firstMaterial: Path = ["materials", 0, "uri"];

/** The text at a path through members and items of their own; undefined when there is none. */
export function textAt(value: unknown, path: Path): string | undefined {
  const at = valueAt(value, path);
  return typeof at === "string" && at !== "" ? at : undefined;
}

/** Whatever stands at a path through members and items of their own; undefined when nothing does. */
export function valueAt(value: unknown, path: Path): unknown {
  let at: unknown = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
    at = Reflect.get(at, step);
  }
  return at;
}

/** `git+https://host/owner/name@ref` without what a source control tool needs to know besides. */
function repositoryOf(uri: string): string {
  return uri.replace(/^git\+/, "").replace(/^(https?:\/\/[^/@]+\/[^@]*)@.*$/s, "$1");
}
