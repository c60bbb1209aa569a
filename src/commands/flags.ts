// Command-line arguments: flags of the input table and paths. Nothing is interpreted here but form.
import { quote, SigstepError } from "../errors.ts";
import { environmentName } from "../runner/runner.ts";
import type { InputSpec } from "./input-table.ts";

/** Arguments as given. */
export interface Flags {
  /** Raw text by input name. */
  readonly values: ReadonlyMap<string, string>;
  readonly paths: readonly string[];
  readonly json: boolean;
  readonly help: boolean;
}

/** Flags of every command; they are no inputs. */
const switches: readonly InputSpec[] = ["json", "help"].map((name) => {
  return { name, kind: { type: "boolean" }, default: "false", help: "" };
});

/** Whether JSON is asked for, as far as form tells: known before anything can be refused. */
export function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  const flags = end < 0 ? args : args.slice(0, end);
  const at = flags.findLastIndex((arg) => arg === "--json" || arg.startsWith("--json="));
  if (at < 0) return false;
  return flags[at] !== "--json=false" && !(flags[at] === "--json" && flags[at + 1] === "false");
}

/**
 * Splits arguments into flags (`--x value`, `--x=value`, for booleans also `--x` alone) and paths.
 * After `--` everything is a path. Who asks for help gets that, JSON or not.
 *
 * @throws SigstepError INPUT_UNKNOWN, INPUT_MISSING, INPUT_CONFLICT, INPUT_VALUE
 */
export function parseFlags(args: readonly string[], specs: readonly InputSpec[]): Flags {
  const values = new Map<string, string>();
  const items = new Set<string>();
  const paths: string[] = [];
  let help = false;
  const rest = [...args];
  for (let arg = rest.shift(); arg !== undefined; arg = rest.shift()) {
    if (arg === "--") {
      paths.push(...rest.splice(0));
    } else if (arg === "-h") help = true;
    else if (!arg.startsWith("-") || arg === "-") paths.push(arg);
    else {
      const flag = readFlag(arg, rest, specs);
      if (flag.name === "help") help = flag.value === "true";
      else if (flag.name !== "json") keep(flag, { values, items });
    }
  }
  return { values, paths, json: wantsJson(args) && !help, help };
}

/** What was read so far. */
interface Kept {
  readonly values: Map<string, string>;
  /** Inputs that were given item by item. */
  readonly items: Set<string>;
}

function keep({ name, value, isItem }: ReadFlag, { values, items }: Kept): void {
  const before = values.get(name);
  if (before !== undefined && !(isItem && items.has(name))) throw twice(name);
  values.set(name, isItem ? `${before ?? ""}${value}\n` : value);
  if (isItem) items.add(name);
}

interface ReadFlag {
  /** Of the input. */
  readonly name: string;
  readonly value: string;
  /** Whether it is one item of a list. */
  readonly isItem: boolean;
}

function readFlag(arg: string, rest: string[], specs: readonly InputSpec[]): ReadFlag {
  const [, flag = "", given] = /^--([a-z][a-z-]*)(?:=(.*))?$/s.exec(arg) ?? [];
  const spec = [...specs, ...switches].find(
    ({ name, itemFlag }) => name === flag || itemFlag === flag,
  );
  if (spec === undefined) throw unknownFlag(arg, specs);
  const { name } = spec;
  if (spec.secret === true) throw secretFlag(name, specs);
  const value = given ?? takeValue(spec, rest);
  const isItem = flag === spec.itemFlag;
  // A variable that is not set must not make one thing less to do.
  if (isItem && value.trim() === "") throw emptyItem(flag);
  if (switches.includes(spec)) requireSwitch(name, value);
  return { name, value, isItem };
}

function requireSwitch(name: string, value: string): void {
  if (value !== "true" && value !== "false") throw noSwitch(name, value);
}

function emptyItem(flag: string): SigstepError {
  return new SigstepError("INPUT_VALUE", `Flag --${flag} is empty.`, {
    where: flag,
    hint: "Give it a value, or leave it out.",
  });
}

function noSwitch(name: string, value: string): SigstepError {
  const message = `Flag --${name} is ${quote(value, 60)}, not true or false.`;
  return new SigstepError("INPUT_VALUE", message, { where: name, hint: `Write --${name} alone.` });
}

/** The value that follows a flag; a boolean without one is true. */
function takeValue({ name, kind }: InputSpec, rest: string[]): string {
  const [next] = rest;
  if (kind.type === "boolean" && next !== "true" && next !== "false") return "true";
  // The next flag is not this one's value: `--bundle-dir --force` has forgotten something.
  if (next !== undefined && !next.startsWith("--")) return rest.shift() ?? "";
  throw new SigstepError("INPUT_MISSING", `Flag --${name} has no value.`, {
    where: name,
    hint: `Write --${name}=VALUE.`,
  });
}

function twice(name: string): SigstepError {
  return new SigstepError("INPUT_CONFLICT", `Flag --${name} is given twice.`, {
    where: name,
    hint: "Give it once.",
  });
}

function secretFlag(name: string, specs: readonly InputSpec[]): SigstepError {
  const variable = environmentName(name);
  const inFile = specs.some((spec) => spec.name === `${name}-file`) ? ` or --${name}-file` : "";
  return new SigstepError("INPUT_VALUE", `A secret is never given as a flag: --${name}.`, {
    where: name,
    hint: `Arguments are visible to every process of the machine. Use the variable ${variable}${inFile}. Treat this value as leaked.`,
  });
}

function unknownFlag(arg: string, specs: readonly InputSpec[]): SigstepError {
  const flag = arg.replace(/=.*$/s, "");
  const known = specs.filter(({ secret }) => secret !== true).map(({ name }) => `--${name}`);
  const near = known.find((name) => isNear(name, flag));
  return new SigstepError("INPUT_UNKNOWN", `There is no flag ${quote(flag, 60)}.`, {
    hint:
      near === undefined
        ? "See --help. A path that begins with a dash is written after `--` or as ./-name."
        : `Did you mean ${near}?`,
  });
}

/** Whether one edit or swap, or leaving out dashes and underscores, leads from one to the other. */
function isNear(known: string, given: string): boolean {
  const plain = (text: string): string => text.toLowerCase().replace(/[-_]/g, "");
  const [long, short] = [plain(known), plain(given)].toSorted((a, b) => b.length - a.length);
  if (long === undefined || short === undefined || long.length - short.length > 1) return false;
  let same = 0;
  while (same < short.length && long[same] === short[same]) same++;
  const tail = long.slice(same + 1);
  const swapped = `${short[same + 1] ?? ""}${short[same] ?? ""}${short.slice(same + 2)}`;
  return [short.slice(same), short.slice(same + 1)].includes(tail) || long.slice(same) === swapped;
}
