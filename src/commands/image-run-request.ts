// Inputs of a run over images → one typed request, for `sign` and for `attest`.
import { SigstepError } from "../errors.ts";
import { attestInputs, type AttestInputName } from "./attest-inputs.ts";
import { parseAttestTerms, type AttestSurroundings, type AttestTerms } from "./attest-request.ts";
import {
  parseImageRequest,
  pushedImage,
  type ImageChoice,
  type ImageRequest,
} from "./image-request.ts";
import { InputReader, type InputSource } from "./input-reader.ts";
import { signInputs, type InputName } from "./input-table.ts";
import { parseRunRequest } from "./request.ts";
import { parseStoreRequest } from "./store-request.ts";

/** What is said of images. */
export type ImageSaying = "attestations" | "signature" | "both";

/** What a user asks of a run over images. */
export interface ImageRunRequest extends AttestTerms {
  readonly images: ImageRequest;
  readonly saying: ImageSaying;
}

const sayings: Readonly<Record<string, ImageSaying>> = { true: "both", only: "signature" };

/**
 * The request of `attest`.
 *
 * @returns undefined when no image is named: then files are attested.
 * @throws SigstepError INPUT_VALUE, INPUT_MISSING, INPUT_CONFLICT, REFERENCE_INVALID
 */
export function parseImageAttestation(
  source: InputSource,
  around: AttestSurroundings,
): ImageRunRequest | undefined {
  const inputs = new InputReader<AttestInputName>(source, attestInputs);
  const pushed = inputs.boolean("push-to-registry") ? choosePushed(inputs) : undefined;
  const images = parseImageRequest(inputs, pushed);
  const saying = sayings[inputs.text("sign-images") ?? ""] ?? "attestations";
  if (images === undefined) {
    if (saying === "attestations") return undefined;
    throw missing("subject-images", "sign-images is for images: name them in subject-images.");
  }
  refuseFiles(inputs, around, pushed !== undefined);
  const terms = parseAttestTerms(inputs, around);
  const storageRecord = inputs.given("create-storage-record")
    ? inputs.boolean("create-storage-record")
    : images.storage !== "none" && around.jobFolder !== undefined;
  const attestations = saying === "signature" ? "never" : terms.attestations;
  const own = { storageRecord, attestations, saying, images: withToken(images, terms.stores) };
  const request: ImageRunRequest = { ...terms, ...own };
  if (saying === "signature") refusePredicates(inputs);
  return requirePlace(request);
}

/** As actions/attest has it: one subject. */
function choosePushed(inputs: InputReader<AttestInputName>): ImageChoice | undefined {
  if (inputs.given("subject-images")) return undefined;
  return pushedImage(inputs.text("subject-name"), inputs.text("subject-digest"));
}

const ofFiles = [
  ...(["subject-path", "subject-checksums", "subject-manifest", "statement-path"] as const),
] as const;

function refuseFiles(
  inputs: InputReader<AttestInputName>,
  { paths }: AttestSurroundings,
  isPushed: boolean,
): void {
  const named = isPushed ? [] : (["subject-name", "subject-digest"] as const);
  const other =
    [...ofFiles, ...named].find((name) => inputs.given(name)) ??
    (paths.length > 0 ? "subject-path" : undefined);
  if (other === undefined) return;
  const own = isPushed ? "push-to-registry" : "subject-images";
  throw new SigstepError("INPUT_CONFLICT", `Inputs ${own} and ${other} are both given.`, {
    where: other,
    hint: "One step attests images or files: use two steps for both.",
  });
}

function refusePredicates(inputs: InputReader<AttestInputName>): void {
  const names = [
    "sbom-path",
    "predicate-type",
    "predicate",
    "predicate-path",
    "predicates",
  ] as const;
  const other = names.find((name) => inputs.given(name));
  if (other === undefined) return;
  throw new SigstepError(
    "INPUT_CONFLICT",
    `Inputs sign-images: only and ${other} are both given.`,
    {
      where: other,
      hint: "sign-images: true signs and attests in one step.",
    },
  );
}

/**
 * The request of `sign`.
 *
 * @returns undefined when no image is named: then files are signed.
 * @throws SigstepError as {@link parseImageAttestation}
 */
export function parseImageSigning(
  source: InputSource,
  { paths, jobFolder }: Pick<AttestSurroundings, "paths" | "jobFolder">,
): ImageRunRequest | undefined {
  const inputs = new InputReader<InputName>(source, signInputs);
  const images = parseImageRequest(inputs);
  if (images === undefined) return undefined;
  if (inputs.given("inputs") || paths.length > 0) {
    throw new SigstepError("INPUT_CONFLICT", "Inputs inputs and subject-images are both given.", {
      where: "inputs",
      hint: "inputs are files, subject-images are images: use two steps for both.",
    });
  }
  const run = parseRunRequest(inputs);
  const stores = parseStoreRequest(inputs);
  return requirePlace({
    ...{ ...run, stores, jobFolder, images: withToken(images, stores), saying: "signature" },
    predicates: noPredicates,
    shape: { ...shape, concurrency: run.concurrency },
    bundleDir: inputs.text("bundle-dir"),
    ...{ provenanceInputs: false, oversizeLocation: undefined, namesInstance: true },
    ...{ attestations: "never", storageRecord: false, subjectVersion: undefined },
  });
}

const noPredicates: AttestTerms["predicates"] = {
  ...{ sbomPaths: [], predicateType: undefined, predicate: undefined },
  ...{ sbomTypeUri: "gh", predicatePath: undefined, predicates: undefined },
};

/** A signature says two bytes. */
const shape = {
  bundleName: "signature",
  singleSubject: true,
  oversize: "fail",
  maxEnvelopeBytes: 1024 * 1024,
} as const;

function withToken(images: ImageRequest, { gitHubToken }: AttestTerms["stores"]): ImageRequest {
  return { ...images, registries: { ...images.registries, gitHubToken } };
}

/** What is stored nowhere would have been signed for nothing. */
function requirePlace(request: ImageRunRequest): ImageRunRequest {
  const { images, bundleDir, jobFolder, stores } = request;
  if (bundleDir !== undefined || jobFolder !== undefined) return request;
  if (images.storage === "none") {
    throw missing("bundle-dir", "With storage: none the bundles go into bundle-dir alone.");
  }
  if (stores.release === undefined && stores.artifact === undefined) return request;
  throw missing("bundle-dir", "A release or an artifact of the run takes its files from there.");
}

function missing(name: string, hint: string): SigstepError {
  return new SigstepError("INPUT_MISSING", `Input ${name} is missing.`, { where: name, hint });
}
