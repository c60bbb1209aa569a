// Finding a release, and knowing whether it takes assets.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { checkRelease, findRelease } from "../../src/stores/release.ts";
import { refusal, rejection } from "../refusal.ts";
import type { DoubleRelease } from "./github-api.ts";
import { openEnterprise, openGitHub } from "./world.ts";

export function release(id: number, more: Partial<DoubleRelease> = {}): DoubleRelease {
  return { id, tag: "v1", draft: false, immutable: false, assets: [], ...more };
}

suite("found", () => {
  test("by tag, published", async (t) => {
    const { api, double } = await openGitHub(t);
    double.releases.push(release(1, { draft: true }), release(2, { tag: "pre/v1" }));
    const found = await findRelease(api, { tag: "pre/v1" });
    assert.deepEqual(found, {
      ...{ id: 2, tag: "pre/v1", draft: false, immutable: false },
      uploadUrl: "https://uploads.github.com/repos/acme/app/releases/2/assets",
    });
    checkRelease(found);
  });

  test("by tag, a draft on the third page", async (t) => {
    const { api, double } = await openGitHub(t);
    for (let id = 1; id <= 25; id += 1) double.releases.push(release(id, { tag: `v0.${id}` }));
    double.releases.push(release(26, { draft: true }));
    const found = await findRelease(api, { tag: "v1" });
    assert.deepEqual([found.id, found.draft], [26, true]);
    assert.equal(double.requests.length, 4);
  });

  test("by id", async (t) => {
    const { api, double } = await openGitHub(t);
    double.releases.push(release(7, { draft: true, tag: "untagged" }));
    assert.equal((await findRelease(api, { id: 7 })).tag, "untagged");
  });

  test("on a server of its own, with uploads on the same host", async (t) => {
    const { api, double } = await openEnterprise(t);
    double.releases.push(release(3));
    const { uploadUrl } = await findRelease(api, { tag: "v1" });
    assert.equal(uploadUrl, `${double.url.href}api/uploads/repos/acme/app/releases/3/assets`);
  });
});

suite("unusable", () => {
  test("none for the tag", async (t) => {
    const { api, double } = await openGitHub(t);
    double.releases.push(release(1, { tag: "v2" }));
    const error = await rejection("RELEASE_UNUSABLE", findRelease(api, { tag: "v1" }));
    assert.match(error.message, /no release for the tag "v1", or it is a draft/);
    assert.match(error.hint, /contents: write/);
  });

  test("gone", async (t) => {
    const { api } = await openGitHub(t);
    const error = await rejection("RELEASE_UNUSABLE", findRelease(api, { id: 9 }));
    assert.match(error.message, /with the id 9/);
  });

  test("a draft that the token may not see", async (t) => {
    const { api, double } = await openGitHub(t, { permissions: { contents: "read" } });
    double.releases.push(release(1, { draft: true }));
    await rejection("RELEASE_UNUSABLE", findRelease(api, { tag: "v1" }));
  });

  test("two drafts for one tag", async (t) => {
    const { api, double } = await openGitHub(t);
    double.releases.push(release(1, { draft: true }), release(2, { draft: true }));
    const error = await rejection("RELEASE_UNUSABLE", findRelease(api, { tag: "v1" }));
    assert.match(error.message, /2 drafts/);
  });

  test("published and immutable, with the order that works", async (t) => {
    const { api, double } = await openGitHub(t);
    double.releases.push(release(1, { immutable: true }));
    const found = await findRelease(api, { tag: "v1" });
    const { hint } = refusal("RELEASE_UNUSABLE", () => checkRelease(found));
    assert.match(
      hint,
      /create v1 --draft\n# then this step, then\ngh release edit v1 --draft=false/,
    );
  });

  test("a tag that is no word is not put into a command", () => {
    const evil = { id: 1, tag: "v1; rm -rf", draft: false, immutable: true, uploadUrl: "" };
    const { hint } = refusal("RELEASE_UNUSABLE", () => checkRelease(evil));
    assert.doesNotMatch(hint, /rm/);
  });

  test("without the permission", async (t) => {
    const { api } = await openGitHub(t, { permissions: {} });
    await rejection("PERMISSION_MISSING", findRelease(api, { tag: "v1" }));
  });
});

suite("an upload address that is not believed", () => {
  for (const [name, url] of [
    ["another host", "https://evil.example/repos/acme/app/releases/1/assets{?name,label}"],
    ["a host that ends alike", "https://xuploads.github.com/repos/acme/app/releases/1/assets"],
    ["plain http", "http://uploads.github.com/repos/acme/app/releases/1/assets"],
    ["another port", "https://uploads.github.com:444/repos/acme/app/releases/1/assets"],
    ["credentials", "https://a:b@uploads.github.com/repos/acme/app/releases/1/assets/"],
    ["another release", "https://uploads.github.com/repos/acme/app/releases/2/assets"],
    ["another repository", "https://uploads.github.com/repos/acme/other/releases/1/assets"],
    ["a path around", "https://uploads.github.com/repos/acme/app/releases/1/assets/../../2/assets"],
    ["a query", "https://uploads.github.com/repos/acme/app/releases/1/assets?name=x"],
    ["no address", "nowhere"],
  ] as const) {
    test(name, async (t) => {
      const { api, double } = await openGitHub(t);
      double.releases.push(release(1, { uploadUrl: url }));
      const error = await rejection("SERVICE_ANSWER_INVALID", findRelease(api, { tag: "v1" }));
      assert.match(error.message, /upload_url/);
      double.faults.length = 0;
    });
  }
});
