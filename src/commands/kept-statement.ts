// An attestation that an earlier try of this job has written: kept when it says the same of the same
// subjects, in the same run.
import { provenanceType } from "../predicates/provenance-github.ts";
import { encodeBundle } from "../sigstore/bundle.ts";
import type { ProvenCertificate } from "../sigstore/chain.ts";
import { matchProvenance } from "../sigstore/provenance-match.ts";
import { parseStatement, type StatementSubject } from "../sigstore/statement.ts";
import { findKeptBundle, judgeKeptBundle, type KeptContext } from "./kept.ts";
import type { OwnBundle } from "./own-work.ts";
import type { PlannedItem } from "./plan.ts";

/** What an attestation is judged by. */
export interface KeptStatementContext extends KeptContext {
  readonly artifact: { readonly subject: StatementSubject };
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
  return compare(await findKeptBundle(item, context.artifact, context), makePayload);
}

/** The same for a bundle's JSON, wherever it was kept. */
export async function judgeKeptStatement(
  text: string,
  makePayload: MakePayload,
  context: KeptStatementContext,
): Promise<KeptStatement | undefined> {
  const bytes = Buffer.from(text, "utf8");
  return compare(await judgeKeptBundle(bytes, context.artifact, context), makePayload);
}

async function compare(
  bundle: OwnBundle | undefined,
  makePayload: MakePayload,
): Promise<KeptStatement | undefined> {
  if (bundle?.bundle.content.kind !== "dsse-envelope") return undefined;
  const { payload } = bundle.bundle.content;
  const expected = await makePayload(bundle.certificate);
  if (withoutAttempt(payload) !== withoutAttempt(expected)) return undefined;
  if (!agreesWithCertificate(payload, bundle)) return undefined;
  return { bundle, text: encodeBundle(bundle.bundle) };
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
  return Buffer.from(payload)
    .toString("utf8")
    .replace(/(\/actions\/runs\/\d+\/attempts\/)\d+("\}\}\}\})$/, "$1*$2");
}
