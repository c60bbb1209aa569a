// Every input of `attest`: its own, then those of every run that signs.
import { attestOwnInputs } from "./attest-table.ts";
import { runInputs, type InputSpec } from "./input-table.ts";

/** In the order of the documentation. */
export const attestInputs = [
  ...attestOwnInputs,
  ...runInputs,
] as const satisfies readonly InputSpec[];

/** Name of an input. */
export type AttestInputName = (typeof attestInputs)[number]["name"];
