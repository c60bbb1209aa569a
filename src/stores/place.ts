// Where on GitHub a run keeps things: instance, repository and the token for it, all given as values.
import { quote, SigstepError } from "../errors.ts";

/** A repository on one GitHub instance, and what may be done with it. */
export interface GitHubPlace {
  /** `https://api.github.com`, `https://api.<tenant>.ghe.com` or `https://<host>/api/v3`. */
  readonly apiUrl: URL;
  /** `https://github.com`, `https://<tenant>.ghe.com` or `https://<host>`. */
  readonly serverUrl: URL;
  readonly owner: string;
  readonly repository: string;
  /** A secret: goes to the API's host and its uploads host, nowhere else. */
  readonly token: string;
  /** Why GitHub makes every token of this run read-only; undefined when it does not. */
  readonly restricted?: "fork" | "dependabot" | undefined;
}

/** The parts of `GITHUB_REPOSITORY`. */
export interface RepositoryName {
  readonly owner: string;
  readonly repository: string;
}

/**
 * Owner and name of `owner/name`.
 *
 * @throws SigstepError INPUT_VALUE for anything that could not be a repository's name.
 */
export function parseRepositoryName(text: string): RepositoryName {
  const [, owner, repository] = /^([\w-]{1,100})\/([\w.-]{1,100})$/.exec(text) ?? [];
  if (owner === undefined || repository === undefined || /^\.\.?$/.test(repository)) {
    throw new SigstepError("INPUT_VALUE", `The repository ${quote(text)} is not owner/name.`, {
      hint: "GitHub sets it as GITHUB_REPOSITORY, such as acme/app.",
      where: "GITHUB_REPOSITORY",
    });
  }
  return { owner, repository };
}

/** `owner/name`, as people write it. */
export function describeRepository({ owner, repository }: RepositoryName): string {
  return `${owner}/${repository}`;
}

/** Whether the instance is one that GitHub runs: github.com or a tenant of ghe.com. */
export function isGitHubCloud({ apiUrl }: Pick<GitHubPlace, "apiUrl">): boolean {
  return apiUrl.hostname === "api.github.com" || tenantOf(apiUrl) !== undefined;
}

/**
 * The only origin that may be given the bytes of a release asset. An answer's `upload_url` has to
 * agree with it, so that nobody who changes an answer can lead the token elsewhere.
 */
export function uploadsOrigin({ apiUrl }: Pick<GitHubPlace, "apiUrl">): string {
  if (apiUrl.origin === "https://api.github.com") return "https://uploads.github.com";
  const tenant = tenantOf(apiUrl);
  return tenant === undefined ? apiUrl.origin : `https://uploads.${tenant}.ghe.com`;
}

function tenantOf(apiUrl: URL): string | undefined {
  return /^https:\/\/api\.([a-z0-9-]+)\.ghe\.com$/.exec(apiUrl.origin)?.[1];
}
