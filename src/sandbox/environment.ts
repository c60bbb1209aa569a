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
  /** How trust is given: as files, unless it is to be asked of the TUF repository. */
  readonly trust?: "files" | "tuf";
}

interface Parts {
  readonly trustedRoot: string;
  readonly signingConfig: { readonly v1: string; readonly v2: string };
  readonly issuers: Readonly<Record<IssuerKind, Issuer>>;
  readonly tuf: { readonly url: string; readonly root: string };
}

/** Writes the files and gives the variables. */
export async function writeEnvironment(
  directory: string,
  { trustedRoot, signingConfig, issuers, tuf }: Parts,
  { rekorVersion = 1, runner = "github", trust = "files" }: EnvironmentOptions,
): Promise<Record<string, string>> {
  await mkdir(directory, { recursive: true });
  const files = {
    "trusted-root.json": trustedRoot,
    "signing-config-rekor-v1.json": signingConfig.v1,
    "signing-config-rekor-v2.json": signingConfig.v2,
    "tuf-root.json": tuf.root,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  const variables = await runnerVariables(runner, issuers);
  if (trust === "tuf") {
    const root = resolve(directory, "tuf-root.json");
    return { SIGSTEP_TUF_MIRROR: tuf.url, SIGSTEP_TUF_ROOT: root, ...variables };
  }
  return {
    SIGSTEP_TRUSTED_ROOT: resolve(directory, "trusted-root.json"),
    SIGSTEP_SIGNING_CONFIG: resolve(directory, `signing-config-rekor-v${rekorVersion}.json`),
    ...variables,
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
