// Our bundles before other people's verifiers: signed by dist/, as a job runs it, on the real servers.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile, writeFile, mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { promisify } from "node:util";
import { computeDigest } from "../../src/crypto/digest.ts";
import { SigstepError } from "../../src/errors.ts";
import { parseBundle } from "../../src/sigstore/bundle.ts";
import { exactly } from "../../src/sigstore/matcher.ts";
import { parseTrustedRoot } from "../../src/sigstore/trust.ts";
import { verifyBundle } from "../../src/sigstore/verify.ts";
import { judges, type Judge } from "./judges.ts";
import { startStack, type Stack } from "./start.ts";

/** Our own verification, asked as the judges are. */
const ours: Judge = {
  name: "sigstep",
  async verifyBlob({ stack, bundle, file, identity, issuer, trust = stack.trust }) {
    const content = await readFile(file);
    const { algorithm, bytes } = computeDigest("sha256", content);
    const by = {
      identity: exactly(identity, "identity"),
      issuer: exactly(issuer, "issuer"),
      extensions: {},
    };
    try {
      const { certificate } = await verifyBundle({
        bundle: parseBundle(await readFile(bundle), "bundle"),
        artifact: { digests: new Map([[algorithm, bytes]]) },
        trustedRoot: parseTrustedRoot(await readFile(trust.trustedRoot), "root"),
        policy: { identities: [by] },
        now: new Date(),
      });
      return { accepted: true, output: certificate?.identity.value ?? "" };
    } catch (error) {
      if (!(error instanceof SigstepError)) throw error;
      return { accepted: false, output: error.message };
    }
  },
};

const cli = join(import.meta.dirname, "../../dist/cli.js");
const run = promisify(execFile);

const gitHubIdentity =
  "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0";
const gitLabIdentity = "https://gitlab.com/acme/widget//.gitlab-ci.yml@refs/heads/main";

interface Case {
  readonly name: string;
  readonly issuer: "github" | "gitlab";
  readonly rekorVersion: 1 | 2;
}

const cases: readonly Case[] = (["github", "gitlab"] as const).flatMap((issuer) =>
  ([1, 2] as const).map((rekorVersion) => ({
    name: `${issuer}, Rekor v${rekorVersion}`,
    issuer,
    rekorVersion,
  })),
);

/** A file signed by our program. */
interface Signed {
  readonly file: string;
  readonly bundle: string;
  readonly identity: string;
  readonly issuer: string;
}

suite("bundles of ours on the real stack", () => {
  let stack: Stack;
  before(async () => {
    stack = await startStack();
  });
  after(async () => {
    await stack.stop();
  });

  async function sign({ issuer, rekorVersion }: Case): Promise<Signed> {
    const folder = await mkdtemp(join(stack.directory, "signed-"));
    const file = join(folder, "app one.tar.gz");
    await writeFile(file, `release ${issuer} ${rekorVersion}\n`);
    const ambient =
      issuer === "github"
        ? stack.environment
        : { GITLAB_CI: "true", SIGSTORE_ID_TOKEN: await stack.gitlabToken() };
    const { trustedRoot, signingConfigV1, signingConfigV2 } = stack.trust;
    await run(process.execPath, [cli, "sign", file], {
      env: {
        ...ambient,
        SIGSTEP_TRUSTED_ROOT: trustedRoot,
        SIGSTEP_SIGNING_CONFIG: rekorVersion === 1 ? signingConfigV1 : signingConfigV2,
      },
    });
    return {
      file,
      bundle: `${file}.sigstore.json`,
      identity: issuer === "github" ? gitHubIdentity : gitLabIdentity,
      issuer: stack.urls[issuer],
    };
  }

  for (const signing of cases) {
    test(`${signing.name}: every judge accepts, and refuses what is wrong`, async () => {
      const { file, bundle, identity, issuer } = await sign(signing);
      const question = { stack, bundle, file, identity, issuer };
      const changed = `${file}.changed`;
      await writeFile(changed, "another release\n");
      const wrong = {
        "another identity": { ...question, identity: identity.replace("acme", "evil") },
        "another issuer": { ...question, issuer: stack.urls.email },
        "a changed file": { ...question, file: changed },
        "a foreign root": { ...question, trust: await stack.foreignTrust() },
      };
      const judged = async (judge: Judge): Promise<void> => {
        const good = await judge.verifyBlob(question);
        assert.ok(good.accepted, `${judge.name} refused:\n${good.output}`);
        for (const [what, bad] of Object.entries(wrong)) {
          const verdict = await judge.verifyBlob(bad);
          assert.ok(!verdict.accepted, `${judge.name} accepted ${what}`);
        }
      };
      for (const judge of [...judges, ours]) await judged(judge);
    });
  }
});
