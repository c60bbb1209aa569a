// Raw texts of the inputs → one typed request. Every check that needs no file and no network is here.
import { quote, SigstepError } from "../errors.ts";
import { signInputs, type InputName, type InputSpec } from "./input-table.ts";
import { parseList } from "./words.ts";

/** Raw text of an input and whether it was given at all. */
export type InputSource = (name: InputName) => string | undefined;

/** Whose services to use. */
export type InstanceChoice =
  | { readonly kind: "public-good"; readonly rekorVersion: 1 | 2 }
  | {
      readonly kind: "custom";
      readonly signingConfig: string;
      readonly trustedRoot: string;
      /** What the user expects the signing config to choose, when said. */
      readonly rekorVersion: 1 | 2 | undefined;
    };

/** Where the identity token comes from. */
export type TokenChoice =
  | { readonly kind: "ambient" }
  | { readonly kind: "given"; readonly token: string }
  | { readonly kind: "file"; readonly path: string };

/** What a user asks of `sign`. */
export interface SignRequest {
  /** Paths and globs. */
  readonly items: readonly string[];
  readonly bundleDir: string | undefined;
  readonly instance: InstanceChoice;
  readonly token: TokenChoice;
  readonly audience: string;
  readonly retryBudgetMs: number;
  readonly concurrency: number | undefined;
  readonly force: boolean;
  readonly allowPublicLog: boolean;
  readonly insecureHosts: readonly string[];
  readonly caFile: string | undefined;
  readonly dryRun: boolean;
  readonly showSummary: boolean;
}

/**
 * The request that the inputs make.
 *
 * @param paths - Paths of the command line, each one item.
 * @throws SigstepError INPUT_VALUE, INPUT_MISSING, INPUT_CONFLICT
 */
export function parseSignRequest(source: InputSource, paths: readonly string[]): SignRequest {
  const inputs = new InputReader(source);
  return {
    items: [...inputs.list("inputs"), ...paths],
    bundleDir: inputs.text("bundle-dir"),
    instance: chooseInstance(inputs),
    token: chooseToken(inputs),
    audience: inputs.text("audience") ?? "sigstore",
    retryBudgetMs: (inputs.integer("retry-budget") ?? 0) * 1000,
    concurrency: inputs.integer("concurrency"),
    force: inputs.boolean("force"),
    allowPublicLog: inputs.boolean("allow-public-log"),
    insecureHosts: inputs.list("allow-insecure-hosts"),
    caFile: inputs.text("ca-file"),
    dryRun: inputs.boolean("dry-run"),
    showSummary: inputs.boolean("show-summary"),
  };
}

function chooseInstance(inputs: InputReader): InstanceChoice {
  const signingConfig = inputs.text("signing-config");
  const trustedRoot = inputs.text("trusted-root");
  const given = inputs.given("rekor-version");
  const version = inputs.text("rekor-version") === "2" ? 2 : 1;
  if (signingConfig !== undefined && trustedRoot !== undefined) {
    return {
      kind: "custom",
      signingConfig,
      trustedRoot,
      rekorVersion: given ? version : undefined,
    };
  }
  if (signingConfig === undefined && trustedRoot === undefined) {
    return { kind: "public-good", rekorVersion: version };
  }
  const missing = signingConfig === undefined ? "signing-config" : "trusted-root";
  throw new SigstepError("INPUT_MISSING", `Input ${missing} is missing.`, {
    where: missing,
    hint: "Your own Sigstore instance needs both signing-config (whom to ask) and trusted-root (whom to believe).",
  });
}

function chooseToken(inputs: InputReader): TokenChoice {
  const token = inputs.text("identity-token")?.trim();
  const path = inputs.text("identity-token-file");
  if (token !== undefined && path !== undefined) {
    throw new SigstepError(
      "INPUT_CONFLICT",
      "Inputs identity-token and identity-token-file are both given.",
      { where: "identity-token", hint: "Give one of them." },
    );
  }
  if (token !== undefined) return { kind: "given", token };
  return path === undefined ? { kind: "ambient" } : { kind: "file", path };
}

/** Reads inputs by the table: kind and default are decided there and nowhere else. */
class InputReader {
  readonly #source: InputSource;

  constructor(source: InputSource) {
    this.#source = source;
  }

  given(name: InputName): boolean {
    return (this.#source(name) ?? "") !== "";
  }

  /** The value, or the default; undefined when there is neither. An empty value is none. */
  text(name: InputName): string | undefined {
    const value = this.given(name) ? this.#source(name) : this.#spec(name).default;
    if (value === undefined || value === "") return undefined;
    const { kind } = this.#spec(name);
    if (kind.type === "choice" && !kind.choices.includes(value)) {
      throw wrongValue(name, value, `one of ${kind.choices.join(", ")}`);
    }
    if (value.includes("\0")) throw wrongValue(name, "…", "text without NUL characters");
    return value;
  }

  list(name: InputName): string[] {
    return parseList(this.text(name) ?? "", name);
  }

  boolean(name: InputName): boolean {
    const value = this.text(name)?.trim().toLowerCase() ?? "false";
    if (value !== "true" && value !== "false") throw wrongValue(name, value, "true or false");
    return value === "true";
  }

  integer(name: InputName): number | undefined {
    const value = this.text(name)?.trim();
    const { kind } = this.#spec(name);
    if (value === undefined || kind.type !== "integer") return undefined;
    const number = Number(value);
    if (/^\d{1,9}$/.test(value) && number >= kind.min && number <= kind.max) return number;
    throw wrongValue(name, value, `a whole number from ${kind.min} to ${kind.max}`);
  }

  #spec(name: InputName): InputSpec {
    const spec = signInputs.find((known) => known.name === name);
    if (spec === undefined) throw new TypeError(`There is no input ${name}.`);
    return spec;
  }
}

function wrongValue(name: InputName, value: string, wanted: string): SigstepError {
  return new SigstepError("INPUT_VALUE", `Input ${name} is ${quote(value, 60)}, not ${wanted}.`, {
    where: name,
    hint: `Write ${name}: with ${wanted}.`,
  });
}
