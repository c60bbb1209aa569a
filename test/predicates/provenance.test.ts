// Provenance of GitHub and GitLab jobs: field by field, with each claim missing, and against certificates.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { suite, test } from "node:test";
import { parseJson } from "../../src/encoding/json.ts";
import type { BuildIdentity } from "../../src/predicates/claims.ts";
import { checkPredicate, predicateTypeOf } from "../../src/predicates/predicate-types.ts";
import { encodeGitHubProvenance, provenanceType } from "../../src/predicates/provenance-github.ts";
import { encodeGitLabProvenance } from "../../src/predicates/provenance-gitlab.ts";
import { slsaLevel } from "../../src/predicates/slsa-level.ts";
import { gitLabBuildType } from "../../src/sigstore/build-types.ts";
import { matchProvenance } from "../../src/sigstore/provenance-match.ts";
import { refusal, refuses } from "../refusal.ts";

type Texts = Readonly<Record<string, string>>;
type Certificate = BuildIdentity["certificate"];

const sha = "0123456789abcdef0123456789abcdef01234567";

const gitHub = {
  iss: "https://token.actions.githubusercontent.com",
  event_name: "push",
  job_workflow_ref: "acme/widget/.github/workflows/release.yml@refs/tags/v1@2",
  job_workflow_sha: sha,
  ref: "refs/tags/v1@2",
  repository: "acme/widget",
  repository_id: "2002",
  repository_owner_id: "3003",
  run_attempt: "1",
  run_id: "4004",
  runner_environment: "github-hosted",
  sha,
  workflow_ref: "acme/widget/.github/workflows/release.yml@refs/tags/v1@2",
  workflow_sha: sha,
};
const gitHubCertificate: Certificate = {
  buildSignerUri: "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1@2",
  buildConfigUri: "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1@2",
  runInvocationUri: "https://github.com/acme/widget/actions/runs/4004/attempts/1",
  sourceRepositoryUri: "https://github.com/acme/widget",
  sourceRepositoryRef: "refs/tags/v1@2",
  sourceRepositoryDigest: sha,
  sourceRepositoryIdentifier: "2002",
  sourceRepositoryOwnerIdentifier: "3003",
};

const gitLab = {
  iss: "https://gitlab.com",
  ci_config_ref_uri: "gitlab.com/acme/tools/widget//ci/a@b.yml@refs/heads/main",
  ci_config_sha: sha,
  job_id: "5005",
  namespace_id: "3003",
  pipeline_id: "4004",
  pipeline_source: "push",
  project_id: "2002",
  project_path: "acme/tools/widget",
  project_visibility: "public",
  ref: "main",
  ref_path: "refs/heads/main",
  ref_protected: "true",
  ref_type: "branch",
  runner_environment: "gitlab-hosted",
  runner_id: "6006",
  sha,
};
const gitLabCertificate: Certificate = {
  buildSignerUri: "https://gitlab.com/acme/tools/widget//ci/a@b.yml@refs/heads/main",
  runInvocationUri: "https://gitlab.com/acme/tools/widget/-/jobs/5005",
  sourceRepositoryUri: "https://gitlab.com/acme/tools/widget",
  sourceRepositoryRef: "refs/heads/main",
  sourceRepositoryDigest: sha,
  sourceRepositoryIdentifier: "2002",
};
const job = { name: "build: [amd64]", startedOn: new Date("2026-01-02T03:04:05.006Z") };

function identityOf(claims: Texts, certificate: Certificate): BuildIdentity {
  const { iss = "", ...others } = claims;
  return { token: { issuer: iss, claims: new Map(Object.entries(others)) }, certificate };
}

function json(text: string): ReturnType<typeof parseJson> {
  return parseJson(Buffer.from(text), {
    label: "provenance",
    code: "STATEMENT_INVALID",
    maxBytes: 1_000_000,
  });
}

function without<Value>(
  record: Readonly<Record<string, Value>>,
  name: string,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).filter(([other]) => other !== name));
}

