// Writes the blocks of both action.yml and of README.md that follow from the tables of inputs and outputs, and from the errors.
// A block stands between `generated:NAME` and `/generated`. `--check` fails when one is out of date.
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { format, resolveConfig } from "prettier";
import { attestOwnInputs } from "../src/commands/attest-table.ts";
import { signImagesInput } from "../src/commands/image-table.ts";
import { describeKind, signInputs, type InputSpec } from "../src/commands/input-table.ts";
import { attestOutputs, type OutputSpec } from "../src/commands/output-table.ts";
import { verifyInputs, verifyOutputs } from "../src/commands/verify-table.ts";
import { environmentName } from "../src/runner/runner.ts";
import { failureList } from "./failures.ts";

const { values: flags } = parseArgs({ options: { check: { type: "boolean", default: false } } });
const root = dirname(import.meta.dirname);

/** The action takes the inputs of both its modes. */
const rootInputs: readonly InputSpec[] = [
  ...signInputs.slice(0, 1),
  ...attestOwnInputs,
  signImagesInput,
  ...signInputs.slice(2),
];

/** File → name of a block → its text. */
const blocks: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "action.yml": { inputs: actionInputs(rootInputs), outputs: actionOutputs(attestOutputs) },
  "verify/action.yml": {
    inputs: actionInputs(verifyInputs),
    outputs: actionOutputs(verifyOutputs),
  },
  "README.md": {
    inputs: inputTable(signInputs),
    outputs: outputTable(attestOutputs),
    "attest-inputs": inputTable([...attestOwnInputs, signImagesInput]),
    "verify-inputs": inputTable(verifyInputs),
    "verify-outputs": outputTable(verifyOutputs),
    failures: failureList(),
  },
};

let stale = false;
for (const [file, texts] of Object.entries(blocks)) {
  const path = join(root, file);
  const before = readFileSync(path, "utf8");
  let text = before;
  for (const [name, block] of Object.entries(texts)) text = replaceBlock(text, name, block);
  const after = await format(text, { ...(await resolveConfig(path)), filepath: path });
  if (after === before) continue;
  if (!flags.check) writeFileSync(path, after);
  console.log(flags.check ? `${file} is out of date: npm run generate.` : `${file} written`);
  stale = true;
}
if (flags.check && stale) process.exitCode = 1;

function replaceBlock(text: string, name: string, block: string): string {
  const pattern = new RegExp(
    `^([ ]*(?:<!--|#) generated:${name}(?: -->)?\n)[^]*?^([ ]*(?:<!--|#) /generated(?: -->)?)$`,
    "m",
  );
  if (!pattern.test(text)) throw new Error(`There is no block generated:${name}.`);
  return text.replace(pattern, (_, begin: string, end: string) => `${begin}${block}\n${end}`);
}

/**
 * Defaults go into the descriptions: the runner would hand over a `default:` as if the user had written it,
 * so that no environment variable and no signing config could ever speak. An input that only an expression
 * can tell, the job's own token, is the exception.
 */
function actionInputs(inputs: readonly InputSpec[]): string {
  const entries = inputs.map(({ name, help, default: value, actionDefault }) => {
    const description = value === "" ? help : `${help} Default: ${value}.`;
    const given = actionDefault === undefined ? "" : `\n    default: ${actionDefault}`;
    return `  ${name}:\n    description: ${JSON.stringify(description)}\n    required: false${given}`;
  });
  return entries.join("\n");
}

function actionOutputs(outputs: readonly OutputSpec[]): string {
  return outputs
    .map(({ name, help }) => `  ${name}:\n    description: ${JSON.stringify(help)}`)
    .join("\n");
}

function inputTable(inputs: readonly InputSpec[]): string {
  const rows = inputs.map((input) => [`\`${input.name}\``, takes(input), escapeCell(input.help)]);
  return table(["input", "takes", "what it does"], rows);
}

/** What to write, the default, and where a secret may come from. */
function takes({ name, kind, default: value, secret }: InputSpec): string {
  const parts = [escapeCell(describeKind(kind))];
  if (value !== "") parts.push(`default \`${value}\``);
  if (secret === true) parts.push(`never a flag; \`${environmentName(name)}\``);
  return parts.join(", ");
}

function outputTable(outputs: readonly OutputSpec[]): string {
  return table(
    ["output", "what it holds"],
    outputs.map(({ name, help }) => [`\`${name}\``, escapeCell(help)]),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, head.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return `\n${lines.join("\n")}\n`;
}

function escapeCell(text: string): string {
  return text.replace(/[|*<>[\]]/g, String.raw`\$&`);
}
