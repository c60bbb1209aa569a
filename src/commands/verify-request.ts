// Raw texts of the inputs of `verify` → one typed request. No file is read here.
import { SigstepError } from "../errors.ts";
import type { BundlePlace } from "./bundle-finder.ts";
import { InputReader, type InputSource } from "./input-reader.ts";
import { parseMirror } from "./mirror.ts";
import { parseImagesRequest, type ImagesRequest } from "./verify-image-request.ts";
import { parsePolicyRequest, type PolicyRequest } from "./policy-flags.ts";
import type { TrustChoice } from "./trust.ts";
import { verifyInputs, type VerifyInputName } from "./verify-table.ts";

/** What a user asks of `verify`. */
export interface VerifyRequest {
  /** Paths, globs and digests. */
  readonly items: readonly string[];
  readonly images: ImagesRequest;
  readonly bundles: BundlePlace;
  readonly manifest: string | undefined;
  readonly keyFile: string | undefined;
  readonly policy: PolicyRequest;
  readonly trust: TrustChoice;
  readonly offline: boolean;
  readonly insecureHosts: readonly string[];
  readonly caFile: string | undefined;
  readonly concurrency: number;
  readonly resultsPath: string | undefined;
  readonly showSummary: boolean;
}

type Reader = InputReader<VerifyInputName>;

const defaultConcurrency = 8;

/**
 * The request that the inputs make.
 *
 * @param paths - Paths of the command line, each one item.
 * @throws SigstepError INPUT_VALUE, INPUT_MISSING, INPUT_CONFLICT, POLICY_INVALID
 */
export function parseVerifyRequest(source: InputSource, paths: readonly string[]): VerifyRequest {
  const inputs: Reader = new InputReader(source, verifyInputs);
  const items = [...inputs.list("inputs"), ...paths];
  const request = {
    items,
    images: parseImagesRequest(inputs),
    manifest: inputs.text("manifest"),
    bundles: chooseBundles(inputs),
    keyFile: inputs.text("key"),
    policy: parsePolicyRequest(source),
    trust: chooseTrust(inputs),
    offline: inputs.boolean("offline"),
    insecureHosts: inputs.list("allow-insecure-hosts"),
    caFile: inputs.text("ca-file"),
    concurrency: inputs.integer("concurrency") ?? defaultConcurrency,
    resultsPath: inputs.text("results-path"),
    showSummary: inputs.boolean("show-summary"),
  };
  requireOneKind(request);
  return request;
}

function chooseBundles(inputs: Reader): BundlePlace {
  const file = inputs.text("bundle");
  const folder = inputs.text("bundle-dir");
  if (file !== undefined && folder !== undefined) throw conflict("bundle", "bundle-dir");
  if (file !== undefined) return { kind: "file", path: file };
  return folder === undefined ? { kind: "beside" } : { kind: "folder", path: folder };
}

function chooseTrust(inputs: Reader): TrustChoice {
  const file = inputs.text("trusted-root");
  const mirror = parseMirror({ mirror: inputs.text("tuf-mirror"), root: inputs.text("tuf-root") });
  const ways = ["trusted-root", "tuf-mirror", "instance"] as const;
  const [one = "", other] = ways.filter((name) => inputs.given(name));
  if (other !== undefined) throw conflict(one, other);
  if (file !== undefined) return { kind: "file", path: file };
  return mirror ?? chooseNamed(inputs.text("instance"));
}

function chooseNamed(instance: string | undefined): TrustChoice {
  if (instance === "public-good" || instance === "staging" || instance === "github") {
    return { kind: instance };
  }
  return { kind: "default" };
}

/** A manifest says which files and where their bundles are; without one, something must be named. */
function requireOneKind(request: Kinds): void {
  const { items, images, bundles } = request;
  const isImages = images.images.length > 0 && items.length === 0;
  if (isImages && bundles.kind !== "beside") throw ofNoFile(bundles);
  refuseBesideManifest(request);
  const digest = items.find((item) => /^sha(?:256|384|512):/.test(item));
  if (digest === undefined || bundles.kind !== "beside") return;
  throw new SigstepError("INPUT_MISSING", "A digest has no bundle beside it, and none is named.", {
    where: "bundle",
    hint: "Say where its bundle is: --bundle FILE or --bundle-dir DIR.",
  });
}

type Kinds = Pick<VerifyRequest, "items" | "images" | "manifest" | "bundles">;

function refuseBesideManifest({ items, images: { images }, manifest, bundles }: Kinds): void {
  if (manifest === undefined) return;
  if (items.length > 0) throw conflict("manifest", "inputs");
  if (images.length > 0) throw conflict("manifest", "images");
  if (bundles.kind === "file") throw conflict("manifest", "bundle");
  if (bundles.kind === "folder") throw conflict("manifest", "bundle-dir");
}

/** An image's bundles are where it is; one in a file is verified by the digest. */
function ofNoFile({ kind }: BundlePlace): SigstepError {
  const name = kind === "file" ? "bundle" : "bundle-dir";
  return new SigstepError("INPUT_CONFLICT", `Inputs ${name} and images are both given.`, {
    where: name,
    hint: "Bundles of images are looked for beside them. Where it is in a file, verify the digest: sigstep verify sha256:HEX --bundle FILE.",
  });
}

function conflict(one: string, other: string): SigstepError {
  return new SigstepError("INPUT_CONFLICT", `Inputs ${one} and ${other} are both given.`, {
    where: one,
    hint: "Give one of them.",
  });
}
