// Everything that an attest run will write, looked at before anything is public: it can be written, and it
// is none of the files that the run reads.
import { join } from "node:path";
import { quote, SigstepError } from "../errors.ts";
import { attestationsName } from "./attest-lines.ts";
import type { PlannedStatements } from "./attest-plan.ts";
import type { PlannedPredicate } from "./attest-predicates.ts";
import type { AttestRequest } from "./attest-request.ts";
import { pathKey } from "./plan.ts";
import { checkTargets } from "./preflight.ts";

/**
 * Files that the run reads.
 *
 * @param subjectPaths - Those that are hashed.
 */
export function readPaths(
  { subjects, statementPath }: Pick<AttestRequest, "subjects" | "statementPath">,
  subjectPaths: readonly string[],
  predicates: readonly PlannedPredicate[],
): string[] {
  const list = subjects.kind === "checksums" ? subjects.text : undefined;
  const manifest = subjects.kind === "manifest" ? subjects.path : undefined;
  const documents = predicates.map((each) => (each.kind === "document" ? each.path : undefined));
  // A list of checksums may stand in the input itself; then it is no path that anything has.
  return [...subjectPaths, ...documents, statementPath, list, manifest].filter(
    (path) => path !== undefined,
  );
}

/**
 * Checks every place that the run writes to.
 *
 * @param jobFolder - RUNNER_TEMP in an action, where actions/attest's own file is written, too.
 * @throws SigstepError INPUT_NOT_WRITABLE; INPUT_NAME_CLASH for a file that is read as well.
 */
export async function checkAttestTargets(
  { files, manifestPath, linesPath, bundleDir }: PlannedStatements,
  read: readonly string[],
  jobFolder: string | undefined,
): Promise<void> {
  const own = jobFolder === undefined ? [] : [join(bundleDir, attestationsName)];
  const all = [linesPath, ...own];
  const written = [...files.map(({ bundlePath }) => bundlePath), manifestPath, ...all];
  const keys = new Set(written.map(pathKey));
  const clash = read.find((path) => keys.has(pathKey(path)));
  if (clash !== undefined) throw overwritten(clash);
  const more = all.map((path) => ({ path, name: path, bundlePath: path }));
  await checkTargets({ files: [...files, ...more], manifestPath });
}

function overwritten(path: string): SigstepError {
  return new SigstepError(
    "INPUT_NAME_CLASH",
    `File ${quote(path)} is read by this run, and its results would overwrite it.`,
    { where: path, hint: "Set bundle-dir to another folder, or bundle-name to another name." },
  );
}
