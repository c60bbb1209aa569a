// The words of the door: every error it throws about a service.
// No text of ours goes in (no header, no body, no path), and text from outside only shortened,
// escaped and redacted.

import { SigstepError, quote, type ErrorDetails } from "../errors.ts";
import type { Failure } from "./failure.ts";
import type { Answer } from "./http.ts";

/** What a message says about the request it is for. */
export interface Attempt {
  readonly service: string;
  readonly host: string;
  /** `host:port` of the proxy in between, or undefined. */
  readonly proxyHost: string | undefined;
  readonly tries: number;
  readonly elapsedMs: number;
  /** Status or error code of the last try. */
  readonly last: string;
  /** What the service said last, made harmless by {@link excerpt}; empty when nothing. */
  readonly said: string;
}

/** The budget is used up, or one try was all there was. */
export function budgetSpent(attempt: Attempt, cause: unknown): SigstepError {
  const time = attempt.tries === 1 ? "" : ` in ${seconds(attempt.elapsedMs)}`;
  return unavailable(attempt, `gave no answer${time} (${summary(attempt)})`, { cause });
}

/** The budget was used up by requests before this one. */
export function stillDown(attempt: Attempt): SigstepError {
  const text = `has given no answer for ${seconds(attempt.elapsedMs)}; it was not asked again`;
  return unavailable(attempt, text, {});
}

/** The service asks for more patience than there is. */
export function askedToWait(attempt: Attempt, waitMs: number, leftMs: number): SigstepError {
  const text = `asks to wait ${seconds(waitMs)}, longer than the ${seconds(leftMs)} left (${summary(attempt)})`;
  return unavailable(attempt, text, { hint: "Run again after that time, or raise retry-budget." });
}

/** The name is not known to the resolver. */
export function unknownHost(attempt: Attempt, cause: unknown): SigstepError {
  const text = `cannot be found: no address for this name (${summary(attempt)})`;
  const hint =
    "Check the name for typing errors and that this machine can resolve it; where names resolve only at a proxy, set HTTPS_PROXY.";
  return unavailable(attempt, text, { cause, hint });
}

/** The certificate, or TLS itself, does not hold. */
export function notTrusted(attempt: Attempt, cause: unknown): SigstepError {
  const [problem, hint] = tlsProblem(attempt.last);
  return unavailable(attempt, `is not trusted: ${problem} (${attempt.last})`, { cause, hint });
}

/** The proxy refuses us. */
export function refusedByProxy(attempt: Attempt, status: number, cause: unknown): SigstepError {
  const proxy = attempt.proxyHost ?? "";
  const reason =
    status === 407 ? "asks for a user name and password, or does not accept ours" : "refuses";
  const hint =
    status === 407
      ? "Put them into HTTPS_PROXY: http://user:password@host:port, special characters percent-encoded (@ is %40)."
      : `Let the proxy allow ${attempt.host}, or name it in NO_PROXY when it can be reached directly.`;
  return new SigstepError(
    "SERVICE_UNAVAILABLE",
    `The proxy ${proxy} ${reason} (${status}); ${attempt.service} (${attempt.host}) was not reached.`,
    { hint, where: proxy, cause },
  );
}

/** The answer breaks a limit or is not HTTP. Without cause: undici puts bytes of the answer into its errors. */
export function answerInvalid(attempt: Attempt, detail: string): SigstepError {
  return new SigstepError(
    "SERVICE_ANSWER_INVALID",
    `The answer of ${subject(attempt)} is not usable: ${detail}.`,
    { hint: `Check that this is the address of ${attempt.service}.`, where: attempt.host },
  );
}

/** No try may start any more. */
export function deadlineReached(attempt: Attempt, deadline: Date): SigstepError {
  const asked = attempt.tries === 0 ? "was not asked" : `was not asked again (${summary(attempt)})`;
  return new SigstepError(
    "DEADLINE_REACHED",
    `${subject(attempt)} ${asked}: the time for this request ended at ${deadline.toISOString()}.${said(attempt)}`,
    { hint: statusPage(attempt.host), where: attempt.host },
  );
}

