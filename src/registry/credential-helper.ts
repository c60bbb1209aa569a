// docker-credential-NAME: a program of the user's that gives one registry's credentials.
// docker/docker-credential-helpers README. Its output is a secret: read, bounded, and never repeated.
import { spawn } from "node:child_process";
import { parseJson } from "../encoding/json.ts";
import { quote, SigstepError, systemCode } from "../errors.ts";
import type { Credentials } from "./credentials.ts";

/** How a helper is run. */
export interface HelperOptions {
  /** The helper's environment: PATH, where it is found, and what it needs itself. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  /** The file that names the helper. */
  readonly file: string;
}

const maxOutputBytes = 64 * 1024;

/**
 * Asks `docker-credential-<name>` for `server`.
 *
 * @param name - Checked by auth-file.ts: never a path.
 * @returns undefined when the helper knows nothing of this server.
 * @throws SigstepError CREDENTIALS_INVALID when it is missing, fails, is slow, or prints anything else.
 */
export async function askHelper(
  name: string,
  server: string,
  options: HelperOptions,
): Promise<Credentials | undefined> {
  const program = `docker-credential-${name}`;
  const refuse = (why: string): SigstepError =>
    new SigstepError(
      "CREDENTIALS_INVALID",
      `${program} ${why}; ${quote(options.file, 200)} names it.`,
      {
        hint: `Install ${program} where PATH finds it, run it by hand to see what it says, or take it out of that file.`,
        where: options.file,
      },
    );
  const { output, code } = await run(program, server, options).catch((error: unknown) => {
    throw refuse(typeof error === "string" ? error : `cannot be run (${systemCode(error)})`);
  });
  if (code !== 0) {
    if (/credentials not found|not logged in|no credentials/i.test(output.toString("utf8"))) {
      return undefined;
    }
    throw refuse(`failed with exit code ${code} when asked for ${quote(server, 200)}`);
  }
  return readOutput(output, refuse);
}

function readOutput(output: Buffer, refuse: (why: string) => SigstepError): Credentials {
  try {
    const source = { label: "it", code: "CREDENTIALS_INVALID", maxBytes: maxOutputBytes } as const;
    const json = parseJson(output, source);
    const [username, secret] = [json.get("Username").string(), json.get("Secret").string()];
    if (secret === "") throw new TypeError("empty");
    if (username === "<token>") return { kind: "identity-token", token: secret };
    return { kind: "basic", username, password: secret };
  } catch {
    // The error's own words may repeat what was printed.
    throw refuse("printed something that is not an answer");
  }
}

/** Rejects with the reason in words, or with the system's error. */
function run(
  program: string,
  server: string,
  { environment, timeoutMs }: HelperOptions,
): Promise<{ output: Buffer; code: number | null }> {
  const { promise, resolve, reject } = Promise.withResolvers<{
    output: Buffer;
    code: number | null;
  }>();
  const child = spawn(program, ["get"], {
    env: { ...environment },
    stdio: ["pipe", "pipe", "ignore"],
    windowsHide: true,
  });
  const stop = (why: unknown): void => {
    reject(why);
    child.kill("SIGKILL");
    // A grandchild may hold the pipe open for ever.
    child.stdout.destroy();
  };
  const timer = setTimeout(() => stop(`gave no answer in ${timeoutMs / 1000} s`), timeoutMs);
  const chunks: Buffer[] = [];
  let size = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > maxOutputBytes) stop(`printed more than ${maxOutputBytes} bytes`);
    else chunks.push(chunk);
  });
  child.on("error", stop);
  child.on("close", (code) => {
    clearTimeout(timer);
    resolve({ output: Buffer.concat(chunks), code });
  });
  child.stdin.on("error", () => undefined);
  child.stdin.end(`${server}\n`);
  return promise.finally(() => clearTimeout(timer));
}
