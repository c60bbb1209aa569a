// The present targets of a TUF repository: from the cache for a day, then from the repository. What the
// repository says wrongly is never replaced by older data; that nobody answers is.
import { SigstepError, toSigstepError, type ErrorCode } from "../../errors.ts";
import type { Http } from "../http.ts";
import { cachePath, readCache, writeCache } from "./cache.ts";
import { proveEvidence, type Evidence, type Targets } from "./evidence.ts";
import { refresh, type Repository } from "./refresh.ts";

const day = 24 * 3_600_000;
/** How long a silent repository is waited for where other data can stand in. */
const patienceMs = 10_000;

/** What asking a repository needs of the outside. */
export interface TufTerms {
  /** Called when somebody must be asked. */
  readonly http: () => Promise<Http>;
  readonly now: Date;
  /** Absolute; without one every run asks. */
  readonly cacheDirectory: string | undefined;
  /** Ask nobody. */
  readonly offline: boolean;
  /** Whether the caller has other data to stand in; then a silent repository is not waited for long. */
  readonly hasStandIn: boolean;
  /** Takes a line for people. */
  readonly notice: (line: string) => void;
}

/** Proven targets, or why there are none although nothing is wrong with any. */
export type TufAnswer =
  | { readonly kind: "proven"; readonly files: Targets; readonly askedAt: Date }
  | { readonly kind: "unavailable"; readonly error: SigstepError };

/**
 * The targets of `repository`.
 *
 * `unavailable` means that nobody answered, or nobody was to be asked, and that nothing is cached (offline:
 * or only what has expired): other data may stand in.
 *
 * @throws SigstepError TRUST_INVALID when anything does not prove; TRUST_UNAVAILABLE when what the
 * repository serves has expired, or nobody answers and what is cached has; TUF_ROOT_INVALID, CANCELLED
 */
export async function readTargets(repository: Repository, terms: TufTerms): Promise<TufAnswer> {
  const cache = await openCache(repository, terms);
  if (terms.offline) return answerOffline(cache, repository);
  if (cache.state === "good" && isFresh(cache.evidence, terms.now)) return proven(cache.evidence);
  if (cache.state === "broken") {
    terms.notice(`${cache.error.message} It is not used, and ${repository.label} asked anew.`);
  }
  try {
    return proven(await renewCache(cache, repository, terms));
  } catch (thrown) {
    const error = toSigstepError(thrown);
    if (!silence.has(error.code)) throw error;
    return answerWithout(cache, unavailable(error), terms);
  }
}

/** Codes of a repository that gives no answer, or not the file that was asked for. */
const silence: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  "SERVICE_UNAVAILABLE",
  "SERVICE_REFUSED",
  "DEADLINE_REACHED",
]);

type Cache =
  | { readonly state: "none" }
  | { readonly state: "good"; readonly evidence: Evidence }
  | { readonly state: "expired"; readonly evidence: Evidence; readonly error: SigstepError }
  | { readonly state: "broken"; readonly error: SigstepError };

async function openCache(
  repository: Repository,
  { cacheDirectory, now }: TufTerms,
): Promise<Cache> {
  if (cacheDirectory === undefined) return { state: "none" };
  const path = cachePath(cacheDirectory, repository);
  let evidence: Evidence | undefined;
  try {
    evidence = await readCache(path);
    if (evidence === undefined) return { state: "none" };
    await proveEvidence(evidence, { ...repository, now });
    return { state: "good", evidence };
  } catch (thrown) {
    const error = toSigstepError(thrown);
    if (error.code === "TRUST_UNAVAILABLE" && evidence !== undefined) {
      return { state: "expired", evidence, error };
    }
    if (error.code !== "TRUST_INVALID") throw error;
    return { state: "broken", error: cacheRefused(path, error) };
  }
}

function cacheRefused(path: string, { message }: SigstepError): SigstepError {
  return new SigstepError("TRUST_INVALID", `The cache of TUF is refused: ${message}`, {
    where: path,
    hint: `Something other than sigstep has changed ${path}: find out what, and remove the file.`,
  });
}

/** An hour that has not come yet is no reason to wait for it. */
function isFresh({ askedAt }: Evidence, now: Date): boolean {
  const age = now.getTime() - askedAt.getTime();
  return age >= 0 && age < day;
}

async function renewCache(
  cache: Cache,
  repository: Repository,
  { http, now, cacheDirectory, notice, hasStandIn }: TufTerms,
): Promise<Evidence> {
  const known = cache.state === "good" || cache.state === "expired" ? cache.evidence : undefined;
  const mayWait = cache.state !== "good" && !hasStandIn;
  const deadline = mayWait ? undefined : new Date(now.getTime() + patienceMs);
  const evidence = await refresh({ repository, known, http: await http(), now, deadline });
  if (cacheDirectory === undefined) return evidence;
  const failure = await writeCache(cachePath(cacheDirectory, repository), evidence);
  if (failure !== undefined) {
    notice(`What ${repository.label} says was not kept for the next run: ${failure}.`);
  }
  return evidence;
}

function answerOffline(cache: Cache, { label }: Repository): TufAnswer {
  switch (cache.state) {
    case "good":
      return proven(cache.evidence);
    case "broken":
      throw cache.error;
    case "expired":
      return { kind: "unavailable", error: cache.error };
    case "none":
      return { kind: "unavailable", error: nothingCached(label) };
  }
}

function nothingCached(label: string): SigstepError {
  return new SigstepError("TRUST_UNAVAILABLE", `Nothing of ${label} is cached here.`, {
    where: label,
    hint: "Run once without offline and keep the cache, or give the trusted root as a file (trusted-root).",
  });
}

/** Nobody answered. Never back behind what this machine has seen: expired, it is no reason to take older data. */
function answerWithout(cache: Cache, error: SigstepError, { now, notice }: TufTerms): TufAnswer {
  switch (cache.state) {
    case "good":
      notice(
        `${error.message} What it said ${describeAge(cache.evidence.askedAt, now)} still holds.`,
      );
      return proven(cache.evidence);
    case "expired":
    case "broken":
      throw alsoSilent(cache.error, error);
    case "none":
      return { kind: "unavailable", error };
  }
}

function alsoSilent(held: SigstepError, silent: SigstepError): SigstepError {
  const { code, hint, where } = held;
  return new SigstepError(code, `${held.message} ${silent.message}`, {
    hint,
    where,
    cause: silent,
  });
}

function unavailable(error: SigstepError): SigstepError {
  const { message, hint, where } = error;
  return new SigstepError("TRUST_UNAVAILABLE", message, { hint, where, cause: error });
}

function proven({ files, askedAt }: Evidence): TufAnswer {
  return { kind: "proven", files, askedAt };
}

/** `on 2026-08-21, 3 days ago`. */
export function describeAge(then: Date, now: Date): string {
  const days = Math.floor((now.getTime() - then.getTime()) / day);
  const ago = days < 1 ? "less than a day" : days === 1 ? "1 day" : `${days} days`;
  return `on ${then.toISOString().slice(0, 10)}, ${ago} ago`;
}
