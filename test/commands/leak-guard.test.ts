// What keeps a private repository out of the public log, and what it says.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { Instance } from "../../src/commands/instance.ts";
import { describeFileDigests, guardPublicLog } from "../../src/commands/leak-guard.ts";
import type { Plan } from "../../src/commands/plan.ts";
import { describePlan } from "../../src/commands/plan-text.ts";
import { publicGood } from "../../src/sigstore/public-good/embedded.ts";
import { parseIdentityToken, type IdentityToken } from "../../src/sigstore/token.ts";
import { parseTrustedRoot, type TrustedRoot } from "../../src/sigstore/trust.ts";
import { rejection } from "../refusal.ts";
import { trustedRoot as ownRoot } from "../sigstore/own-instance.ts";
import { instance, planOf } from "./own-run.ts";

const now = new Date("2026-01-01T00:00:00Z");
const publicRoot = parseTrustedRoot(publicGood.trustedRoot, "public-good");
const { signal } = new AbortController();
const terms = { allowed: false, describeDigests: () => Promise.resolve([]) };

const github = {
  iss: "https://token.actions.githubusercontent.com",
  sub: "repo:acme/widget:ref:refs/heads/main",
  job_workflow_ref: "acme/widget/.github/workflows/release.yml@refs/heads/main",
  repository: "acme/widget",
  ref: "refs/heads/main",
  sha: "c0ffee",
  run_id: "17",
  run_attempt: "2",
  repository_visibility: "private",
};
const gitlab = {
  iss: "https://gitlab.com",
  sub: "project_path:acme/widget:ref_type:branch:ref:main",
  ci_config_ref_uri: "gitlab.com/acme/widget//.gitlab-ci.yml@refs/heads/main",
  project_path: "acme/widget",
  ref: "main",
  sha: "c0ffee",
  job_id: "4711",
  project_visibility: "internal",
};

function tokenOf(claims: Readonly<Record<string, unknown>>): IdentityToken {
  const payload = { aud: "sigstore", exp: now.getTime() / 1000 + 300, ...claims };
  const text = Buffer.from(JSON.stringify(payload)).toString("base64url");
  return parseIdentityToken(`e30.${text}.AA`, "sigstore", now);
}

function planWith(wish: Partial<Instance>, paths: readonly string[] = ["a"]): Plan {
  return { ...planOf(paths), instance: { ...instance, ...wish } };
}

suite("leak guard", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sigstep-test-"));
  });
  after(() => rm(folder, { recursive: true }));

  async function refused(claims: Readonly<Record<string, unknown>>, plan: Plan): Promise<string> {
    const describeDigests = (): Promise<string[]> => describeFileDigests(plan.files, signal);
    const guarded = guardPublicLog(tokenOf(claims), plan, { ...terms, describeDigests });
    return (await rejection("PUBLIC_LOG_NOT_ALLOWED", guarded)).message;
  }

  test("a GitHub job is told what would be public, with digests", async () => {
    const path = join(folder, "a");
    await writeFile(path, "x");
    const message = await refused(github, planWith({ isPublicGood: true }, [path, "gone"]));
    assert.equal(
      message,
      `Nothing was sent: the repository is "private", and signing with the public Sigstore instance would publish for ever:
  identity: "https://github.com/acme/widget/.github/workflows/release.yml@refs/heads/main"
  repository: "https://github.com/acme/widget"
  ref: "refs/heads/main"
  commit: "c0ffee"
  run: "https://github.com/acme/widget/actions/runs/17/attempts/2"
  sha256: ${createHash("sha256").update("x").digest("hex")} (of "${path}")
  sha256 of "gone"`,
    );
  });

  test("so is a GitLab job", async () => {
    const message = await refused(gitlab, planWith({ isPublicGood: true }));
    assert.match(
      message,
      /the repository is "internal".*\n {2}identity: "https:\/\/gitlab\.com\/acme\/widget\/\/\.gitlab-ci\.yml@refs\/heads\/main"\n {2}repository: "https:\/\/gitlab\.com\/acme\/widget"\n {2}ref: "main"\n {2}commit: "c0ffee"\n {2}run: "https:\/\/gitlab\.com\/acme\/widget\/-\/jobs\/4711"\n/,
    );
  });

  test("of many files the first 20 are read", async () => {
    const paths = Array.from({ length: 25 }, (_, index) => `gone-${index}`);
    const message = await refused(github, planWith({ isPublicGood: true }, paths));
    assert.match(message, /"gone-19"\n {2}and 5 more digests$/);
  });

  for (const visibility of ["private", "internal", "PUBLIC", "", true, 1, null, ["public"], {}]) {
    test(`visibility ${JSON.stringify(visibility)} is not public`, async () => {
      const plan = planWith({ isPublicGood: true });
      await refused({ ...github, repository_visibility: visibility }, plan);
      await refused({ ...gitlab, project_visibility: visibility }, plan);
      await refused(
        { ...github, repository_visibility: "public", project_visibility: visibility },
        plan,
      );
    });
  }

  const roots: readonly (readonly [what: string, root: Partial<TrustedRoot>])[] = [
    ["logs", { logs: publicRoot.logs.slice(0, 1) }],
    ["certificate logs", { ctLogs: publicRoot.ctLogs.slice(0, 1) }],
    [
      "certificate authorities",
      { certificateAuthorities: publicRoot.certificateAuthorities.slice(0, 1) },
    ],
  ];
  for (const [what, part] of roots) {
    test(`a trusted root with the public instance's ${what} leads to it, whatever the address`, async () => {
      await refused(github, planWith({ trustedRoot: { ...ownRoot, ...part } }));
    });
  }

  test("an own instance, a public repository, an owner's word and a token without the claim pass", async () => {
    const open = planWith({ isPublicGood: true });
    const silent = { ...github, repository_visibility: undefined };
    await guardPublicLog(tokenOf(github), planWith({}), terms);
    await guardPublicLog(tokenOf({ ...github, repository_visibility: "public" }), open, terms);
    await guardPublicLog(tokenOf(github), open, { ...terms, allowed: true });
    await guardPublicLog(tokenOf(silent), open, terms);
  });
});

suite("what a plan says would be visible", () => {
  const noLog = { ...instance.services, logs: [] };
  const withCtLog = { ...ownRoot, ctLogs: publicRoot.ctLogs };
  const cases: readonly (readonly [what: string, wish: Partial<Instance>, words: RegExp])[] = [
    [
      "own logs",
      {},
      /^Would become visible to those who can read these logs: the identity .*, and the digest/m,
    ],
    [
      "the public instance",
      { isPublicGood: true },
      /^Would become visible to everyone, for ever: /m,
    ],
    [
      "a certificate log alone",
      { services: noLog, trustedRoot: withCtLog },
      /^Would become visible to those who can read the certificate log: the identity of this job \(.*\)\. The files would not\.$/m,
    ],
    [
      "no log at all",
      { services: noLog },
      /^No log of signatures or certificates: nothing would be visible\.$/m,
    ],
  ];
  for (const [what, wish, words] of cases) {
    test(what, () => assert.match(describePlan(planWith(wish)), words));
  }
});
