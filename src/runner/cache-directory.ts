// Where a run may keep what others could give again: with the job, with its machine, or with its user.
import { isAbsolute, join } from "node:path";
import type { Environment } from "./identity.ts";

/**
 * The first of: the folder that GitHub's runner empties after each job, its tool cache, the user's cache
 * (XDG, Windows). Undefined where there is none; a relative path would be another one in every step.
 */
export function findCacheDirectory(environment: Environment): string | undefined {
  const home = environment.HOME ?? "";
  const candidates = [
    environment.RUNNER_TEMP,
    environment.RUNNER_TOOL_CACHE,
    environment.XDG_CACHE_HOME,
    environment.LOCALAPPDATA,
    home === "" ? undefined : join(home, ".cache"),
  ];
  return candidates.find((path) => path !== undefined && isAbsolute(path));
}

/** The folder of this job alone, which GitHub's runner empties after it; undefined elsewhere. */
export function findTemporaryDirectory({ RUNNER_TEMP: path }: Environment): string | undefined {
  return path !== undefined && isAbsolute(path) ? path : undefined;
}
