// --help of `attest`, made from its table of inputs.
import { attestInputs } from "./attest-inputs.ts";
import { describeFlag } from "./help-flags.ts";

/** Help of `attest`. */
export function attestHelp(): string {
  return `sigstep attest: say how files were made, and what is in them, signed by this job

Usage:
  sigstep attest [FLAGS] PATH…

PATH is a file, folder or glob (quoted). Without further flags the attestation is SLSA
provenance of this job; SBOMs and other predicates come by flags, any number at once.

Example:
  sigstep attest --dry-run true --sbom-path app.spdx.json dist/app.tar.gz

Flags (every one may also come from the environment, as SIGSTEP_NAME):
${attestInputs.map(describeFlag).join("")}
  --json
      Print the results as JSON on standard output; all else goes to standard error.
  --help

Exit code: 0 all attested; 1 something failed; 2 bad input, nothing was sent.
`;
}
