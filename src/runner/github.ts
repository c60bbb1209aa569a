// GitHub Actions: action inputs, masks, outputs and the summary page, by @actions/core.
import { readFile } from "node:fs/promises";
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
      if (line.trim() !== "") this.printer.command("add-mask", line);
    }
    super.secret(value);
  }

  override fail(lines: string): void {
    this.printer.command("error", lines);
  }

  override output = async (name: string, value: string): Promise<void> => {
    if ((this.environment.GITHUB_OUTPUT ?? "") === "") return;
    const { setOutput } = await import("./actions-core.ts");
    setOutput(name, this.printer.redact(value));
  };

  override summary = async (markdown: string): Promise<void> => {
    if ((this.environment.GITHUB_STEP_SUMMARY ?? "") === "") return;
    const { summary } = await import("./actions-core.ts");
    await summary.addRaw(this.printer.redact(markdown), true).write();
  };

  protected override async identityAbsent(): Promise<Error> {
    const { GITHUB_ACTOR: actor = "" } = this.environment;
    return gitHubIdentityAbsent({ actor, event: await this.#readEvent() });
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