suite("GitHub", () => {
  test("has the fields of actions/attest, in its order", () => {
    const text = encodeGitHubProvenance(identityOf(gitHub, gitHubCertificate));
    const source = "https://github.com/acme/widget";
    // actions/toolkit packages/attest/src/provenance.ts, written out again.
    const expected = {
      buildDefinition: {
        buildType: "https://actions.github.io/buildtypes/workflow/v1",
        externalParameters: {
          workflow: {
            ref: "refs/tags/v1@2",
            repository: source,
            path: ".github/workflows/release.yml",
          },
        },
        internalParameters: {
          github: {
            event_name: "push",
            repository_id: "2002",
            repository_owner_id: "3003",
            runner_environment: "github-hosted",
          },
        },
        resolvedDependencies: [{ uri: `git+${source}@refs/tags/v1@2`, digest: { gitCommit: sha } }],
      },
      runDetails: {
        builder: { id: `${source}/.github/workflows/release.yml@refs/tags/v1@2` },
        metadata: { invocationId: `${source}/actions/runs/4004/attempts/1` },
      },
    };
    assert.equal(text, JSON.stringify(expected));
    checkPredicate(predicateTypeOf(provenanceType), json(text));
  });

  test("environment, inputs and what other commits gave, where they are known", () => {
    const claims = {
      ...gitHub,
      environment: "production",
      job_workflow_ref: "acme/shared/.github/workflows/build.yml@refs/heads/main",
      job_workflow_sha: "1".repeat(40),
      workflow_sha: "2".repeat(40),
    };
    const inputs = { level: 3, dry: false, tag: "v1" };
    const identity = identityOf(claims, gitHubCertificate);
    const predicate = json(encodeGitHubProvenance(identity, inputs));
    const definition = predicate.get("buildDefinition");
    assert.deepEqual(definition.get("externalParameters").get("inputs").raw, inputs);
    const github = definition.get("internalParameters").get("github");
    assert.equal(github.get("environment").raw, "production");
    assert.deepEqual(definition.get("resolvedDependencies").raw, [
      { uri: "git+https://github.com/acme/widget@refs/tags/v1@2", digest: { gitCommit: sha } },
      {
        uri: "git+https://github.com/acme/widget@refs/tags/v1@2",
        digest: { gitCommit: "2".repeat(40) },
      },
      {
        uri: "git+https://github.com/acme/shared@refs/heads/main",
        digest: { gitCommit: "1".repeat(40) },
      },
    ]);
    assert.equal(
      predicate.get("runDetails").get("builder").get("id").raw,
      "https://github.com/acme/shared/.github/workflows/build.yml@refs/heads/main",
    );
  });

  for (const [workflow, path] of [
    ["acme/widget/acme/widget/x.yml@refs/heads/a", "acme/widget/x.yml"],
    ["other/acme/widget/x.yml@refs/heads/a", "other/acme/widget/x.yml"],
    ["acme/widget/.github/workflows/a.yml@refs/heads/b@c", ".github/workflows/a.yml"],
  ] as const) {
    test(`only a prefix is taken off ${workflow}`, () => {
      const identity = identityOf({ ...gitHub, workflow_ref: workflow }, gitHubCertificate);
      const predicate = json(encodeGitHubProvenance(identity));
      const parameters = predicate.get("buildDefinition").get("externalParameters");
      assert.equal(parameters.get("workflow").get("path").string(), path);
    });
  }

  for (const workflow of ["x.yml", "@refs/heads/a", "acme/widget/", "acme/widget@refs/heads/a"]) {
    test(`a workflow_ref of ${workflow} is refused`, () => {
      const identity = identityOf({ ...gitHub, workflow_ref: workflow }, gitHubCertificate);
      refuses("IDENTITY_INVALID", () => encodeGitHubProvenance(identity));
    });
  }

  const optional = ["iss", "job_workflow_sha", "workflow_sha"];
  for (const name of Object.keys(gitHub).filter((claim) => !optional.includes(claim))) {
    test(`without the claim ${name} there is none`, () => {
      const identity = identityOf(without(gitHub, name), gitHubCertificate);
      const error = refusal("IDENTITY_INVALID", () => encodeGitHubProvenance(identity));
      assert.ok(error.message.includes(`no claim ${name},`));
    });
  }

  for (const [issuer, server] of [
    ["https://token.actions.githubusercontent.com", "https://github.com"],
    ["https://token.actions.githubusercontent.com/acme-inc", "https://github.com"],
    ["https://token.actions.acme.ghe.com", "https://acme.ghe.com"],
    ["https://git.acme.example/_services/token", "https://git.acme.example"],
  ] as const) {
    test(`of a certificate that does not name the source, the server is that of ${issuer}`, () => {
      const text = encodeGitHubProvenance(identityOf({ ...gitHub, iss: issuer }, {}));
      assert.ok(text.includes(`"repository":"${server}/acme/widget"`));
    });
  }

  test("a certificate of another repository is refused", () => {
    for (const uri of [
      "https://github.com/acme/other",
      "https://github.com/xacme/widget",
      "/acme/widget".slice(1),
    ]) {
      const identity = identityOf(gitHub, { sourceRepositoryUri: uri });
      refuses("IDENTITY_INVALID", () => encodeGitHubProvenance(identity));
    }
  });
});

