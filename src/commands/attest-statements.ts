// Statements → attestations: each is made when its turn comes, signed, proven and written.
import { quote, SigstepError, toSigstepError } from "../errors.ts";
import { embedPredicate, type EmbeddedPredicate } from "../predicates/oversize.ts";
import { provenanceType } from "../predicates/provenance-github.ts";
import { encodeStatement } from "../predicates/statement.ts";
import type { ProvenCertificate } from "../sigstore/chain.ts";
import { statementType } from "../sigstore/dsse.ts";
import { matchProvenance } from "../sigstore/provenance-match.ts";
import { signPayload } from "../sigstore/sign.ts";
import { parseStatement } from "../sigstore/statement.ts";
import type { IdentityToken } from "../sigstore/token.ts";
import type { Subject } from "../subjects/subject.ts";
import type { AttestPlan, PlannedStatement } from "./attest-plan.ts";
import type { EarlierStatement, EarlierWork } from "./attest-earlier.ts";
import type { PlannedPredicate } from "./attest-predicates.ts";
import type { MakePayload } from "./kept-statement.ts";
import { encodeProven } from "./own-work.ts";
import { encodeByKind, encodeProvenance, type ProvenanceExtras } from "./provenance.ts";
import { signedResult, type FileResult, type SignedResult, type SignResults } from "./results.ts";
import { signItems, type ItemTools, type SignContext } from "./signing-run.ts";
import type { AttestationStore } from "./store-attestations.ts";
import { writeWhole } from "./write.ts";

/** What attesting takes besides the plan. */
export interface AttestContext extends SignContext {
  readonly extras: ProvenanceExtras;
  /** Where documents that are too large to embed can be had; without it they fail. */
  readonly oversizeLocation: string | undefined;
  readonly earlier: EarlierWork;
  /** Keeps bundles besides their files. */
  readonly store: AttestationStore | undefined;
  /** Hears of each bundle that is written or was there. */
  readonly onBundle: (item: PlannedStatement, bundle: string) => void;
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
  return signItems(plan, context, {
    sign: (item, tools) => attestOne(item, tools, { plan, ...context }),
    isMade: async (item) => (await context.earlier.find(item)) !== undefined,
  });
}

interface StatementContext extends AttestContext {
  readonly plan: AttestPlan;
}

async function attestOne(
  item: PlannedStatement,
  tools: ItemTools,
  context: StatementContext,
): Promise<FileResult> {
  const earlier = await context.earlier.find(item);
  if (earlier !== undefined) return useAgain(item, earlier, { ...context, tools });
  const { plan, world, tokens } = context;
  const { steps, published } = tools;
  const artifact = { subject: firstSubject(item) };
  const [{ certificate }, token] = await Promise.all([steps.certify(), tokens.get()]);
  const payload = makePayload(item, { token, certificate }, { ...context, encodeProvenance });
  requireOwnBuild(item, payload, certificate);
  const signed = await signPayload({ payloadType: statementType, payload }, steps);
  const text = await encodeProven(signed, { ...plan.instance, artifact, now: world.now() });
  await writeWhole(item.bundlePath, text);
  const result = signedResult("signed", item, { ...signed, published });
  return keep(result, text, { ...context, tools, item });
}

/**
 * Provenance that a user has brought is judged as every verifier of ours will judge it, while nothing of it
 * is in the log.
 */
function requireOwnBuild(
  { predicate: { kind, type, label } }: PlannedStatement,
  payload: Uint8Array,
  { certificate }: ProvenCertificate,
): void {
  if (kind === "provenance" || type.uri !== provenanceType) return;
  const { predicateType, predicate } = parseStatement(payload);
  if (predicateType !== provenanceType) return;
  try {
    matchProvenance(predicate, certificate.fulcio.named);
  } catch (thrown) {
    throw new SigstepError("PREDICATE_INVALID", toSigstepError(thrown).message, {
      where: label,
      hint: "Provenance of this build type is about the run that signs it: leave it out and have it made here, or give it a build type of your own.",
      cause: thrown,
    });
  }
}

interface KeepContext extends StatementContext {
  readonly tools: ItemTools;
}

async function useAgain(
  item: PlannedStatement,
  { bundle, text, inPlace, isStored }: EarlierStatement,
  context: KeepContext,
): Promise<FileResult> {
  const { runner } = context.world;
  if (!inPlace) {
    await writeWhole(item.bundlePath, text);
    runner.info(
      `GitHub keeps an equal attestation, ${quote(item.path)}, of an earlier try: it is used again. Its id GitHub does not tell.`,
    );
  }
  const result = signedResult("kept", item, bundle);
  if (!isStored) return keep(result, text, { ...context, item });
  context.onBundle(item, text);
  return result;
}

/** Stores a bundle whose file is written. What fails now fails with everything else in place. */
async function keep(
  result: SignedResult,
  text: string,
  context: KeepContext & { readonly item: PlannedStatement },
): Promise<FileResult> {
  const { item, store, onBundle, tools } = context;
  onBundle(item, text);
  try {
    return { ...result, attestation: await store?.store(text) };
  } catch (thrown) {
    const error = toSigstepError(thrown);
    if (error.code === "CANCELLED") throw error;
    tools.judge(error);
    return {
      ...{ kind: "failed", file: item, error: notStored(result, error) },
      published: tools.published,
    };
  }
}

function notStored({ entries, file }: SignedResult, error: SigstepError): SigstepError {
  const { code, message, hint, where, published, cause } = error;
  const indexes = entries.map(({ logIndex }) => logIndex).join(", ");
  const done = indexes === "" ? "Signed" : `Logged as entry ${indexes}`;
  const again = `The bundle is in ${quote(file.bundlePath)}: run again with it there, and the entry will be reused.`;
  return new SigstepError(code, `${done}, not stored: ${message}`, {
    ...{ hint: [hint, again].filter((part) => part !== "").join("\n") },
    ...{ where, published, cause },
  });
}

/** What this run would sign, for comparison with what is there. */
export function expectedPayload(
  item: PlannedStatement,
  context: Pick<StatementContext, "extras" | "oversizeLocation" | "plan" | "tokens">,
): MakePayload {
  // An earlier attempt has another certificate than this one would get.
  const how = { ...context, encodeProvenance: encodeByKind };
  return async (certificate) =>
    makePayload(item, { token: await context.tokens.get(), certificate }, how);
}

function firstSubject({ subjects: [first] }: PlannedStatement): Subject {
  if (first === undefined) throw new TypeError("A statement without subject was planned.");
  return first;
}

interface Signer {
  readonly token: IdentityToken;
  readonly certificate: ProvenCertificate;
}

function makePayload(item: PlannedStatement, signer: Signer, context: PayloadContext): Uint8Array {
  const { predicate, subjects } = item;
  if (predicate.kind === "statement") return predicate.payload;
  return encodeStatement({ subjects, ...makePredicate(predicate, signer, context) });
}

interface PayloadContext extends Pick<StatementContext, "extras" | "oversizeLocation" | "plan"> {
  readonly encodeProvenance: typeof encodeProvenance;
}

function makePredicate(
  predicate: Exclude<PlannedPredicate, { readonly kind: "statement" }>,
  { token, certificate }: Signer,
  { extras, oversizeLocation, plan, encodeProvenance: encode }: PayloadContext,
): Omit<EmbeddedPredicate, "isReference"> {
  const { named } = certificate.certificate.fulcio;
  const predicateType = predicate.type.uri;
  if (predicate.kind === "provenance") {
    return { predicateType, predicateJson: encode({ token, certificate: named }, extras) };
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
