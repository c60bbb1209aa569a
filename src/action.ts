// Entry: the GitHub Action that signs and attests.
import { rootAction } from "./commands/root-action.ts";
import { runAction } from "./entry.ts";

await runAction(rootAction);
