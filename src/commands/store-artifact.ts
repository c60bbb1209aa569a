// The artifact of the workflow run that keeps bundles and manifest for later jobs.
import { basename, relative, sep } from "node:path";
import { SigstepError } from "../errors.ts";
import type { Http } from "../services/http.ts";
import {
  checkArtifactName,
  uploadArtifact,
  type ArtifactService,
  type WorkflowArtifact,
} from "../stores/workflow-artifact.ts";
import { readWritten } from "./store-release.ts";
import type { StoreRequest } from "./store-request.ts";
import type { World } from "./world.ts";

/** An artifact that can be made. */
export interface PlannedArtifact {
  readonly name: string;
  readonly service: ArtifactService;
}

/**
 * The artifact that the request wants, where the runner offers it.
 *
 * @throws SigstepError INPUT_NAME, INPUT_CONFLICT
 */
export function planArtifact(
  { artifact }: Pick<StoreRequest, "artifact">,
  { job, runner }: World,
): PlannedArtifact | undefined {
  if (artifact === undefined) return undefined;
  const name = artifact === "job" ? nameAfter(job.name) : artifact.name;
  checkArtifactName(name);
  const { resultsUrl, runtimeToken } = job.gitHub;
  const url = URL.parse(resultsUrl ?? "");
  if (url === null || runtimeToken === undefined) throw notOffered();
  runner.secret(runtimeToken);
  return { name, service: { url, token: runtimeToken } };
}

/** A job's id is a word; only one that was changed is not. */
function nameAfter(job: string): string {
  return job === "" ? "sigstep-bundles" : `sigstep-bundles-${job}`;
}

function notOffered(): SigstepError {
  return new SigstepError(
    "INPUT_CONFLICT",
    "upload-artifact is set, but this runner offers no artifacts: ACTIONS_RESULTS_URL and ACTIONS_RUNTIME_TOKEN are not both set.",
    {
      where: "upload-artifact",
      hint: "GitHub gives them to actions alone, not to `run` steps: use the action, or upload bundle-dir with actions/upload-artifact.",
    },
  );
}

/**
 * Keeps the files, by their place in `folder`.
 *
 * @throws SigstepError FILE_UNREADABLE, and as `uploadArtifact`.
 */
export async function keepArtifact(
  http: Http,
  { name, service }: PlannedArtifact,
  { paths, folder }: { readonly paths: readonly string[]; readonly folder: string },
): Promise<WorkflowArtifact> {
  const files = [];
  for (const path of paths) {
    files.push({ name: placeIn(folder, path), content: await readWritten(path) });
  }
  return uploadArtifact(http, service, { name, files });
}

function placeIn(folder: string, path: string): string {
  const place = relative(folder, path).split(sep);
  return place[0] === ".." ? basename(path) : place.join("/");
}
