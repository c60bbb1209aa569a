// Short forms of a source: a repository of GitHub, a project of GitLab, each with the issuer of its jobs.
import { quote, SigstepError } from "../errors.ts";

/** A source repository as certificates name it. */
export interface Source {
  readonly uri: string;
  /** Whose identities its jobs have; undefined where the address does not tell. */
  readonly issuer: string | undefined;
}

/**
 * `OWNER/NAME` on github.com, or the full address of a repository on another GitHub. Its letters'
 * case counts: certificates have the name as it is spelled on its page.
 *
 * @param name - What the user calls it, for the message.
 * @throws SigstepError POLICY_INVALID
 */
export function parseRepository(text: string, name: string): Source {
  const [, given, path] = /^(https:\/\/[\w.:-]+\/)?([\w-]+\/[\w.-]+)$/.exec(text) ?? [];
  if (path === undefined || /(?:\/\.{1,2}|\.git)$/.test(path)) {
    throw new SigstepError("POLICY_INVALID", `${name} ${quote(text)} is no repository.`, {
      where: name,
      hint: "Write OWNER/NAME, or https://HOST/OWNER/NAME.",
    });
  }
  const origin = given ?? "https://github.com/";
  return { uri: `${origin}${path}`, issuer: githubIssuer(origin) };
}

/** GitHub Enterprise Server has an issuer of its own choice. */
function githubIssuer(origin: string): string | undefined {
  if (origin === "https://github.com/") return "https://token.actions.githubusercontent.com";
  const [, tenant] = /^https:\/\/([a-z0-9-]+)\.ghe\.com\/$/.exec(origin) ?? [];
  return tenant === undefined ? undefined : `https://token.actions.${tenant}.ghe.com`;
}

/**
 * `GROUP/NAME` on gitlab.com, in as many groups as there are, or the full address of a project on
 * another GitLab, whose origin is then the issuer unless another is named.
 *
 * @throws SigstepError POLICY_INVALID
 */
export function parseProject(text: string, name: string): Source {
  const [, given, path] = /^(https:\/\/[\w.:-]+\/)?([\w.-]+(?:\/[\w.-]+){1,30})$/.exec(text) ?? [];
  if (path === undefined || /(?:^|\/)\.{1,2}(?:\/|$)|\.git$/.test(path)) {
    throw new SigstepError("POLICY_INVALID", `${name} ${quote(text)} is no project.`, {
      where: name,
      hint: "Write GROUP/NAME, or https://HOST/GROUP/NAME.",
    });
  }
  const origin = given ?? "https://gitlab.com/";
  return { uri: `${origin}${path}`, issuer: origin.slice(0, -1) };
}
