// GitHub Actions: action inputs, masks, outputs and the summary page, by @actions/core.
import { readFile } from "node:fs/promises";
import { SigstepError, systemCode } from "../errors.ts";
import { gitHubIdentityAbsent } from "./absent-identity.ts";
import { GenericRunner } from "./generic.ts";

/** A GitHub Actions job, in an action or in a `run` step. */
export class GitHubRunner extends GenericRunner {
  override readonly name = "github";

  /** The step's own input first: an action's defaults are ours, so an empty one is an absent one. */
  override input(name: string): string {
    const given = this.environment[`INPUT_${name.toUpperCase().replaceAll(" ", "_")}`] ?? "";
    return given === "" ? super.input(name) : given;
  }

  /** The runner masks it in the job's log, too: one command a line, before anything else sees it. */
  override secret(value: string): void {
    if (this.printer.hides(value)) return;
    for (const line of value.split(/\r?\n/)) {
      if (line.trim() !== "") this.printer.mask(line);
    }
    super.secret(value);
  }

  override fail(lines: string): void {
    this.printer.command("error", lines);
  }

  override output = async (name: string, value: string): Promise<void> => {
    if ((this.environment.GITHUB_OUTPUT ?? "") === "") return;
    const { setOutput } = await import("./actions-core.ts");
    try {
      setOutput(name, this.printer.redact(value));
    } catch (error) {
      throw fileBroken("GITHUB_OUTPUT", "Later steps get no outputs.", error);
    }
  };

  override summary = async (markdown: string): Promise<void> => {
    if ((this.environment.GITHUB_STEP_SUMMARY ?? "") === "") return;
    const { summary } = await import("./actions-core.ts");
    try {
      await summary.addRaw(this.printer.redact(markdown), true).write();
    } catch (error) {
      throw fileBroken("GITHUB_STEP_SUMMARY", "There is no job summary.", error);
    }
  };

  protected override async identityAbsent(): Promise<Error> {
    const { GITHUB_ACTOR: actor = "", GITHUB_EVENT_NAME: eventName = "" } = this.environment;
    return gitHubIdentityAbsent({ actor, eventName, event: await this.#readEvent() });
  }

  /** The event's payload; without it the error is only less exact. */
  async #readEvent(): Promise<unknown> {
    try {
      return JSON.parse(await readFile(this.environment.GITHUB_EVENT_PATH ?? "", "utf8"));
    } catch {
      return undefined;
    }
  }
}

/** The runner makes these files for each step; a step may have removed them or filled the disk. */
function fileBroken(variable: string, effect: string, error: unknown): SigstepError {
  const code = systemCode(error);
  const why = code === "Error" ? "" : ` (${code})`;
  return new SigstepError(
    "WRITE_FAILED",
    `${effect} The runner's file ${variable} cannot be written${why}.`,
    {
      where: variable,
      hint: "The runner makes this file for each step. Check the disk, and that no step removes it or changes the variable.",
      cause: error,
    },
  );
}
