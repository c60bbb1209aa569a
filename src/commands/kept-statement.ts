// An attestation that an earlier try of this job has written: kept when it says the same of the same
// subjects, in the same run.
import { provenanceType } from "../predicates/provenance-github.ts";
import { encodeBundle } from "../sigstore/bundle.ts";
import type { ProvenCertificate } from "../sigstore/chain.ts";
import { matchProvenance } from "../sigstore/provenance-match.ts";
import { parseStatement, type StatementSubject } from "../sigstore/statement.ts";
import type { IdentityToken } from "../sigstore/token.ts";
import { findKeptBundle, judgeKeptBundle, type KeptContext } from "./kept.ts";
import type { OwnBundle } from "./own-work.ts";
import type { PlannedItem } from "./plan.ts";

/** What an attestation is judged by. */
export interface KeptStatementContext extends KeptContext {
  readonly artifact: { readonly subject: StatementSubject };
  /** Whether the predicate is provenance of our making, in which two attempts of one run differ. */
  readonly isOwnProvenance: boolean;
}

/** An attestation that need not be made again. */
export interface KeptStatement {
  readonly bundle: OwnBundle;
  /** One line of JSON. */
  readonly text: string;
}

/** What a run would sign under a certificate. */
export type MakePayload = (certificate: ProvenCertificate) => Promise<Uint8Array>;

/**
 * The bundle in the item's place when it holds what this run would sign, or would have signed in an earlier
 * attempt of the same run; undefined for anything else, which is replaced.
 */
export async function findKeptStatement(
  item: PlannedItem,
  makePayload: MakePayload,
  context: KeptStatementContext,
): Promise<KeptStatement | undefined> {
  return compare(await findKeptBundle(item, context.artifact, context), makePayload, context);
}

/** The same for a bundle's JSON, wherever it was kept. */
export async function judgeKeptStatement(
  text: string,
  makePayload: MakePayload,
  context: KeptStatementContext,
): Promise<KeptStatement | undefined> {
  const bytes = Buffer.from(text, "utf8");
  return compare(await judgeKeptBundle(bytes, context.artifact, context), makePayload, context);
}

async function compare(
  bundle: OwnBundle | undefined,
  makePayload: MakePayload,
  { isOwnProvenance, tokens }: KeptStatementContext,
): Promise<KeptStatement | undefined> {
  if (bundle?.bundle.content.kind !== "dsse-envelope") return undefined;
  if (!isOfRun(bundle, await tokens.get())) return undefined;
  const { payload } = bundle.bundle.content;
  const expected = await makePayload(bundle.certificate);
  const comparable = isOwnProvenance ? withoutAttempt : asText;
  if (comparable(payload) !== comparable(expected)) return undefined;
  if (!agreesWithCertificate(payload, bundle)) return undefined;
  return { bundle, text: encodeBundle(bundle.bundle) };
}

/** Whether its certificate is of the token's run, whichever attempt; a GitLab's token has no run to compare. */
function isOfRun({ certificate }: OwnBundle, { claims }: IdentityToken): boolean {
  const run = claims.get("run_id");
  if (run === undefined || !claims.has("job_workflow_ref")) return true;
  const { runInvocationUri = "" } = certificate.certificate.fulcio.named;
  return runInvocationUri.includes(`/actions/runs/${run}/attempts/`);
}

function asText(payload: Uint8Array): string {
  return Buffer.from(payload).toString("utf8");
}

/** Its attempt, which was left out of the comparison, has to be its own certificate's. */
function agreesWithCertificate(payload: Uint8Array, { certificate }: OwnBundle): boolean {
  try {
    const { predicateType, predicate } = parseStatement(payload);
    if (predicateType === provenanceType) {
      matchProvenance(predicate, certificate.certificate.fulcio.named);
    }
    return true;
  } catch {
    return false;
  }
}

/**
 * A payload as text, without what two attempts of one run differ in: the attempt's number at the end of
 * our provenance, and a job's start.
 */
function withoutAttempt(payload: Uint8Array): string {
  return asText(payload).replace(/(\/actions\/runs\/\d+\/attempts\/)\d+("\}\}\}\})$/, "$1*$2");
}
