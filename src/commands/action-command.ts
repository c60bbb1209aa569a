import type { World } from "./world.ts";

/** What an action does. */
export interface ActionCommand {
  /** The exit code; throws what stops the run as a whole. */
  readonly run: (world: World) => Promise<number>;
  /** The output that tells later steps of a run that could not begin. */
  readonly failed: readonly [output: string, value: string];
}
