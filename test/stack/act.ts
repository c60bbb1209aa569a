// A runner for tests: act, which runs a workflow of a repository that holds our action, on the stack.
import { cp, mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run, runOk } from "./run.ts";
import type { Stack } from "./start.ts";
import { ensureTools } from "./tools.ts";

const project = join(import.meta.dirname, "../..");

/** A copy in act: the work tree, without a network. v4.2.2 */
export const checkout = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683";

/** A repository that holds the action and `workflow`, as release.yml. */
export async function makeRepository(stack: Stack, workflow: string): Promise<string> {
  const folder = await mkdtemp(join(stack.directory, "repository-"));
  await cp(join(project, "dist"), join(folder, "dist"), { recursive: true });
  for (const name of ["action.yml", "verify/action.yml", "package.json"])
    await cp(join(project, name), join(folder, name));
  await mkdir(join(folder, ".github/workflows"), { recursive: true });
  await writeFile(join(folder, ".github/workflows/release.yml"), workflow);
  const git = (...args: string[]): Promise<unknown> => runOk("git", ["-C", folder, ...args]);
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", "--all");
  const author = ["-c", "user.name=t", "-c", "user.email=t@localhost"];
  await git(...author, "commit", "--quiet", "--message=t");
  return folder;
}

/** Runs the workflow of `folder`; both streams together. */
export async function runAct(
  stack: Stack,
  { folder, home }: { readonly folder: string; readonly home: string },
): Promise<{ readonly output: string; readonly code: number }> {
  const { act } = await ensureTools(["act"]);
  const environment = {
    ...stack.environment,
    SIGSTEP_TRUSTED_ROOT: stack.trust.trustedRoot,
    SIGSTEP_SIGNING_CONFIG: stack.trust.signingConfigV1,
    GITHUB_REPOSITORY: "acme/widget",
  };
  const { stdout, stderr, code } = await run(
    act,
    [
      ...["push", "-W", ".github/workflows/release.yml", "-P", "ubuntu-latest=-self-hosted"],
      ...["--container-daemon-socket", "-", "--artifact-server-addr", "127.0.0.1"],
      ...["--artifact-server-path", join(home, "artifacts"), "--cache-server-addr", "127.0.0.1"],
      ...["--cache-server-path", join(home, "cache")],
      ...Object.entries(environment).flatMap(([name, value]) => ["--env", `${name}=${value}`]),
    ],
    {
      directory: folder,
      environment: {
        HOME: home,
        PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
      },
      timeoutMs: 120_000,
    },
  );
  return { output: stdout + stderr, code };
}
