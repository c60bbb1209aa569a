// Raw texts of attest's inputs → one typed request. Every check that needs no file and no network is here.
import { quote, SigstepError } from "../errors.ts";
import { requireLocation } from "../predicates/oversize.ts";
import type { PredicateRequest } from "./attest-predicates.ts";
import type { AttestShape } from "./attest-plan.ts";
import type { SubjectChoice } from "./attest-subjects.ts";
import { parsePathList } from "../subjects/path-list.ts";
import { attestInputs, type AttestInputName } from "./attest-inputs.ts";
import { InputReader, type InputSource } from "./input-reader.ts";
import type { GitHubAttestations } from "../stores/attestations-choice.ts";
import { parseRunRequest, type RunRequest } from "./request.ts";
import { parseStoreRequest, type StoreRequest } from "./store-request.ts";

/** What a user asks of `attest`, whatever it is about. */
export interface AttestTerms extends RunRequest {
  readonly predicates: PredicateRequest;
  readonly shape: AttestShape;
  readonly bundleDir: string | undefined;
  readonly provenanceInputs: boolean;
  readonly oversizeLocation: string | undefined;
  /** Whether the user has named the instance; otherwise the repository's visibility decides. */
  readonly namesInstance: boolean;
  /** Folder of the job for an action's files; absent on a command line. */
  readonly jobFolder: string | undefined;
  readonly stores: StoreRequest;
  readonly attestations: GitHubAttestations;
  /** Whether the storage record of an image is asked for. */
  readonly storageRecord: boolean;
  readonly subjectVersion: string | undefined;
}

/** What a user asks of `attest` about files, or digests of them. */
export interface AttestRequest extends AttestTerms {
  readonly subjects: SubjectChoice;
  /** A whole statement, instead of subjects and predicates. */
  readonly statementPath: string | undefined;
}

/** What the job offers besides inputs. */
export interface AttestSurroundings {
  readonly paths: readonly string[];
  readonly artifactsList: string | undefined;
  readonly jobFolder: string | undefined;
}

const instanceInputs = ["signing-config", "trusted-root", "instance", "tuf-mirror"] as const;

/**
 * The request that the inputs make.
 *
 * @param around - Paths of the command line, which are `subject-path`, and what the runner offers.
 * @throws SigstepError INPUT_VALUE, INPUT_MISSING, INPUT_CONFLICT
 */
export function parseAttestRequest(source: InputSource, around: AttestSurroundings): AttestRequest {
  const inputs = new InputReader<AttestInputName>(source, attestInputs);
  return {
    ...parseAttestTerms(inputs, around),
    subjects: chooseSubjects(inputs, around),
    statementPath: chooseStatement(inputs, around),
  };
}

/**
 * The part of the request that does not say what is attested.
 *
 * @throws SigstepError INPUT_VALUE, INPUT_MISSING, INPUT_CONFLICT
 */
export function parseAttestTerms(
  inputs: InputReader<AttestInputName>,
  around: Pick<AttestSurroundings, "jobFolder">,
): AttestTerms {
  const privateSigning = inputs.boolean("private-signing");
  const namesInstance = instanceInputs.some((name) => inputs.given(name));
  const run = parseRunRequest(inputs);
  if (privateSigning) refusePublic(inputs, run.instance);
  return {
    ...run,
    instance: privateSigning && !namesInstance ? { kind: "github" } : run.instance,
    predicates: choosePredicates(inputs),
    shape: chooseShape(inputs, run.concurrency),
    bundleDir: inputs.text("bundle-dir"),
    provenanceInputs: inputs.boolean("provenance-inputs"),
    oversizeLocation: chooseLocation(inputs),
    namesInstance,
    jobFolder: around.jobFolder,
    stores: parseStoreRequest(inputs),
    attestations: chooseAttestations(inputs.text("github-attestations")),
    storageRecord: inputs.boolean("create-storage-record"),
    subjectVersion: inputs.text("subject-version"),
  };
}

/**
 * Whoever asks for GitHub's instance wants nothing to be public: an instance of Sigstore's own, or a version
 * of its log, is a contradiction. Files of an instance of one's own are asked before, as documented.
 */
function refusePublic(inputs: Inputs, { kind }: RunRequest["instance"]): void {
  if (kind !== "public-good" && kind !== "staging") return;
  const other = (["instance", "rekor-version"] as const).find((name) => inputs.given(name));
  if (other === undefined) return;
  throw new SigstepError("INPUT_CONFLICT", `Inputs private-signing and ${other} are both given.`, {
    where: "private-signing",
    hint: "private-signing uses GitHub's own instance, which has no log. Leave one of them out.",
  });
}

function chooseAttestations(text: string | undefined): GitHubAttestations {
  return text === "always" || text === "never" ? text : "auto";
}

