// Our attestations before other people's verifiers: made by dist/, as a job runs it, on the real servers;
// provenance, both kinds of SBOM and a predicate of one's own in one step, for two subjects at once.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cp, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { attestationJudges, type AttestationCase, type AttestationJudge } from "./judges.ts";
import { emptyEnvironment, run, runOk } from "./run.ts";
import { startStack, type Stack } from "./start.ts";

const cli = join(import.meta.dirname, "../../dist/cli.js");
const sboms = join(import.meta.dirname, "../vectors/sbom");

const identities = {
  github: "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0",
  gitlab: "https://gitlab.com/acme/widget//.gitlab-ci.yml@refs/heads/main",
};

/** Short type → type. */
const types = {
  provenance: "https://slsa.dev/provenance/v1",
  spdx: "https://spdx.dev/Document/v2.3",
  cyclonedx: "https://cyclonedx.org/bom",
  "scan-v1": "https://example.com/scan/v1",
};

const predicates = `
- type: provenance
- type: sbom
  path: app.spdx.json
- type: sbom
  path: app.cdx.json
- type: ${types["scan-v1"]}
  path: scan.json
`;

const names = ["app one.tar.gz", "tool.bin"];

/** Our own program, asked as the judges are. */
const ours: AttestationJudge = {
  name: "sigstep",
  checksFile: true,
  checksPredicateType: true,
  async verifyAttestation({ stack, bundle, file, identity, issuer, predicateType }) {
    const args = ["verify", file, "--bundle", bundle, "--trusted-root", stack.trust.trustedRoot];
    const policy = ["--certificate-identity", identity, "--certificate-oidc-issuer", issuer];
    const home = await mkdtemp(join(stack.directory, "ours-"));
    const { stdout, stderr, code } = await run(
      process.execPath,
      [cli, ...args, ...policy, "--predicate-type", predicateType],
      { environment: emptyEnvironment(home) },
    );
    assert.ok(code < 2, `it could not judge:\n${stderr}`);
    return { accepted: code === 0, output: stdout + stderr };
  },
};

type Issuer = keyof typeof identities;

interface Case {
  readonly issuer: Issuer;
  readonly rekorVersion: 1 | 2;
}

const cases: readonly Case[] = (["github", "gitlab"] as const).flatMap((issuer) =>
  ([1, 2] as const).map((rekorVersion) => ({ issuer, rekorVersion })),
);

