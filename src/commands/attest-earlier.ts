// What an earlier try has made: in the item's place, or kept by GitHub. An equal attestation is used again.
import type { AttestPlan, PlannedStatement } from "./attest-plan.ts";
import {
  findKeptStatement,
  judgeKeptStatement,
  type KeptStatement,
  type KeptStatementContext,
  type MakePayload,
} from "./kept-statement.ts";
import type { TokenSource } from "./identity.ts";
import type { AttestationStore } from "./store-attestations.ts";

/** An attestation that need not be made again. */
export interface EarlierStatement extends KeptStatement {
  /** Whether its file is there. */
  readonly inPlace: boolean;
  /** Whether GitHub keeps it, as far as it was asked. */
  readonly isStored: boolean;
}

/** Finds what earlier tries have made. */
export interface EarlierWork {
  /**
   * The attestation that serves for `item`; looked for once however often it is asked.
   *
   * @throws SigstepError of the store.
   */
  readonly find: (item: PlannedStatement) => Promise<EarlierStatement | undefined>;
}

/** What it takes to find and judge. */
export interface EarlierTerms {
  readonly plan: AttestPlan;
  readonly tokens: TokenSource;
  readonly now: () => Date;
  readonly force: boolean;
  /** Asked besides the folder. */
  readonly store: AttestationStore | undefined;
  readonly makePayload: (item: PlannedStatement) => MakePayload;
}

/** Earlier work of the job that `terms` describe. */
export function findEarlierWork(terms: EarlierTerms): EarlierWork {
  const found = new Map<PlannedStatement, Promise<EarlierStatement | undefined>>();
  return {
    find: (item) => {
      if (terms.force) return Promise.resolve(undefined);
      const looking = found.get(item) ?? look(item, terms);
      found.set(item, looking);
      return looking;
    },
  };
}

async function look(
  item: PlannedStatement,
  terms: EarlierTerms,
): Promise<EarlierStatement | undefined> {
  const [subject] = item.subjects;
  if (subject === undefined) return undefined;
  const isOwnProvenance = item.predicate.kind === "provenance";
  const context = { ...terms, ...terms.plan, artifact: { subject }, isOwnProvenance };
  const payload = terms.makePayload(item);
  const inPlace = await findKeptStatement(item, payload, context);
  const stored = await findStored(terms, { payload, context, wanted: inPlace?.text });
  if (inPlace !== undefined) return { ...inPlace, inPlace: true, isStored: stored !== undefined };
  return stored === undefined ? undefined : { ...stored, inPlace: false, isStored: true };
}

interface Search {
  readonly payload: MakePayload;
  readonly context: KeptStatementContext;
  /** The very bundle to look for; any that serves when absent. */
  readonly wanted: string | undefined;
}

/** GitHub keeps bundles by the SHA-256 of their subjects, and by no other digest. */
async function findStored(
  { store }: EarlierTerms,
  { payload, context, wanted }: Search,
): Promise<KeptStatement | undefined> {
  const sha256 = context.artifact.subject.digests.get("sha256");
  if (store === undefined || sha256 === undefined) return undefined;
  for await (const text of store.list(sha256)) {
    const kept = await judgeKeptStatement(text, payload, context);
    if (kept === undefined) continue;
    if (wanted === undefined || wanted === kept.text) return kept;
  }
  return undefined;
}
