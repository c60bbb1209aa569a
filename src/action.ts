// Entry: the GitHub Action that signs.
import { signAction } from "./commands/sign-main.ts";
import { runAction } from "./entry.ts";

await runAction(signAction);
