// Assets: added once, found again, never replaced.
import assert from "node:assert/strict";
import { suite, test, type TestContext } from "node:test";
import {
  findEqualAsset,
  listAssets,
  uploadAsset,
  type AssetFile,
  type AssetResult,
} from "../../src/stores/release-assets.ts";
import { findRelease } from "../../src/stores/release.ts";
import { refusal, rejection } from "../refusal.ts";
import { sha256, type DoubleAsset, type DoubleRelease } from "./github-api.ts";
import { everything, openEnterprise, openGitHub, token, type GitHubWorld } from "./world.ts";

const upload = "POST /repos/{owner}/{repo}/releases/{release_id}/assets";
const content = Buffer.from('{"bundle":1}');

function fileOf(name: string, bytes = content): AssetFile & { content: Uint8Array } {
  return { name, size: bytes.length, digest: sha256(bytes), content: bytes };
}
const file = fileOf("app.sigstore.json");

function assetOf(more: Partial<DoubleAsset> = {}): DoubleAsset {
  return { id: 5, name: file.name, content, state: "uploaded", hasDigest: true, ...more };
}

interface ReleaseWorld extends GitHubWorld {
  readonly release: DoubleRelease;
}

async function openRelease(
  t: TestContext,
  open: (t: TestContext) => Promise<GitHubWorld> = openGitHub,
): Promise<ReleaseWorld> {
  const world = await open(t);
  const release: DoubleRelease = { id: 1, tag: "v1", draft: true, immutable: false, assets: [] };
  world.double.releases.push(release);
  return { ...world, release };
}

/** As a run does it: find, list, add. */
async function add({ api }: GitHubWorld, one = file): Promise<AssetResult> {
  const release = await findRelease(api, { id: 1 });
  return uploadAsset(api, { release, assets: await listAssets(api, release) }, one);
}

suite("adding", () => {
  for (const [name, open] of [
    ["on github.com", openGitHub],
    ["on a server of its own", openEnterprise],
  ] as const) {
    test(name, async (t) => {
      const world = await openRelease(t, open);
      const { asset, reused } = await add(world);
      assert.equal(reused, false);
      assert.deepEqual([asset.name, asset.size], [file.name, content.length]);
      assert.equal(asset.digest, `sha256:${file.digest}`);
      assert.match(asset.url, /\/releases\/download\/v1\/app\.sigstore\.json$/);
      const request = world.double.requests.at(-1);
      assert.equal(request?.headers.authorization, `token ${token}`);
      assert.equal(request.headers["content-type"], "application/octet-stream");
      assert.deepEqual(Buffer.from(request.body), content);
    });
  }

  test("a name with a plus arrives as it is", async (t) => {
    const world = await openRelease(t);
    assert.equal((await add(world, fileOf("a+b.json"))).asset.name, "a+b.json");
  });

  test("an empty file", async (t) => {
    const world = await openRelease(t);
    assert.equal((await add(world, fileOf("empty", Buffer.alloc(0)))).asset.size, 0);
  });
});

suite("a rerun", () => {
  test("reuses the same content", async (t) => {
    const world = await openRelease(t);
    await add(world);
    assert.equal((await add(world)).reused, true);
    assert.equal(world.release.assets.length, 1);
    assert.equal(world.double.requests.filter(({ method }) => method === "POST").length, 1);
  });

  test("goes by the size where GitHub knows no digest", async (t) => {
    const world = await openRelease(t);
    world.release.assets.push(assetOf({ hasDigest: false }));
    assert.equal((await add(world)).reused, true);
  });

  for (const [name, there, text] of [
    ["other content", assetOf({ content: Buffer.from('{"bundle":2}') }), /other content/],
    [
      "another size, without digest",
      assetOf({ content: Buffer.from("x"), hasDigest: false }),
      /other/,
    ],
    ["an upload of someone that never ended", assetOf({ state: "open" }), /never ended/],
  ] as const) {
    test(`refuses ${name}`, async (t) => {
      const world = await openRelease(t);
      world.release.assets.push(there);
      const error = await rejection("ASSET_EXISTS", add(world));
      assert.match(error.message, text);
      assert.match(error.hint, /gh release delete-asset TAG app\.sigstore\.json/);
      assert.deepEqual(world.release.assets, [there]);
      assert.ok(world.double.requests.every(({ method }) => method === "GET"));
    });
  }

  test("before signing, any asset of the name is refused", async (t) => {
    const world = await openRelease(t);
    world.release.assets.push(assetOf());
    const assets = await listAssets(world.api, await findRelease(world.api, { id: 1 }));
    refusal("ASSET_EXISTS", () => findEqualAsset(assets, { name: file.name }));
    assert.equal(findEqualAsset(assets, { name: "other" }), undefined);
    assert.equal(findEqualAsset(assets, file)?.id, 5);
  });
});

