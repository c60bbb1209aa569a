// The flags of a command in its --help, from its table of inputs.
import { environmentName } from "../runner/runner.ts";
import type { InputKind, InputSpec } from "./input-table.ts";

const width = 80;

/** Lines about one input: how it is written, what it does, its default. */
export function describeFlag(spec: InputSpec): string {
  const { name, kind, help, secret, itemFlag } = spec;
  const head =
    secret === true
      ? `  ${environmentName(name)} (never a flag)`
      : `  --${name} ${describeValue(kind)}`;
  const each = itemFlag === undefined ? "" : `, or --${itemFlag} for each`;
  const fallback = spec.default === "" ? "" : ` Default: ${spec.default}.`;
  return `${head}${each}\n${wrap(`${help}${fallback}`, "      ")}\n`;
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
