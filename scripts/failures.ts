// The README's "When it fails": the errors themselves, made here by the code that throws them, so that the
// exact words can be searched for and never grow stale. Add an error when users meet it often.
import { type SigstepError, toSigstepError } from "../src/errors.ts";
import {
  gitHubIdentityAbsent,
  gitLabIdentityAbsent,
  identityAbsent,
} from "../src/runner/absent-identity.ts";
import { budgetSpent } from "../src/services/unavailable.ts";
import { parseIdentityToken } from "../src/sigstore/token.ts";
import { findFiles } from "../src/subjects/find.ts";

const pullRequest = (full_name: string): object => ({ repo: { full_name } });
const fork = { pull_request: { base: pullRequest("you/app"), head: pullRequest("other/app") } };

const now = new Date("2026-01-01T12:00:00Z");

/** A token with these claims, as far as we read it. */
function token(claims: object): string {
  const payload = Buffer.from(JSON.stringify(claims)).toString("base64url");
  return `e30.${payload}.e30`;
}

/** The error that `action` ends with. */
async function errorOf(action: () => unknown): Promise<SigstepError> {
  try {
    await action();
  } catch (error) {
    return toSigstepError(error);
  }
  throw new TypeError("nothing failed");
}

const claims = {
  iss: "https://gitlab.com",
  sub: "x",
  aud: "https://gitlab.com",
  exp: 1_767_268_740,
};

const failures: readonly SigstepError[] = [
  gitHubIdentityAbsent({ actor: "you", event: {} }),
  gitHubIdentityAbsent({ actor: "you", event: fork }),
  gitHubIdentityAbsent({ actor: "dependabot[bot]", event: {} }),
  gitLabIdentityAbsent("sigstore"),
  identityAbsent("sigstore"),
  await errorOf(() => parseIdentityToken(token(claims), "sigstore", now)),
  await errorOf(() => parseIdentityToken(token({ ...claims, aud: "sigstore" }), "sigstore", now)),
  await errorOf(() => findFiles(["dist/*.tar.gz"])),
  budgetSpent(
    {
      service: "Rekor",
      host: "rekor.sigstore.dev",
      proxyHost: undefined,
      tries: 24,
      elapsedMs: 300_000,
      last: "502",
      said: "",
    },
    undefined,
  ),
];

/** Each message with its hint as a block to copy from. */
export function failureList(): string {
  return failures
    .map(
      ({ code, message, hint }) =>
        `\n**${message}** (\`${code}\`)\n\n\`\`\`text\n${hint}\n\`\`\`\n`,
    )
    .join("");
}
