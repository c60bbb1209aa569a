// Entry: the GitHub Action.
import { runAction } from "./entry.ts";

await runAction();
