// The present targets of a repository: how often it is asked, what stands in when it is silent, and that
// nothing wrong is ever believed or kept.
import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, afterEach, before, beforeEach, suite, test } from "node:test";
import type { Corruption, Fault } from "../../../src/sandbox/faults.ts";
import { startSandbox, type Sandbox } from "../../../src/sandbox/sandbox.ts";
import type { ErrorCode } from "../../../src/errors.ts";
import { rejection } from "../../refusal.ts";
import { day, TufClient } from "./client.ts";

suite("a TUF repository", () => {
  let sandbox: Sandbox;
  let directory: string;
  let client: TufClient;
  let offsetMs: number;
  const now = (): Date => new Date(Date.now() + offsetMs);
  beforeEach(async () => {
    offsetMs = 0;
    sandbox = await startSandbox({ clock: now });
    directory = await mkdtemp(join(tmpdir(), "sigstep-test-"));
    client = new TufClient(sandbox, { directory, now });
  });
  afterEach(async () => {
    await sandbox.close();
    await rm(directory, { recursive: true });
  });

  suite("is asked", () => {
    test("for each role once, then for the targets by their hash", async () => {
      assert.equal(await client.target(), sandbox.trustedRoot);
      const [root, timestamp, snapshot, targets, ...files] = client.asked();
      assert.equal(root, "2.root.json");
      assert.equal(timestamp, "timestamp.json");
      assert.equal(snapshot, "1.snapshot.json");
      assert.equal(targets, "1.targets.json");
      assert.equal(files.length, 3);
      for (const path of files) assert.match(path, /^targets\/[0-9a-f]{64}\.[a-z_0-9.]+\.json$/);
    });

    test("once a day: until then the cache is proven again", async () => {
      await client.target();
      client.asked();
      offsetMs = day - 60_000;
      assert.equal(await client.target("signing_config.v0.2.json"), sandbox.signingConfig.v1);
      assert.deepEqual(client.asked(), []);
      offsetMs = day + 60_000;
      assert.equal(await client.target(), sandbox.trustedRoot);
      // Nothing is new, so the timestamp alone is fetched.
      assert.deepEqual(client.asked(), ["2.root.json", "timestamp.json"]);
      assert.deepEqual(client.notices, []);
    });

    test("at once when the cache is from a time that has not come", async () => {
      offsetMs = day / 2;
      await client.target();
      client.asked();
      offsetMs = 0;
      await client.target();
      assert.ok(client.asked().length > 0);
    });

    test("each time where there is no cache", async () => {
      for (let run = 0; run < 2; run++) {
        await client.target("trusted_root.json", { noCache: true });
        assert.equal(client.asked().length, 7);
      }
    });

    test("for what is new alone", async () => {
      await client.target();
      client.asked();
      sandbox.tuf.publish({ "trusted_root.json": "{}" });
      offsetMs = 2 * day;
      assert.equal(await client.target(), "{}");
      const asked = client.asked();
      assert.deepEqual(asked.slice(0, 4), [
        "2.root.json",
        "timestamp.json",
        "2.snapshot.json",
        "2.targets.json",
      ]);
      assert.equal(asked.length, 5);
    });

    test("for every root on the way to the present one, however old the first is", async () => {
      for (let turn = 0; turn < 3; turn++) sandbox.tuf.rotate();
      assert.equal(await client.target(), sandbox.trustedRoot);
      assert.deepEqual(client.asked().slice(0, 4), [
        "2.root.json",
        "3.root.json",
        "4.root.json",
        "5.root.json",
      ]);
      // The cache knows them all.
      offsetMs = 2 * day;
      sandbox.tuf.rotate();
      await client.target();
      assert.deepEqual(client.asked().slice(0, 2), ["5.root.json", "6.root.json"]);
      assert.equal(
        await client.target("trusted_root.json", { offline: true }),
        sandbox.trustedRoot,
      );
    });

    test("although its first root has expired, when a later one holds", async () => {
      offsetMs = 200 * day;
      const error = await rejection("TRUST_UNAVAILABLE", client.read());
      assert.match(error.message, /The TUF root of the test's expired at "20\d\d-/);
      sandbox.tuf.rotate();
      assert.equal(await client.target(), sandbox.trustedRoot);
    });

    test("and has fewer targets than Sigstore's", async () => {
      const { TufRepository } = await import("../../../src/sandbox/tuf.ts");
      const world = { faults: sandbox.faults, requests: sandbox.requests, now };
      const small = new TufRepository(world, { "trusted_root.json": "{}" });
      const { startServer } = await import("../../../src/sandbox/server.ts");
      const handler = small.handle.bind(small);
      const server = await startServer({ service: "tuf", world, handler });
      const url = new URL(`http://127.0.0.1:${server.port}/`);
      const answer = await client.read({ repository: { url, root: Buffer.from(small.root) } });
      await server.close();
      assert.equal(answer.kind, "proven");
      assert.deepEqual([...answer.files.keys()], ["trusted_root.json"]);
    });
  });

  suite("that lies is refused, and the cache stays as it was:", () => {
    const corrupt = (what: Corruption): Fault => ({ kind: "corrupt", what });
    const lies: readonly (readonly [string, Fault, RegExp, ErrorCode, RegExp])[] = [
      ["rollback", corrupt("rollback"), /./, "TRUST_INVALID", /less than current version/],
      ["freeze", corrupt("freeze"), /./, "TRUST_UNAVAILABLE", /TUF timestamp .* expired at "20/],
      ["expired root", corrupt("expired"), /./, "TRUST_UNAVAILABLE", /TUF root .* expired at "20/],
      ["mix-up", corrupt("mix-up"), /./, "TRUST_INVALID", /TUF snapshot .* version/],
      ["few signatures", corrupt("few-signatures"), /./, "TRUST_INVALID", /signed by 1\/2 keys/],
      ["wrong key", { kind: "wrong-key" }, /./, "TRUST_INVALID", /signed by 0\/1 keys/],
      ["wrong length", corrupt("wrong-length"), /./, "TRUST_INVALID", /not usable|length/],
      [
        "path",
        corrupt("path-escape"),
        /./,
        "TRUST_INVALID",
        /target name "\.\.\/x" leads elsewhere/,
      ],
      ["endless root", { kind: "huge" }, /root\.json/, "TRUST_INVALID", /larger than|more than/],
      [
        "endless timestamp",
        { kind: "huge" },
        /timestamp/,
        "TRUST_INVALID",
        /larger than|more than/,
      ],
      ["endless snapshot", { kind: "huge" }, /snapshot/, "TRUST_INVALID", /larger than|more than/],
      ["endless targets", { kind: "huge" }, /targets\.json/, "TRUST_INVALID", /larger|more than/],
      ["endless target", { kind: "huge" }, /targets\//, "TRUST_INVALID", /larger than|more than/],
      ["HTML", { kind: "html", status: 200 }, /timestamp/, "TRUST_INVALID", /is not JSON but HTML/],
    ];
    for (const [name, fault, path, code, says] of lies) {
      test(name, async () => {
        await client.target();
        const kept = await client.cached();
        sandbox.tuf.publish({ "trusted_root.json": '{"new": true}' });
        sandbox.tuf.publish({ "signing_config.v0.2.json": '{"new": true}' });
        offsetMs = 2 * day;
        await client.target();
        const newer = await client.cached();
        assert.notEqual(newer, kept);
        sandbox.tuf.publish({ "trusted_root.json": '{"newer": true}' });
        if (name === "rollback") {
          // One back is what this client has seen; two back is what it must refuse.
          client.sandbox.tuf.publish();
          offsetMs = 4 * day;
          await client.target();
        }
        const before = await client.cached();
        offsetMs = 6 * day;
        client.fault(fault, path);
        const error = await rejection(code, client.read());
        assert.match(error.message, says);
        assert.equal(await client.cached(), before);
        assert.deepEqual(await client.files(), [client.cachePath.split("/").at(-1)]);
        // The lie is over: the next run goes on as if nothing had been.
        sandbox.faults.clear();
        assert.equal(await client.target(), '{"newer": true}');
      });
    }

    for (const [name, fault, path, code] of lies) {
      // Nobody who sees a repository for the first time can tell that it is one step behind.
      if (name === "rollback" || name === "mix-up") continue;
      test(`${name}, at first sight`, async () => {
        client.fault(fault, path);
        await rejection(code, client.read());
        await assert.rejects(client.files());
      });
    }
  });

  suite("that gives no answer", () => {
    const silences: readonly (readonly [string, Fault, RegExp])[] = [
      ["is down", { kind: "status", status: 503 }, /./],
      ["cuts its answers", { kind: "cut" }, /./],
      ["refuses us", { kind: "status", status: 401 }, /./],
      ["sends elsewhere", { kind: "status", status: 302, headers: { location: "/" } }, /./],
      ["has lost its timestamp", { kind: "status", status: 404 }, /timestamp/],
      ["has lost a snapshot", { kind: "status", status: 404 }, /snapshot/],
      ["has lost a target", { kind: "status", status: 403 }, /targets\//],
    ];
    for (const [name, fault, path] of silences) {
      test(`and ${name}: what is cached holds, with a line that says so`, async () => {
        await client.target();
        sandbox.tuf.publish({ "trusted_root.json": "{}" });
        offsetMs = 2 * day;
        const kept = await client.cached();
        client.fault(fault, path);
        assert.equal(await client.target(), sandbox.trustedRoot);
        assert.match(
          client.notices[0] ?? "",
          /What it said on 20\d\d-\d\d-\d\d, 2 days ago still holds\./,
        );
        assert.equal(client.notices.length, 1);
        assert.equal(await client.cached(), kept);
      });

      test(`and ${name}: without a cache that is said, no more`, async () => {
        client.fault(fault, path);
        const answer = await client.read();
        assert.equal(answer.kind, "unavailable");
        assert.equal(answer.error.code, "TRUST_UNAVAILABLE");
        assert.match(answer.error.message, /TUF repository of the test's/);
      });
    }

    test("and whose cached word has expired: closed, with the date", async () => {
      await client.target();
      offsetMs = 8 * day;
      client.fault({ kind: "status", status: 503 });
      const error = await rejection("TRUST_UNAVAILABLE", client.read());
      assert.match(error.message, /TUF timestamp of the test's expired at "20\d\d-/);
      assert.match(error.message, /503/);
    });

    test("and whose cached word was changed: closed", async () => {
      await client.target();
      await writeFile(
        client.cachePath,
        (await client.cached()).replace('"roots":[]', '"roots":["AA=="]'),
      );
      client.fault({ kind: "status", status: 503 });
      await rejection("TRUST_INVALID", client.read());
    });

    test("in time: a slow one is as good as none", async () => {
      client.fault({ kind: "hang" });
      const begun = performance.now();
      const answer = await client.read();
      assert.equal(answer.kind, "unavailable");
      assert.ok(performance.now() - begun < 20_000);
    });

    for (const [what, reading] of [
      ["the caller has other data", { hasStandIn: true }],
      ["what is cached still holds", {}],
    ] as const) {
      test(`is waited for ten seconds, not the whole budget, where ${what}`, async () => {
        if (reading.hasStandIn === undefined) await client.target();
        offsetMs = 2 * day;
        client.fault({ kind: "status", status: 503 });
        const answer = await client.read({ ...reading, budgetMs: 300_000 });
        assert.equal(answer.kind, reading.hasStandIn === undefined ? "proven" : "unavailable");
        assert.ok(client.pausedMs > 1_000 && client.pausedMs <= 10_000);
      });
    }

    test("is waited for as long as the budget lasts where there is nothing else", async () => {
      client.fault({ kind: "status", status: 503 });
      assert.equal((await client.read({ budgetMs: 60_000 })).kind, "unavailable");
      assert.ok(client.pausedMs > 30_000);
    });

    test("after a stumble or two it is asked again", async () => {
      sandbox.faults.add({ service: "tuf", fault: { kind: "status", status: 503 }, times: 2 });
      const answer = await client.read({ budgetMs: 10_000 });
      assert.equal(answer.kind, "proven");
    });
  });

  suite("is not asked offline:", () => {
    test("the cache is used, as old as its metadata allows", async () => {
      await client.target();
      client.asked();
      offsetMs = 6 * day;
      assert.equal(
        await client.target("trusted_root.json", { offline: true }),
        sandbox.trustedRoot,
      );
      offsetMs = 8 * day;
      const answer = await client.read({ offline: true });
      assert.equal(answer.kind, "unavailable");
      assert.match(answer.error.message, /expired at "20\d\d-/);
      assert.deepEqual(client.asked(), []);
    });

    test("without a cache there is nothing", async () => {
      const answer = await client.read({ offline: true });
      assert.equal(answer.kind, "unavailable");
      assert.match(answer.error.message, /Nothing of the test's is cached here/);
      assert.deepEqual(client.asked(), []);
    });

    test("a cache that was changed is refused by its path", async () => {
      await client.target();
      await writeFile(client.cachePath, "{}");
      const error = await rejection("TRUST_INVALID", client.read({ offline: true }));
      assert.equal(error.where, client.cachePath);
      assert.match(error.hint, /remove the file/);
    });
  });
});

suite("the cache", () => {
  let sandbox: Sandbox;
  let directory: string;
  let client: TufClient;
  const now = (): Date => new Date();
  before(async () => {
    sandbox = await startSandbox();
  });
  after(() => sandbox.close());
  beforeEach(async () => {
    sandbox.faults.clear();
    sandbox.requests.clear();
    directory = await mkdtemp(join(tmpdir(), "sigstep-test-"));
    client = new TufClient(sandbox, { directory, now });
  });
  afterEach(async () => {
    await rm(directory, { recursive: true });
  });

  test("is for its user alone", async () => {
    await client.target();
    assert.equal((await stat(dirname(client.cachePath))).mode & 0o777, 0o700);
    assert.equal((await stat(client.cachePath)).mode & 0o777, 0o600);
  });

  const changes: readonly (readonly [string, (text: string) => string])[] = [
    ["empty", () => ""],
    ["not JSON", () => "not JSON"],
    ["of another format", (text) => text.replace("version 1", "version 2")],
    ["cut", (text) => text.slice(0, -10)],
    ["with another target", (text) => change(text, "files", "trusted_root.json")],
    ["with another timestamp", (text) => change(text, "timestamp")],
    ["with another snapshot", (text) => change(text, "snapshot")],
    ["with other targets", (text) => change(text, "targets")],
    ["without a target", (text) => drop(text, "trusted_root.json")],
    ["with a root that nobody signed", (text) => text.replace('"roots":[]', '"roots":["e30="]')],
    ["of 9 MiB", (text) => text + " ".repeat(9 << 20)],
  ];
  for (const [name, alter] of changes) {
    test(`${name}: refused with a line, and made anew`, async () => {
      await client.target();
      const good = await client.cached();
      assert.notEqual(alter(good), good);
      await writeFile(client.cachePath, alter(good));
      sandbox.requests.clear();
      assert.equal(await client.target(), sandbox.trustedRoot);
      assert.match(client.notices[0] ?? "", /^The cache of TUF is refused: .* asked anew\.$/);
      assert.ok(client.asked().length > 0);
      assert.equal(await client.target(), sandbox.trustedRoot);
      assert.deepEqual(client.asked(), []);
    });
  }

  test("of another instance is another file, and refused in this one's place", async () => {
    const other = await startSandbox();
    const stranger = new TufClient(other, { directory, now });
    await stranger.target();
    assert.notEqual(stranger.cachePath, client.cachePath);
    await writeFile(client.cachePath, await stranger.cached());
    await rejection("TRUST_INVALID", client.read({ offline: true }));
    assert.equal(await client.target(), sandbox.trustedRoot);
    await other.close();
  });

  test("is never read or written through a link", async () => {
    await client.target();
    const elsewhere = join(directory, "elsewhere.json");
    await writeFile(elsewhere, await client.cached());
    await rm(client.cachePath);
    await symlink(elsewhere, client.cachePath);
    await rejection("TRUST_INVALID", client.read({ offline: true }));
    await rm(dirname(client.cachePath), { recursive: true });
    await mkdir(join(directory, "theirs"));
    await symlink(join(directory, "theirs"), dirname(client.cachePath));
    await client.target();
    assert.match(client.notices.at(-1) ?? "", /not kept for the next run: its folder is a link/);
  });

  test("that is a folder or a pipe holds nobody", async () => {
    await mkdir(client.cachePath, { recursive: true });
    await rejection("TRUST_INVALID", client.read({ offline: true }));
  });

  test("that cannot be written is done without", async () => {
    await writeFile(join(directory, "sigstep"), "a file");
    assert.equal(await client.target(), sandbox.trustedRoot);
    assert.match(client.notices[0] ?? "", /was not kept for the next run: E/);
    await rm(join(directory, "sigstep"));
    if (process.getuid?.() === 0) return;
    await chmod(directory, 0o500);
    assert.equal(await client.target(), sandbox.trustedRoot);
    await chmod(directory, 0o700);
  });

  test("of two runs at once is one whole file", async () => {
    const runs = Array.from({ length: 8 }, () => client.target());
    for (const root of await Promise.all(runs)) assert.equal(root, sandbox.trustedRoot);
    assert.equal((await client.files()).length, 1);
    client.asked();
    assert.equal(await client.target("trusted_root.json", { offline: true }), sandbox.trustedRoot);
  });

  test("of a first root that is none: bad input", async () => {
    const { root } = client.repository;
    const unsigned = String(root).replace(/"sig": "[0-9a-f]{8}/g, '"sig": "00000000');
    for (const bad of ["", "{}", "[]", "not JSON", unsigned]) {
      const repository = { root: Buffer.from(bad) };
      await rejection("TUF_ROOT_INVALID", client.read({ repository }));
    }
  });
});

type Members = Record<string, unknown>;

/** The cache with one byte of a member changed, well encoded. */
function change(text: string, ...path: readonly [string, string?]): string {
  const json = members(JSON.parse(text));
  const [first, second] = path;
  const holder = second === undefined ? json : members(json[first]);
  const name = second ?? first;
  const bytes = Buffer.from(String(holder[name]), "base64");
  bytes[bytes.length - 20] = (bytes[bytes.length - 20] ?? 0) ^ 1;
  holder[name] = bytes.toString("base64");
  return JSON.stringify(json);
}

function drop(text: string, name: string): string {
  const json = members(JSON.parse(text));
  const rest = Object.entries(members(json.files)).filter(([each]) => each !== name);
  return JSON.stringify({ ...json, files: Object.fromEntries(rest) });
}

function members(value: unknown): Members {
  assert.ok(isMembers(value));
  return value;
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null;
}
