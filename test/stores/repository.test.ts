// What is known of a repository before anything is written.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { checkAttestable, checkWritable, readRepository } from "../../src/stores/repository.ts";
import { refusal, rejection } from "../refusal.ts";
import { openEnterprise, openGitHub } from "./world.ts";

suite("the facts", () => {
  test("of a public one of an organisation", async (t) => {
    const { api } = await openGitHub(t);
    const facts = await readRepository(api);
    assert.deepEqual(facts, {
      ...{ isPrivate: false, ownerIsOrganization: true, archived: false, mayWrite: undefined },
    });
    checkWritable(api.place, facts);
    checkAttestable(api.place, facts);
  });

  for (const [token, told] of [
    ["ghp_classic", false],
    ["github_pat_fine", false],
    ["ghs_job", undefined],
  ] as const) {
    test(`the rights of ${token}`, async (t) => {
      const { api, double } = await openGitHub(t, { place: { token } });
      double.repository.push = false;
      const facts = await readRepository(api);
      assert.equal(facts.mayWrite, told);
      if (told === undefined) checkWritable(api.place, facts);
      else refusal("PERMISSION_MISSING", () => checkWritable(api.place, facts));
    });
  }

  test("an archived one takes nothing", async (t) => {
    const { api, double } = await openGitHub(t);
    double.repository.archived = true;
    const facts = await readRepository(api);
    assert.match(
      refusal("STORE_REFUSED", () => checkWritable(api.place, facts)).message,
      /archived/,
    );
  });

  test("a user's private one has no attestations on github.com", async (t) => {
    const { api, double } = await openGitHub(t);
    double.repository.isPrivate = true;
    checkAttestable(api.place, await readRepository(api));
    double.repository.ownerType = "User";
    const facts = await readRepository(api);
    const error = refusal("STORE_NOT_OFFERED", () => checkAttestable(api.place, facts));
    assert.match(error.hint, /github-attestations: auto/);
    const elsewhere = await openEnterprise(t);
    checkAttestable(elsewhere.api.place, facts);
  });
});

test("one that is not there", async (t) => {
  const { api } = await openGitHub(t, { place: { repository: "gone" } });
  const error = await rejection("STORE_REFUSED", readRepository(api));
  assert.match(error.hint, /acme\/gone exists/);
});

test("one that was renamed", async (t) => {
  const { api, double } = await openGitHub(t);
  const headers = { location: "https://api.github.com/repositories/1" };
  double.fail({ status: 301, headers, body: '{"message":"Moved Permanently"}' });
  const error = await rejection("STORE_REFUSED", readRepository(api));
  assert.match(error.hint, /renamed or moved/);
  assert.equal(double.requests.length, 1);
});
