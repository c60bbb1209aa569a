// `demo --help`: made from the table of its flags.
import { describeKind, type InputSpec } from "./input-table.ts";
import { demoInputs } from "./demo-request.ts";

/** Help of `demo`. */
export function demoHelp(): string {
  return `sigstep demo: sign a file with a Sigstore of its own, without network or account

Usage:
  sigstep demo [FLAGS] [FILE]
  sigstep demo --serve [FLAGS]

Starts a whole Sigstore inside this process, on 127.0.0.1, and does what sigstep sign does
with the real one. FILE is only read; without one, demo makes a small file. The bundle goes
to a new temporary folder. It is for looking at: nobody else's Sigstore accepts it.

Example:
  sigstep demo --rekor-version 2

Flags:
${demoInputs.map(describeFlag).join("")}  --json
      Print the result as JSON on standard output; all else goes to standard error.
  --help

Exit code: 0 done; 1 something failed; 2 bad input.
`;
}

function describeFlag({ name, kind, default: fallback, help }: InputSpec): string {
  const value = kind.type === "boolean" ? "" : ` ${describeKind(kind)}`;
  const standard = fallback === "" || kind.type === "boolean" ? "" : ` Default: ${fallback}.`;
  return `  --${name}${value}\n      ${help}${standard}\n`;
}
