// Other people's signers, whose bundles ours must accept: cosign and sigstore-go's own client.

import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { emptyEnvironment, runOk } from "./run.ts";
import type { Stack } from "./start.ts";
import { ensureTools } from "./tools.ts";

export interface SigningOrder {
  readonly stack: Stack;
  /** Which version of Rekor gets the entry. */
  readonly log: "v1" | "v2";
  readonly file: string;
  /** Where the bundle goes. */
  readonly bundle: string;
  /** The stack's GitHub identity when absent. */
  readonly token?: string;
}

export interface AttestationOrder extends SigningOrder {
  /** Path of a JSON file. */
  readonly predicate: string;
  readonly predicateType: string;
}

export interface Signer {
  readonly name: "cosign" | "sgo";
  signBlob(order: SigningOrder): Promise<void>;
}

export const cosign = {
  name: "cosign",
  signBlob: (order: SigningOrder): Promise<void> => runSigner("cosign", order, ["sign-blob", "-y"]),
  signAttestation: (order: AttestationOrder): Promise<void> => {
    const { predicate, predicateType } = order;
    const predicateOptions = ["--predicate", predicate, "--type", predicateType];
    return runSigner("cosign", order, ["attest-blob", "-y", ...predicateOptions]);
  },
} as const;

export const sgo = {
  name: "sgo",
  signBlob: (order: SigningOrder): Promise<void> => runSigner("sgo", order, ["sign-bundle"]),
  /** Signs an in-toto statement: `order.file` is the statement, not its subject. */
  signStatement: (order: SigningOrder): Promise<void> =>
    runSigner("sgo", order, ["sign-bundle", "--in-toto"]),
} as const;

export const signers: readonly Signer[] = [cosign, sgo];

async function runSigner(
  name: Signer["name"],
  order: SigningOrder,
  command: readonly string[],
): Promise<void> {
  const tools = await ensureTools([name]);
  const options = ["--identity-token", await tokenOf(order), "--bundle", order.bundle];
  await runOk(tools[name], [...command, ...options, ...trustOf(order), order.file], {
    environment: emptyEnvironment(await mkdtemp(join(order.stack.directory, `${name}-`))),
  });
}

async function tokenOf({ stack, token }: SigningOrder): Promise<string> {
  return token ?? (await stack.githubToken());
}

function trustOf({ stack: { trust }, log }: SigningOrder): readonly string[] {
  const signingConfig = { v1: trust.signingConfigV1, v2: trust.signingConfigV2 }[log];
  return ["--signing-config", signingConfig, "--trusted-root", trust.trustedRoot];
}
