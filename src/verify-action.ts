// Entry: the GitHub Action that verifies.
import { verifyAction } from "./commands/verify-main.ts";
import { runAction } from "./entry.ts";

await runAction(verifyAction);