suite("an upload that goes wrong half-way", () => {
  test("the answer was lost: what is there is ours", async (t) => {
    const world = await openRelease(t);
    world.double.fail({ operation: upload, times: 1, how: "cut", afterwards: true, status: 201 });
    const { reused, asset } = await add(world);
    assert.deepEqual([reused, asset.digest], [false, `sha256:${file.digest}`]);
    assert.equal(world.release.assets.length, 1);
  });

  test("a 502 leaves an unfinished asset behind: it is taken away and sent again", async (t) => {
    const world = await openRelease(t);
    leaveUnfinished(world);
    const { asset } = await add(world);
    assert.equal(asset.complete, true);
    assert.equal(world.release.assets.length, 1);
    assert.equal(world.double.requests.filter(({ method }) => method === "DELETE").length, 1);
  });

  test("somebody else was faster with other content: left alone", async (t) => {
    const world = await openRelease(t);
    const { api, release, double } = world;
    const found = await findRelease(api, { id: 1 });
    release.assets.push(assetOf({ content: Buffer.from("theirs") }));
    await rejection("ASSET_EXISTS", uploadAsset(api, { release: found, assets: [] }, file));
    assert.equal(release.assets.length, 1);
    assert.ok(double.requests.every(({ method }) => method !== "DELETE"));
  });

  test("somebody else was faster while ours failed: left alone", async (t) => {
    const world = await openRelease(t);
    const { api, release, double } = world;
    const found = await findRelease(api, { id: 1 });
    release.assets.push(assetOf({ content: Buffer.from("theirs") }));
    double.fail({ operation: upload, times: 1, status: 502 });
    await rejection("ASSET_EXISTS", uploadAsset(api, { release: found, assets: [] }, file));
    assert.equal(release.assets.length, 1);
  });

  test("what is taken away and comes back each time is given up", async (t) => {
    const world = await openRelease(t);
    const { push } = world.release.assets;
    world.release.assets.push = (...assets: DoubleAsset[]): number => {
      return push.apply(
        world.release.assets,
        assets.map((asset) => ({ ...asset, content: Buffer.alloc(0), state: "open" as const })),
      );
    };
    const when = (): boolean => world.release.assets.length === 0;
    world.double.fail({ operation: upload, when, status: 502, afterwards: true });
    await rejection("ASSET_EXISTS", add(world));
    assert.equal(world.double.requests.filter(({ method }) => method === "DELETE").length, 2);
  });

  test("somebody else is at it: their unfinished asset is left alone", async (t) => {
    const world = await openRelease(t);
    const { api, release } = world;
    const found = await findRelease(api, { id: 1 });
    release.assets.push(assetOf({ state: "open" }));
    await rejection("ASSET_EXISTS", uploadAsset(api, { release: found, assets: [] }, file));
    assert.equal(release.assets.length, 1);
  });

  test("somebody else was faster with the same content", async (t) => {
    const { api, release } = await openRelease(t);
    const found = await findRelease(api, { id: 1 });
    release.assets.push(assetOf());
    const result = await uploadAsset(api, { release: found, assets: [] }, file);
    assert.deepEqual([result.reused, result.asset.id], [true, 5]);
  });
});

/** The first try writes half an asset and ends with 502. */
function leaveUnfinished({ double, release }: ReleaseWorld): void {
  double.fail({ operation: upload, times: 1, status: 502, afterwards: true });
  const { push } = release.assets;
  release.assets.push = (...assets: DoubleAsset[]): number => {
    release.assets.push = push.bind(release.assets);
    return release.assets.push(
      ...assets.map((asset) => ({ ...asset, content: Buffer.alloc(0), state: "open" as const })),
    );
  };
}

suite("refused", () => {
  test("published and frozen meanwhile", async (t) => {
    const world = await openRelease(t);
    const found = await findRelease(world.api, { id: 1 });
    Object.assign(world.release, { draft: false, immutable: true });
    const add = uploadAsset(world.api, { release: found, assets: [] }, file);
    const error = await rejection("RELEASE_UNUSABLE", add);
    assert.match(error.message, /immutable/);
  });

  test("gone meanwhile", async (t) => {
    const world = await openRelease(t);
    const found = await findRelease(world.api, { id: 1 });
    world.double.releases.length = 0;
    await rejection("RELEASE_UNUSABLE", listAssets(world.api, found));
    const add = uploadAsset(world.api, { release: found, assets: [] }, file);
    await rejection("RELEASE_UNUSABLE", add);
  });

  test("without the permission", async (t) => {
    const world = await openRelease(t);
    world.release.draft = false;
    world.double.tokens.set(token, { ...everything, contents: "read" });
    const error = await rejection("PERMISSION_MISSING", add(world));
    assert.match(error.hint, /^ {2}contents: write$/m);
  });

  for (const [name, fault, code] of [
    [
      "422 of another kind",
      { status: 422, body: '{"message":"file_count limited to 1000"}' },
      "STORE_REFUSED",
    ],
    ["a page with 201", { status: 201, body: "<html>" }, "SERVICE_ANSWER_INVALID"],
    ["a redirect", { status: 307, headers: { location: "https://evil.example" } }, "STORE_REFUSED"],
    ["a long outage", { status: 503 }, "SERVICE_UNAVAILABLE"],
    ["an endless answer", { how: "endless", status: 201 }, "SERVICE_ANSWER_INVALID"],
  ] as const) {
    test(name, async (t) => {
      const world = await openRelease(t);
      world.double.fail({ operation: upload, ...fault });
      await rejection(code, add(world));
    });
  }

  test("an answer that tells of other bytes", async (t) => {
    const world = await openRelease(t);
    const other = { ...file, content: Buffer.from("other bytes") };
    await rejection("SERVICE_ANSWER_INVALID", add(world, other));
  });
});

test("all pages of assets are read, and no more than there can be", async (t) => {
  const world = await openRelease(t);
  for (let id = 1; id <= 1100; id += 1) world.release.assets.push(assetOf({ id, name: `a${id}` }));
  const assets = await listAssets(world.api, await findRelease(world.api, { id: 1 }));
  assert.equal(assets.length, 1000);
});
