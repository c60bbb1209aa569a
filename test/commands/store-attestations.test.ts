// GitHub's attestations API where it is not offered: one notice for those who left it to us, a failure
// for those who insist.
import assert from "node:assert/strict";
import { suite, test, type TestContext } from "node:test";
import {
  openAttestationStore,
  type AttestationStore,
} from "../../src/commands/store-attestations.ts";
import { rejection } from "../refusal.ts";
import { collect, openEnterprise, openGitHub, type GitHubWorld } from "../stores/world.ts";

const digest = "a".repeat(64);
const bundle = '{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}';

function open({ api }: GitHubWorld, isRequired: boolean): [AttestationStore, string[]] {
  const infos: string[] = [];
  const runner = { info: (lines: string) => infos.push(lines) };
  return [openAttestationStore(api, { isRequired, runner }), infos];
}

async function withoutFeature(t: TestContext): Promise<GitHubWorld> {
  const world = await openEnterprise(t);
  world.double.offersAttestations = false;
  return world;
}

suite("not offered", () => {
  test("is one notice, and GitHub is asked no more", async (t) => {
    const world = await withoutFeature(t);
    const [store, infos] = open(world, false);
    assert.equal(await store.store(bundle), undefined);
    assert.equal(await store.store(bundle), undefined);
    assert.deepEqual(await collect(store.list(digest)), []);
    assert.equal(world.double.requests.length, 1);
    assert.equal(infos.length, 1);
    assert.match(infos[0] ?? "", /^Not stored in GitHub's attestations API: /);
  });

  test("is one notice for many at once", async (t) => {
    const [store, infos] = open(await withoutFeature(t), false);
    await Promise.all(Array.from({ length: 5 }, () => store.store(bundle)));
    assert.equal(infos.length, 1);
  });

  test("is a failure for those who insist", async (t) => {
    const [store, infos] = open(await withoutFeature(t), true);
    await rejection("STORE_NOT_OFFERED", store.store(bundle));
    assert.deepEqual(infos, []);
  });

  test("is told apart from a missing permission", async (t) => {
    const world = await openGitHub(t, { permissions: { contents: "read" } });
    const [store, infos] = open(world, false);
    await rejection("PERMISSION_MISSING", store.store(bundle));
    await rejection("PERMISSION_MISSING", collect(store.list(digest)));
    assert.deepEqual(infos, []);
  });
});

test("offered: what is stored is listed", async (t) => {
  const [store] = open(await openGitHub(t), false);
  const stored = await store.store(bundle);
  assert.equal(stored?.url.href, "https://github.com/acme/app/attestations/1");
  assert.deepEqual(await collect(store.list(digest)), [bundle]);
});
