// Keeps a private repository out of a public log unless its owner says so: nothing is sent before.
import { encodeHex } from "../encoding/base64.ts";
import { quote, SigstepError } from "../errors.ts";
import type { IdentityToken } from "../sigstore/token.ts";
import { parseTrustedRoot, type TrustedRoot } from "../sigstore/trust.ts";
import type { Plan } from "./plan.ts";

const shownFiles = 20;

/** Claims that certificate and log would show for ever, with how to call them. */
const shownClaims: readonly (readonly [label: string, ...claims: readonly string[]])[] = [
  ["identity", "job_workflow_ref", "ci_config_ref_uri", "email"],
  ["repository", "repository", "project_path"],
  ["ref", "ref"],
  ["commit", "sha"],
  ["run", "run_id", "job_id"],
  ["subject", "sub"],
];

/**
 * Stops a run that would publish what its token says is not public.
 *
 * @throws SigstepError PUBLIC_LOG_NOT_ALLOWED with the list of what would become public.
 */
export async function guardPublicLog(
  token: IdentityToken,
  plan: Plan,
  allowed: boolean,
): Promise<void> {
  const visibility =
    token.claims.get("repository_visibility") ?? token.claims.get("project_visibility");
  if (allowed || visibility === undefined || visibility === "public") return;
  if (!plan.instance.isPublicGood && !(await knowsPublicLogs(plan.instance.trustedRoot))) return;
  throw new SigstepError(
    "PUBLIC_LOG_NOT_ALLOWED",
    `Nothing was sent: the repository is ${quote(visibility)}, and signing with the public Sigstore instance would publish for ever:\n${listPublic(token, plan)}`,
    {
      hint: "If that is what you want, set `allow-public-log: true`. If not, use a Sigstore instance of your own: signing-config and trusted-root.",
    },
  );
}

function listPublic(token: IdentityToken, plan: Plan): string {
  const claims = shownClaims.flatMap(([label, ...names]) => {
    const name = names.find((candidate) => token.claims.has(candidate));
    const value = token.claims.get(name ?? "");
    return value === undefined ? [] : [`  ${label}: ${quote(value, 200)}`];
  });
  const files = plan.files.slice(0, shownFiles).map(({ path }) => `  digest of ${quote(path)}`);
  const rest = plan.files.length - files.length;
  return [...claims, ...files, ...(rest > 0 ? [`  and ${rest} more digests`] : [])].join("\n");
}

/** Other addresses may lead to the same public logs: their keys tell. */
async function knowsPublicLogs(trustedRoot: TrustedRoot): Promise<boolean> {
  const { publicGood } = await import("../sigstore/public-good/embedded.ts");
  const known = parseTrustedRoot(publicGood.trustedRoot, "embedded public-good");
  const ids = new Set(known.logs.map(({ logId }) => encodeHex(logId)));
  return trustedRoot.logs.some(({ logId }) => ids.has(encodeHex(logId)));
}
