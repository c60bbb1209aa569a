// Rekor, both versions, and the timestamp authority: wrong answers, lost answers, outages.
import assert from "node:assert/strict";
import { describe } from "node:test";
import type { ErrorCode } from "../../src/errors.ts";
import type { Corruption, Fault } from "../../src/sandbox/faults.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { scenario, type Failed, type Run, type Scene } from "./harness.ts";

const isPublic = /Already public: log entry \d+ for "app\.zip" \(https?:[^)]+\)/;

async function sign(scene: Scene, args: readonly string[] = []): Promise<Run> {
  await scene.write("app.zip");
  return scene.sign(["app.zip", ...args]);
}

/** Rekor v2 makes no such promise. */
const badSet = [
  "bad-set",
  /promise \(signed entry timestamp\) that its log [0-9a-f]{64} .* has not signed/,
] as const;

for (const rekor of [1, 2] as const) {
  const service = `rekor${rekor}` as const;

  describe(`Rekor v${rekor}`, { concurrency: 4 }, () => {
    const wrong: readonly (readonly [Corruption, says: RegExp])[] = [
      ["bad-proof", /the log entry's inclusion proof is wrong/],
      ["other-entry", /log entry/],
      ["other-log", /the log entry is from log [0-9a-f]{64}, which the trusted root does not know/],
      ["bad-checkpoint", /inclusion proof is wrong|checkpoint/],
    ];
    for (const [what, says] of rekor === 1 ? [...wrong, badSet] : wrong) {
      scenario(
        `answers with ${what}: no bundle`,
        async (scene) => {
          scene.corrupt(service, what);
          const run = await sign(scene);
          await scene.assertAllFailed(run, [
            ["app.zip", "LOG_ENTRY_INVALID", says, /trusted root.*service is at fault/],
          ]);
          assert.match(run.errors[0] ?? "", /Rekor \(127\.0\.0\.1:\d+\)/);
          assert.equal(scene.asked().entry, 1, "not asked again");
        },
        { rekor },
      );
    }

    scenario(
      "signs with a key that nobody trusts: no bundle",
      async (scene) => {
        scene.fault(service, { kind: "wrong-key" });
        await scene.assertAllFailed(await sign(scene), [
          ["app.zip", "LOG_ENTRY_INVALID", /has not signed|wrong signature/, /trusted root/],
        ]);
      },
      { rekor },
    );

    const unusable: readonly (readonly [string, Fault, ErrorCode, says: RegExp])[] = [
      [
        "what is not JSON",
        { kind: "corrupt", what: "not-json" },
        "SERVICE_ANSWER_INVALID",
        /The answer of Rekor \(127\.0\.0\.1:\d+\) is not JSON\./,
      ],
      [
        "HTML with status 200",
        { kind: "html", status: 200 },
        "SERVICE_ANSWER_INVALID",
        /is not JSON but HTML/,
      ],
      ["64 MiB", { kind: "huge" }, "SERVICE_ANSWER_INVALID", /is larger than \d+ bytes/],
      [
        "400",
        { kind: "status", status: 400, body: '{"message":"unsupported"}' },
        "SERVICE_REFUSED",
        /Rekor \(127\.0\.0\.1:\d+\) refused the request with status 400: "unsupported"\./,
      ],
    ];
    for (const [name, fault, code, says] of unusable) {
      scenario(
        `answers ${name}: not asked again`,
        async (scene) => {
          scene.fault(service, fault);
          await scene.assertAllFailed(await sign(scene), [
            ["app.zip", code, says, /address of Rekor/],
          ]);
          assert.equal(scene.asked().entry, 1);
        },
        { rekor },
      );
    }

    for (const [name, fault] of [
      ["503", { kind: "status", status: 503 }],
      ["429", { kind: "status", status: 429 }],
      ["half an answer", { kind: "cut" }],
    ] as const) {
      scenario(
        `answers ${name} twice and then well: signed`,
        async (scene) => {
          scene.fault(service, fault, { times: 2 });
          await scene.assertSigned(await sign(scene), ["app.zip"]);
          assert.equal(scene.asked().entry, 3);
          assert.equal(scene.asked().certificate, 1);
          assert.equal(scene.asked().timestamp, 1, "the timestamp is kept meanwhile");
        },
        { rekor },
      );
    }

    scenario(
      "stays down: service, host, tries, seconds, last status",
      async (scene) => {
        scene.fault(service, { kind: "status", status: 503, body: "maintenance" });
        const run = await sign(scene, ["--retry-budget=1"]);
        await scene.assertAllFailed(run, [
          [
            "app.zip",
            "SERVICE_UNAVAILABLE",
            /Rekor \(127\.0\.0\.1:\d+\) .* in \d(\.\d)? s \(\d+ tries, last 503\).*"maintenance"/,
            /run again/,
          ],
        ]);
      },
      { rekor },
    );
  });
}

describe("lost answers", { concurrency: 4 }, () => {
  scenario("Rekor v1: 409 leads to the very entry, which is made once", async (scene) => {
    scene.fault("rekor1", { kind: "lost" }, { times: 1 });
    const run = await sign(scene);
    await scene.assertSigned(run, ["app.zip"]);
    const asked = { token: 1, certificate: 1, entry: 2, lookup: 1, timestamp: 1 };
    assert.deepEqual(scene.asked(), asked);
    const [first, second] = scene.sandbox.requests.list("rekor1").map(({ body }) => body);
    assert.equal(first, second, "the same bytes both times");
    const index = run.outputs.get("log-indexes") ?? "";
    const entries = `${scene.sandbox.urls.rekor1}/api/v1/log/entries?logIndex=`;
    assert.equal((await fetch(`${entries}${index}`)).status, 200);
    assert.equal((await fetch(`${entries}${Number(index) + 1}`)).status, 404, "none after it");
  });

  scenario("Rekor v1: 409 that leads to another host is not followed", async (scene) => {
    const headers = { location: `${scene.sandbox.urls.tsa}/api/v1/log/entries/00` };
    scene.fault("rekor1", { kind: "status", status: 409, headers });
    await scene.assertAllFailed(await sign(scene), [
      [
        "app.zip",
        "SERVICE_ANSWER_INVALID",
        /equal entry exists, at ".*", which is not an address of its own/,
        /Check that/,
      ],
    ]);
    assert.equal(scene.asked().lookup, undefined);
  });

  scenario("Rekor v1: 409 that leads to another entry is not believed", async (scene) => {
    await scene.write("other.zip");
    const other = await scene.sign(["other.zip"]);
    await scene.assertSigned(other, ["other.zip"]);
    const index = other.outputs.get("log-indexes") ?? "";
    const url = `${scene.sandbox.urls.rekor1}/api/v1/log/entries?logIndex=${index}`;
    const answer: unknown = await (await fetch(url)).json();
    assert.ok(typeof answer === "object" && answer !== null);
    const [uuid = ""] = Object.keys(answer);
    const headers = { location: `/api/v1/log/entries/${uuid}` };
    scene.fault(
      "rekor1",
      { kind: "status", status: 409, headers },
      { match: ({ method }) => method === "POST" },
    );
    await scene.write("app.zip");
    const run = await scene.sign(["app.zip"]);
    assert.equal(run.code, 1);
    assert.equal(dig(list(at(JSON.parse(run.stdout), "failures"))[0], "code"), "LOG_ENTRY_INVALID");
    assert.match(run.log, /about another artifact/);
    assert.deepEqual(await scene.bundles(), ["other.zip.sigstore.json"]);
  });

  scenario(
    "Rekor v2 gives no proof of what it has: signed anew under the same certificate",
    async (scene) => {
      scene.fault("rekor2", { kind: "lost" }, { times: 1 });
      const run = await sign(scene);
      await scene.assertSigned(run, ["app.zip"]);
      assert.deepEqual(scene.asked(), { token: 1, certificate: 1, entry: 3, timestamp: 2 });
      const bodies = scene.sandbox.requests.list("rekor2").map(({ body }) => body);
      assert.equal(bodies[0], bodies[1]);
      assert.notEqual(bodies[1], bodies[2]);
      assert.equal(run.outputs.get("log-indexes"), "1", "the lost entry is before it");
    },
    { rekor: 2, sandbox: {} },
  );

  scenario(
    "a log of version 2 that is frozen",
    async (scene) => {
      scene.fault("rekor2", { kind: "status", status: 405 });
      await scene.assertAllFailed(await sign(scene), [
        [
          "app.zip",
          "SERVICE_REFUSED",
          /Rekor \(.*\) refused the request with status 405/,
          /frozen.*current signing config/,
        ],
      ]);
      assert.equal(scene.asked().entry, 1);
    },
    { rekor: 2 },
  );
});

describe("timestamp authority", { concurrency: 4 }, () => {
  for (const [what, says] of [
    ["wrong-nonce", /the timestamp is the answer to another request \(nonce\)/],
    ["wrong-imprint", /the timestamp is of another signature/],
    ["rejected", /the timestamp was not granted/],
    ["wrong-time", /valid from .* not at/],
  ] as const) {
    for (const rekor of [1, 2] as const) {
      scenario(
        `${what}, Rekor v${rekor}: no bundle, and the entry is told`,
        async (scene) => {
          scene.corrupt("tsa", what);
          const run = await sign(scene);
          await scene.assertAllFailed(run, [
            ["app.zip", "TIMESTAMP_INVALID", says, /trusted root/],
          ]);
          assert.match(run.errors[0] ?? "", /Timestamp authority \(127\.0\.0\.1:\d+\)/);
          assert.match(run.errors[0] ?? "", isPublic);
          const [failure] = list(at(await scene.manifest(), "failures"));
          assert.equal(dig(list(at(failure, "published"))[0], "kind"), "log-entry");
          assert.equal(scene.asked().timestamp, 1);
        },
        { rekor },
      );
    }
  }

  scenario("signs with a key that nobody trusts", async (scene) => {
    scene.fault("tsa", { kind: "wrong-key" });
    await scene.assertAllFailed(await sign(scene), [
      ["app.zip", "TIMESTAMP_INVALID", /signature that is not by its authority/, /trusted root/],
    ]);
  });

  scenario("answers with HTML", async (scene) => {
    scene.fault("tsa", { kind: "html", status: 200 });
    await scene.assertAllFailed(await sign(scene), [
      [
        "app.zip",
        "SERVICE_ANSWER_INVALID",
        /Timestamp authority \(.*\): the answer is not a timestamp/,
        /address of Timestamp/,
      ],
    ]);
  });

  scenario("is down for a while: the entry is kept and not made again", async (scene) => {
    scene.fault("tsa", { kind: "status", status: 503 }, { times: 2 });
    await scene.assertSigned(await sign(scene), ["app.zip"]);
    assert.deepEqual(scene.asked(), { token: 1, certificate: 1, entry: 1, timestamp: 3 });
  });

  scenario("stays down: no bundle, and each entry is listed as public", async (scene) => {
    const names = ["a.zip", "app.zip", "b.zip"];
    for (const name of names) await scene.write(name);
    scene.fault("tsa", { kind: "status", status: 503 });
    const run = await scene.sign([...names, "--retry-budget=1"]);
    const failed = names.map((name): Failed => {
      return [
        name,
        "SERVICE_UNAVAILABLE",
        /Timestamp authority \(.*tries, last 503\)/,
        /run again/,
      ];
    });
    await scene.assertAllFailed(run, failed);
    assert.equal(run.errors.length, 1, "one outage, one error");
    assert.equal(scene.asked().entry, 3);
    for (const name of names) {
      assert.match(run.errors[0] ?? "", new RegExp(`Already public: log entry \\d+ for "${name}"`));
    }
    const published = list(at(await scene.manifest(), "failures")).map((failure) =>
      text(dig(list(at(failure, "published"))[0], "what")),
    );
    assert.deepEqual(published, names);
  });
});
