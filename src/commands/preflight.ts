// What can be known about the places we will write to, before anything is public.
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { quote, SigstepError, systemCode } from "../errors.ts";
import type { Plan, PlannedItem } from "./plan.ts";

/** Where a run will write. */
export type Targets = Pick<Plan<PlannedItem>, "files" | "manifestPath">;

/**
 * Checks that every folder of the plan exists or can be made, that we may write there, and that no
 * bundle's place is taken by a folder.
 *
 * @throws SigstepError INPUT_NOT_WRITABLE
 */
export async function checkTargets(plan: Targets): Promise<void> {
  const paths = [...plan.files.map(({ bundlePath }) => bundlePath), plan.manifestPath];
  for (const folder of new Set(paths.map(dirname))) await checkFolder(folder);
  for (const path of paths) {
    const kind = await kindOf(path);
    if (kind === "folder" || kind === "other") throw refuse(path, `is ${descriptions[kind]}`);
  }
}

const descriptions = { folder: "a folder", other: "a device or pipe, not a file" };

async function checkFolder(folder: string): Promise<void> {
  const kind = await kindOf(folder);
  if (kind === "nothing") {
    if (dirname(folder) !== folder) await checkFolder(dirname(folder));
    return;
  }
  if (kind !== "folder") throw refuse(folder, "is not a folder");
  try {
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw refuse(folder, `cannot be written to (${systemCode(error)})`);
  }
}

type Kind = "folder" | "file" | "other" | "nothing";

async function kindOf(path: string): Promise<Kind> {
  try {
    const stats = await stat(path);
    return stats.isDirectory() ? "folder" : stats.isFile() ? "file" : "other";
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return "nothing";
    throw refuse(path, `cannot be looked at (${code})`);
  }
}

function refuse(path: string, why: string): SigstepError {
  return new SigstepError("INPUT_NOT_WRITABLE", `${quote(path)} ${why}.`, {
    where: path,
    hint: "Bundles go beside their files or into bundle-dir: set it to a folder that can be written to.",
  });
}