/** The caller no longer wants it. */
export function cancelled(attempt: Attempt): SigstepError {
  return new SigstepError("CANCELLED", `Cancelled while asking ${subject(attempt)}.`, {
    where: attempt.host,
  });
}

/**
 * The beginning of an answer for a message, at most 256 characters.
 *
 * Redacted before it is cut: half a token would not be recognised.
 *
 * @param redact - Takes out everything secret.
 */
export function excerpt(response: Answer, redact: (text: string) => string): string {
  const text = Buffer.from(response.body.subarray(0, 64 * 1024)).toString("utf8");
  const safe = redact(text).trim();
  const plain = /"message"\s*:\s*"((?:[^"\\]|\\.){1,1000})"/.exec(safe)?.[1] ?? safe;
  return plain === "" ? "" : quote(plain, 256);
}

/** Status or code of a failed try, for `last` and for RetryReason. */
export function lastOf(outcome: { response: Answer } | { failure: Failure }): string {
  return "response" in outcome ? String(outcome.response.status) : outcome.failure.detail;
}

function unavailable(attempt: Attempt, text: string, details: ErrorDetails): SigstepError {
  return new SigstepError("SERVICE_UNAVAILABLE", `${subject(attempt)} ${text}.${said(attempt)}`, {
    hint: advice(attempt),
    where: attempt.host,
    ...details,
  });
}

function subject(attempt: Attempt): string {
  const way = attempt.proxyHost === undefined ? "" : ` through proxy ${attempt.proxyHost}`;
  return `${attempt.service} (${attempt.host}${way})`;
}

function summary(attempt: Attempt): string {
  return `${attempt.tries} ${attempt.tries === 1 ? "try" : "tries"}, last ${attempt.last}`;
}

function said(attempt: Attempt): string {
  return attempt.said === "" ? "" : ` It said ${attempt.said}.`;
}

function seconds(ms: number): string {
  return `${ms < 10_000 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000)} s`;
}

/** Without any answer the fault may as well be on our side of the way. */
function advice(attempt: Attempt): string {
  const reached = attempt.proxyHost !== undefined || /^\d{3}$/.test(attempt.last);
  const way = reached ? "" : " If this machine reaches it only through a proxy, set HTTPS_PROXY.";
  return `${statusPage(attempt.host)}${way}`;
}

function statusPage(host: string): string {
  const page = statusPages.find(([suffix]) => `.${host}`.endsWith(suffix))?.[1];
  return page === undefined
    ? "The service or the way to it may be down: look at its status page, then run again."
    : `Look at ${page}, then run again.`;
}

const statusPages = [
  [".sigstore.dev", "https://status.sigstore.dev"],
  [".actions.githubusercontent.com", "https://www.githubstatus.com"],
  [".github.com", "https://www.githubstatus.com"],
  [".gitlab.com", "https://status.gitlab.com"],
] as const;

/** What an OpenSSL code means, and what to do. */
function tlsProblem(code: string): readonly [problem: string, hint: string] {
  if (/EXPIRED|NOT_YET_VALID/.test(code)) {
    return [
      "its TLS certificate is not valid at this time",
      "Check the clock of this machine; when it is right, the service has to renew its certificate.",
    ];
  }
  if (/ALTNAME|HOSTNAME/.test(code)) {
    return [
      "its TLS certificate is for another name",
      "Check the URL; a proxy or portal in between can also answer in its place.",
    ];
  }
  if (/ERR_SSL|EPROTO/.test(code)) {
    return [
      "no TLS connection can be made",
      "Check scheme and port: a plain http port does not speak TLS.",
    ];
  }
  return [
    "its TLS certificate is from an authority unknown here",
    "Give the authority's certificate as ca-file or in NODE_EXTRA_CA_CERTS (a PEM file).",
  ];
}
