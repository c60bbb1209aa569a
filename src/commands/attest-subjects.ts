// What is attested: from the one input that names it, or from the list that earlier steps of a GitHub job
// have left. Files are hashed here; of everything else the digest is given.
import { encodeHex } from "../encoding/base64.ts";
import { quote, SigstepError, systemCode, toSigstepError } from "../errors.ts";
import { parseArtifactsList } from "../subjects/artifacts-list.ts";
import { readChecksums } from "../subjects/checksums.ts";
import { parseDigestSubject } from "../subjects/digest-subject.ts";
import { parseManifestSubjects } from "../subjects/manifest-subjects.ts";
import { readFile } from "../subjects/read.ts";
import { findSubjectFiles } from "../subjects/subject-files.ts";
import { readSmallFile } from "../subjects/small-file.ts";
import { mergeSubjects } from "../subjects/subject-set.ts";
import { requireName, type Subject } from "../subjects/subject.ts";
import { advise } from "./blame.ts";

/** Where subjects come from. */
export type SubjectChoice =
  | { readonly kind: "paths"; readonly text: string; readonly name: string | undefined }
  | { readonly kind: "digest"; readonly digest: string; readonly name: string }
  | { readonly kind: "checksums"; readonly text: string }
  | { readonly kind: "manifest"; readonly path: string }
  /** The runner's list of what the job has made; absent where the runner has none. */
  | { readonly kind: "artifacts-list"; readonly path: string | undefined };

/** The subjects, and the folders that hold those that are files. */
export interface FoundSubjects {
  /** Each name once. */
  readonly subjects: readonly Subject[];
  readonly paths: readonly string[];
  /** Items that name no file: worth a word. */
  readonly unmatched: readonly string[];
}

const maxListBytes = 64 * 1024 * 1024;

/**
 * The subjects that `choice` names.
 *
 * @throws SigstepError of the input; FILE_UNREADABLE, FILE_CHANGED, CANCELLED of the files.
 */
export async function collectSubjects(
  choice: SubjectChoice,
  signal: AbortSignal,
): Promise<FoundSubjects> {
  switch (choice.kind) {
    case "paths":
      return hashFiles(choice.text, choice.name, signal);
    case "digest":
      return given([parseDigestSubject(choice.digest, choice.name)]);
    case "checksums":
      return given(await readChecksums(choice.text));
    case "manifest":
      return given(await readManifest(choice.path));
    case "artifacts-list":
      return given(await readArtifacts(choice.path));
  }
}

async function readManifest(path: string): Promise<readonly Subject[]> {
  const bytes = await readList(path, "subject-manifest");
  try {
    return parseManifestSubjects(bytes, `manifest ${quote(path)}`);
  } catch (thrown) {
    throw advise(toSigstepError(thrown), "Name the file that sign left: its output manifest-path.");
  }
}

function given(subjects: readonly Subject[]): FoundSubjects {
  return { subjects: mergeSubjects(subjects), paths: [], unmatched: [] };
}

/** A few at once: more would only make the disk jump. */
const filesAtOnce = 4;

async function hashFiles(
  text: string,
  name: string | undefined,
  signal: AbortSignal,
): Promise<FoundSubjects> {
  const { files, unmatched } = await findSubjectFiles(text);
  const subjects: Subject[] = [];
  const waiting = files.entries();
  const work = async (): Promise<void> => {
    for (const [index, file] of waiting) {
      const own = name ?? file.name;
      requireName(own, quote(file.path));
      const { digest } = await readFile(file, signal);
      subjects[index] = { name: own, digests: new Map([["sha256", encodeHex(digest.bytes)]]) };
    }
  };
  await Promise.all(Array.from({ length: Math.min(filesAtOnce, files.length) }, work));
  return { subjects: mergeSubjects(subjects), paths: files.map(({ path }) => path), unmatched };
}

async function readArtifacts(path: string | undefined): Promise<readonly Subject[]> {
  const listed = path === undefined ? [] : parseArtifactsList(await readArtifactsFile(path));
  if (listed.length > 0) return listed;
  throw new SigstepError("INPUT_MISSING", "Nothing says what to attest.", {
    where: "subject-path",
    hint: "Name the files:\n  with:\n    subject-path: dist/*.tar.gz\nor give subject-digest with subject-name, or subject-checksums. To sign the files themselves write `inputs: dist/*.tar.gz`.",
  });
}

/** The runner makes the file when a step first writes to it. */
async function readArtifactsFile(path: string): Promise<Uint8Array> {
  try {
    return await readSmallFile(path, maxListBytes);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return new Uint8Array();
    throw unreadable(path, "GITHUB_ARTIFACTS_LIST", error);
  }
}

async function readList(path: string, input: string): Promise<Uint8Array> {
  try {
    return await readSmallFile(path, maxListBytes);
  } catch (error) {
    throw unreadable(path, input, error);
  }
}

function unreadable(path: string, input: string, error: unknown): SigstepError {
  return new SigstepError(
    "INPUT_UNREADABLE",
    `Input ${input}: ${quote(path)} cannot be read (${systemCode(error)}).`,
    {
      where: input,
      hint: "Check the path: it is relative to the working directory of this step.",
      cause: error,
    },
  );
}
