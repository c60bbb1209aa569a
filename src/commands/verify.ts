// `verify`: artifacts + bundles + policy → verdict. Reads top to bottom: policy, artifacts, trust, each
// artifact, report.
import { BundleFinder } from "./bundle-finder.ts";
import { readCaFile } from "./ca-file.ts";
import { readPolicy } from "./policy-flags.ts";
import { verifyAll } from "./verify-all.ts";
import { verifyImages } from "./verify-images.ts";
import { findArtifacts } from "./verify-artifacts.ts";
import { readKey } from "./verify-key.ts";
import { readManifest, type ManifestContent } from "./verify-manifest.ts";
import { reportVerify, type VerifyReport } from "./verify-report.ts";
import type { VerifyRequest } from "./verify-request.ts";
import { openTrust, type RootsFor } from "./verify-trust.ts";
import type { World } from "./world.ts";

/** What a run keeps besides its verdict. */
export interface VerifyOptions {
  /** All that is proven is printed as JSON in the end. */
  readonly json: boolean;
  /** Folder for the results when the request names no file for them. */
  readonly resultsFolder?: string | undefined;
}

/**
 * Does what `request` asks.
 *
 * Artifacts that are refused do not stop the others; they are in the report.
 *
 * @throws SigstepError whatever stops the run as a whole: bad input, no policy, no trust.
 */
export async function verify(
  request: VerifyRequest,
  world: World,
  { json, resultsFolder }: VerifyOptions,
): Promise<VerifyReport> {
  const started = world.now().getTime();
  const [policy, key, { artifacts, refused }] = await Promise.all([
    readPolicy(request.policy),
    request.keyFile === undefined ? undefined : readKey(request.keyFile),
    collect(request),
  ]);
  const withFile = request.resultsPath !== undefined || resultsFolder !== undefined;
  const caPem = await readCaFile(request.caFile);
  const terms = {
    finder: new BundleFinder(request.bundles, policy.attestations !== undefined),
    rootsFor: await openRoots(request, world, caPem),
    ...{ policy, key },
    now: world.now(),
    signal: world.signal,
    withJson: json || withFile,
  };
  const { concurrency } = request;
  const judged = await verifyAll(artifacts, terms, { concurrency, world });
  const images = await verifyImages(request.images, terms, { concurrency, world, caPem });
  const seconds = (world.now().getTime() - started) / 1000;
  const results = { results: [...judged, ...refused, ...images], seconds };
  return reportVerify(results, { request, world, resultsFolder });
}

async function collect({ manifest, items, images }: VerifyRequest): Promise<ManifestContent> {
  if (manifest !== undefined) return readManifest(manifest);
  if (items.length === 0 && images.images.length > 0) return { artifacts: [], refused: [] };
  return { artifacts: await findArtifacts(items), refused: [] };
}

async function openRoots(
  request: VerifyRequest,
  world: World,
  caPem: string | undefined,
): Promise<RootsFor> {
  const { trust, offline, insecureHosts } = request;
  const network = { insecureHosts, ...(caPem === undefined ? {} : { caPem }) };
  return openTrust(trust, { world, offline, network });
}