suite("GitLab", () => {
  test("has the fields of its build type", () => {
    const claims = { ...gitLab, environment: "prod", deployment_tier: "production" };
    const text = encodeGitLabProvenance(identityOf(claims, gitLabCertificate), job);
    const repository = "https://gitlab.com/acme/tools/widget";
    assert.deepEqual(JSON.parse(text), {
      buildDefinition: {
        buildType: "https://github.com/sigstep/sigstep/blob/main/docs/buildtypes/gitlab-v1.md",
        externalParameters: {
          pipeline: { repository, ref: "refs/heads/main", path: "ci/a@b.yml" },
          job: "build: [amd64]",
        },
        internalParameters: {
          gitlab: {
            pipeline_source: "push",
            pipeline_id: "4004",
            project_id: "2002",
            namespace_id: "3003",
            project_visibility: "public",
            ref_protected: "true",
            runner_id: "6006",
            runner_environment: "gitlab-hosted",
            environment: "prod",
            deployment_tier: "production",
          },
        },
        resolvedDependencies: [
          { uri: `git+${repository}@refs/heads/main`, digest: { gitCommit: sha } },
        ],
      },
      runDetails: {
        builder: { id: `${repository}//ci/a@b.yml@refs/heads/main` },
        metadata: {
          invocationId: `${repository}/-/jobs/5005`,
          startedOn: "2026-01-02T03:04:05.006Z",
        },
      },
    });
    checkPredicate(predicateTypeOf(provenanceType), json(text));
  });

  test("is what the page of its build type shows", async () => {
    const page = new URL("../../docs/buildtypes/gitlab-v1.md", import.meta.url);
    const [, example = ""] = /```json\n([\s\S]*?)```/.exec(await readFile(page, "utf8")) ?? [];
    const claims = {
      ...gitLab,
      ci_config_ref_uri: "gitlab.com/acme/widget//.gitlab-ci.yml@refs/heads/main",
      project_path: "acme/widget",
    };
    const startedOn = new Date("2026-01-02T03:04:05Z");
    const text = encodeGitLabProvenance(identityOf(claims, {}), { name: "build", startedOn });
    assert.equal(JSON.stringify(JSON.parse(example)), text);
    assert.ok(gitLabBuildType.endsWith("/docs/buildtypes/gitlab-v1.md"));
  });

  test("a configuration of another commit is a dependency", () => {
    const claims = {
      ...gitLab,
      ci_config_ref_uri: "gitlab.com/acme/ci//x.yml@refs/heads/stable",
      ci_config_sha: "1".repeat(40),
      ref: "v1",
      ref_type: "tag",
    };
    const text = encodeGitLabProvenance(identityOf(claims, gitLabCertificate), {
      name: "a",
      startedOn: undefined,
    });
    const list = json(text).get("buildDefinition").get("resolvedDependencies");
    assert.deepEqual(list.raw, [
      {
        uri: "git+https://gitlab.com/acme/tools/widget@refs/tags/v1",
        digest: { gitCommit: sha },
      },
      {
        uri: "git+https://gitlab.com/acme/ci@refs/heads/stable",
        digest: { gitCommit: "1".repeat(40) },
      },
    ]);
    assert.ok(!text.includes("startedOn"));
  });

  for (const name of ["ci_config_ref_uri", "job_id", "project_path", "ref", "ref_type", "sha"]) {
    test(`without the claim ${name} there is none`, () => {
      const identity = identityOf(without(gitLab, name), gitLabCertificate);
      refuses("IDENTITY_INVALID", () => encodeGitLabProvenance(identity, job));
    });
  }

  test("a self-managed GitLab below a path", () => {
    const claims = { ...gitLab, iss: "https://acme.example/gitlab/" };
    const text = encodeGitLabProvenance(identityOf(claims, {}), job);
    assert.ok(text.includes('"repository":"https://acme.example/gitlab/acme/tools/widget"'));
  });

  for (const uri of [
    "gitlab.com/acme/widget/.gitlab-ci.yml@refs/heads/a",
    "x//y",
    "//y@refs/heads/a",
  ]) {
    test(`a ci_config_ref_uri of ${uri} is refused`, () => {
      const identity = identityOf({ ...gitLab, ci_config_ref_uri: uri }, gitLabCertificate);
      refuses("IDENTITY_INVALID", () => encodeGitLabProvenance(identity, job));
    });
  }
});

