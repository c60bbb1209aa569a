// The programs that are compared, as a job would run them on the stack.
import { join } from "node:path";
import { rm } from "node:fs/promises";
import { ensureTools } from "../test/stack/tools.ts";
import type { Stack } from "../test/stack/start.ts";
import type { Contestant } from "./measure.ts";

const cli = process.env.SIGSTEP_BENCH_CLI ?? join(import.meta.dirname, "../dist/cli.js");
const peer = join(import.meta.dirname, "peer.mjs");

/** The environment that makes our program use the stack. */
export function ourEnvironment(stack: Stack, rekorVersion: 1 | 2): Record<string, string> {
  const { trustedRoot, signingConfigV1, signingConfigV2 } = stack.trust;
  return {
    ...stack.environment,
    SIGSTEP_TRUSTED_ROOT: trustedRoot,
    SIGSTEP_SIGNING_CONFIG: rekorVersion === 1 ? signingConfigV1 : signingConfigV2,
    SIGSTEP_FORCE: "true",
  };
}

/** sigstep over `paths`. */
export function sigstep(
  stack: Stack,
  paths: readonly string[],
  rekorVersion: 1 | 2 = 1,
): Contestant {
  return {
    name: "sigstep",
    command: [process.execPath, cli, "sign", ...paths],
    environment: ourEnvironment(stack, rekorVersion),
  };
}

/** cosign over one file. */
export async function cosign(
  stack: Stack,
  path: string,
  rekorVersion: 1 | 2 = 1,
): Promise<Contestant> {
  const { cosign: program } = await ensureTools(["cosign"]);
  const { trustedRoot, signingConfigV1, signingConfigV2 } = stack.trust;
  const bundle = `${path}.cosign.json`;
  return {
    name: "cosign",
    command: [
      ...[
        program,
        "sign-blob",
        "-y",
        "--oidc-provider",
        "github-actions",
        "--trusted-root",
        trustedRoot,
      ],
      ...["--signing-config", rekorVersion === 1 ? signingConfigV1 : signingConfigV2],
      ...["--bundle", bundle, path],
    ],
    environment: stack.environment,
    prepare: () => rm(bundle, { force: true }),
  };
}

/** sigstep signs one image. */
export function sigstepImages(stack: Stack, reference: string, folder: string): Contestant {
  const args = ["sign", "--subject-images", reference, "--bundle-dir", folder];
  const environment = ourEnvironment(stack, 1);
  return { name: "sigstep", command: [process.execPath, cli, ...args], environment };
}

/** sigstep attests. */
export function sigstepAttest(
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
): Contestant {
  return { name: "sigstep", command: [process.execPath, cli, "attest", ...args], environment };
}

/** One attestation by cosign, Rekor v1. */
export async function cosignAttest(
  stack: Stack,
  order: { readonly path: string; readonly predicate: string; readonly predicateType: string },
): Promise<Contestant> {
  const { cosign: program } = await ensureTools(["cosign"]);
  const { trustedRoot, signingConfigV1 } = stack.trust;
  const bundle = `${order.path}.cosign.json`;
  return {
    name: "cosign",
    command: [
      ...[program, "attest-blob", "-y", "--oidc-provider", "github-actions"],
      ...["--trusted-root", trustedRoot, "--signing-config", signingConfigV1],
      ...["--predicate", order.predicate, "--type", order.predicateType],
      ...["--bundle", bundle, order.path],
    ],
    environment: stack.environment,
    prepare: () => rm(bundle, { force: true }),
  };
}

/** cosign over one image, or one attestation about it, Rekor v1. */
export async function cosignImage(stack: Stack, args: readonly string[]): Promise<Contestant> {
  const { cosign: program } = await ensureTools(["cosign"]);
  const { trustedRoot, signingConfigV1 } = stack.trust;
  const [command = "", ...rest] = args;
  const trust = ["--trusted-root", trustedRoot, "--signing-config", signingConfigV1];
  return {
    name: "cosign",
    command: [program, command, "-y", "--oidc-provider", "github-actions", ...trust, ...rest],
    environment: stack.environment,
  };
}

/** The library for JavaScript, Rekor v1. */
export function sigstoreSign(stack: Stack, path: string): Contestant {
  const { fulcio, rekor1, tsa } = stack.urls;
  return {
    name: "@sigstore/sign",
    command: [process.execPath, peer, fulcio, rekor1, new URL(tsa).origin, path],
    environment: stack.environment,
  };
}
