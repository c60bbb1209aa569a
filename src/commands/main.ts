// From arguments or action inputs to an exit code: chooses the command, catches every error. Each
// command is loaded when it is asked for: none pays for the others.
import { exitCodeOf, quote, SigstepError, toSigstepError } from "../errors.ts";
import type { ActionCommand } from "./action-command.ts";
import type { Console } from "./console.ts";
import { describeError } from "./error-text.ts";
import { wantsJson } from "./flags.ts";
import type { World } from "./world.ts";

/** Runs the command line `args`; never throws. */
export async function runCommandLine(
  args: readonly string[],
  world: World,
  console: Console,
): Promise<number> {
  const json = wantsJson(args);
  if (json) console.reserveOutput();
  try {
    return await runCommand(args, world, console);
  } catch (thrown) {
    const error = toSigstepError(thrown);
    world.runner.fail(describeError(error));
    if (json) console.print(world.runner.redact(encodeFailure(error)));
    return exitCodeOf(error);
  }
}

async function runCommand(
  [command, ...rest]: readonly string[],
  world: World,
  console: Console,
): Promise<number> {
  switch (command) {
    case "sign": {
      const { signCommand } = await import("./sign-main.ts");
      return signCommand(rest, world, console);
    }
    case "attest": {
      const { attestCommand } = await import("./attest-main.ts");
      return attestCommand(rest, world, console);
    }
    case "verify": {
      const { verifyCommand } = await import("./verify-main.ts");
      return verifyCommand(rest, world, console);
    }
    case "inspect": {
      const { inspectCommand } = await import("./inspect.ts");
      return inspectCommand(rest, world, console);
    }
    case "demo": {
      const { demo } = await import("./demo.ts");
      return demo(rest, world, console);
    }
    case undefined:
      throw new SigstepError("INPUT_MISSING", "No command is given.", {
        hint: "Write sigstep sign PATH… or sigstep verify PATH…; see sigstep --help.",
      });
    case "help":
    case "--help":
    case "-h": {
      const { generalHelp } = await import("./help.ts");
      console.print(generalHelp);
      return 0;
    }
    default:
      throw unknownCommand(command);
  }
}

/** Runs an action; never throws. */
export async function runAction({ run, failed }: ActionCommand, world: World): Promise<number> {
  try {
    return await run(world);
  } catch (thrown) {
    const error = toSigstepError(thrown);
    world.runner.fail(describeError(error));
    await world.runner.output(...failed).catch(() => undefined);
    return exitCodeOf(error);
  }
}

function encodeFailure(error: SigstepError): string {
  const { code, message, hint, where, published } = error;
  const json = { status: "failed", error: { code, message, hint, where, published } };
  return `${JSON.stringify(json, null, 2)}\n`;
}

function unknownCommand(command: string): SigstepError {
  return new SigstepError("INPUT_UNKNOWN", `There is no command ${quote(command, 60)}.`, {
    hint: "Commands are sign, attest, verify, inspect and demo; see --help.",
  });
}
