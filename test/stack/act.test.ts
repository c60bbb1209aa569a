// The packaging, run by a runner: a workflow with `uses: ./`, whose outputs a second job takes over.
import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { after, before, suite, test } from "node:test";
import { at, text } from "../sandbox/wire.ts";
import { judges } from "./judges.ts";
import { run, runOk } from "./run.ts";
import { startStack, type Stack } from "./start.ts";
import { ensureTools } from "./tools.ts";

const project = join(import.meta.dirname, "../..");
const identity = "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0";
const checkout = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683"; // v4.2.2, a copy in act

const workflow = (keep: string, issuer: string): string => `
on: push
jobs:
  sign:
    runs-on: ubuntu-latest
    permissions:
      contents: read
      id-token: write
    outputs:
      status: \${{ steps.sign.outputs.status }}
      bundles: \${{ steps.sign.outputs.bundle-paths }}
      identity: \${{ steps.sign.outputs.certificate-identity }}
      manifest: \${{ steps.sign.outputs.manifest-path }}
    steps:
      - uses: ${checkout}
      - run: mkdir release && echo one > 'release/app one.txt' && echo two > release/two.txt
      - id: sign
        uses: ./
        with:
          inputs: release/*
          bundle-dir: ${keep}
      - run: cp release/* ${keep}/
  verify:
    needs: sign
    runs-on: ubuntu-latest
    steps:
      - env:
          RESULT: \${{ toJSON(needs.sign.outputs) }}
        run: printf '%s' "$RESULT" > ${keep}/outputs.json
      - uses: ${checkout}
      - id: verify
        uses: ./verify
        with:
          manifest: \${{ needs.sign.outputs.manifest }}
          certificate-identity: ${identity}
          certificate-oidc-issuer: ${issuer}
      - env:
          RESULT: \${{ toJSON(steps.verify.outputs) }}
        run: printf '%s' "$RESULT" > ${keep}/verified.json
`;

suite("the action under act", () => {
  let stack: Stack;
  before(async () => {
    stack = await startStack();
  });
  after(async () => {
    await stack.stop();
  });

  /** A repository that holds the action and a workflow; `keep` outlives the job's own folder. */
  async function makeRepository(keep: string): Promise<string> {
    const folder = await mkdtemp(join(stack.directory, "repository-"));
    await cp(join(project, "dist"), join(folder, "dist"), { recursive: true });
    for (const name of ["action.yml", "verify/action.yml", "package.json"])
      await cp(join(project, name), join(folder, name));
    await mkdir(join(folder, ".github/workflows"), { recursive: true });
    await writeFile(
      join(folder, ".github/workflows/release.yml"),
      workflow(keep, stack.urls.github),
    );
    const git = (...args: string[]): Promise<unknown> => runOk("git", ["-C", folder, ...args]);
    await git("init", "--quiet", "--initial-branch=main");
    await git("add", "--all");
    await git(
      "-c",
      "user.name=t",
      "-c",
      "user.email=t@localhost",
      "commit",
      "--quiet",
      "--message=t",
    );
    return folder;
  }

  async function runAct(folder: string, home: string): Promise<{ output: string; code: number }> {
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

  test("signs, and hands its outputs to the next job, which verifies", async () => {
    const home = await mkdtemp(join(stack.directory, "act-"));
    const keep = join(home, "kept");
    const { output, code } = await runAct(await makeRepository(keep), home);
    assert.equal(code, 0, output);
    const outputs: unknown = JSON.parse(await readFile(join(keep, "outputs.json"), "utf8"));
    const names = ["app one.txt", "two.txt"];
    assert.deepEqual(outputs, {
      status: "signed",
      bundles: names.map((name) => join(keep, `${name}.sigstore.json`)).join("\n"),
      identity,
      manifest: join(keep, "sigstep-manifest.json"),
    });
    const verified: unknown = JSON.parse(await readFile(join(keep, "verified.json"), "utf8"));
    const resultsPath = text(at(verified, "results-path"));
    assert.deepEqual(verified, {
      verified: "true",
      identity,
      issuer: stack.urls.github,
      repository: "https://github.com/acme/widget",
      commit: text(at(verified, "commit")),
      "results-path": resultsPath,
    });
    assert.match(output, /verified {2}".*app one\.txt" {2}by /);
    assert.ok(!/eyJ[\w-]+\.[\w-]+\.[\w-]+/.test(output.replaceAll(/::add-mask::\S+/g, "")), output);
    for (const name of names) {
      for (const judge of judges.filter((candidate) => candidate.name === "cosign")) {
        const file = join(keep, name);
        const bundle = `${file}.sigstore.json`;
        const verdict = await judge.verifyBlob({
          stack,
          bundle,
          file,
          identity,
          issuer: stack.urls.github,
        });
        assert.ok(verdict.accepted, verdict.output);
      }
    }
  });
});
