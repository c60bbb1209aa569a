// Who signs images for the policy engines: other people's signer first, then ours.

import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { emptyEnvironment, runOk } from "../stack/run.ts";
import type { Stack } from "../stack/start.ts";
import { ensureTools } from "../stack/tools.ts";

export interface ImageOrder {
  readonly stack: Stack;
  /** Which version of Rekor gets the entry. */
  readonly log: "v1" | "v2";
  /** `host/repository@sha256:…` */
  readonly image: string;
  /** The stack's GitHub identity when absent. */
  readonly token?: string;
  /** Where our own program leaves bundles and the policy; a new folder when absent. */
  readonly folder?: string;
}

export interface ImageSigner {
  readonly name: string;
  sign(order: ImageOrder): Promise<void>;
  /** A statement of this predicate type, with the predicate of a file. */
  attest(order: ImageOrder, type: string, predicate: string): Promise<void>;
}

export const cosignSigner: ImageSigner = {
  name: "cosign",
  sign: (order) => runCosign(order, ["sign", "-y"]),
  attest: (order, type, predicate) =>
    runCosign(order, ["attest", "-y", "--type", type, "--predicate", predicate]),
};

/** Our own program, from its sources. */
export const ownSigner: ImageSigner = {
  name: "sigstep",
  sign: (order) => runOwn(order, ["sign"]),
  attest: (order, type, predicate) =>
    runOwn(order, ["attest", "--predicate-type", type, "--predicate-path", predicate]),
};

export const imageSigners: readonly ImageSigner[] = [cosignSigner, ownSigner];

async function runCosign(order: ImageOrder, command: readonly string[]): Promise<void> {
  const { stack, log, image } = order;
  const { trust } = stack;
  const { cosign } = await ensureTools(["cosign"]);
  const signingConfig = { v1: trust.signingConfigV1, v2: trust.signingConfigV2 }[log];
  const token = order.token ?? (await stack.githubToken());
  const options = ["--signing-config", signingConfig, "--trusted-root", trust.trustedRoot];
  await runOk(cosign, [...command, ...options, "--identity-token", token, image], {
    environment: emptyEnvironment(await mkdtemp(join(stack.directory, "cosign-"))),
  });
}

async function runOwn(order: ImageOrder, command: readonly string[]): Promise<void> {
  const { stack, log, image } = order;
  const { trustedRoot, signingConfigV1, signingConfigV2 } = stack.trust;
  const home = await mkdtemp(join(stack.directory, "own-"));
  const cli = join(import.meta.dirname, "../../src/cli.ts");
  const { folder = join(home, "bundles") } = order;
  const options = ["--subject-images", image, "--bundle-dir", folder];
  await runOk(process.execPath, [cli, ...command, ...options], {
    directory: home,
    environment: {
      ...emptyEnvironment(home),
      SIGSTORE_ID_TOKEN: order.token ?? (await stack.githubToken()),
      SIGSTEP_TRUSTED_ROOT: trustedRoot,
      SIGSTEP_SIGNING_CONFIG: { v1: signingConfigV1, v2: signingConfigV2 }[log],
    },
  });
}
