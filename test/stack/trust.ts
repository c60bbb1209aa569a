// What a client must be given to trust a stack: trusted root, signing configs, and a TUF repository
// with them. cosign and go-tuf write the files, so that they are as others write them.

import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { runOk } from "./run.ts";
import { serveFiles, type FileServer } from "./file-server.ts";
import type { Tools } from "./tools.ts";

/** Where the services answer: `http://localhost:PORT`, without a path. */
export interface ServiceUrls {
  readonly fulcio: string;
  readonly rekor1: string;
  readonly rekor2: string;
  readonly tsa: string;
  readonly ctlog: string;
  readonly github: string;
  readonly gitlab: string;
  readonly email: string;
}

/** Paths of files, and the address of the TUF repository that serves the first two. */
export interface Trust {
  readonly trustedRoot: string;
  /** Certificates, timestamps, and Rekor v1. */
  readonly signingConfigV1: string;
  /** The same with Rekor v2. */
  readonly signingConfigV2: string;
  /** The trusted root as one line, which is how `gh` wants it. */
  readonly trustedRootLine: string;
  /** Trusted root and signing config v1 in one, which is how sigstore-python wants them. */
  readonly clientTrustConfig: string;
  /** The TUF repository's first root. */
  readonly tufRoot: string;
  readonly tufUrl: string;
}

export interface TrustPlan {
  /** A new folder for all files. */
  readonly directory: string;
  /** The folder that makePki() filled. */
  readonly pki: string;
  readonly urls: ServiceUrls;
  /** The port on which the TUF repository is served. */
  readonly tufPort: number;
  readonly tools: Tools<"cosign" | "tuf">;
}

/** Writes the files and serves the repository until `server.close()`. */
export async function makeTrust(plan: TrustPlan): Promise<{ trust: Trust; server: FileServer }> {
  await mkdir(plan.directory, { recursive: true });
  const repository = join(plan.directory, "tuf/repository");
  const trust = {
    trustedRoot: join(plan.directory, "trusted_root.json"),
    signingConfigV1: join(plan.directory, "signing_config.json"),
    signingConfigV2: join(plan.directory, "signing_config_rekor_v2.json"),
    trustedRootLine: join(plan.directory, "trusted_root.jsonl"),
    clientTrustConfig: join(plan.directory, "client_trust_config.json"),
    tufRoot: join(repository, "1.root.json"),
    tufUrl: `http://localhost:${plan.tufPort}`,
  };
  await Promise.all([
    writeTrustedRoot(plan, trust.trustedRoot),
    writeSigningConfig(plan, { out: trust.signingConfigV1, rekor: plan.urls.rekor1, version: 1 }),
    writeSigningConfig(plan, { out: trust.signingConfigV2, rekor: plan.urls.rekor2, version: 2 }),
  ]);
  await Promise.all([writeVariants(trust), writeTufRepository(plan, trust)]);
  return { trust, server: await serveFiles(repository, plan.tufPort) };
}

// Long before the first signature, so that no clock can matter.
const startTime = "start-time=2020-01-01T00:00:00Z";

async function writeTrustedRoot({ pki, urls, tools }: TrustPlan, out: string): Promise<void> {
  const key = (name: string): string => `public-key=${pki}/${name}.pub.pem,${startTime}`;
  const chain = (name: string): string => `certificate-chain=${pki}/${name}-chain.pem`;
  await runOk(tools.cosign, [
    ...["trusted-root", "create", "--out", out],
    `--fulcio=url=${urls.fulcio},${chain("fulcio")}`,
    `--ctfe=url=${urls.ctlog},${key("ctlog")}`,
    // A log of version 2 is known by its origin, the name in its checkpoints.
    `--rekor=url=${urls.rekor2},${key("rekor2")},origin=localhost`,
    `--rekor=url=${urls.rekor1},${key("rekor1")}`,
    `--tsa=url=${urls.tsa}/api/v1/timestamp,${chain("tsa")}`,
  ]);
}

async function writeSigningConfig(
  { urls, tools }: TrustPlan,
  { out, rekor, version }: { out: string; rekor: string; version: 1 | 2 },
): Promise<void> {
  const service = (url: string, apiVersion: number): string =>
    `url=${url},api-version=${apiVersion},${startTime},operator=local`;
  await runOk(tools.cosign, [
    ...["signing-config", "create", "--out", out],
    `--fulcio=${service(urls.fulcio, 1)}`,
    `--oidc-provider=${service(urls.email, 1)}`,
    `--rekor=${service(rekor, version)}`,
    "--rekor-config=ANY",
    `--tsa=${service(`${urls.tsa}/api/v1/timestamp`, 1)}`,
    "--tsa-config=ANY",
  ]);
}

async function writeVariants(trust: Trust): Promise<void> {
  const trustedRoot: unknown = JSON.parse(await readFile(trust.trustedRoot, "utf8"));
  const signingConfig: unknown = JSON.parse(await readFile(trust.signingConfigV1, "utf8"));
  await writeFile(trust.trustedRootLine, `${JSON.stringify(trustedRoot)}\n`);
  const mediaType = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json";
  await writeFile(
    trust.clientTrustConfig,
    JSON.stringify({ mediaType, trustedRoot, signingConfig }),
  );
}

async function writeTufRepository({ directory, tools }: TrustPlan, trust: Trust): Promise<void> {
  const repository = join(directory, "tuf");
  const tuf = async (...args: readonly string[]): Promise<void> => {
    await runOk(tools.tuf, ["-d", repository, "--insecure-plaintext", ...args], { directory });
  };
  await mkdir(join(repository, "staged/targets"), { recursive: true });
  await tuf("init");
  for (const role of ["root", "targets", "snapshot", "timestamp"]) {
    await tuf("gen-key", "--scheme=ecdsa-sha2-nistp256", "--expires=365", role);
  }
  const targets = join(repository, "staged/targets");
  await copyFile(trust.trustedRoot, join(targets, "trusted_root.json"));
  await copyFile(trust.signingConfigV1, join(targets, "signing_config.v0.2.json"));
  for (const step of ["add", "snapshot", "timestamp", "commit"]) await tuf(step);
}
