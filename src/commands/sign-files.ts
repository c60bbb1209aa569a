// Files → message-signature bundles: each is read once, signed, proven and written when it is ready.
import { signArtifact } from "../sigstore/sign.ts";
import { readFile } from "../subjects/read.ts";
import { findKeptBundle } from "./kept.ts";
import { encodeProven } from "./own-work.ts";
import type { Plan, PlannedFile } from "./plan.ts";
import { signedResult, type SignedResult, type SignResults } from "./results.ts";
import { hasBundleFile, signItems, type ItemTools, type SignContext } from "./signing-run.ts";
import { writeWhole } from "./write.ts";

/**
 * Signs every file of `plan`.
 *
 * @throws SigstepError when nothing could be signed for a reason that is not a file's: no certificate.
 */
export async function signFiles(plan: Plan, context: SignContext): Promise<SignResults> {
  return signItems(plan, context, {
    sign: (file, tools) => signFile(file, tools, { plan, ...context }),
    isMade: hasBundleFile,
  });
}

interface FileContext extends SignContext {
  readonly plan: Plan;
}

async function signFile(
  file: PlannedFile,
  { steps, published }: ItemTools,
  { plan: { instance }, request, world, tokens }: FileContext,
): Promise<SignedResult> {
  const { digest, content } = await readFile(file, world.signal);
  const artifact = { digest, content };
  if (!request.force) {
    const kept = await findKeptBundle(file, artifact, { instance, tokens, now: world.now });
    if (kept !== undefined) return signedResult("kept", file, kept);
  }
  const signed = await signArtifact(artifact, steps);
  const terms = { ...instance, artifact, now: world.now() };
  await writeWhole(file.bundlePath, await encodeProven(signed, terms));
  return signedResult("signed", file, { ...signed, digest, published });
}