suite("attestations of ours on the real stack", () => {
  let stack: Stack;
  before(async () => {
    stack = await startStack();
  });
  after(async () => {
    await stack.stop();
  });

  async function attest({ issuer, rekorVersion }: Case): Promise<string> {
    const folder = await mkdtemp(join(stack.directory, "attested-"));
    for (const name of names) await writeFile(join(folder, name), `${name} ${rekorVersion}\n`);
    await writeFile(join(folder, "scan.json"), '{ "findings": [], "count": 1.50 }\n');
    await cp(join(sboms, "spdx-2.3-hello-source.json"), join(folder, "app.spdx.json"));
    await cp(join(sboms, "cyclonedx-saas.json"), join(folder, "app.cdx.json"));
    const ambient =
      issuer === "github"
        ? stack.environment
        : { GITLAB_CI: "true", SIGSTORE_ID_TOKEN: await stack.gitlabToken() };
    const { trustedRoot, signingConfigV1, signingConfigV2 } = stack.trust;
    await runOk(process.execPath, [cli, "attest", "--predicates", predicates, ...names], {
      directory: folder,
      environment: {
        ...emptyEnvironment(folder),
        ...ambient,
        SIGSTEP_TRUSTED_ROOT: trustedRoot,
        SIGSTEP_SIGNING_CONFIG: rekorVersion === 1 ? signingConfigV1 : signingConfigV2,
      },
    });
    return folder;
  }

  function questionsOf(folder: string, issuer: Issuer): readonly AttestationCase[] {
    return Object.entries(types).flatMap(([shortType, predicateType]) =>
      names.map((name) => ({
        stack,
        bundle: join(folder, `attestation.${shortType}.sigstore.json`),
        file: join(folder, name),
        identity: identities[issuer],
        issuer: stack.urls[issuer],
        predicateType,
      })),
    );
  }

  /** What is wrong, as far as the judge can know. */
  async function wrongOf(
    question: AttestationCase,
    { checksFile, checksPredicateType }: AttestationJudge,
  ): Promise<Readonly<Record<string, AttestationCase>>> {
    const other = join(question.file, "../other.bin");
    await writeFile(other, "another release\n");
    const type = `${question.predicateType}.1`;
    const repository = question.identity.replace("acme/widget", "acme/gadget");
    return {
      "a changed predicate": { ...question, bundle: await withOtherPredicate(question.bundle) },
      "another repository": { ...question, identity: repository },
      ...(checksFile ? { "another subject": { ...question, file: other } } : {}),
      ...(checksPredicateType ? { "another type": { ...question, predicateType: type } } : {}),
    };
  }

  for (const signing of cases) {
    const { issuer, rekorVersion } = signing;
    test(`${issuer}, Rekor v${rekorVersion}: every judge accepts each for each subject, and refuses what is wrong`, async () => {
      const folder = await attest(signing);
      const questions = questionsOf(folder, issuer);
      const judge = async (by: AttestationJudge): Promise<void> => {
        for (const question of questions) {
          const { accepted, output } = await by.verifyAttestation(question);
          assert.ok(accepted, `${by.name} refused ${question.bundle}:\n${output}`);
        }
        for (const question of questions.filter(({ file }) => file.endsWith("tool.bin"))) {
          for (const [what, bad] of Object.entries(await wrongOf(question, by))) {
            const { accepted } = await by.verifyAttestation(bad);
            assert.ok(!accepted, `${by.name} accepted ${what} of ${question.predicateType}`);
          }
        }
      };
      await Promise.all([...judgesOf(issuer), ours].map(judge));
    });
  }

  test("gh, which knows GitHub's hosts alone, says so of an attestation by GitLab", async () => {
    const [question] = questionsOf(await attest({ issuer: "gitlab", rekorVersion: 1 }), "gitlab");
    assert.ok(question !== undefined);
    const { accepted, output } = await findJudge("gh").verifyAttestation(question);
    assert.ok(!accepted);
    assert.match(output, /expected SourceRepositoryOwnerURI to be https:\/\/github\.com\/acme/);
  });

  test("10,000 subjects by checksums take less than 10 s, and each is found in its statement", async () => {
    const folder = await mkdtemp(join(stack.directory, "many-"));
    const file = join(folder, "last.bin");
    await writeFile(file, "last\n");
    const others = Array.from({ length: 9999 }, (_, at) => [at.toString(16).padStart(64, "0"), at]);
    const digest = createHash("sha256").update("last\n").digest("hex");
    const lines = [...others, [digest, "last.bin"]].map(([hex, name]) => `${hex}  ${name}\n`);
    await writeFile(join(folder, "SHA256SUMS"), lines.join(""));
    const started = performance.now();
    await runOk(process.execPath, [cli, "attest", "--subject-checksums=SHA256SUMS"], {
      directory: folder,
      environment: {
        ...emptyEnvironment(folder),
        ...stack.environment,
        SIGSTEP_TRUSTED_ROOT: stack.trust.trustedRoot,
        SIGSTEP_SIGNING_CONFIG: stack.trust.signingConfigV2,
      },
    });
    const seconds = (performance.now() - started) / 1000;
    assert.ok(seconds < 10, `${seconds} s`);
    const question = {
      ...{ stack, file, identity: identities.github, issuer: stack.urls.github },
      bundle: join(folder, "attestation-10.provenance.sigstore.json"),
      predicateType: types.provenance,
    };
    for (const judge of [...attestationJudges, ours]) {
      const { accepted, output } = await judge.verifyAttestation(question);
      assert.ok(accepted, `${judge.name}: ${output}`);
      const bundle = join(folder, "attestation-9.provenance.sigstore.json");
      const elsewhere = await judge.verifyAttestation({ ...question, bundle });
      assert.equal(elsewhere.accepted, !judge.checksFile, `${judge.name} in another shard`);
    }
  });

  test("all bundles of a run stand in one file, which gh takes at once", async () => {
    const folder = await attest({ issuer: "github", rekorVersion: 1 });
    const bundle = join(folder, "attestation.sigstore.jsonl");
    const lines = (await readFile(bundle, "utf8")).trimEnd().split("\n");
    assert.equal(lines.length, Object.keys(types).length);
    const gh = findJudge("gh");
    for (const question of questionsOf(folder, "github")) {
      const { accepted, output } = await gh.verifyAttestation({ ...question, bundle });
      assert.ok(accepted, output);
    }
  });

  test("predicates are signed in their author's spelling", async () => {
    const folder = await attest({ issuer: "github", rekorVersion: 2 });
    const statement = await readStatement(join(folder, "attestation.scan-v1.sigstore.json"));
    assert.match(statement, /"predicate":\{"findings":\[\],"count":1\.50\}\}$/);
    assert.deepEqual(
      list(at(JSON.parse(statement), "subject")).map((subject) => at(subject, "name")),
      names,
    );
  });
});

function findJudge(name: string): AttestationJudge {
  const judge = attestationJudges.find((each) => each.name === name);
  assert.ok(judge !== undefined);
  return judge;
}

/** gh demands a repository of github.com, whatever the issuer. */
function judgesOf(issuer: Issuer): readonly AttestationJudge[] {
  return attestationJudges.filter(({ name }) => issuer === "github" || name !== "gh");
}

async function readStatement(bundle: string): Promise<string> {
  const json: unknown = JSON.parse(await readFile(bundle, "utf8"));
  return Buffer.from(text(dig(json, "dsseEnvelope", "payload")), "base64").toString("utf8");
}

/** A copy whose statement says something else, with everything that can be left as it was. */
async function withOtherPredicate(bundle: string): Promise<string> {
  const whole = await readFile(bundle, "utf8");
  const payload = text(dig(JSON.parse(whole), "dsseEnvelope", "payload"));
  const statement = await readStatement(bundle);
  const changed = statement.replace(/\}$/, ',"changed":true}');
  const path = `${bundle}.changed.json`;
  await writeFile(path, whole.replace(payload, Buffer.from(changed).toString("base64")));
  return path;
}
