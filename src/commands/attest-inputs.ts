// Every input of `attest`: its own, where bundles go besides, then those of every run that signs.
import { attestOwnInputs } from "./attest-table.ts";
import { imageInputs, signImagesInput } from "./image-table.ts";
import { runInputs, storeInputs, type InputSpec } from "./input-table.ts";

/** In the order of the documentation. */
export const attestInputs = [
  ...attestOwnInputs,
  ...imageInputs,
  signImagesInput,
  ...storeInputs,
  ...runInputs,
] as const satisfies readonly InputSpec[];

/** Name of an input. */
export type AttestInputName = (typeof attestInputs)[number]["name"];
