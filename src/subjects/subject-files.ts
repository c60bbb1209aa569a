// The files of the input `subject-path`, by the rules of actions/attest: a folder stands for every file below
// it, `!pattern` takes files away again, and a pattern that matches nothing is no error while others do.
// https://github.com/actions/toolkit/tree/main/packages/glob#patterns
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import { SigstepError } from "../errors.ts";
import { findFiles, type FoundFile } from "./find.ts";
import { parsePathList } from "./path-list.ts";

/** What a path list names. */
export interface SubjectFiles {
  /** Each once, in the order of the list. At least one. */
  readonly files: readonly FoundFile[];
  /** Items that match no file: worth a word, as one may be misspelled. */
  readonly unmatched: readonly string[];
}

/**
 * The files that `text` names.
 *
 * @param text - The input: paths and globs by commas or lines.
 * @throws SigstepError INPUT_NO_MATCH when no file is left; otherwise as {@link findFiles} and
 * {@link parsePathList}.
 */
export async function findSubjectFiles(text: string): Promise<SubjectFiles> {
  const chosen = new Map<string, FoundFile>();
  const unmatched: string[] = [];
  for (const item of parsePathList(text)) {
    const isExclusion = item.startsWith("!");
    const found = await findBelow(isExclusion ? item.slice(1).trim() : item);
    if (found.length === 0) unmatched.push(item);
    for (const file of found) {
      const key = resolve(file.path);
      if (isExclusion) chosen.delete(key);
      else if (!chosen.has(key)) chosen.set(key, file);
    }
  }
  if (chosen.size > 0) return { files: [...chosen.values()], unmatched };
  throw new SigstepError("INPUT_NO_MATCH", "Input subject-path matches no file.", {
    where: "subject-path",
    hint: "Check the paths: they are relative to the working directory of this step. A name that begins with a dot has to be written out.",
  });
}

/** The files that `pattern` matches, and those below the folders that it matches. */
async function findBelow(pattern: string): Promise<FoundFile[]> {
  const path = pattern.replace(/(?<=.)[/\\]+$/, "");
  const kind = await kindOf(path);
  const direct = kind === "folder" ? [] : await findSome(path);
  return kind === "file" ? direct : [...direct, ...(await findSome(`${path}/**`))];
}

/** What stands under this very name: what is neither there nor a folder is for {@link findFiles} to judge. */
async function kindOf(path: string): Promise<"file" | "folder" | "pattern"> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch {
    return "pattern";
  }
}

/** No match may be made up for by another item; anything else that is wrong is wrong. */
async function findSome(pattern: string): Promise<FoundFile[]> {
  try {
    return await findFiles([pattern]);
  } catch (error) {
    if (error instanceof SigstepError && error.code === "INPUT_NO_MATCH") return [];
    throw error;
  }
}
