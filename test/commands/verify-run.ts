// Runs of `verify` and `inspect` in this process: a folder of files, the conformance suite's bundles, and a
// world that keeps what it is told.
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { runAction, runCommandLine } from "../../src/commands/main.ts";
import { verifyAction } from "../../src/commands/verify-main.ts";
import type { World } from "../../src/commands/world.ts";
import type { Runner } from "../../src/runner/runner.ts";
import { makeWorld, type Told } from "./own-run.ts";

const root = join(import.meta.dirname, "../..");
const cases = join(root, "test/vectors/sigstore-conformance");

/** The public-good instance's trusted root. */
export const publicGoodRoot = join(root, "src/sigstore/public-good/trusted_root.json");
/** The staging instance's. */
export const stagingRoot = join(root, "src/sigstore/staging/trusted_root.json");
/** Whose bundles the suite's are. */
export const identity =
  "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
export const issuer = "https://token.actions.githubusercontent.com";
/** Digest of the suite's artifact. */
export const sha256 = "a0cfc71271d6e278e57cd332ff957c3f7043fdda354c4cbb190a30d56efa01bf";

/** The policy that the suite's bundles satisfy, and the root that proves them. */
export const policy: readonly string[] = [
  `--certificate-identity=${identity}`,
  `--certificate-oidc-issuer=${issuer}`,
  `--trusted-root=${publicGoodRoot}`,
];

/** A run that has ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly told: Told;
  /** All that was said, errors too. */
  readonly log: string;
}

/** Runs the command line in this process. */
export async function run(
  args: readonly string[],
  wish: Partial<World> = {},
  runner: Partial<Runner> = {},
): Promise<Ended> {
  const { world, told } = makeWorld(runner);
  let stdout = "";
  const code = await runCommandLine(
    args,
    { ...world, ...wish },
    {
      print: (text) => (stdout += text),
      reserveOutput: () => undefined,
    },
  );
  return { code, stdout, told, log: [...told.infos, ...told.failures].join("\n") };
}

/** Runs the action in this process. */
export async function act(
  inputs: Readonly<Record<string, string>>,
  wish: Partial<World> = {},
): Promise<Ended> {
  const { world, told } = makeWorld({ input: (name) => inputs[name] ?? "" });
  const code = await runAction(verifyAction, { ...world, ...wish });
  return { code, stdout: "", told, log: [...told.infos, ...told.failures].join("\n") };
}

/** Path of a file of one of the suite's cases. */
export function caseFile(name: string, file = "bundle.sigstore.json"): string {
  return join(cases, name, file);
}

/** A folder of a test's own. */
export class Folder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async make(): Promise<Folder> {
    return new Folder(await mkdtemp(join(tmpdir(), "sigstep-verify-")));
  }

  at(...names: readonly string[]): string {
    return join(this.path, ...names);
  }

  /** The suite's artifact under this name. */
  async artifact(name: string): Promise<string> {
    await mkdir(dirname(this.at(name)), { recursive: true });
    await copyFile(join(cases, "a.txt"), this.at(name));
    return this.at(name);
  }

  /** A file of one of the suite's cases under this name. */
  async bundle(name: string, from = "happy-path-v0.3"): Promise<string> {
    await mkdir(dirname(this.at(name)), { recursive: true });
    await copyFile(caseFile(from), this.at(name));
    return this.at(name);
  }

  /** One bundle a line. */
  async lines(name: string, from: readonly string[]): Promise<string> {
    const texts = from.map(async (each) =>
      JSON.stringify(JSON.parse(await readFile(caseFile(each), "utf8"))),
    );
    return this.write(name, `${(await Promise.all(texts)).join("\n")}\n`);
  }

  async write(name: string, content: string | Uint8Array): Promise<string> {
    await mkdir(dirname(this.at(name)), { recursive: true });
    await writeFile(this.at(name), content);
    return this.at(name);
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}
