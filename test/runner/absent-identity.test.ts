// Why a job has no identity: each cause with its own cure, ready to paste.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { inspect } from "node:util";
import {
  gitHubIdentityAbsent,
  gitLabIdentityAbsent,
  identityAbsent,
} from "../../src/runner/absent-identity.ts";

/** A pull request between two repositories, as GitHub's payload has it. */
function pullRequest(head: unknown, base: unknown): unknown {
  return { action: "opened", pull_request: { head: { repo: head }, base: { repo: base } } };
}

const own = { full_name: "acme/widget" };
const fork = { full_name: "mallory/widget" };

function cureOf(event: unknown, actor = "octocat", eventName = "pull_request"): string {
  const error = gitHubIdentityAbsent({ actor, eventName, event });
  assert.equal(error.code, "IDENTITY_UNAVAILABLE");
  assert.equal(error.where, "identity");
  if (error.message.includes("fork")) return "fork";
  return error.message.includes("Dependabot") ? "dependabot" : "permission";
}

suite("on GitHub", () => {
  test("a pull request from a fork never gets one", () => {
    assert.equal(cureOf(pullRequest(fork, own)), "fork");
    assert.equal(cureOf(pullRequest(null, own)), "fork", "the fork is gone");
    assert.equal(cureOf(pullRequest(fork, own), "octocat", "pull_request_review"), "fork");
    assert.equal(cureOf(pullRequest(fork, own), "dependabot[bot]"), "fork");
  });

  test("pull_request_target runs with the repository's rights, so it is the permission", () => {
    assert.equal(cureOf(pullRequest(fork, own), "octocat", "pull_request_target"), "permission");
  });

  test("Dependabot gets none, except by another event", () => {
    assert.equal(cureOf(pullRequest(own, own), "dependabot[bot]"), "dependabot");
    assert.equal(cureOf({}, "dependabot[bot]", "push"), "dependabot");
    assert.equal(cureOf({}, "dependabot"), "permission");
  });

  for (const event of [
    pullRequest(own, own),
    {},
    undefined,
    null,
    "text",
    [],
    { issue: { pull_request: {} } },
  ]) {
    test(`everything else is the permission: ${inspect(event)}`, () => {
      assert.equal(cureOf(event), "permission");
    });
  }

  test("the cure for a missing permission is YAML, for the job and for a reusable workflow", () => {
    const { hint } = gitHubIdentityAbsent({ actor: "x", eventName: "push", event: {} });
    assert.match(hint, /permissions:\n\s+contents: read\n\s+id-token: write/);
    assert.match(hint, /jobs:\n\s+\w+:\n\s+permissions:\n.*\n\s+id-token: write\n\s+uses: /);
  });

  test("the cure for the others is another event", () => {
    for (const job of [
      { actor: "x", eventName: "pull_request", event: pullRequest(fork, own) },
      { actor: "dependabot[bot]", eventName: "push", event: {} },
    ]) {
      assert.match(gitHubIdentityAbsent(job).hint, /on:\n\s+push:\n\s+tags:/);
    }
  });
});

test("on GitLab the cure is id_tokens with the audience", () => {
  const { code, hint } = gitLabIdentityAbsent("my-audience");
  assert.equal(code, "IDENTITY_UNAVAILABLE");
  assert.match(hint, /id_tokens:\n\s+SIGSTORE_ID_TOKEN:\n\s+aud: my-audience/);
});

test("anywhere else the cure is a token of one's own, or the demo", () => {
  const { code, hint } = identityAbsent("my-audience");
  assert.equal(code, "IDENTITY_UNAVAILABLE");
  assert.match(hint, /my-audience.*SIGSTORE_ID_TOKEN.*--identity-token-file.*demo/);
});
