// `inspect`: what a bundle says, without believing any of it. Its first line says so.
import { writeJson } from "../encoding/json-write.ts";
import { quote, SigstepError, toSigstepError } from "../errors.ts";
import { readCandidates, type Candidate } from "./bundle-file.ts";
import type { Console } from "./console.ts";
import { describeError } from "./error-text.ts";
import { parseFlags } from "./flags.ts";
import { encodeInspected } from "./inspect-json.ts";
import { describeInspected } from "./inspect-text.ts";
import { encodeError } from "./verify-result-json.ts";
import type { World } from "./world.ts";

/** Stands before everything else. */
const warning =
  "Nothing here is verified: this is what the bundle says of itself. Anyone can write such a file.";

const help = `sigstep inspect: show what a bundle says, without believing any of it

Usage:
  sigstep inspect [--json] BUNDLE…

BUNDLE is a Sigstore bundle, or a .jsonl with one a line. Nothing of it is verified and nobody is
asked: for that there is sigstep verify.

Example:
  sigstep inspect dist/app.tar.gz.sigstore.json

  --json
      Print it as JSON on standard output; all else goes to standard error.
  --help

Exit code: 0 all could be read; 1 one could not; 2 bad input.
`;

/**
 * Runs `sigstep inspect ARGS…`.
 *
 * @throws SigstepError INPUT_MISSING without a bundle, and those of flags.
 */
export async function inspectCommand(
  args: readonly string[],
  world: World,
  console: Console,
): Promise<number> {
  const flags = parseFlags(args, []);
  if (flags.help) {
    console.print(help);
    return 0;
  }
  if (flags.paths.length === 0) throw noBundle();
  if (!flags.json) world.runner.info(warning);
  const results: unknown[] = [];
  let exitCode = 0;
  for (const path of flags.paths) {
    for await (const candidate of readCandidates(path)) {
      if (world.signal.aborted) throw new SigstepError("CANCELLED", "The run was cancelled.");
      const result = inspect(candidate, flags.json, world);
      if (flags.json) results.push(result);
      if (!("content" in result)) exitCode = 1;
    }
  }
  if (flags.json) console.print(encode(results, world));
  return exitCode;
}

function inspect(candidate: Candidate, json: boolean, { runner }: World): object {
  const { label, bundle } = candidate;
  try {
    if (bundle === undefined) throw candidate.error;
    const inspected = encodeInspected(bundle);
    if (!json) runner.info(`\nbundle ${quote(label, 500)}\n${describeInspected(inspected)}`);
    return { bundle: label, ...inspected };
  } catch (thrown) {
    const error = toSigstepError(thrown);
    runner.fail(describeError(error));
    return { bundle: label, error: encodeError(error) };
  }
}

function encode(bundles: readonly unknown[], { runner }: World): string {
  return runner.redact(`${writeJson({ verified: false, warning, bundles })}\n`);
}

function noBundle(): SigstepError {
  return new SigstepError("INPUT_MISSING", "No bundle is given.", {
    hint: "Write sigstep inspect PATH.sigstore.json.",
  });
}
