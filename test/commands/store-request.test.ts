// Where bundles are to go: every way of saying it, and what the job says of its place.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { chooseByVisibility } from "../../src/commands/attest-instance.ts";
import { InputReader } from "../../src/commands/input-reader.ts";
import { storeInputs, type StoreInputName } from "../../src/commands/input-table.ts";
import { layerInputs } from "../../src/commands/layer.ts";
import { planArtifact } from "../../src/commands/store-artifact.ts";
import { findPlace, findReleaseName } from "../../src/commands/store-place.ts";
import { describeImage } from "../../src/commands/store-record.ts";
import { parseStoreRequest, type StoreRequest } from "../../src/commands/store-request.ts";
import type { World } from "../../src/commands/world.ts";
import { readJob } from "../../src/runner/job.ts";
import { rejection, refusal } from "../refusal.ts";
import { makeWorld } from "./own-run.ts";

function parse(texts: Readonly<Record<string, string>>): StoreRequest {
  return parseStoreRequest(new InputReader<StoreInputName>((name) => texts[name], storeInputs));
}

const token = { "github-token": " ghs_x\n" };

suite("the request", () => {
  test("nothing given is nothing stored", () => {
    const nothing = { gitHubToken: undefined, release: undefined, artifact: undefined };
    assert.deepEqual(parse({}), nothing);
    assert.deepEqual(parse({ "upload-artifact": "False", "upload-release-assets": "" }), nothing);
  });

  const releases: readonly (readonly [string, string, StoreRequest["release"]])[] = [
    ["", "", undefined],
    ["v1", "", { kind: "tag", tag: "v1" }],
    ["v1", "auto", { kind: "tag", tag: "v1" }],
    ["", "auto", undefined],
    ["v1", "true", { kind: "tag", tag: "v1" }],
    ["v1", "false", undefined],
    ["", "true", { kind: "event" }],
    ["", "false", undefined],
  ];
  for (const [tag, upload, release] of releases) {
    test(`release-tag "${tag}", upload-release-assets "${upload}"`, () => {
      const texts = { "release-tag": tag, "upload-release-assets": upload };
      assert.deepEqual(parse({ ...token, ...texts }).release, release);
      if (release === undefined) return;
      const error = refusal("INPUT_MISSING", () => parse(texts));
      assert.match(error.hint, /SIGSTEP_GITHUB_TOKEN/);
    });
  }

  test("an artifact has the name given, or the job's", () => {
    assert.equal(parse({ "upload-artifact": "True" }).artifact, "job");
    assert.deepEqual(parse({ "upload-artifact": "mine" }).artifact, { name: "mine" });
  });

  test("the token is hidden the moment it is read, and trimmed", () => {
    const hidden: string[] = [];
    const { world } = makeWorld({
      input: (name) => (name === "github-token" ? token["github-token"] : ""),
      secret: (value) => hidden.push(value),
    });
    const source = layerInputs({ values: new Map(), paths: [] }, world);
    const reader = new InputReader<StoreInputName>(source, storeInputs);
    assert.equal(parseStoreRequest(reader).gitHubToken, "ghs_x");
    assert.deepEqual([...new Set(hidden)], ["ghs_x"]);
  });
});

