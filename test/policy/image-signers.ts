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
