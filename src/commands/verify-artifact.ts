// One artifact against its bundles: hashed once with all that they need, then each is proven on its own.
// Any bundle that satisfies the policy counts; when none does, the one that came furthest is the reason.
import type { Digests } from "../crypto/digest.ts";
import type { PublicKey } from "../crypto/keys.ts";
import { encodeHex } from "../encoding/base64.ts";
import { quote, SigstepError, toSigstepError } from "../errors.ts";
import { chooseTrustedRoot } from "../sigstore/choose-root.ts";
import type { Bundle } from "../sigstore/bundle.ts";
import type { ArtifactDigests } from "../sigstore/message.ts";
import type { Policy } from "../sigstore/policy.ts";
import { verificationSteps } from "../sigstore/step.ts";
import { verifyBundle, type VerifiedBundle } from "../sigstore/verify.ts";
import { readDigests } from "../subjects/read.ts";
import type { Candidate } from "./bundle-file.ts";
import type { BundleFinder } from "./bundle-finder.ts";
import type { Needs } from "./bundle-source.ts";
import type { Artifact, ListedBundle } from "./verify-artifacts.ts";
import { verifiedFacts, type VerifiedFacts } from "./verify-facts.ts";
import { explainOrigin } from "./verify-origin.ts";
import { Judged } from "./verify-judged.ts";
import type { VerifyResult } from "./verify-results.ts";
import type { RootsFor } from "./verify-trust.ts";

/** What every artifact of a run is judged by. */
export interface VerifyTerms extends ProofTerms {
  readonly finder: BundleFinder;
}

/** What every bundle is proven by. */
export interface ProofTerms {
  readonly rootsFor: RootsFor;
  readonly policy: Policy;
  readonly key: PublicKey | undefined;
  readonly now: Date;
  readonly signal: AbortSignal;
  /** Whether all that is proven is kept as JSON. */
  readonly withJson: boolean;
}

/** A plain Ed25519 signature is over the whole content, which then stands in memory. */
const maxContentBytes = 256 * 1024 * 1024;

/** Judges `artifact`; a refusal is a result, too. */
export async function verifyArtifact(
  artifact: Artifact,
  terms: VerifyTerms,
): Promise<VerifyResult> {
  const judged = new Judged(terms.policy, listedBundles(artifact) !== undefined);
  try {
    const source = await terms.finder.find(artifact);
    const known = await readArtifact(artifact, await source.needs(terms.key), terms);
    judged.digests = encodeDigests(known.digests);
    requireListed(artifact, known.digests);
    for await (const candidate of source.candidates(known.digests)) {
      if (terms.signal.aborted) throw new SigstepError("CANCELLED", "The run was cancelled.");
      await judged.add(candidate, async () => {
        const facts = await proveCandidate(candidate, known, terms);
        requireListedType(artifact, facts);
        return facts;
      });
    }
    return judged.result(artifact);
  } catch (thrown) {
    const error = toSigstepError(thrown);
    return { ...judged.common(artifact), kind: "refused", error };
  }
}

async function proveCandidate(
  { bundle, error, label }: Candidate,
  artifact: ArtifactDigests,
  terms: VerifyTerms,
): Promise<VerifiedFacts> {
  if (error !== undefined) throw error;
  const { verified, trustedRoot } = await proveBundle(bundle, artifact, terms);
  return verifiedFacts(verified, { label, trustedRoot, withJson: terms.withJson });
}

/**
 * Proves one bundle by the trusted root that it looks to be under, and names that.
 *
 * @throws SigstepError as `verifyBundle`, with a hint where the bundle is another instance's
 */
export async function proveBundle(
  bundle: Bundle,
  artifact: ArtifactDigests,
  { rootsFor, policy, key, now }: ProofTerms,
): Promise<{ readonly verified: VerifiedBundle; readonly trustedRoot: string }> {
  const trustedRoot = chooseTrustedRoot(bundle, await rootsFor(bundle));
  try {
    const verified = await verifyBundle({ bundle, artifact, trustedRoot, policy, key, now });
    return { verified, trustedRoot: trustedRoot.label };
  } catch (thrown) {
    throw await explainOrigin(toSigstepError(thrown), bundle, trustedRoot);
  }
}

function listedBundles(artifact: Artifact): readonly ListedBundle[] | undefined {
  return artifact.kind === "digest" ? undefined : artifact.bundles;
}

/** A manifest says what each bundle is; another proven statement in its place is not that. */
function requireListedType(artifact: Artifact, { bundle, predicateType }: VerifiedFacts): void {
  const listed = listedBundles(artifact)?.find(({ path }) => path === bundle);
  if (listed === undefined || listed.predicateType === predicateType) return;
  const name = (type: string | undefined): string =>
    type === undefined ? "a signature over the file" : quote(type, 200);
  throw new SigstepError(
    "STATEMENT_INVALID",
    `The bundle holds ${name(predicateType)}, and the manifest says that it holds ${name(listed.predicateType)}.`,
    {
      where: bundle,
      hint: "Bundles were renamed or exchanged since: fetch all of them again.",
      step: { number: 12, name: verificationSteps[12] },
    },
  );
}

async function readArtifact(
  artifact: Artifact,
  needs: Needs,
  { signal }: VerifyTerms,
): Promise<ArtifactDigests> {
  if (artifact.kind === "subject") return { digests: new Map(), subject: artifact.subject };
  if (artifact.kind === "digest") {
    const { algorithm, bytes } = artifact.digest;
    return { digests: new Map([[algorithm, bytes]]) };
  }
  const { file, listed = [] } = artifact;
  if (needs.content && file.size > maxContentBytes) throw tooLarge(file.path, file.size);
  const algorithms = new Set(needs.algorithms);
  for (const { algorithm } of listed) algorithms.add(algorithm);
  // Nothing to compare with: its bundles cannot even be read.
  if (algorithms.size === 0) return { digests: new Map() };
  return readDigests(file, { algorithms, keepContent: needs.content }, signal);
}

/** The manifest's own word must hold, before any bundle's. */
function requireListed(artifact: Artifact, digests: Digests): void {
  if (artifact.kind !== "file") return;
  for (const { algorithm, bytes } of artifact.listed ?? []) {
    const own = digests.get(algorithm);
    if (own !== undefined && Buffer.from(own).equals(bytes)) continue;
    throw new SigstepError(
      "FILE_CHANGED",
      `File ${quote(artifact.name)} is ${algorithm}:${own === undefined ? "?" : encodeHex(own)}, and the manifest says ${algorithm}:${encodeHex(bytes)}.`,
      { where: artifact.name, hint: "It is not the file that was signed." },
    );
  }
}

/** Hexadecimal by algorithm. */
export function encodeDigests(digests: Digests): Record<string, string> {
  return Object.fromEntries([...digests].map(([name, bytes]) => [name, encodeHex(bytes)]));
}

function tooLarge(path: string, size: number): SigstepError {
  return new SigstepError(
    "SIGNATURE_INVALID",
    `File ${quote(path)} is ${size} bytes, and a plain Ed25519 signature is over all of it: at most ${maxContentBytes} are read.`,
    {
      where: path,
      hint: "Sign it with another kind of key.",
      step: { number: 11, name: "signature" },
    },
  );
}
