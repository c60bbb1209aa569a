// Inputs about the policy: what each asks, what excludes what, and what is no policy.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parsePolicyRequest } from "../../src/commands/policy-flags.ts";
import type { Policy } from "../../src/sigstore/policy.ts";
import { refusal } from "../refusal.ts";

type Inputs = Readonly<Record<string, string>>;

function policyOf(inputs: Inputs): Policy {
  const request = parsePolicyRequest((name) => inputs[name]);
  return request.kind === "policy" ? request.policy : assert.fail("a file");
}

/** Every text that is asked, by what it is asked of. */
function asked(inputs: Inputs): Record<string, string> {
  const [identity] = policyOf(inputs).identities;
  assert.ok(identity !== undefined);
  const { issuer, identity: name, extensions } = identity;
  const all = Object.entries({ issuer, ...(name && { identity: name }), ...extensions });
  return Object.fromEntries(
    all.map(([key, matcher]) => [
      key,
      matcher.kind === "exact" ? matcher.text : `~${matcher.source}`,
    ]),
  );
}

const github = "https://token.actions.githubusercontent.com";
const sha = "0".repeat(40);

suite("asked", () => {
  const table: readonly (readonly [Inputs, Record<string, string>])[] = [
    [
      { repo: "acme/widget" },
      { issuer: github, sourceRepositoryUri: "https://github.com/acme/widget" },
    ],
    [
      { repo: "acme/widget", "certificate-oidc-issuer": `${github}/acme` },
      { issuer: `${github}/acme`, sourceRepositoryUri: "https://github.com/acme/widget" },
    ],
    [
      { repo: "https://acme.ghe.com/a/b" },
      {
        issuer: "https://token.actions.acme.ghe.com",
        sourceRepositoryUri: "https://acme.ghe.com/a/b",
      },
    ],
    [
      { project: "a/b/c" },
      { issuer: "https://gitlab.com", sourceRepositoryUri: "https://gitlab.com/a/b/c" },
    ],
    [
      { project: "https://git.acme.example/a/b" },
      {
        issuer: "https://git.acme.example",
        sourceRepositoryUri: "https://git.acme.example/a/b",
      },
    ],
    [
      { "certificate-identity": "me@acme.example", "certificate-oidc-issuer": "https://i.example" },
      { issuer: "https://i.example", identity: "me@acme.example" },
    ],
    [
      {
        "certificate-identity-regexp": "[^/]+@acme\\.example",
        "certificate-oidc-issuer": "https://i.example",
      },
      { issuer: "https://i.example", identity: "~[^/]+@acme\\.example" },
    ],
    [
      {
        "certificate-oidc-issuer": github,
        "source-ref": "refs/heads/main",
        "source-commit": sha,
        trigger: "push",
        "runner-environment": "github-hosted",
        "repository-id": "1",
        "owner-id": "2",
        "signer-workflow": "o/r/.github/workflows/a.yml@refs/tags/v1",
      },
      {
        issuer: github,
        sourceRepositoryRef: "refs/heads/main",
        sourceRepositoryDigest: sha,
        sourceRepositoryIdentifier: "1",
        sourceRepositoryOwnerIdentifier: "2",
        buildTrigger: "push",
        runnerEnvironment: "github-hosted",
        buildSignerUri: "https://github.com/o/r/.github/workflows/a.yml@refs/tags/v1",
      },
    ],
    [
      { repo: "acme/widget", "signer-workflow": "o/r/.github/workflows/a.yml" },
      {
        issuer: github,
        sourceRepositoryUri: "https://github.com/acme/widget",
        buildSignerUri: "~https://github\\.com/o/r/\\.github/workflows/a\\.yml@.+",
      },
    ],
  ];
  for (const [inputs, wanted] of table) {
    test(JSON.stringify(inputs), () => {
      assert.deepEqual(asked(inputs), wanted);
    });
  }
  test("of statements", () => {
    const inputs = {
      repo: "a/b",
      "predicate-type": "spdx vsa",
      "builder-id": "x",
      "max-age": "30d",
    };
    const { predicateTypes, provenance, maxAgeMs } = policyOf(inputs);
    assert.ok(predicateTypes?.includes("https://spdx.dev/Document"));
    assert.ok(predicateTypes?.includes("https://slsa.dev/verification_summary/v1"));
    assert.deepEqual(provenance, { builderId: { kind: "exact", text: "x" } });
    assert.equal(maxAgeMs, 30 * 86_400_000);
  });
  test("of attestations that must all be there", () => {
    const inputs = { repo: "a/b", "require-predicate": "provenance,sbom x:y,z", "builder-id": "x" };
    const { attestations, predicateTypes, provenance } = policyOf(inputs);
    assert.equal(predicateTypes, undefined);
    assert.equal(provenance, undefined);
    assert.deepEqual(
      attestations?.map(({ name }) => name),
      ["provenance", "sbom", "x:y,z"],
    );
    const [first, second] = attestations;
    assert.deepEqual(first?.provenance, { builderId: { kind: "exact", text: "x" } });
    assert.ok(second?.predicateTypes.includes("https://cyclonedx.org/bom"));
    assert.equal(second?.provenance, undefined);
  });
  test("a key instead of an identity", () => {
    assert.deepEqual(policyOf({ key: "k.pem", "max-age": "90m" }), {
      identities: [],
      maxAgeMs: 5_400_000,
    });
  });
  test("a file", () => {
    const request = parsePolicyRequest((name) => ({ policy: "p.yml" })[name]);
    assert.deepEqual(request, { kind: "file", path: "p.yml", keyed: false });
  });
});

