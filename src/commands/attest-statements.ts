// Statements → attestations: each is made when its turn comes, signed, proven and written.
import { embedPredicate, type EmbeddedPredicate } from "../predicates/oversize.ts";
import { encodeStatement } from "../predicates/statement.ts";
import type { ProvenCertificate } from "../sigstore/chain.ts";
import { statementType } from "../sigstore/dsse.ts";
import { signPayload } from "../sigstore/sign.ts";
import type { IdentityToken } from "../sigstore/token.ts";
import type { Subject } from "../subjects/subject.ts";
import type { AttestPlan, PlannedStatement } from "./attest-plan.ts";
import { findKeptStatement } from "./kept-statement.ts";
import { encodeProven } from "./own-work.ts";
import { encodeProvenance, type ProvenanceExtras } from "./provenance.ts";
import { signedResult, type SignedResult, type SignResults } from "./results.ts";
import { signItems, type ItemTools, type SignContext } from "./signing-run.ts";
import { writeWhole } from "./write.ts";

/** What attesting takes besides the plan. */
export interface AttestContext extends SignContext {
  readonly extras: ProvenanceExtras;
  /** Where documents that are too large to embed can be had; without it they fail. */
  readonly oversizeLocation: string | undefined;
  /** Hears of each bundle that is written or was there, and may store it elsewhere. */
  readonly onBundle: (item: PlannedStatement, bundle: string) => Promise<void>;
}

/**
 * Attests every statement of `plan`.
 *
 * @throws SigstepError when nothing could be signed for a reason that is not a statement's.
 */
export async function attestStatements(
  plan: AttestPlan,
  context: AttestContext,
): Promise<SignResults> {
  return signItems(plan, context, (item, tools) => attestOne(item, tools, { plan, ...context }));
}

interface StatementContext extends AttestContext {
  readonly plan: AttestPlan;
}

async function attestOne(
  item: PlannedStatement,
  { steps, published }: ItemTools,
  context: StatementContext,
): Promise<SignedResult> {
  const { plan, request, world, tokens, onBundle } = context;
  const { instance } = plan;
  const artifact = { subject: firstSubject(item) };
  if (!request.force) {
    const terms = { instance, tokens, now: world.now, artifact };
    const make = async (certificate: ProvenCertificate): Promise<Uint8Array> =>
      makePayload(item, { token: await tokens.get(), certificate }, context);
    const kept = await findKeptStatement(item, make, terms);
    if (kept !== undefined) {
      await onBundle(item, kept.text);
      return signedResult("kept", item, kept.bundle);
    }
  }
  const [{ certificate }, token] = await Promise.all([steps.certify(), tokens.get()]);
  const payload = makePayload(item, { token, certificate }, context);
  const signed = await signPayload({ payloadType: statementType, payload }, steps);
  const text = await encodeProven(signed, { ...instance, artifact, now: world.now() });
  await writeWhole(item.bundlePath, text);
  await onBundle(item, text);
  return signedResult("signed", item, { ...signed, published });
}

function firstSubject({ subjects: [first] }: PlannedStatement): Subject {
  if (first === undefined) throw new TypeError("A statement without subject was planned.");
  return first;
}

interface Signer {
  readonly token: IdentityToken;
  readonly certificate: ProvenCertificate;
}

function makePayload(
  item: PlannedStatement,
  signer: Signer,
  context: StatementContext,
): Uint8Array {
  const predicate = makePredicate(item, signer, context);
  return encodeStatement({ subjects: item.subjects, ...predicate });
}

function makePredicate(
  { predicate }: PlannedStatement,
  { token, certificate }: Signer,
  { extras, oversizeLocation, plan }: StatementContext,
): Omit<EmbeddedPredicate, "isReference"> {
  const { named } = certificate.certificate.fulcio;
  const predicateType = predicate.type.uri;
  if (predicate.kind === "provenance") {
    return {
      predicateType,
      predicateJson: encodeProvenance({ token, certificate: named }, extras),
    };
  }
  const { document, mediaType, name } = predicate;
  const attester = named.buildSignerUri ?? certificate.identity.value;
  return embedPredicate(
    { predicateType, mediaType, document },
    oversizeLocation === undefined
      ? { kind: "fail" }
      : { kind: "reference", location: oversizeLocation, name, attester },
    plan.maxInlineBytes,
  );
}
