// What GitHub's refusals mean and what to do about them. Its statuses say little: 403 and 404 both stand
// for a missing permission, a missing feature and more; its words and headers tell them apart.
import { SigstepError, type ErrorCode } from "../errors.ts";
import type { HttpResponse } from "../services/http.ts";
import { describeRepository, isGitHubCloud, type GitHubPlace } from "./place.ts";

/** What was asked for, so that the answer can be explained. */
export interface Errand {
  readonly place: GitHubPlace;
  /** Of the job's token: `attestations: write`. */
  readonly permission: string;
  /** "the attestation", for messages. */
  readonly what: string;
  /** What GitHub calls the feature, where GitHub Enterprise Server may lack it. */
  readonly feature?: string;
}

/** The error for an answer that is no success, with GitHub's own words, shortened. */
export function gitHubRefusal(answer: HttpResponse, errand: Errand): SigstepError {
  const words = answer.excerpt();
  if (/not available|is not enabled|isn't enabled/i.test(words)) return notOffered(answer, errand);
  if (/Resource not accessible by/i.test(words)) return forbidden(answer, errand);
  if (/too large|exceeds .*(size|limit)/i.test(words)) {
    return refusal("STORE_REFUSED", answer, errand, tooLarge);
  }
  return byStatus(answer, errand);
}

function byStatus(answer: HttpResponse, errand: Errand): SigstepError {
  const { status } = answer;
  if (status >= 300 && status < 400) return moved(answer, errand);
  switch (status) {
    case 401:
      return refusal("PERMISSION_MISSING", answer, errand, tokenInvalid);
    case 403:
      return forbidden(answer, errand);
    case 404:
      return notFound(answer, errand);
    case 413:
      return refusal("STORE_REFUSED", answer, errand, tooLarge);
    default:
      return refusal("STORE_REFUSED", answer, errand, status === 422 ? invalidHint(errand) : "");
  }
}

const tokenInvalid =
  "The token is not valid here: a job's token ends with the job, others expire. Pass `github-token: ${{ github.token }}`.";
const tooLarge =
  "It is larger than GitHub takes: shorten the predicate, or set `github-attestations: never` and keep the bundle files.";
/** Only of attestations is it known what GitHub finds invalid. */
function invalidHint({ feature }: Errand): string {
  return feature === undefined ? "" : invalid;
}

const invalid =
  "GitHub takes only what was signed in this repository by its public or own Sigstore instance; with a private one set `github-attestations: never`.";

/** Words of `permissions:` in a workflow. */
function permissionHint({ permission, place }: Errand): string {
  if (place.restricted === "fork") {
    return "A pull request from a fork gets a read-only token, whatever `permissions:` says: run this step on push, or in a workflow_run workflow.";
  }
  if (place.restricted === "dependabot") {
    return "Dependabot's runs get a read-only token unless the workflow sets it: add the permission, or run this step on push.";
  }
  return [
    "Give the job the permission:",
    "permissions:",
    `  ${permission}`,
    "In a reusable workflow the caller's job needs it too: it caps what the called one gets. A token other than the job's own needs it in its settings.",
  ].join("\n");
}

function forbidden(answer: HttpResponse, errand: Errand): SigstepError {
  if (/SAML|single sign-on|IP allow list|archived|suspended|blocked/i.test(answer.excerpt())) {
    const hint =
      "The repository's or organisation's settings forbid it; the permission is not why.";
    return refusal("STORE_REFUSED", answer, errand, hint);
  }
  return refusal("PERMISSION_MISSING", answer, errand, permissionHint(errand));
}

function notFound(answer: HttpResponse, errand: Errand): SigstepError {
  if (errand.feature !== undefined && !isGitHubCloud(errand.place))
    return notOffered(answer, errand);
  const hint = `Check the name, and that the token may see it: to a token without rights for it, GitHub denies that ${describeRepository(errand.place)} exists. It needs \`${errand.permission}\`.`;
  return refusal("STORE_REFUSED", answer, errand, hint);
}

function notOffered(answer: HttpResponse, errand: Errand): SigstepError {
  const hint = isGitHubCloud(errand.place)
    ? "GitHub keeps attestations for public repositories, and for private ones only of organisations on GitHub Enterprise Cloud. Set `github-attestations: auto` or `never`; the bundle files hold the same and verify without it."
    : `This GitHub Enterprise Server (${errand.place.apiUrl.host}) does not offer ${errand.feature ?? "it"}. Set \`github-attestations: never\`; the bundle files hold the same and verify without it.`;
  return refusal("STORE_NOT_OFFERED", answer, errand, hint);
}

function moved(answer: HttpResponse, errand: Errand): SigstepError {
  const hint = `${describeRepository(errand.place)} was renamed or moved: use its present name. No token is sent after a redirect.`;
  return refusal("STORE_REFUSED", answer, errand, hint);
}

function refusal(
  code: ErrorCode,
  answer: HttpResponse,
  ...[errand, hint]: readonly [Errand, string]
): SigstepError {
  const words = answer.excerpt();
  const said = words === "" ? "" : `, ${words}`;
  const wanted = wantedPermissions(answer);
  return new SigstepError(
    code,
    `GitHub refused ${errand.what} of ${describeRepository(errand.place)}: status ${answer.status}${said}${wanted}.`,
    { hint, where: errand.place.apiUrl.host },
  );
}

/** GitHub names the permissions that would do, in a header of its own. */
function wantedPermissions(answer: HttpResponse): string {
  const text = answer.headers["x-accepted-github-permissions"] ?? "";
  if (answer.status !== 403 || !/^[a-z_]+=[a-z]+([,;] ?[a-z_]+=[a-z]+){0,9}$/.test(text)) return "";
  return ` (it wants ${text})`;
}
