// Where an input's text comes from: a flag, the step's own input, or the environment.
import { attestInputs } from "./attest-inputs.ts";
import type { Flags } from "./flags.ts";
import type { InputSource } from "./input-reader.ts";
import type { InputSpec } from "./input-table.ts";
import type { World } from "./world.ts";

const secretNames: ReadonlySet<string> = new Set(
  attestInputs.flatMap((spec: InputSpec) => (spec.secret === true ? [spec.name] : [])),
);

/**
 * A flag wins over the runner's own, and paths are a flag of `pathsName`. Secrets are hidden the moment
 * they are read.
 */
export function layerInputs(
  { values, paths }: Pick<Flags, "values" | "paths">,
  { runner }: World,
  pathsName = "inputs",
): InputSource {
  return (name) => {
    const isGiven = values.has(name) || (name === pathsName && paths.length > 0);
    const text = values.get(name) ?? (isGiven ? "" : runner.input(name));
    if (text === "" && !isGiven) return undefined;
    if (secretNames.has(name)) runner.secret(text.trim());
    return text;
  };
}