/** A statement says everything itself: whatever else would say a part of it contradicts. */
const saidByStatement: readonly AttestInputName[] = [
  ...(["subject-path", "subject-digest", "subject-name", "subject-checksums"] as const),
  ...(["subject-manifest", "sbom-path", "predicate-type", "predicate"] as const),
  ...(["predicate-path", "predicates", "oversize-location"] as const),
];

function chooseStatement(inputs: Inputs, { paths }: AttestSurroundings): string | undefined {
  const path = inputs.text("statement-path");
  if (path === undefined) return undefined;
  const switches = ["provenance-inputs", "single-subject-attestations"] as const;
  const other =
    saidByStatement.find((name) => inputs.given(name)) ??
    switches.find((name) => inputs.boolean(name)) ??
    (paths.length > 0 ? "subject-path" : undefined);
  if (other === undefined) return path;
  throw new SigstepError("INPUT_CONFLICT", `Inputs statement-path and ${other} are both given.`, {
    where: "statement-path",
    hint: "A statement names its subjects and its predicate itself: give one or the other.",
  });
}

type Inputs = InputReader<AttestInputName>;

const subjectInputs = [
  "subject-path",
  "subject-digest",
  "subject-checksums",
  "subject-manifest",
] as const;

/** At most one says what is attested, as with actions/attest. */
function chooseSubjects(
  inputs: Inputs,
  { paths, artifactsList }: AttestSurroundings,
): SubjectChoice {
  const given = subjectInputs.filter(
    (input) => inputs.given(input) || (input === "subject-path" && paths.length > 0),
  );
  const [first, second] = given;
  if (first === undefined) return { kind: "artifacts-list", path: artifactsList };
  if (second !== undefined) throw conflict(first, second);
  const text = inputs.text(first) ?? "";
  const name = inputs.text("subject-name");
  switch (first) {
    case "subject-path":
      return { kind: "paths", text: joinPaths(text, paths), name };
    case "subject-digest":
      return { kind: "digest", digest: text, name: requireSubjectName(name) };
    case "subject-checksums":
      return { kind: "checksums", text };
    case "subject-manifest":
      return { kind: "manifest", path: text };
  }
}

/** Paths of a command line may hold commas. */
function joinPaths(text: string, paths: readonly string[]): string {
  const quoted = paths.map((path) => `"${path.replaceAll('"', '""')}"`);
  return [...(text === "" ? [] : [text]), ...quoted].join("\n");
}

function requireSubjectName(name: string | undefined): string {
  if (name !== undefined) return name;
  throw new SigstepError("INPUT_MISSING", "Input subject-name is missing.", {
    where: "subject-name",
    hint: "subject-digest says what the subject is, subject-name how it is called.",
  });
}

function choosePredicates(inputs: Inputs): PredicateRequest {
  const sbomPath = inputs.text("sbom-path");
  return {
    sbomPaths: sbomPath === undefined ? [] : parsePathList(sbomPath, "sbom-path"),
    sbomTypeUri: inputs.text("sbom-type-uri") === "cosign" ? "cosign" : "gh",
    predicateType: inputs.text("predicate-type"),
    predicate: inputs.text("predicate"),
    predicatePath: inputs.text("predicate-path"),
    predicates: inputs.text("predicates"),
  };
}

function chooseShape(inputs: Inputs, concurrency: number | undefined): AttestShape {
  return {
    bundleName: requireBundleName(inputs.text("bundle-name") ?? "attestation"),
    singleSubject: inputs.boolean("single-subject-attestations"),
    oversize: inputs.text("oversize") === "reference" ? "reference" : "fail",
    maxEnvelopeBytes: inputs.integer("max-envelope-size") ?? 0,
    concurrency,
  };
}

/** It becomes a part of file names. */
function requireBundleName(name: string): string {
  if (/^[\w][\w .+-]{0,99}$/.test(name)) return name;
  throw new SigstepError("INPUT_VALUE", `Input bundle-name is ${quote(name, 60)}.`, {
    where: "bundle-name",
    hint: "Use at most 100 letters, digits, spaces and . _ + -, the first a letter, digit or _.",
  });
}

function chooseLocation(inputs: Inputs): string | undefined {
  const location = inputs.text("oversize-location");
  const isReference = inputs.text("oversize") === "reference";
  if (location !== undefined && isReference) requireLocation(location);
  if (isReference === (location !== undefined)) return location;
  const [lacking, given] = isReference
    ? ["oversize-location", "oversize: reference"]
    : ["oversize", "oversize-location"];
  throw new SigstepError("INPUT_MISSING", `Input ${lacking} is missing.`, {
    where: lacking,
    hint: `${given} needs it: a reference says where the predicate can be had.`,
  });
}

function conflict(one: string, other: string): SigstepError {
  return new SigstepError("INPUT_CONFLICT", `Inputs ${one} and ${other} are both given.`, {
    where: one,
    hint: "Give one of subject-path, subject-digest, subject-checksums and subject-manifest.",
  });
}
