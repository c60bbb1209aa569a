// All bundles of a run in one file, one a line, in the order of the plan; in an action also where
// actions/attest leaves its own.
import { appendFile } from "node:fs/promises";
import { join } from "node:path";
import { SigstepError, systemCode } from "../errors.ts";
import type { PlannedStatement, PlannedStatements } from "./attest-plan.ts";
import { writeWhole } from "./write.ts";

/** The name that actions/attest gives its file. */
export const attestationsName = "attestation.json";

/** Collects bundles while a run goes on. */
export interface BundleLines {
  readonly add: (item: PlannedStatement, bundle: string) => void;
  /**
   * Writes them, and gives the path for `bundle-path`; empty when there is none.
   *
   * @param jobFolder - RUNNER_TEMP in an action.
   * @throws SigstepError WRITE_FAILED
   */
  readonly write: (jobFolder: string | undefined) => Promise<string>;
}

/** What a run of `planned` leaves. */
export function createBundleLines(planned: PlannedStatements): BundleLines {
  const bundles = new Map<PlannedStatement, string>();
  return {
    add: (item, bundle) => bundles.set(item, bundle),
    write: async (jobFolder) => {
      const lines = planned.files.flatMap((item) => bundles.get(item) ?? []).join("");
      if (lines === "") return "";
      await writeWhole(planned.linesPath, lines);
      if (jobFolder === undefined) return planned.linesPath;
      const path = join(planned.bundleDir, attestationsName);
      await writeWhole(path, lines);
      await appendPath(join(jobFolder, "created_attestation_paths.txt"), path);
      return path;
    },
  };
}

/** Other steps of the job append to it, too. */
async function appendPath(list: string, path: string): Promise<void> {
  try {
    await appendFile(list, `${path}\n`);
  } catch (error) {
    throw new SigstepError(
      "WRITE_FAILED",
      `created_attestation_paths.txt cannot be written (${systemCode(error)}).`,
      {
        where: "RUNNER_TEMP",
        hint: "Check RUNNER_TEMP.",
        cause: error,
      },
    );
  }
}
