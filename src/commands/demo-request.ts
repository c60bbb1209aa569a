// What a user asks of `demo`: flags alone, since the variables of a real job have no say in a sandbox.
import { quote, SigstepError } from "../errors.ts";
import type { Flags } from "./flags.ts";
import type { InputSpec } from "./input-table.ts";

/** The default comes first. */
const rekorVersions = ["1", "2"] as const;
const runners = ["github", "gitlab"] as const;
const switchValues = ["false", "true"] as const;

/** Every flag of `demo` that takes a value. */
export const demoInputs = [
  {
    name: "rekor-version",
    kind: { type: "choice", choices: rekorVersions },
    default: rekorVersions[0],
    help: "Version of the transparency log.",
  },
  {
    name: "runner",
    kind: { type: "choice", choices: runners },
    default: runners[0],
    help: "Whose job to imitate.",
  },
  {
    name: "bundle-dir",
    kind: { type: "text", metavar: "DIR" },
    default: "",
    help: "Folder for the bundle; nothing in it is overwritten. Without it, a new temporary one.",
  },
  {
    name: "serve",
    kind: { type: "boolean" },
    default: switchValues[0],
    help: "Sign nothing: keep the servers up until Ctrl-C and print the variables that use them.",
  },
] as const satisfies readonly InputSpec[];

type DemoInputName = (typeof demoInputs)[number]["name"];

/** Whose job is imitated. */
export type DemoRunner = (typeof runners)[number];

/** The file to sign and where its bundle goes; a file and a folder are made where absent. */
export interface DemoTarget {
  readonly path: string | undefined;
  readonly bundleDir: string | undefined;
}

/** What a user asks of `demo`. */
export interface DemoRequest {
  readonly rekorVersion: 1 | 2;
  readonly runner: DemoRunner;
  readonly json: boolean;
  readonly task:
    { readonly kind: "serve" } | { readonly kind: "sign"; readonly target: DemoTarget };
}

/**
 * The request that the flags make.
 *
 * @throws SigstepError INPUT_VALUE, INPUT_CONFLICT
 */
export function parseDemoRequest(flags: Flags): DemoRequest {
  const rekorVersion = choose(flags, "rekor-version", rekorVersions) === "2" ? 2 : 1;
  const runner = choose(flags, "runner", runners);
  const serve = choose(flags, "serve", switchValues) === "true";
  const task = serve ? parseServe(flags) : parseTarget(flags);
  return { rekorVersion, runner, json: flags.json, task };
}

function parseServe({ paths, values }: Flags): DemoRequest["task"] {
  if (paths.length === 0 && !values.has("bundle-dir")) return { kind: "serve" };
  throw new SigstepError("INPUT_CONFLICT", "With --serve, demo itself signs nothing.", {
    where: "serve",
    hint: "Leave FILE and --bundle-dir out, and sign from another terminal with sigstep sign FILE.",
  });
}

function parseTarget({ paths, values }: Flags): DemoRequest["task"] {
  const [path, ...more] = paths;
  const bundleDir = values.get("bundle-dir");
  if (more.length > 0) throw notOneFile(paths.length);
  return { kind: "sign", target: { path, bundleDir: bundleDir === "" ? undefined : bundleDir } };
}

/** What `demo` says to more files than one. */
export function notOneFile(count: number): SigstepError {
  return new SigstepError("INPUT_VALUE", `demo signs one file, not ${count}.`, {
    hint: "Name one, or none: then it makes one. For many, sigstep demo --serve and sigstep sign.",
  });
}

function choose<const T extends string>(
  { values }: Flags,
  name: DemoInputName,
  choices: readonly [T, ...T[]],
): T {
  const value = values.get(name);
  if (value === undefined) return choices[0];
  const found = choices.find((choice) => choice === value.trim().toLowerCase());
  if (found !== undefined) return found;
  const wanted = choices.join(" or ");
  throw new SigstepError("INPUT_VALUE", `Flag --${name} is ${quote(value, 60)}, not ${wanted}.`, {
    where: name,
    hint: `Write ${choices.map((choice) => `--${name}=${choice}`).join(" or ")}.`,
  });
}
