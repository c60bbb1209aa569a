// The README's "When it fails": the errors themselves, made here by the code that throws them, so that the
// exact words can be searched for and never grow stale. Add an error when users meet it often.
import type { SigstepError } from "../src/errors.ts";
import {
  gitHubIdentityAbsent,
  gitLabIdentityAbsent,
  identityAbsent,
} from "../src/runner/absent-identity.ts";

const pullRequest = (full_name: string): object => ({ repo: { full_name } });
const fork = { pull_request: { base: pullRequest("you/app"), head: pullRequest("other/app") } };

const failures: readonly SigstepError[] = [
  gitHubIdentityAbsent({ actor: "you", event: {} }),
  gitHubIdentityAbsent({ actor: "you", event: fork }),
  gitHubIdentityAbsent({ actor: "dependabot[bot]", event: {} }),
  gitLabIdentityAbsent("sigstore"),
  identityAbsent("sigstore"),
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
