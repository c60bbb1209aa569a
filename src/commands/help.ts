// --help: made from the table of inputs.
import { environmentName } from "../runner/runner.ts";
import { signInputs, type InputKind, type InputSpec } from "./input-table.ts";

const width = 80;

/** Help of the program. */
export const generalHelp = `sigstep: keyless signing in one CI step

Usage:
  sigstep sign PATH…     sign files; each gets PATH.sigstore.json
  sigstep demo [FILE]    try it with a Sigstore of its own, without network
  sigstep COMMAND --help

Example:
  sigstep demo
`;

/** Help of \`sign\`. */
export function signHelp(): string {
  return `sigstep sign: sign files with this job's own identity

Usage:
  sigstep sign [FLAGS] PATH…

PATH is a file or a glob (* ? ** [class], quoted). Each file gets a Sigstore bundle,
PATH.sigstore.json, that cosign, sigstore-python and other clients verify.

Example:
  sigstep sign --dry-run true dist/app.tar.gz

Flags (every one may also come from the environment, as SIGSTEP_NAME):
${signInputs.map(describeInput).join("")}
  --json
      Print the results as JSON on standard output; all else goes to standard error.
  --help

Exit code: 0 all signed; 1 something failed; 2 bad input, nothing was sent.
`;
}

function describeInput(spec: InputSpec): string {
  const { name, kind, help, secret } = spec;
  const head =
    secret === true
      ? `  ${environmentName(name)} (never a flag)`
      : `  --${name} ${describeValue(kind)}`;
  const fallback = spec.default === "" ? "" : ` Default: ${spec.default}.`;
  return `${head}\n${wrap(`${help}${fallback}`, "      ")}\n`;
}

function describeValue(kind: InputKind): string {
  switch (kind.type) {
    case "boolean":
      return "true|false";
    case "choice":
      return kind.choices.join("|");
    case "integer":
      return "N";
    case "text":
    case "list":
      return kind.metavar;
  }
}

function wrap(text: string, indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.split(" ")) {
    if (line.length + word.length >= width && line !== indent) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${word} `;
  }
  return [...lines, line.trimEnd()].join("\n");
}
