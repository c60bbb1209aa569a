// The workflow's inputs from the event's payload, for provenance that is asked to have them.
import { quote, SigstepError, systemCode } from "../errors.ts";
import { parseJson } from "../encoding/json.ts";
import { selectInputs, type WorkflowInputs } from "../predicates/workflow-inputs.ts";
import { readSmallFile } from "../subjects/small-file.ts";
import type { World } from "./world.ts";

const maxEventBytes = 32 * 1024 * 1024;

/**
 * The inputs; those in which a secret of this run stands are left out, and said to be.
 *
 * @throws SigstepError INPUT_VALUE when there is no event to read them from, or they are too large.
 */
export async function readWorkflowInputs({ job, runner }: World): Promise<WorkflowInputs> {
  const source = { label: "event payload", code: "INPUT_VALUE", maxBytes: maxEventBytes } as const;
  const event = parseJson(await readEvent(job.eventPath), source);
  const { inputs, dropped } = selectInputs(event, (text) => runner.redact(text) !== text);
  if (dropped.length > 0) {
    const names = dropped.map((name) => quote(name, 60)).join(", ");
    runner.info(`Left out of the provenance, as a secret stands in them: inputs ${names}.`);
  }
  return inputs;
}

async function readEvent(path: string | undefined): Promise<Uint8Array> {
  try {
    if (path !== undefined) return await readSmallFile(path, maxEventBytes);
  } catch (error) {
    throw absent(` (${systemCode(error)})`, error);
  }
  throw absent("", undefined);
}

function absent(why: string, cause: unknown): SigstepError {
  return new SigstepError(
    "INPUT_VALUE",
    `There is no event to read the workflow's inputs from${why}.`,
    {
      where: "provenance-inputs",
      hint: "provenance-inputs works in GitHub Actions. Leave it out elsewhere.",
      cause,
    },
  );
}
