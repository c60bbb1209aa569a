// Storage records: made for organisations, and otherwise one notice and no failure.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { createStorageRecord, type StorageRecord } from "../../src/stores/storage-record.ts";
import { rejection } from "../refusal.ts";
import { openGitHub } from "./world.ts";

const record: StorageRecord = {
  name: "ghcr.io/acme/app",
  digest: "ab".repeat(32),
  version: "1.2.3",
  registryUrl: new URL("https://ghcr.io"),
};

test("a record", async (t) => {
  const { api, double } = await openGitHub(t);
  assert.deepEqual(await createStorageRecord(api, record, true), { ids: ["1"], notice: "" });
  assert.deepEqual(double.records, [
    {
      ...{ name: "ghcr.io/acme/app", digest: `sha256:${record.digest}`, version: "1.2.3" },
      ...{ registry_url: "https://ghcr.io", github_repository: "app" },
    },
  ]);
  assert.equal(double.requests[0]?.path, "/orgs/acme/artifacts/metadata/storage-record");
});

test("a record without version", async (t) => {
  const { api } = await openGitHub(t);
  const { ids } = await createStorageRecord(api, { ...record, version: undefined }, true);
  assert.deepEqual(ids, ["1"]);
});

suite("nothing is asked", () => {
  const https = record.registryUrl;
  const wrong: readonly (readonly [
    name: string,
    record: StorageRecord,
    organization: boolean,
    notice: RegExp,
  ])[] = [
    ["for a user", record, false, /owned by a user/],
    [
      "for an http registry",
      { ...record, registryUrl: new URL("http://r.example") },
      true,
      /https/,
    ],
    [
      "for a long address",
      { ...record, registryUrl: new URL("x".repeat(300), https) },
      true,
      /256/,
    ],
    ["without name", { ...record, name: "" }, true, /name/],
    ["for a long name", { ...record, name: "x".repeat(257) }, true, /name/],
    ["for an empty version", { ...record, version: "" }, true, /version/],
    ["for a long version", { ...record, version: "x".repeat(101) }, true, /version/],
  ];
  for (const [name, given, organization, notice] of wrong) {
    test(name, async (t) => {
      const { api, double } = await openGitHub(t);
      const result = await createStorageRecord(api, given, organization);
      assert.deepEqual(result.ids, []);
      assert.match(result.notice, notice);
      assert.equal(double.requests.length, 0);
    });
  }
});

suite("a failure is one notice", () => {
  test("without the permission", async (t) => {
    const { api } = await openGitHub(t, { permissions: { contents: "write" } });
    const { ids, notice } = await createStorageRecord(api, record, true);
    assert.deepEqual(ids, []);
    assert.match(notice, /^No storage record was made: .*artifact-metadata: write/);
    assert.doesNotMatch(notice, /\n/);
  });
  for (const [name, fault] of [
    ["404", { status: 404, body: "{}" }],
    ["422", { status: 422, body: '{"message":"bad"}' }],
    ["a page", { status: 200, body: "<html>" }],
    ["an outage", { status: 503 }],
  ] as const) {
    test(name, async (t) => {
      const { api, double } = await openGitHub(t);
      double.fail(fault);
      const { ids, notice } = await createStorageRecord(api, record, true);
      assert.deepEqual(ids, []);
      assert.match(notice, /^No storage record was made: ./);
    });
  }
  test("but not when the run was cancelled", async (t) => {
    const { api } = await openGitHub(t, { door: { signal: AbortSignal.abort() } });
    await rejection("CANCELLED", createStorageRecord(api, record, true));
  });
});
