// `demo`: the real `sign` against a Sigstore that lives in this process and dies with it.
// The sandbox is loaded here and nowhere else, and not before one is started.
import { rm } from "node:fs/promises";
import type { Sandbox, SandboxOptions } from "../sandbox/sandbox.ts";
import type { Console } from "./console.ts";
import {
  closeDemoFiles,
  deliverDemoFiles,
  makeDirectory,
  openDemoFiles,
  type DemoFiles,
  type DemoResultFiles,
} from "./demo-files.ts";
import { demoHelp } from "./demo-help.ts";
import { proveDemo, type DemoProof } from "./demo-proof.ts";
import { demoInputs, parseDemoRequest, type DemoRequest, type DemoTarget } from "./demo-request.ts";
import { serveEnvironment } from "./demo-serve.ts";
import { DemoSteps } from "./demo-steps.ts";
import { describeProof, encodeProof } from "./demo-text.ts";
import { parseFlags } from "./flags.ts";
import { parseSignRequest } from "./request.ts";
import { sign } from "./sign.ts";
import type { World } from "./world.ts";

/** A variable that someone pastes serves so long; a job's own token lives five minutes. */
const pastedTokenSeconds = 86_400;

/** What a demo does, and how it prints. */
interface DemoContext {
  readonly request: DemoRequest;
  readonly world: World;
  readonly console: Console;
}

/**
 * Does what `args` ask.
 *
 * @returns the exit code, 0.
 * @throws SigstepError
 */
export async function demo(
  args: readonly string[],
  world: World,
  console: Console,
): Promise<number> {
  const flags = parseFlags(args, demoInputs);
  if (flags.help) {
    console.print(demoHelp());
    return 0;
  }
  const request = parseDemoRequest(flags);
  const context = { request, world, console };
  switch (request.task.kind) {
    case "serve":
      await serveSandbox(context);
      return 0;
    case "sign":
      await signInSandbox(request.task.target, context);
      return 0;
  }
}

async function serveSandbox(context: DemoContext): Promise<void> {
  const { request, console } = context;
  console.reserveOutput();
  const options =
    request.runner === "gitlab" ? { tokenLifetimeSeconds: pastedTokenSeconds } : undefined;
  const directory = await makeDirectory();
  try {
    const sandbox = await loadAndStart(options);
    try {
      await serveEnvironment(await environmentOf(sandbox, directory, request), context);
    } finally {
      await sandbox.close();
    }
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function signInSandbox(target: DemoTarget, context: DemoContext): Promise<void> {
  const { request, world, console } = context;
  const files = await openDemoFiles(target);
  let proof: DemoProof | undefined;
  try {
    world.runner.info(
      "sigstep demo: a whole Sigstore in this process, on 127.0.0.1. Nothing leaves this machine.\n",
    );
    const steps = new DemoSteps(world);
    const results = await signOnce(files, steps, context);
    // Nobody is up to be asked any more.
    proof = await steps.run("verify", () => proveDemo(results, world));
    world.runner.info(describeProof(proof));
    if (request.json) console.print(world.runner.redact(encodeProof(proof, steps.done)));
  } finally {
    await closeDemoFiles(files, proof?.files);
  }
}

/** Starts a sandbox, signs the file in it and stops it. */
async function signOnce(
  files: DemoFiles,
  steps: DemoSteps,
  { request, world }: DemoContext,
): Promise<DemoResultFiles> {
  const sandbox = await steps.run("start", () => loadAndStart());
  try {
    const make = (): ReturnType<typeof environmentOf> =>
      environmentOf(sandbox, files.trustDirectory, request);
    // GitLab hands its job a token from the start; a GitHub job asks for one, which is timed then.
    const environment = await (request.runner === "gitlab" ? steps.run("token", make) : make());
    await signWith(environment, files, { world, steps });
    const results = await deliverDemoFiles(files, sandbox.trustedRoot);
    steps.endSinceLast("write");
    return results;
  } finally {
    await sandbox.close();
  }
}

/**
 * The very `sign` of `sigstep sign`, in a world that differs in its environment alone.
 *
 * @throws SigstepError why the file was not signed.
 */
async function signWith(
  environment: Readonly<Record<string, string>>,
  { file, directory }: DemoFiles,
  { world, steps }: { readonly world: World; readonly steps: DemoSteps },
): Promise<void> {
  const inside = world.inEnvironment(environment);
  const { runner } = inside;
  const request = parseSignRequest(
    (name) => {
      const text = name === "bundle-dir" ? directory : runner.input(name);
      return text === "" ? undefined : text;
    },
    [file.path],
  );
  const report = await sign(request, {
    ...inside,
    runner: quiet(runner),
    openHttp: async (settings) => steps.watch(await inside.openHttp(settings)),
  });
  const error = report.failures[0]?.error ?? report.error;
  if (error !== undefined) throw error;
}

/** A runner whose log is not printed: the steps of the demo tell the same, and errors are thrown. */
function quiet(runner: World["runner"]): World["runner"] {
  return {
    name: runner.name,
    input: (name) => runner.input(name),
    identityToken: (audience, http) => runner.identityToken(audience, http),
    secret: (value) => runner.secret(value),
    redact: (text) => runner.redact(text),
    info: () => undefined,
    fail: () => undefined,
    output: () => Promise.resolve(),
    summary: () => Promise.resolve(),
  };
}

/** Loading it takes longer than starting it, so bad input is refused before. */
async function loadAndStart(options?: SandboxOptions): Promise<Sandbox> {
  const { startSandbox } = await import("../sandbox/sandbox.ts");
  return startSandbox(options);
}

/**
 * The variables of a job that uses `sandbox`, without the one that says that it is on GitHub: there,
 * each secret is first printed in a command that masks it, which no terminal understands.
 */
async function environmentOf(
  sandbox: Sandbox,
  directory: string,
  { rekorVersion, runner }: DemoRequest,
): Promise<Readonly<Record<string, string>>> {
  const variables = await sandbox.environment(directory, { rekorVersion, runner });
  return Object.fromEntries(
    Object.entries(variables).filter(([name]) => name !== "GITHUB_ACTIONS"),
  );
}
