// How a process is told to use a sandbox: trust files in a directory, and variables that point there.
import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { IssuerKind } from "./claims.ts";
import type { Issuer } from "./issuer.ts";

/** What the environment is to look like. */
export interface EnvironmentOptions {
  /** 1 when absent. */
  readonly rekorVersion?: 1 | 2;
  /**
   * Which CI to imitate, GitHub when absent: its endpoint for tokens, or GitLab's variable with one
   * token. "none" gives the trust files alone.
   */
  readonly runner?: "github" | "gitlab" | "none";
}

interface Parts {
  readonly trustedRoot: string;
  readonly signingConfig: { readonly v1: string; readonly v2: string };
  readonly issuers: Readonly<Record<IssuerKind, Issuer>>;
}

/** Writes the files and gives the variables. */
export async function writeEnvironment(
  directory: string,
  { trustedRoot, signingConfig, issuers }: Parts,
  { rekorVersion = 1, runner = "github" }: EnvironmentOptions,
): Promise<Record<string, string>> {
  await mkdir(directory, { recursive: true });
  const files = {
    "trusted-root.json": trustedRoot,
    "signing-config-rekor-v1.json": signingConfig.v1,
    "signing-config-rekor-v2.json": signingConfig.v2,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  return {
    SIGSTEP_TRUSTED_ROOT: resolve(directory, "trusted-root.json"),
    SIGSTEP_SIGNING_CONFIG: resolve(directory, `signing-config-rekor-v${rekorVersion}.json`),
    ...(await runnerVariables(runner, issuers)),
  };
}

async function runnerVariables(
  runner: NonNullable<EnvironmentOptions["runner"]>,
  { github, gitlab }: Parts["issuers"],
): Promise<Record<string, string>> {
  switch (runner) {
    case "none":
      return {};
    case "gitlab":
      return { GITLAB_CI: "true", SIGSTORE_ID_TOKEN: await gitlab.token() };
    case "github":
      return {
        GITHUB_ACTIONS: "true",
        GITHUB_REPOSITORY: "acme/widget",
        GITHUB_EVENT_NAME: "push",
        ACTIONS_ID_TOKEN_REQUEST_URL: github.requestUrl,
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: github.requestToken,
      };
  }
}
