// One image against what is stored about it. Its manifest is the artifact; cosign 2's signatures are over a
// payload that has to name it.
import { computeDigest, isDigestAlgorithm, type Digest, type Digests } from "../crypto/digest.ts";
import { parseHex } from "../encoding/base64.ts";
import { quote, SigstepError } from "../errors.ts";
import { formatPlatform } from "../registry/descriptor.ts";
import type { ImageStore } from "../registry/image-store.ts";
import type { FoundImage } from "../registry/index-walk.ts";
import type { ArtifactDigests } from "../sigstore/message.ts";
import type { Policy } from "../sigstore/policy.ts";
import { imageSignatureType, requireSimpleSigning } from "../sigstore/simple-signing.ts";
import { encodeDigests, proveBundle, type ProofTerms } from "./verify-artifact.ts";
import { verifiedFacts, type VerifiedFacts } from "./verify-facts.ts";
import { readImageBundles, type ImageCandidate } from "./verify-image-bundles.ts";
import { Judged } from "./verify-judged.ts";
import type { ImageFacts, VerifyResult } from "./verify-results.ts";

/** An image that was found. */
export interface LocatedImage extends FoundImage {
  /** As the user named it. */
  readonly reference: string;
  readonly store: ImageStore;
  readonly isLayout: boolean;
  /** Digest of the index that led to it; its own when it was named itself. */
  readonly root: string;
}

/**
 * Judges `image` by all that is stored about it.
 *
 * @throws SigstepError when its store cannot give that, or has more than is read
 */
export async function verifyImage(image: LocatedImage, terms: ProofTerms): Promise<VerifyResult> {
  const judged = new Judged(terms.policy, false);
  const artifact = artifactOf(image);
  const facts = imageFacts(image);
  const named = { name: imageName(facts) };
  judged.digests = encodeDigests(artifact.digests);
  const candidates = await readImageBundles(image.store, digestOf(image), image.isLayout);
  for (const candidate of candidates) {
    if (terms.signal.aborted) throw new SigstepError("CANCELLED", "The run was cancelled.");
    await judged.add(candidate, () => prove(candidate, { image, artifact, terms }));
  }
  const none = candidates.length === 0 ? await noneAbout(image, named.name) : undefined;
  return { ...judged.result(named, none), image: facts };
}

function digestOf({ manifest }: LocatedImage): string {
  return manifest.descriptor.digest;
}

/** By every digest that a statement may name it by: its manifest is at hand. */
function artifactOf({ manifest: { bytes } }: LocatedImage): ArtifactDigests {
  return { digests: digestsOf(bytes), content: bytes };
}

function digestsOf(bytes: Uint8Array): Digests {
  const names = ["sha256", "sha384", "sha512"] as const;
  return new Map(names.map((name) => [name, computeDigest(name, bytes).bytes]));
}

/** What is told of an image. */
export function imageFacts({ reference, store, manifest, platform }: LocatedImage): ImageFacts {
  return {
    reference,
    name: store.name,
    digest: manifest.descriptor.digest,
    platform: platform === undefined ? undefined : formatPlatform(platform),
  };
}

/** `registry/repository@sha256:… (linux/amd64)` */
export function imageName({ name, digest, platform }: ImageFacts): string {
  return `${name}@${digest ?? "?"}${platform === undefined ? "" : ` (${platform})`}`;
}

interface Proving {
  readonly image: LocatedImage;
  readonly artifact: ArtifactDigests;
  readonly terms: ProofTerms;
}

async function prove(
  { bundle, label, payload, storage }: ImageCandidate,
  { image, artifact, terms }: Proving,
): Promise<VerifiedFacts> {
  if (bundle instanceof SigstepError) throw bundle;
  const { withJson } = terms;
  const factsTerms = { label, withJson, storage: { ...storage } };
  if (payload === undefined) {
    const { verified, trustedRoot } = await proveBundle(bundle, artifact, terms);
    return verifiedFacts(verified, { ...factsTerms, trustedRoot });
  }
  const signed = { digests: digestsOf(payload), content: payload };
  const policy = signaturePolicy(terms.policy);
  const { verified, trustedRoot } = await proveBundle(bundle, signed, { ...terms, policy });
  requireSimpleSigning(payload, digestOf(image));
  const digest = parseDigest(digestOf(image));
  return verifiedFacts({ ...verified, digest }, { ...factsTerms, trustedRoot });
}

/** Who asks for signatures by cosign 3's predicate type gets cosign 2's too: they say the same. */
function signaturePolicy(policy: Policy): Policy {
  const { predicateTypes, ...rest } = policy;
  return predicateTypes?.includes(imageSignatureType) === true ? rest : policy;
}

function parseDigest(text: string): Digest {
  const [algorithm = "", hex = ""] = text.split(":");
  if (!isDigestAlgorithm(algorithm))
    throw new TypeError("A manifest has a digest that we compute.");
  return { algorithm, bytes: parseHex(hex, "digest") };
}

/** Nothing at all is stored about it; that its index is signed does not make up for that. */
async function noneAbout(image: LocatedImage, name: string): Promise<SigstepError> {
  const { store, root, isLayout } = image;
  const isPart = root !== digestOf(image);
  const ofIndex = isPart ? await readImageBundles(store, root, isLayout) : [];
  const why =
    ofIndex.length === 0
      ? "Nothing says who made"
      : `Signed is the index ${root} alone; nothing says who made`;
  return new SigstepError("BUNDLE_MISSING", `${why} ${quote(name, 500)}.`, {
    where: store.name,
    hint:
      ofIndex.length === 0
        ? "Was it signed, and pushed here with its signatures? Both referrers and cosign 2's tags were looked at."
        : "Sign with recursive: platforms, or verify without platform: the digest of the index is then what counts.",
    step: { number: 1, name: "bundle" },
  });
}