suite("refused", () => {
  const id = { "certificate-oidc-issuer": github };
  const table: readonly (readonly [Inputs, RegExp])[] = [
    [{}, /Nothing says whose/],
    [{ "predicate-type": "spdx" }, /Nothing says whose/],
    [{ repo: "a/b", project: "a/b" }, /Input repo and Input project/i],
    [{ repo: "a/b", key: "k" }, /key and input repo/],
    [{ "source-ref": "refs/heads/main", key: "k" }, /key and input source-ref/],
    [{ repo: "a/b", policy: "p" }, /policy and input repo/],
    [{ "predicate-type": "spdx", policy: "p" }, /policy and input predicate-type/],
    [
      { ...id, "certificate-identity": "a", "certificate-identity-regexp": "a" },
      /certificate-identity and Input certificate-identity-regexp/,
    ],
    [{ "certificate-identity": "a" }, /names no issuer/],
    [{ repo: "https://ghe.example/a/b" }, /names no issuer/],
    [id, /accept anyone/],
    [{ ...id, "certificate-identity-regexp": ".*" }, /accept anyone/],
    [{ ...id, "runner-environment": "github-hosted" }, /accept anyone/],
    [{ ...id, "signer-workflow": "o/r/.github/workflows/a.yml" }, /accept anyone/],
    ...[
      "a",
      "a/b/c",
      "a/b.git",
      "a/..",
      "/a/b",
      "a/b/",
      "a b/c",
      "http://github.com/a/b",
      "а/b",
    ].map((repo) => [{ repo }, /is no repository/] as const),
    ...["a", "a//b", "a/../b", "a/b.git", "/a/b"].map(
      (project) => [{ project }, /is no project/] as const,
    ),
    ...["007", "1e7", "1.0", "-1", " 1", "0x1"].map(
      (number) => [{ ...id, "repository-id": number }, /is no number/] as const,
    ),
    [{ repo: "a/b", "source-ref": "main" }, /is no full ref/],
    [{ repo: "a/b", "source-commit": "abc" }, /is no commit/],
    [{ repo: "a/b", "source-commit": "A".repeat(40) }, /is no commit/],
    [{ repo: "a/b", "max-age": "1 month" }, /is no span/],
    [{ repo: "a/b", "max-age": "0d" }, /is no span/],
    [{ repo: "a/b", "predicate-type": "spdy" }, /no predicate type/],
    [{ repo: "a/b", "require-predicate": "provenance spdy" }, /no predicate type/],
    [{ "require-predicate": "sbom" }, /Nothing says whose/],
    [
      { repo: "a/b", "require-predicate": "sbom", "predicate-type": "spdx" },
      /require-predicate and input predicate-type/,
    ],
    [
      { repo: "a/b", "require-predicate": "sbom", "builder-id": "x" },
      /asks for provenance, and require-predicate does not name it/,
    ],
    [{ repo: "a/b", "signer-workflow": "release.yml" }, /is no workflow/],
  ];
  for (const [inputs, reason] of table) {
    test(JSON.stringify(inputs), () => {
      const error = refusal("POLICY_INVALID", () => parsePolicyRequest((name) => inputs[name]));
      assert.match(error.message, reason);
      assert.notEqual(error.hint, "");
    });
  }
});
