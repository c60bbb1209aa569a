// The manifest of a run of sign or attest, which anyone may have changed since: it says which files there should be
// and where their bundles are. Every file and bundle is then verified as if it had been named.
// A path in it counts only as long as it stays in the working directory or in the manifest's own folder.
import { isAbsolute, join } from "node:path";
import { parseJson, type JsonValue } from "../encoding/json.ts";
import { quote, SigstepError, systemCode } from "../errors.ts";
import { bundleSuffix } from "../subjects/find.ts";
import { readFoundFile } from "../subjects/small-file.ts";
import type { Artifact } from "./verify-artifacts.ts";
import { locateAttestations, parseAttestation } from "./verify-manifest-attestations.ts";
import { Place } from "./verify-manifest-place.ts";
import { refuseListed, type RefusedResult } from "./verify-results.ts";

const maxBytes = 64 * 1024 * 1024;
const maxSubjects = 100_000;

/** What a manifest asks for. */
export interface ManifestContent {
  readonly artifacts: readonly Artifact[];
  /** What it lists and cannot be verified: files that were not signed, or are not there. */
  readonly refused: readonly RefusedResult[];
}

/**
 * Reads the manifest at `path` and finds its files.
 *
 * @throws SigstepError INPUT_UNREADABLE, INPUT_VALUE for a manifest of images; BUNDLE_INVALID when it is not a manifest, or lists nothing.
 */
export async function readManifest(path: string): Promise<ManifestContent> {
  const json = parseJson(await readBytes(path), {
    label: `manifest ${quote(path)}`,
    code: "BUNDLE_INVALID",
    maxBytes,
  });
  if (json.get("schemaVersion").integer() !== 1) {
    throw json.get("schemaVersion").refuse("is not 1, the only one that this version reads");
  }
  refuseImages(json.get("images"));
  const subjects = json.get("subjects").items(maxSubjects).map(parseSubject);
  const failures = json.get("failures").items(maxSubjects);
  const attestations = json.get("attestations").itemsOrNone(maxSubjects).map(parseAttestation);
  if (subjects.length + failures.length + attestations.length === 0) {
    throw json.refuse("lists no file");
  }
  const place = await Place.of(path);
  const artifacts: Artifact[] = [];
  const refused = failures.map((failure) => notSigned(failure.get("path").string()));
  for (const subject of subjects) {
    const found = await locate(subject, place);
    if (found.length === 0) refused.push(notFound(subject.path));
    artifacts.push(...found);
  }
  const attested = await locateAttestations(attestations, place);
  return {
    artifacts: [...artifacts, ...attested.artifacts],
    refused: [...refused, ...attested.refused],
  };
}

/** Where they lie only a registry tells, and a manifest must not lead us to one. */
function refuseImages(json: JsonValue): void {
  const [first] = json.itemsOrNone(maxSubjects);
  if (first === undefined) return;
  const name = first.get("image").string();
  throw new SigstepError("INPUT_VALUE", `The manifest is of images, such as ${quote(name)}.`, {
    where: "manifest",
    hint: "Name the images themselves: sigstep verify --image REGISTRY/REPOSITORY@sha256:DIGEST.",
  });
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFoundFile(path, maxBytes);
  } catch (error) {
    throw new SigstepError(
      "INPUT_UNREADABLE",
      `Input manifest: ${quote(path)} cannot be read (${systemCode(error)}).`,
      {
        where: "manifest",
        hint: "Name the file that sign has written, sigstep-manifest.json.",
        cause: error,
      },
    );
  }
}

/** A file as the manifest lists it. */
interface ListedFile {
  readonly path: string;
  readonly sha256: Uint8Array;
  /** Relative to the manifest's folder. */
  readonly bundle: string;
}

function parseSubject(json: JsonValue): ListedFile {
  const sha256 = json.get("digest").get("sha256");
  if (sha256.hex().length !== 32) throw sha256.refuse("is not a SHA-256 digest");
  const [path, bundle] = [json.get("path"), json.get("bundle")];
  for (const name of [path, bundle]) {
    if (name.string() === "" || name.string().includes("\0")) throw name.refuse("is not a path");
  }
  return { path: path.string(), sha256: sha256.hex(), bundle: bundle.string() };
}

/**
 * The listed file with its bundle: where the run that signed had it and under the manifest's folder, as
 * when all was downloaded together; else the one beside its bundle.
 */
async function locate(listed: ListedFile, place: Place): Promise<Artifact[]> {
  const bundlePath = join(place.folder, listed.bundle);
  const inFolder = isAbsolute(listed.path) ? [] : [join(place.folder, listed.path)];
  const beside = bundlePath.endsWith(bundleSuffix)
    ? [bundlePath.slice(0, -bundleSuffix.length)]
    : [];
  const named = await place.findAll([listed.path, ...inFolder]);
  const found = named.length > 0 ? named : await place.findAll(beside);
  const hasBundle = await place.has(bundlePath);
  const bundles = [{ path: bundlePath, predicateType: undefined }];
  return found.map((file) => ({
    kind: "file",
    name: file.path,
    file,
    listed: [{ algorithm: "sha256", bytes: listed.sha256 }],
    ...(hasBundle ? { bundles } : {}),
  }));
}

function notFound(path: string): RefusedResult {
  return refuseListed(
    path,
    new SigstepError(
      "FILE_UNREADABLE",
      `File ${quote(path)} of the manifest is neither in the working directory nor in the manifest's folder.`,
      {
        where: path,
        hint: "Put the files where they were when they were signed, or beside the manifest. Paths that lead out of both folders are not followed.",
      },
    ),
  );
}

function notSigned(path: string): RefusedResult {
  return refuseListed(
    path,
    new SigstepError(
      "BUNDLE_MISSING",
      `File ${quote(path)} was not signed: the manifest says so.`,
      {
        where: path,
        hint: "Run sign again: it makes the bundles that are missing.",
        step: { number: 1, name: "bundle" },
      },
    ),
  );
}
