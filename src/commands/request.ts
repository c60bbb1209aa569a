// Raw texts of the inputs → one typed request. Every check that needs no file and no network is here.
import { SigstepError } from "../errors.ts";
import { InputReader, type InputSource } from "./input-reader.ts";
import { signInputs, type InputName, type RunInputName } from "./input-table.ts";
import { chooseInstance, type InstanceChoice } from "./instance-choice.ts";
import { parseStoreRequest, type StoreRequest } from "./store-request.ts";

/** Where the identity token comes from. */
export type TokenChoice =
  | { readonly kind: "ambient" }
  | { readonly kind: "given"; readonly token: string }
  | { readonly kind: "file"; readonly path: string };

/** What a user asks of any run that signs. */
export interface RunRequest {
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

/** What a user asks of `sign`. */
export interface SignRequest extends RunRequest {
  /** Paths and globs. */
  readonly items: readonly string[];
  readonly bundleDir: string | undefined;
  readonly stores: StoreRequest;
}

/**
 * The request that the inputs make.
 *
 * @param paths - Paths of the command line, each one item.
 * @throws SigstepError INPUT_VALUE, INPUT_MISSING, INPUT_CONFLICT
 */
export function parseSignRequest(source: InputSource, paths: readonly string[]): SignRequest {
  const inputs = new InputReader<InputName>(source, signInputs);
  return {
    items: [...inputs.list("inputs"), ...paths],
    bundleDir: inputs.text("bundle-dir"),
    stores: parseStoreRequest(inputs),
    ...parseRunRequest(inputs),
  };
}

/**
 * The part of a request that `sign` and `attest` have in common.
 *
 * @throws SigstepError INPUT_VALUE, INPUT_MISSING, INPUT_CONFLICT
 */
export function parseRunRequest(inputs: InputReader<RunInputName>): RunRequest {
  return {
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

function chooseToken(inputs: InputReader<RunInputName>): TokenChoice {
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
