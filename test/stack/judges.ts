// Other people's verifiers, as judges of bundles: cosign, sigstore-go, sigstore-python, sigstore-js
// and, for attestations, GitHub's client. No mercy is built in: they run with the options that a user
// would give, in an empty home, with no network but the stack.
//
// A judge that says no gives a verdict. A judge that could not judge (a wrong option, a missing file, a
// crash) throws, as far as its output tells: otherwise a test that expects "no" would prove nothing.

import { access, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { emptyEnvironment, run, runOk, type RunResult } from "./run.ts";
import type { Stack, Trust } from "./start.ts";
import { ensureTools, type Tools } from "./tools.ts";

export interface Verdict {
  readonly accepted: boolean;
  /** What the judge printed, both streams. */
  readonly output: string;
}

export interface BlobCase {
  readonly stack: Stack;
  readonly bundle: string;
  readonly file: string;
  /** The whole subject alternative name: a URI. */
  readonly identity: string;
  readonly issuer: string;
  /** The stack's own when absent. */
  readonly trust?: Trust;
}

export interface AttestationCase extends BlobCase {
  /** Compared by cosign and gh; the others have no such option. */
  readonly predicateType: string;
}

export interface Judge {
  readonly name: string;
  verifyBlob(question: BlobCase): Promise<Verdict>;
}

export interface AttestationJudge {
  readonly name: string;
  /** Whether it compares the file with the statement's subjects. */
  readonly checksFile: boolean;
  readonly checksPredicateType: boolean;
  verifyAttestation(question: AttestationCase): Promise<Verdict>;
}

export const judges: readonly Judge[] = [
  { name: "cosign", verifyBlob: (question) => askCosign(question, ["verify-blob"]) },
  { name: "sgo", verifyBlob: askSgo },
  { name: "sigstore-python", verifyBlob: askPython },
  { name: "sigstore-cli", verifyBlob: (question) => askCli(question, [question.file]) },
];

export const attestationJudges: readonly AttestationJudge[] = [
  {
    name: "cosign",
    checksFile: true,
    checksPredicateType: true,
    verifyAttestation: (question) =>
      askCosign(question, ["verify-blob-attestation", "--type", question.predicateType]),
  },
  { name: "gh", checksFile: true, checksPredicateType: true, verifyAttestation: askGh },
  { name: "sgo", checksFile: true, checksPredicateType: false, verifyAttestation: askSgo },
  {
    name: "sigstore-python",
    checksFile: true,
    checksPredicateType: false,
    verifyAttestation: askPython,
  },
  {
    name: "sigstore-cli",
    checksFile: false,
    checksPredicateType: false,
    verifyAttestation: (question) => askCli(question, []),
  },
];

async function askCosign(question: BlobCase, command: readonly string[]): Promise<Verdict> {
  const { cosign } = await ensureTools(["cosign"]);
  return ask(question, cosign, [
    ...command,
    ...["--bundle", question.bundle, "--trusted-root", trustOf(question).trustedRoot],
    ...certificateOptions(question),
    question.file,
  ]);
}

async function askSgo(question: BlobCase): Promise<Verdict> {
  const { sgo } = await ensureTools(["sgo"]);
  return ask(question, sgo, [
    "verify-bundle",
    ...["--bundle", question.bundle, "--trusted-root", trustOf(question).trustedRoot],
    ...certificateOptions(question),
    question.file,
  ]);
}

async function askPython(question: BlobCase): Promise<Verdict> {
  const tools = await ensureTools(["sigstore-python"]);
  return ask(question, tools["sigstore-python"], [
    ...["--trust-config", trustOf(question).clientTrustConfig, "verify", "identity"],
    ...["--bundle", question.bundle, "--cert-identity", question.identity],
    ...["--cert-oidc-issuer", question.issuer, question.file],
  ]);
}

async function askCli(question: BlobCase, blob: readonly string[]): Promise<Verdict> {
  const tools = await ensureTools(["sigstore-cli"]);
  const trust = trustOf(question);
  const { tufUrl, tufRoot } = trust;
  return ask(question, tools["sigstore-cli"], [
    ...["verify", "--tuf-mirror-url", tufUrl, "--tuf-root-path", tufRoot],
    ...["--tuf-cache-path", await initializedCache(question.stack, { trust, tools })],
    ...["--certificate-issuer", question.issuer],
    ...["--certificate-identity-uri", question.identity],
    ...blob.flatMap((file) => ["--blob-file", file]),
    question.bundle,
  ]);
}

const caches = new WeakMap<Trust, Promise<string>>();

/** sigstore-cli's folder of verified TUF metadata, made once for each trust. */
function initializedCache(
  stack: Stack,
  { trust, tools }: { trust: Trust; tools: Tools<"sigstore-cli"> },
): Promise<string> {
  const made = caches.get(trust) ?? initialize(stack, { trust, tools });
  caches.set(trust, made);
  return made;
}

async function initialize(
  stack: Stack,
  { trust, tools }: { trust: Trust; tools: Tools<"sigstore-cli"> },
): Promise<string> {
  const cache = await mkdtemp(join(stack.directory, "sigstore-cli-"));
  const options = ["--mirror", trust.tufUrl, "--root", trust.tufRoot, "--cache-path", cache];
  await runOk(tools["sigstore-cli"], ["initialize", ...options], {
    environment: emptyEnvironment(cache),
  });
  return cache;
}

async function askGh(question: AttestationCase): Promise<Verdict> {
  const { gh } = await ensureTools(["gh"]);
  return ask(question, gh, [
    ...["attestation", "verify", question.file, "--bundle", question.bundle],
    ...["--custom-trusted-root", trustOf(question).trustedRootLine],
    ...["--cert-identity", question.identity, "--cert-oidc-issuer", question.issuer],
    // Gives the owner, which it demands; the identity is compared all the same.
    ...["--repo", repositoryOf(question.identity), "--predicate-type", question.predicateType],
  ]);
}

function repositoryOf(identity: string): string {
  return new URL(identity).pathname.split("/").slice(1, 3).join("/");
}

async function ask(question: BlobCase, program: string, args: readonly string[]): Promise<Verdict> {
  await Promise.all([access(question.bundle), access(question.file)]);
  const home = await mkdtemp(join(question.stack.directory, "judge-"));
  const environment = { ...emptyEnvironment(home), GH_CONFIG_DIR: home };
  const result = await run(program, args, { environment, timeoutMs: 60_000 });
  const output = result.stdout + result.stderr;
  if (!hasJudged(result)) {
    throw new Error(`${program} could not judge (exit code ${result.code}):\n${output}`);
  }
  return { accepted: result.code === 0, output };
}

// Exit codes above 2 are the shell's and the runtimes' own; the rest is told by what was printed.
const troubles = [
  /unknown (flag|command|option)/i,
  /nonexistent flag/i,
  /^usage:/im,
  /no such file or directory/i,
  /ENOENT|ECONNREFUSED|MODULE_NOT_FOUND/,
  /connection refused/i,
  /TUF_[A-Z_]+ERROR/,
  /^panic: runtime/m,
  /^Traceback/m,
];

function hasJudged({ code, stdout, stderr }: RunResult): boolean {
  return code <= 2 && (code === 0 || !troubles.some((trouble) => trouble.test(stdout + stderr)));
}

function certificateOptions({ identity, issuer }: BlobCase): readonly string[] {
  return ["--certificate-identity", identity, "--certificate-oidc-issuer", issuer];
}

function trustOf({ stack, trust }: BlobCase): Trust {
  return trust ?? stack.trust;
}