suite("against the certificate", () => {
  const cases = [
    ["GitHub", encodeGitHubProvenance(identityOf(gitHub, gitHubCertificate)), gitHubCertificate],
    [
      "GitLab",
      encodeGitLabProvenance(identityOf(gitLab, gitLabCertificate), job),
      gitLabCertificate,
    ],
  ] as const;
  for (const [name, text, certificate] of cases) {
    test(`${name}: what was made of the same token matches`, () => {
      matchProvenance(json(text), certificate);
      matchProvenance(json(text), {});
    });

    for (const extension of Object.keys(certificate).filter(
      (field) => field !== "buildConfigUri",
    )) {
      test(`${name}: another ${extension} is refused`, () => {
        const other = { ...certificate, [extension]: "https://evil.example/x" };
        const error = refusal("STATEMENT_INVALID", () => matchProvenance(json(text), other));
        assert.match(error.message, /evil\.example/);
      });
    }

    test(`${name}: another commit, builder or run in the predicate is refused`, () => {
      for (const [found, changed] of [
        [sha, "f".repeat(40)],
        ['"builder":{"id":"https://', '"builder":{"id":"https://evil.'],
        ['"invocationId":"https://', '"invocationId":"https://evil.'],
        ['"uri":"git+https://', '"uri":"git+https://evil.'],
        ['"repository":"https://', '"repository":"https://evil.'],
        [/"builder":\{"id":"[^"]*"\}/, '"builder":{"id":7}'],
      ] as const) {
        const changedText = text.replace(found, changed);
        assert.notEqual(changedText, text);
        refuses("STATEMENT_INVALID", () => matchProvenance(json(changedText), certificate));
      }
    });

    test(`${name}: what is not there is not compared`, () => {
      const changed = text.replace(
        /"resolvedDependencies":\[.*?\}\}\]/,
        '"resolvedDependencies":[]',
      );
      assert.notEqual(changed, text);
      matchProvenance(json(changed), certificate);
    });

    test(`${name}: another build type is not judged`, () => {
      const changed = text.replace(/"buildType":"[^"]*"/, '"buildType":"https://example.com/b"');
      assert.notEqual(changed, text);
      matchProvenance(json(changed), { buildSignerUri: "https://evil.example" });
    });
  }

  test("the kind of runner as builder, as actions/attest once had it", () => {
    const text = encodeGitHubProvenance(identityOf(gitHub, gitHubCertificate));
    for (const [builder, isKnown] of [
      ["https://github.com/actions/runner/github-hosted", true],
      ["https://github.com/actions/runner/self-hosted", true],
      ["https://github.com/actions/runner/github-hosted/x", false],
      ["https://github.com.evil.example/actions/runner/github-hosted", false],
    ] as const) {
      const earlier = text.replace(/"builder":\{"id":"[^"]*"\}/, `"builder":{"id":"${builder}"}`);
      const match = (): void => matchProvenance(json(earlier), gitHubCertificate);
      if (isKnown) match();
      else refuses("STATEMENT_INVALID", match);
    }
  });

  test("the ref of the workflow file, as actions/attest once had it", () => {
    const text = encodeGitHubProvenance(
      identityOf({ ...gitHub, ref: "refs/heads/main" }, gitHubCertificate),
    );
    const merge = { ...gitHubCertificate, sourceRepositoryRef: "refs/pull/1/merge" };
    const earlier = text
      .replace("@refs/heads/main", "@refs/pull/1/merge")
      .replace('"ref":"refs/heads/main"', '"ref":"refs/tags/v1@2"');
    matchProvenance(json(earlier), merge);
    refuses("STATEMENT_INVALID", () => matchProvenance(json(text), merge));
  });
});

suite("SLSA level", () => {
  for (const [name, claims, level, reason] of [
    ["GitHub's runner", gitHub, 2, /level 3 needs a build/],
    ["GitLab's runner", gitLab, 2, /level 3 needs a build/],
    ["a runner of one's own", { ...gitHub, runner_environment: "self-hosted" }, 1, /not hosted/],
    ["an unknown runner", without(gitHub, "runner_environment"), 1, /not hosted/],
    ["a reusable workflow", { ...gitHub, job_workflow_ref: "a/b/c.yml@x" }, 2, /no claim shows/],
  ] as const) {
    test(`${name}: ${level}`, () => {
      const found = slsaLevel(identityOf(claims, {}));
      assert.equal(found.level, level);
      assert.match(found.reason, reason);
    });
  }
});
