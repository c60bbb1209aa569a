// The policy as text; that Kyverno takes it and does what it says: test/policy/kyverno.test.ts.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isCollection, parseDocument } from "yaml";
import { formatKyvernoPolicy, type KyvernoRules } from "../../src/commands/kyverno-policy.ts";
import { refusal } from "../refusal.ts";

const rules: KyvernoRules = {
  identity: "https://github.com/acme/app/.github/workflows/release.yml@refs/tags/v1",
  issuer: "https://token.actions.githubusercontent.com",
  images: "ghcr.io/acme/app",
};

const policyOf = (changes: Partial<KyvernoRules>): string =>
  formatKyvernoPolicy({ ...rules, ...changes });

function specOf(yaml: string, name: string): unknown {
  const node = parseDocument(yaml).getIn(["spec", name]);
  assert.ok(isCollection(node));
  return node.toJSON();
}

function signedBy(identity: object): unknown {
  return [{ name: "signer", cosign: { keyless: { identities: [identity] } } }];
}

function globs(...patterns: readonly string[]): unknown {
  return patterns.map((glob) => ({ glob }));
}

test("identity, issuer, images and the signature", () => {
  const yaml = policyOf({});
  const { identity: subject, issuer } = rules;
  assert.deepEqual(specOf(yaml, "attestors"), signedBy({ subject, issuer }));
  assert.deepEqual(
    specOf(yaml, "matchImageReferences"),
    globs("ghcr.io/acme/app", "ghcr.io/acme/app:*", "ghcr.io/acme/app@*"),
  );
  assert.deepEqual(specOf(yaml, "attestations"), [
    { name: "statement0", intoto: { type: "https://sigstore.dev/cosign/sign/v1" } },
  ]);
});

test("any text stays one text, and changes nothing else", () => {
  const expression = /^ {4}- expression: >-\n.*\n.*$/gm;
  const expressions = policyOf({}).match(expression);
  fc.assert(
    fc.property(fc.string({ unit: "binary", minLength: 1 }), (text) => {
      fc.pre(text.trim() !== "");
      const yaml = policyOf({ identity: text, issuer: text });
      assert.match(yaml, /^[\x20-\x7e\n]*$/);
      assert.deepEqual(specOf(yaml, "attestors"), signedBy({ subject: text, issuer: text }));
      assert.deepEqual(yaml.match(expression), expressions);
    }),
  );
});

test("Docker Hub by all its names", () => {
  assert.deepEqual(
    specOf(policyOf({ images: "docker.io/library/nginx*" }), "matchImageReferences"),
    globs(
      ...["docker.io/library/nginx*", "docker.io/nginx*", "index.docker.io/library/nginx*"],
      ...["index.docker.io/nginx*", "library/nginx*", "nginx*"],
    ),
  );
});

test("another name for other images", () => {
  const images = ["ghcr.io/acme/app", "ghcr.io/acme-app", `ghcr.io/${"a".repeat(200)}/B_.*`];
  const names = images.map((image) => /^ {2}name: (.*)$/m.exec(policyOf({ images: image }))?.[1]);
  assert.equal(new Set(names).size, names.length);
  for (const name of names) assert.match(name ?? "", /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])$/);
});

test("what would make a policy that says less is refused", () => {
  const bad: readonly Partial<KyvernoRules>[] = [
    ...[{ identity: "" }, { identity: " \n" }, { issuer: "" }],
    ...[{ predicateTypes: [] }, { predicateTypes: [""] }],
    ...["", "*", "app", "ghcr.io/acme/app:v1", "ghcr.io/acme/app@sha256:00", "ghcr.io/"].map(
      (images) => ({ images }),
    ),
    ...["ghcr.io/{a,b}", "ghcr.io/[a-z]", "ghcr.io/a?c", "ghcr.io/a\\b", 'ghcr.io/a"\nspec:'].map(
      (images) => ({ images }),
    ),
  ];
  for (const changes of bad) {
    const error = refusal("INPUT_VALUE", () => formatKyvernoPolicy({ ...rules, ...changes }));
    assert.match(error.message, /^Kyverno policy, /);
  }
});
