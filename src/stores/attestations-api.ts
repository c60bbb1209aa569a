// GitHub's attestations API: keeps bundles by the digest of their subjects.
// https://docs.github.com/en/rest/repos/attestations
import type { JsonValue } from "../encoding/json.ts";
import { SigstepError } from "../errors.ts";
import { isSuccess, parseAnswer } from "../services/answer.ts";
import type { HttpResponse } from "../services/http.ts";
import type { GitHubApi, GitHubCall } from "./github-api.ts";
import { findNextPage } from "./pages.ts";
import { describeRepository, type GitHubPlace } from "./place.ts";
import { gitHubRefusal, type Errand } from "./refusal.ts";

const service = "GitHub's attestations API";
/** Bundles of 16 MiB predicates go this way. */
const timeoutMs = 120_000;
const answerBytes = 256 * 1024;
/** A predicate of 16 MiB in base64 twice over is less; GitHub's own limit is not documented. */
export const maxStoredBundleBytes = 40 * 1024 * 1024;

const perPage = 30;
const maxPages = 10;
const pageBytes = 64 * 1024 * 1024;

/** A bundle that GitHub keeps. */
export interface StoredAttestation {
  /** Decimal. */
  readonly id: string;
  readonly url: URL;
}

/**
 * Refuses a bundle that is larger than what we send to GitHub, before anything is public.
 *
 * @param byteLength - Of the bundle's JSON.
 * @throws SigstepError STORE_REFUSED
 */
export function checkBundleSize(byteLength: number): void {
  if (byteLength <= maxStoredBundleBytes) return;
  throw new SigstepError(
    "STORE_REFUSED",
    `The bundle is ${byteLength} bytes, more than the ${maxStoredBundleBytes} that GitHub's attestations API is sent.`,
    {
      hint: "Shorten the predicate, set `oversize: reference`, or `github-attestations: never`.",
      where: service,
    },
  );
}

/**
 * Stores `bundle` with the repository. Storing it twice makes two attestations: to rerun, look with
 * {@link listAttestations} first.
 *
 * @param bundle - JSON text of a bundle with a DSSE envelope, sent as it is.
 * @throws SigstepError PERMISSION_MISSING, STORE_NOT_OFFERED where the repository or the instance lacks
 * the feature, STORE_REFUSED, SERVICE_ANSWER_INVALID, and those of the door.
 */
export async function storeAttestation(api: GitHubApi, bundle: string): Promise<StoredAttestation> {
  checkBundleSize(Buffer.byteLength(bundle));
  const answer = await api.ask({
    ...{ service, timeoutMs, maxBytes: answerBytes },
    route: "POST /repos/{owner}/{repo}/attestations",
    body: { type: "application/json", content: `{"bundle":${bundle}}` },
  });
  if (!isSuccess(answer)) throw gitHubRefusal(answer, errand(api.place, "write"));
  const id = String(parseAnswer(service, answer, answerBytes).get("id").integer());
  return { id, url: attestationUrl(api.place, id) };
}

/** Where people look at an attestation: `<server>/<owner>/<repo>/attestations/<id>`. */
export function attestationUrl(place: GitHubPlace, id: string): URL {
  const server = place.serverUrl.href.replace(/\/+$/, "");
  return new URL(`${server}/${describeRepository(place)}/attestations/${id}`);
}

/**
 * The bundles that GitHub keeps for a subject, newest first, page by page as they are asked for: stop
 * at the first that serves. Which is equal is for the caller to judge, and nothing here is verified.
 * At most 300; bundles that GitHub keeps elsewhere than in its answer are passed over.
 *
 * @param digest - SHA-256 of the subject, lower-case hexadecimal.
 * @returns JSON text of each bundle.
 * @throws SigstepError PERMISSION_MISSING, STORE_NOT_OFFERED, STORE_REFUSED, SERVICE_ANSWER_INVALID,
 * and those of the door.
 */
export async function* listAttestations(api: GitHubApi, digest: string): AsyncGenerator<string> {
  let after: string | undefined;
  for (let page = 0; page < maxPages; page += 1) {
    const answer = await api.ask(pageCall(digest, after));
    // So GitHub answers for a subject without attestations, as well as for a repository it hides.
    if (answer.status === 404) return;
    if (!isSuccess(answer)) throw gitHubRefusal(answer, errand(api.place, "read"));
    yield* parsePage(answer);
    after = findNextPage(answer, "after");
    if (after === undefined) return;
  }
}

function pageCall(digest: string, after: string | undefined): GitHubCall {
  return {
    ...{ service, timeoutMs, maxBytes: pageBytes },
    route: "GET /repos/{owner}/{repo}/attestations/{subject_digest}",
    parameters: {
      subject_digest: `sha256:${digest}`,
      per_page: perPage,
      ...(after === undefined ? {} : { after }),
    },
  };
}

function parsePage(answer: HttpResponse): string[] {
  const json = parseAnswer(service, answer, pageBytes);
  return json.get("attestations").items(perPage).flatMap(bundleText);
}

function bundleText(item: JsonValue): string[] {
  const bundle = item.get("bundle").optional();
  return bundle === undefined ? [] : [JSON.stringify(bundle.members())];
}

function errand(place: GitHubPlace, access: "read" | "write"): Errand {
  return {
    place,
    permission: `attestations: ${access}`,
    what: access === "write" ? "the attestation" : "the list of attestations",
    feature: "artifact attestations",
  };
}