suite("the place", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "sigstep-test-"));
  });
  after(() => rm(folder, { recursive: true }));

  async function worldOf(
    environment: Readonly<Record<string, string>>,
    event?: unknown,
  ): Promise<World> {
    const GITHUB_EVENT_PATH = join(folder, "event.json");
    if (event !== undefined) await writeFile(GITHUB_EVENT_PATH, JSON.stringify(event));
    const more = event === undefined ? {} : { GITHUB_EVENT_PATH };
    return { ...makeWorld().world, job: readJob({ ...environment, ...more }) };
  }
  const here = { GITHUB_REPOSITORY: "acme/app" };
  const pull = (head: string | null): unknown => ({
    pull_request: {
      head: { repo: head === null ? null : { full_name: head } },
      base: { repo: { full_name: "acme/app" } },
    },
  });

  test("is github.com unless the job says otherwise", async () => {
    const place = await findPlace(await worldOf(here), "t");
    assert.equal(place.apiUrl.href, "https://api.github.com/");
    assert.equal(place.serverUrl.href, "https://github.com/");
    assert.deepEqual([place.owner, place.repository, place.token], ["acme", "app", "t"]);
    const own = { GITHUB_API_URL: "https://git.x/api/v3", GITHUB_SERVER_URL: "https://git.x" };
    const server = await findPlace(await worldOf({ ...here, ...own }), "t");
    assert.equal(server.apiUrl.href, "https://git.x/api/v3");
    assert.equal(server.serverUrl.href, "https://git.x/");
  });

  const restrictions: readonly (readonly [string, Record<string, string>, unknown, unknown])[] = [
    ["a fork", {}, pull("else/app"), "fork"],
    ["a fork that is gone", {}, pull(null), "fork"],
    ["the repository itself", {}, pull("acme/app"), undefined],
    ["pull_request_target", { GITHUB_EVENT_NAME: "pull_request_target" }, pull("e/a"), undefined],
    ["Dependabot", { GITHUB_ACTOR: "dependabot[bot]" }, {}, "dependabot"],
    ["another event", {}, { release: { id: 1 } }, undefined],
    ["no object", {}, [], undefined],
  ];
  for (const [what, environment, event, restricted] of restrictions) {
    test(`knows why tokens are read-only: ${what}`, async () => {
      const place = await findPlace(await worldOf({ ...here, ...environment }, event), "t");
      assert.equal(place.restricted, restricted);
    });
  }

  test("that nobody names, or names wrongly, is refused", async () => {
    const nowhere = await rejection("INPUT_MISSING", findPlace(await worldOf({}), "t"));
    assert.equal(nowhere.where, "GITHUB_REPOSITORY");
    const wrong = await worldOf({ ...here, GITHUB_API_URL: "api" });
    assert.equal((await rejection("INPUT_VALUE", findPlace(wrong, "t"))).where, "GITHUB_API_URL");
    const odd = await worldOf({ GITHUB_REPOSITORY: "acme/../x" });
    await rejection("INPUT_VALUE", findPlace(odd, "t"));
  });

  test("the event's release is found by its id", async () => {
    const choice = { kind: "event" } as const;
    const world = await worldOf(here, { release: { id: 7 } });
    assert.deepEqual(await findReleaseName(choice, world), { id: 7 });
    assert.deepEqual(await findReleaseName({ kind: "tag", tag: "v1" }, world), { tag: "v1" });
    await rejection("INPUT_MISSING", findReleaseName(choice, await worldOf(here, {})));
    await rejection("INPUT_MISSING", findReleaseName(choice, await worldOf(here)));
    const gone = await worldOf({ ...here, GITHUB_EVENT_PATH: join(folder, "none.json") });
    await rejection("INPUT_UNREADABLE", findReleaseName(choice, gone));
    const odd = await worldOf(here, { release: { id: "7" } });
    await rejection("INPUT_VALUE", findReleaseName(choice, odd));
  });

  test("artifacts need the runner's address and token, which is hidden", async () => {
    const offer = { ACTIONS_RESULTS_URL: "https://r.x/", ACTIONS_RUNTIME_TOKEN: "geheim" };
    const hidden: string[] = [];
    const { runner } = makeWorld({ secret: (value) => hidden.push(value) }).world;
    const world = { ...(await worldOf({ ...offer, GITHUB_JOB: "build" })), runner };
    const planned = planArtifact({ artifact: "job" }, world);
    assert.equal(planned?.name, "sigstep-bundles-build");
    assert.deepEqual(hidden, ["geheim"]);
    assert.equal(planArtifact({ artifact: undefined }, world), undefined);
    for (const name of Object.keys(offer)) {
      const lacking = await worldOf({ ...offer, [name]: "" });
      refusal("INPUT_CONFLICT", () => planArtifact({ artifact: "job" }, lacking));
    }
  });
});

suite("an image", () => {
  const digests = new Map([["sha256", "a".repeat(64)]]);
  for (const name of ["ghcr.io/acme/app", "localhost/app", "127.0.0.1:5000/app"]) {
    test(name, () => {
      const record = describeImage([{ name, digests }], "1");
      assert.equal(record?.registryUrl.host, name.split("/")[0]);
      assert.deepEqual([record?.name, record?.version], [name, "1"]);
    });
  }
  test("is not a file, not two, not without sha256", () => {
    const image = { name: "ghcr.io/acme/app", digests };
    for (const name of ["app", "acme/app", "a b:/x", ""]) {
      assert.equal(describeImage([{ name, digests }], undefined), undefined, name);
    }
    assert.equal(describeImage([image, image], undefined), undefined);
    assert.equal(describeImage([{ ...image, digests: new Map() }], undefined), undefined);
    assert.equal(describeImage([], undefined), undefined);
  });
});

test("a tenant's token is refused unless an instance is given", () => {
  const request = { instance: { kind: "public-good", rekorVersion: 1 }, allowPublicLog: false };
  const choose = (issuer: string): unknown =>
    chooseByVisibility(
      { issuer, claims: new Map([["repository_visibility", "public"]]) },
      { ...request, instance: { kind: "public-good", rekorVersion: 1 } },
    );
  for (const issuer of [
    "https://token.actions.acme.ghe.com",
    "https://token.actions.acme.ghe.com/x",
  ]) {
    const error = refusal("INPUT_MISSING", () => choose(issuer));
    assert.match(error.message, /acme\.ghe\.com/);
    assert.match(error.hint, /signing-config/);
  }
  assert.deepEqual(choose("https://token.actions.githubusercontent.com"), request.instance);
  assert.deepEqual(choose("https://token.actions.acme.ghe.com.evil.example"), request.instance);
});
