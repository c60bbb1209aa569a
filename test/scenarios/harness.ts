// A scene: one user's situation. A sandbox in this process, a fresh working folder, and the built program
// as a child with a clean environment. Whatever a scenario asserts, each one also proves that no secret
// was left anywhere, that every bundle is whole and valid, and that no temporary file stayed behind.
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, relative } from "node:path";
import { Readable } from "node:stream";
import { text as readAll } from "node:stream/consumers";
import { after, it, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { verifyOwnBundle } from "../../src/commands/own-work.ts";
import { computeDigest } from "../../src/crypto/digest.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { defaultClaims, type Claims, type IssuerKind } from "../../src/sandbox/claims.ts";
import type { Corruption, Fault, FaultRule, ServiceName } from "../../src/sandbox/faults.ts";
import { startSandbox, type Sandbox, type SandboxOptions } from "../../src/sandbox/sandbox.ts";
import { parseBundle } from "../../src/sigstore/bundle.ts";
import type { StatementSubject } from "../../src/sigstore/statement.ts";
import { parseTrustedRoot } from "../../src/sigstore/trust.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { Secrets } from "./secrets.ts";

const root = dirname(dirname(import.meta.dirname));
const preload = join(import.meta.dirname, "known-key.mjs");
const bundleSuffix = ".sigstore.json";
const manifestName = "sigstep-manifest.json";

/** What a scene is like before anything happens. */
export interface SceneOptions {
  /** Makes a sandbox of its own; also `{}`, for logs that are empty at the start. */
  readonly sandbox?: SandboxOptions;
  readonly rekor?: 1 | 2;
  readonly runner?: "github" | "gitlab" | "none";
  /** Only a process that is killed may leave temporary files. */
  readonly killed?: true;
}

/** How the program is run. */
export interface RunOptions {
  /** Laid over the scene's environment; undefined takes a variable out. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Program and arguments that run the program in turn. */
  readonly through?: readonly string[];
  readonly cwd?: string;
}

/** A run that has ended. */
export interface Run {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams as a reader of the job's log sees them: without masks, workflow commands decoded. */
  readonly log: string;
  /** What it marked as errors for GitHub, decoded. */
  readonly errors: readonly string[];
  readonly outputs: ReadonlyMap<string, string>;
  readonly summary: string;
  readonly seconds: number;
}

/** A run under way. */
export interface Running {
  readonly pid: number;
  readonly done: Promise<Run>;
}

/** How a run as a whole is refused. */
export interface Refusal {
  readonly exit: 1 | 2;
  readonly code: ErrorCode;
  /** What the message must say. */
  readonly says: RegExp;
  /** What the hint must say. */
  readonly hint: RegExp;
}

/** A file that failed: its path, and what its code, message and hint are. */
export type Failed = readonly [path: string, code: ErrorCode, says: RegExp, hint: RegExp];

/** Defines one scenario as a test. */
export function scenario(
  name: string,
  play: (scene: Scene, t: TestContext) => Promise<void>,
  options: SceneOptions = {},
): void {
  it(name, { timeout: 100_000 }, async (t) => {
    const scene = await Scene.open(options);
    try {
      await play(scene, t);
      await scene.assertClean();
    } finally {
      await scene.close();
    }
  });
}

export class Scene {
  readonly sandbox: Sandbox;
  readonly #options: SceneOptions;
  readonly #base: string;
  readonly #environment: Record<string, string>;
  readonly #secrets = new Secrets();
  readonly #arguments = new Set<string>();
  readonly #children = new Set<ChildProcess>();
  #runs = 0;
  /** What bundles are judged by at the end; the sandbox's own unless a scenario makes another. */
  trustedRoot: string;

  private constructor(sandbox: Sandbox, base: string, options: SceneOptions) {
    this.sandbox = sandbox;
    this.trustedRoot = sandbox.trustedRoot;
    this.#base = base;
    this.#options = options;
    this.#environment = {
      PATH: process.env.PATH ?? "",
      HOME: join(base, "home"),
      TMPDIR: join(base, "tmp"),
    };
  }

  static async open(options: SceneOptions): Promise<Scene> {
    const sandbox = await borrowSandbox(options.sandbox);
    const base = await mkdtemp(join(tmpdir(), "sigstep-scene-"));
    const scene = new Scene(sandbox, base, options);
    for (const folder of ["work", "home", "tmp", "runner", "given"])
      await mkdir(join(base, folder));
    // Every token of this sandbox carries the mark, those also that no service ever sees.
    const mark = `marked-${createHash("sha256").update(base).digest("hex")}`;
    for (const issuer of Object.values(sandbox.issuers)) {
      issuer.setClaims({ sigstep_mark: mark });
      scene.#secrets.add("request token", issuer.requestToken);
    }
    scene.#secrets.add("marked claim", mark);
    const { rekor = 1, runner = "github" } = options;
    const variables = await sandbox.environment(join(base, "trust"), {
      rekorVersion: rekor,
      runner,
    });
    Object.assign(scene.#environment, variables);
    if (variables.SIGSTORE_ID_TOKEN !== undefined)
      scene.#secrets.addToken(variables.SIGSTORE_ID_TOKEN);
    return scene;
  }

  /** The working folder. */
  get folder(): string {
    return join(this.#base, "work");
  }

  /** Path of a file in the working folder. */
  path(...names: readonly string[]): string {
    return join(this.folder, ...names);
  }

  /** Writes a file in the working folder; its own name as content unless given. */
  async write(name: string, content: string | Uint8Array = `${name}\n`): Promise<string> {
    const path = this.path(name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, content);
    return path;
  }

  /** Writes a file outside the working folder, where secrets may stand. */
  async give(name: string, content: string | Uint8Array): Promise<string> {
    const path = join(this.#base, "given", name);
    await writeFile(path, content);
    return path;
  }

  /** A token, known as a secret from now on. */
  async token(kind: IssuerKind = "github", claims: Claims = {}): Promise<string> {
    const token = await this.sandbox.issuers[kind].token(claims);
    this.#secrets.addToken(token);
    return token;
  }

  /** Another secret. */
  addSecret(what: string, secret: string): void {
    this.#secrets.add(what, secret);
  }

  /** Puts a fault in force: every time unless `rule` says otherwise. */
  fault(service: ServiceName, fault: Fault, rule: Omit<FaultRule, "service" | "fault"> = {}): void {
    this.sandbox.faults.add({ service, fault, ...rule });
  }

  /** Has a service falsify its answers. */
  corrupt(service: ServiceName, what: Corruption): void {
    this.fault(service, { kind: "corrupt", what });
  }

  /** The environment that a run gets. */
  get environment(): Readonly<Record<string, string>> {
    return this.#environment;
  }

  /** Variables for this and all later runs. */
  setEnvironment(variables: Readonly<Record<string, string | undefined>>): void {
    for (const [name, value] of Object.entries(variables)) {
      if (value === undefined) Reflect.deleteProperty(this.#environment, name);
      else this.#environment[name] = value;
    }
  }

  /** `sigstep sign --json ARGS…`. */
  async sign(args: readonly string[], options: RunOptions = {}): Promise<Run> {
    return this.cli(["sign", "--json", ...args], options);
  }

  /** `sigstep attest --json ARGS…`. */
  async attest(args: readonly string[], options: RunOptions = {}): Promise<Run> {
    return this.cli(["attest", "--json", ...args], options);
  }

  /** The command line. */
  async cli(args: readonly string[], options: RunOptions = {}): Promise<Run> {
    const { done } = await this.start(args, options);
    return done;
  }

  /** The action that signs, with these inputs. */
  async action(inputs: Readonly<Record<string, string>>, options: RunOptions = {}): Promise<Run> {
    return this.#act("action.js", inputs, options);
  }

  /** The action that verifies. */
  async verifyAction(
    inputs: Readonly<Record<string, string>>,
    options: RunOptions = {},
  ): Promise<Run> {
    return this.#act("verify-action.js", inputs, options);
  }

  async #act(
    entry: string,
    inputs: Readonly<Record<string, string>>,
    options: RunOptions,
  ): Promise<Run> {
    const given: Record<string, string> = {};
    for (const [name, value] of Object.entries(inputs))
      given[`INPUT_${name.toUpperCase()}`] = value;
    const env = { ...given, ...options.env };
    const { done } = await this.#spawn(entry, [], { ...options, env });
    return done;
  }

  /** Starts the command line without waiting for its end. */
  async start(args: readonly string[], options: RunOptions = {}): Promise<Running> {
    return this.#spawn("cli.js", args, options);
  }

  /** What the sandbox was asked in the last run; what it was not asked is left out. */
  asked(): Readonly<Record<string, number>> {
    const { requests } = this.sandbox;
    const counts = {
      token: requests.count("issuer", "GET", "/token"),
      certificate: requests.count("fulcio", "POST", "/api/v2/signingCert"),
      configuration: requests.count("fulcio", "GET", "/api/v2/configuration"),
      entry: requests.count("rekor1", "POST") + requests.count("rekor2", "POST"),
      lookup: requests.count("rekor1", "GET") + requests.count("rekor2", "GET"),
      timestamp: requests.count("tsa"),
    };
    return Object.fromEntries(Object.entries(counts).filter(([, count]) => count > 0));
  }

  /** Everything in the working folder, sorted; what a scenario put there itself as well. */
  async files(): Promise<string[]> {
    return (await listFiles(this.folder)).map((path) => relative(this.folder, path)).sort();
  }

  /** Names of the bundles in the working folder, sorted. */
  async bundles(): Promise<string[]> {
    return (await this.files()).filter((name) => name.endsWith(bundleSuffix));
  }

  /** The manifest in `folder` of the working folder. */
  async manifest(folder = "."): Promise<unknown> {
    return JSON.parse(await readFile(this.path(folder, manifestName), "utf8"));
  }

  /** The run ended with this code. */
  assertRun(run: Run, code: number): void {
    assert.equal(run.code, code, run.log);
  }

  /** The run ended well: exit 0 and a bundle for each of `names`, proven. */
  async assertSigned(run: Run, names: readonly string[]): Promise<void> {
    assert.equal(run.code, 0, run.log);
    assert.equal(run.outputs.get("status") ?? "signed", "signed");
    for (const name of names) await this.verify(name);
    assert.deepEqual(run.errors, []);
  }

  /** Proves that the bundle at `path` is an attestation about a subject. */
  async verifyAttestation(path: string, subject: StatementSubject): Promise<void> {
    const trustedRoot = parseTrustedRoot(Buffer.from(this.trustedRoot), "the scene's");
    await verifyOwnBundle(await readFile(this.path(path)), {
      ...{ artifact: { subject }, trustedRoot, required: {}, now: new Date() },
    });
  }

  /** Proves the bundle beside `name`, or the one called `bundle`. */
  async verify(name: string, bundle = `${name}${bundleSuffix}`): Promise<void> {
    const content = await readFile(this.path(name));
    const digest = computeDigest("sha256", content);
    const trustedRoot = parseTrustedRoot(Buffer.from(this.trustedRoot), "the scene's");
    await verifyOwnBundle(await readFile(this.path(bundle)), {
      ...{ artifact: { digest, content }, trustedRoot, required: {}, now: new Date() },
    });
  }

  /**
   * The run was refused as a whole, in one error: JSON alone on stdout, the same words in the log, no
   * bundle and no promise in outputs or summary. Bad input is refused before anybody is asked.
   */
  async assertRefused(run: Run, { exit, code, says, hint }: Refusal): Promise<void> {
    assert.equal(run.code, exit, run.log);
    const json: unknown = JSON.parse(run.stdout);
    assert.equal(at(json, "status"), "failed");
    assert.equal(dig(json, "error", "code"), code, run.log);
    const message = text(dig(json, "error", "message"));
    assert.match(message, says);
    assert.match(text(dig(json, "error", "hint")), hint);
    const [error = "", ...more] = run.errors.length > 0 ? run.errors : [run.log];
    assert.equal(more.length, 0, run.log);
    assert.match(error, says);
    assert.match(error, hint);
    this.#assertNothingPromised(run);
    assert.deepEqual(await this.bundles(), []);
    if (exit === 2) assert.deepEqual(this.asked(), {});
  }

  /** The same for the action, which prints no JSON. */
  async assertActionRefused(run: Run, { exit, says, hint }: Omit<Refusal, "code">): Promise<void> {
    assert.equal(run.code, exit, run.log);
    assert.equal(run.errors.length, 1, run.log);
    assert.match(run.errors[0] ?? "", says);
    assert.match(run.errors[0] ?? "", hint);
    this.#assertNothingPromised(run);
    assert.deepEqual(await this.bundles(), []);
    if (exit === 2) assert.deepEqual(this.asked(), {});
  }

  /** Some files are signed, the others fail by name: exit 1, outputs for what succeeded. */
  async assertPartial(
    run: Run,
    { signed, failed }: { readonly signed: readonly string[]; readonly failed: readonly Failed[] },
  ): Promise<void> {
    await this.#assertFailures(run, "partial", failed);
    const paths = signed.map((name) => `${name}${bundleSuffix}`);
    assert.deepEqual(dig(JSON.parse(run.stdout), "bundle-paths"), paths);
    assert.equal(run.outputs.get("bundle-paths") ?? paths.join("\n"), paths.join("\n"));
    assert.deepEqual(await this.bundles(), paths.toSorted());
    for (const name of signed) await this.verify(name);
  }

  /** Every file fails by name, and no bundle is there. */
  async assertAllFailed(run: Run, failed: readonly Failed[]): Promise<void> {
    await this.#assertFailures(run, "failed", failed);
    assert.equal(run.outputs.get("bundle-paths") ?? "", "");
    assert.deepEqual(await this.bundles(), []);
  }

  /** JSON, manifest, log and outputs agree on what failed and why. */
  async #assertFailures(run: Run, status: string, failed: readonly Failed[]): Promise<void> {
    assert.equal(run.code, 1, run.log);
    const json: unknown = JSON.parse(run.stdout);
    assert.equal(at(json, "status"), status);
    assert.equal(run.outputs.get("status") ?? status, status);
    const told = list(at(json, "failures"));
    const listed = list(at(await this.manifest(text(at(json, "bundle-dir"))), "failures"));
    assert.deepEqual(
      told.map(pathOf),
      failed.map(([name]) => name),
    );
    assert.deepEqual(
      listed.map(pathOf),
      failed.map(([name]) => name),
    );
    for (const [index, [name, code, says, hint]] of failed.entries()) {
      for (const failure of [told[index], listed[index]]) {
        assert.equal(at(failure, "code"), code, run.log);
        assert.match(text(at(failure, "message")), says);
        assert.match(text(at(failure, "hint")), hint);
      }
      const errors = this.#options.runner === undefined ? run.errors : [run.log];
      const error = errors.find((words) => words.includes(JSON.stringify(name)));
      assert.match(error ?? "", says, `the log tells of ${name}`);
      assert.match(error ?? "", hint);
    }
  }

  #assertNothingPromised({ outputs, summary }: Run): void {
    assert.ok(
      [...outputs.keys()].every((name) => name === "status"),
      "an output of a failed run",
    );
    assert.equal(outputs.get("status") ?? "failed", "failed");
    assert.equal(summary, "");
  }

  /** What holds after every scenario, whatever it was about. */
  async assertClean(): Promise<void> {
    this.#collectSecrets();
    assert.ok(this.#secrets.size > 0);
    for (const line of this.#arguments) {
      this.#secrets.assertAbsent(
        Buffer.from(line),
        `the arguments of a process, ${line.slice(0, 40)},`,
      );
    }
    for (const path of await listFiles(this.#base)) await this.#assertCleanFile(path);
    assert.deepEqual(await listFiles(join(this.#base, "tmp")), [], "temporary files");
    assert.deepEqual(await listFiles(join(this.#base, "home")), [], "files in the home folder");
    this.#assertSentToTheRightOnes();
    for (const path of await listFiles(this.folder)) {
      if (path.endsWith(`/${manifestName}`)) await this.#verifyManifest(path);
    }
  }

  async #assertCleanFile(path: string): Promise<void> {
    if (path.startsWith(join(this.#base, "given"))) return;
    if ((await stat(path)).size > 16 * 1024 * 1024) return;
    const name = relative(this.#base, path);
    const bytes = await readFile(path);
    this.#secrets.assertAbsent(bytes, name);
    if (this.#options.killed !== true) assert.doesNotMatch(name, /\.sigstep-.*\.tmp$/);
    if (path.endsWith(bundleSuffix)) parseBundle(bytes, name);
  }

  /** A token is for Fulcio alone, the permission to ask for one for the issuer alone. */
  #assertSentToTheRightOnes(): void {
    for (const { service, headers, path, body } of this.sandbox.requests.list()) {
      const sent = Buffer.from(`${path}\n${JSON.stringify(headers)}\n${body}`);
      if (service !== "issuer" && service !== "fulcio") this.#secrets.assertAbsent(sent, service);
      if (service === "fulcio") assert.ok(!sent.includes("sandbox-request-"));
    }
  }

  async #verifyManifest(path: string): Promise<void> {
    const manifest: unknown = JSON.parse(await readFile(path, "utf8"));
    for (const subject of list(at(manifest, "subjects"))) {
      await this.verify(
        relative(this.folder, join(this.folder, text(at(subject, "path")))),
        relative(this.folder, join(this.folder, text(at(subject, "bundlePath")))),
      );
    }
    for (const attestation of list(at(manifest, "attestations"))) {
      const subjects = list(at(attestation, "subjects")).map(readSubject);
      const bundle = join(dirname(path), text(at(attestation, "bundle")));
      for (const subject of subjects.slice(0, 3)) {
        await this.verifyAttestation(relative(this.folder, bundle), subject);
      }
    }
  }

  async close(): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await giveBack(this.sandbox, this.#options.sandbox);
    await rm(this.#base, { recursive: true, force: true });
  }

  async #spawn(entry: string, args: readonly string[], options: RunOptions): Promise<Running> {
    this.#collectSecrets();
    this.sandbox.requests.clear();
    const files = await this.#runnerFiles();
    const [program = "", ...rest] = [
      ...(options.through ?? []),
      ...[process.execPath, "--import", preload, join(root, "dist", entry), ...args],
    ];
    const env = { ...this.#environment, ...files, ...options.env };
    const start = performance.now();
    const child = spawn(program, rest, {
      cwd: options.cwd ?? this.folder,
      env: Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined)),
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    this.#children.add(child);
    const done = this.#watch(child, files).then((run) => {
      return { ...run, seconds: (performance.now() - start) / 1000 };
    });
    return { pid: child.pid ?? 0, done };
  }

  async #runnerFiles(): Promise<Record<string, string>> {
    this.#runs++;
    const files = {
      GITHUB_OUTPUT: join(this.#base, "runner", `output-${this.#runs}`),
      GITHUB_STEP_SUMMARY: join(this.#base, "runner", `summary-${this.#runs}`),
    };
    for (const path of Object.values(files)) await writeFile(path, "");
    return files;
  }

  async #watch(child: ChildProcess, files: Record<string, string>): Promise<Omit<Run, "seconds">> {
    const ended = new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => resolve([code, signal]));
    });
    const [stdout, stderr, scalars, [code, signal]] = await Promise.all([
      readStream(child.stdio[1]),
      readStream(child.stdio[2]),
      readStream(child.stdio[3]),
      ended,
      this.#watchArguments(child),
    ]);
    this.#children.delete(child);
    for (const scalar of scalars.split("\n").filter(Boolean)) this.#secrets.addKey(scalar);
    this.#collectSecrets();
    const run = {
      ...{ code, signal, stdout, stderr },
      log: readableLog(stdout) + readableLog(stderr),
      errors: errorsOf(stdout + stderr),
      outputs: parseOutputs(await readFile(files.GITHUB_OUTPUT ?? "", "utf8")),
      summary: await readFile(files.GITHUB_STEP_SUMMARY ?? "", "utf8"),
    };
    this.#assertCleanLog(run, scalars);
    return run;
  }

  #assertCleanLog({ stdout, stderr }: Pick<Run, "stdout" | "stderr">, scalars: string): void {
    for (const [name, stream] of Object.entries({ stdout, stderr })) {
      this.#secrets.assertAbsent(Buffer.from(withoutMasks(stream)), name);
      assert.doesNotMatch(stream, /^\s+at .+:\d+/m, "a stack trace");
      assert.doesNotMatch(stream, /defect of sigstep/);
    }
    // The search for keys proves nothing unless the keys are known.
    if (this.asked().certificate !== undefined) assert.notEqual(scalars, "", "no key was reported");
  }

  /** Arguments are visible to all: they are looked at while the program runs, those of everyone. */
  async #watchArguments(child: ChildProcess): Promise<void> {
    const exited = new Promise((resolve) => child.once("exit", resolve));
    while (child.exitCode === null && child.signalCode === null) {
      for (const line of readArguments()) this.#arguments.add(line);
      await Promise.race([sleep(200, undefined, { ref: false }), exited]);
    }
  }

  #collectSecrets(): void {
    for (const { body } of this.sandbox.requests.list("fulcio")) {
      const token = /"oidcIdentityToken":"([^"]+)"/.exec(body)?.[1];
      if (token !== undefined) this.#secrets.addToken(token);
    }
  }
}

/** Sandboxes of the usual kind that nobody plays with now: making one costs as much as a run. */
const idle: Sandbox[] = [];
after(() => Promise.all(idle.map((sandbox) => sandbox.close())));

/** A sandbox made for these options, or else a used one, as good as new but for its logs' entries. */
async function borrowSandbox(options: SandboxOptions | undefined): Promise<Sandbox> {
  const used = options === undefined ? idle.pop() : undefined;
  return used ?? startSandbox(options);
}

async function giveBack(sandbox: Sandbox, options: SandboxOptions | undefined): Promise<void> {
  if (options !== undefined) {
    await sandbox.close();
    return;
  }
  sandbox.faults.clear();
  sandbox.requests.clear();
  for (const issuer of Object.values(sandbox.issuers)) issuer.setClaims(defaultClaims(issuer.kind));
  idle.push(sandbox);
}

function readSubject(subject: unknown): StatementSubject {
  const digests = Object.entries(at(subject, "digest") ?? {});
  return {
    name: text(at(subject, "name")),
    digests: new Map(digests.map(([algorithm, hex]) => [algorithm, text(hex)])),
  };
}

function pathOf(failure: unknown): string {
  return text(at(failure, "path"));
}

async function readStream(stream: unknown): Promise<string> {
  assert.ok(stream instanceof Readable);
  return readAll(stream);
}

/** The arguments of every process of this machine that we may see. */
function readArguments(): string[] {
  return readdirSync("/proc").flatMap((pid) => {
    if (!/^\d+$/.test(pid)) return [];
    try {
      return [readFileSync(`/proc/${pid}/cmdline`, "utf8")];
    } catch {
      return []; // it has ended
    }
  });
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** The log without the lines by which the runner itself learns what to mask. */
function withoutMasks(stream: string): string {
  return stream.replace(/^::add-mask::.*\n/gm, "");
}

function readableLog(stream: string): string {
  return withoutMasks(stream).replace(/^::error::(.*)$/gm, (_line, value: string) =>
    decodeURIComponent(value),
  );
}

function errorsOf(streams: string): string[] {
  return [...streams.matchAll(/^::error::(.*)$/gm)].map(([, value = ""]) =>
    decodeURIComponent(value),
  );
}

/** The file format of GITHUB_OUTPUT; each name once. */
function parseOutputs(file: string): Map<string, string> {
  const outputs = new Map<string, string>();
  for (const [, name = "", , value = ""] of file.matchAll(/^(.+?)<<(.+)\n([\s\S]*?)\n\2\n/gm)) {
    assert.ok(!outputs.has(name), `output ${name} is written twice`);
    outputs.set(name, value);
  }
  assert.equal(outputs.size === 0, file === "");
  return outputs;
}
