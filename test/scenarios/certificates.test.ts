// Fulcio: refusals, outages, and certificates that are not what was asked for.
import assert from "node:assert/strict";
import { describe } from "node:test";
import type { ErrorCode } from "../../src/errors.ts";
import type { Corruption, Fault } from "../../src/sandbox/faults.ts";
import { scenario, type Run, type Scene } from "./harness.ts";

async function signWith(scene: Scene, fault: Fault, args: readonly string[] = []): Promise<Run> {
  await scene.write("app.zip");
  scene.fault("fulcio", fault);
  return scene.sign(["app.zip", ...args]);
}

describe("Fulcio", { concurrency: 6 }, () => {
  scenario(
    "refuses with 400: its words are told, and it is asked no second time",
    async (scene) => {
      const body = '{"code":3,"message":"There was an error processing the identity token"}';
      const run = await signWith(scene, { kind: "status", status: 400, body });
      await scene.assertRefused(run, {
        exit: 1,
        code: "IDENTITY_REFUSED",
        says: /^Fulcio \(127\.0\.0\.1:\d+\) refused the identity token of issuer ".+": status 400, "There was an error processing the identity token"\./,
        hint: /issuer/,
      });
      assert.equal(scene.asked().certificate, 1);
    },
  );

  scenario("refuses with 403 and no word", async (scene) => {
    await scene.assertRefused(await signWith(scene, { kind: "status", status: 403 }), {
      exit: 1,
      code: "IDENTITY_REFUSED",
      says: /: status 403\.$/m,
      hint: /issuer/,
    });
  });

  scenario("is not there (404): the address is in the hint", async (scene) => {
    await scene.assertRefused(
      await signWith(scene, { kind: "status", status: 404, body: "no page" }),
      {
        exit: 1,
        code: "SERVICE_REFUSED",
        says: /^Fulcio \(127\.0\.0\.1:\d+\) refused the request with status 404: "no page"\./,
        hint: /Check that http:\/\/127\.0\.0\.1:\d+\/ is the address of Fulcio/,
      },
    );
    assert.equal(scene.asked().certificate, 1);
  });

  scenario("redirects: the token does not follow", async (scene) => {
    const headers = { location: `${scene.sandbox.urls.tsa}/elsewhere` };
    await scene.assertRefused(await signWith(scene, { kind: "status", status: 307, headers }), {
      exit: 1,
      code: "SERVICE_REFUSED",
      says: /refused the request with status 307/,
      hint: /address/,
    });
    assert.deepEqual(scene.asked(), { token: 1, certificate: 1 });
  });

  scenario("answers 429 with Retry-After and then well: waited for that long", async (scene) => {
    await scene.write("app.zip");
    const headers = { "retry-after": "1" };
    scene.fault("fulcio", { kind: "status", status: 429, headers }, { times: 1 });
    const run = await scene.sign(["app.zip"]);
    await scene.assertSigned(run, ["app.zip"]);
    assert.ok(run.seconds >= 1);
    assert.equal(scene.asked().certificate, 2);
  });

  scenario("asks for more patience than there is: ended at once, with the time", async (scene) => {
    const run = await signWith(scene, {
      kind: "status",
      status: 429,
      headers: { "retry-after": "900" },
    });
    await scene.assertRefused(run, {
      exit: 1,
      code: "SERVICE_UNAVAILABLE",
      says: /^Fulcio \(127\.0\.0\.1:\d+\) asks to wait 900 s, longer than the 300 s left \(1 try, last 429\)/,
      hint: /after that time, or raise retry-budget/,
    });
    assert.ok(run.seconds < 5);
  });

  for (const [name, fault] of [
    [
      "500",
      { kind: "status", status: 500, body: '{"message":"error communicating with CA backend"}' },
    ],
    ["HTML", { kind: "html" }],
    ["half an answer", { kind: "cut" }],
    ["nothing, though it worked", { kind: "lost" }],
  ] as const) {
    scenario(`answers ${name} twice and then well: the run goes on`, async (scene) => {
      await scene.write("app.zip");
      scene.fault("fulcio", fault, { times: 2 });
      await scene.assertSigned(await scene.sign(["app.zip"]), ["app.zip"]);
      assert.equal(scene.asked().certificate, 3);
    });
  }

  for (const [name, fault, last] of [
    [
      "500",
      { kind: "status", status: 500, body: '{"message":"error communicating with CA backend"}' },
      "500",
    ],
    ["HTML", { kind: "html" }, "502"],
    ["half an answer", { kind: "cut" }, "connection cut"],
  ] as const) {
    scenario(
      `answers ${name} for good: service, host, tries, seconds and last answer are told`,
      async (scene) => {
        const run = await signWith(scene, fault, ["--retry-budget=1"]);
        await scene.assertRefused(run, {
          exit: 1,
          code: "SERVICE_UNAVAILABLE",
          says: new RegExp(
            `^Fulcio \\(127\\.0\\.0\\.1:\\d+\\) .* in \\d(\\.\\d)? s \\(\\d+ tries, last ${last}\\)`,
          ),
          hint: /run again/,
        });
        assert.ok((scene.asked().certificate ?? 0) > 1);
        assert.ok(run.seconds < 10);
      },
    );
  }

  scenario("is down and retry-budget is 0: one try", async (scene) => {
    const run = await signWith(scene, { kind: "status", status: 503 }, ["--retry-budget=0"]);
    await scene.assertRefused(run, {
      exit: 1,
      code: "SERVICE_UNAVAILABLE",
      says: /Fulcio \(127\.0\.0\.1:\d+\) .*\(1 try, last 503\)/,
      hint: /run again/,
    });
    assert.equal(scene.asked().certificate, 1);
  });

  for (const [name, fault, says] of [
    [
      "HTML with status 200",
      { kind: "html", status: 200 },
      /^The answer of Fulcio \(127\.0\.0\.1:\d+\) is not JSON but HTML\./,
    ],
    [
      "what is not JSON",
      { kind: "corrupt", what: "not-json" },
      /^The answer of Fulcio \(127\.0\.0\.1:\d+\) is not JSON\./,
    ],
    [
      "64 MiB",
      { kind: "huge" },
      /^The answer of Fulcio \(127\.0\.0\.1:\d+\) is not usable: it is larger than 262144 bytes/,
    ],
    [
      "a header of 128 KiB",
      { kind: "large-header" },
      /is not usable: its headers are larger than 64 KiB/,
    ],
  ] as const) {
    scenario(`answers ${name}: not asked again`, async (scene) => {
      await scene.assertRefused(await signWith(scene, fault), {
        exit: 1,
        code: "SERVICE_ANSWER_INVALID",
        says,
        hint: /Check that .* is the address of Fulcio/,
      });
      assert.equal(scene.asked().certificate, 1);
    });
  }

  scenario("says that its certificate log is down: tried again as any outage", async (scene) => {
    await scene.write("app.zip");
    scene.fault("ct", { kind: "status", status: 503 }, { times: 1 });
    await scene.assertSigned(await scene.sign(["app.zip"]), ["app.zip"]);
    assert.equal(scene.asked().certificate, 2);
  });
});

describe("certificates that are not what was asked for", { concurrency: 4 }, () => {
  const cases: readonly (readonly [Corruption, ErrorCode, says: RegExp, hint: RegExp])[] = [
    [
      "other-public-key",
      "CERTIFICATE_INVALID",
      /for another key than ours/,
      /trusted root|service/,
    ],
    [
      "other-identity",
      "CERTIFICATE_INVALID",
      /for another identity: its \w+ is ".*mallory.*", the token says ".*acme/,
      /Tell those who run this Fulcio/,
    ],
    [
      "foreign-chain",
      "CERTIFICATE_INVALID",
      /leads to "O=sigstep sandbox.*", but not to a trusted anchor/,
      /trusted root/,
    ],
    ["not-code-signing", "CERTIFICATE_INVALID", /not for code signing/, /trusted root|service/],
    ["no-sct", "SCT_INVALID", /no signed certificate timestamp/, /trusted root|service/],
  ];
  for (const [what, code, says, hint] of cases) {
    scenario(what, async (scene) => {
      const run = await signWith(scene, { kind: "corrupt", what });
      await scene.assertRefused(run, { exit: 1, code, says, hint });
      assert.match(run.errors[0] ?? "", /Fulcio \(127\.0\.0\.1:\d+\)/);
      assert.deepEqual(scene.asked(), { token: 1, certificate: 1 }, "nothing is logged under it");
    });
  }

  scenario("signed with a key that nobody trusts", async (scene) => {
    await scene.assertRefused(await signWith(scene, { kind: "wrong-key" }), {
      exit: 1,
      code: "CERTIFICATE_INVALID",
      says: /certificate is not signed by "O=sigstep sandbox/,
      hint: /authority of that name with another key/,
    });
    assert.deepEqual(scene.asked(), { token: 1, certificate: 1 });
  });

  scenario("ended before it was asked for", async (scene) => {
    // The trusted root must have known the authority by then, or that would be the first complaint.
    const root = scene.sandbox.trustedRoot.replace(
      /"start": "[^"]+"/g,
      '"start": "2024-01-01T00:00:00Z"',
    );
    scene.setEnvironment({ SIGSTEP_TRUSTED_ROOT: await scene.give("root.json", root) });
    await scene.assertRefused(await signWith(scene, { kind: "corrupt", what: "expired" }), {
      exit: 1,
      code: "CERTIFICATE_INVALID",
      says: /certificate .*(ended|valid)/,
      hint: /./,
    });
    assert.deepEqual(scene.asked(), { token: 1, certificate: 1 });
  });

  for (const [what, fault, says] of [
    [
      "signed by another key",
      { kind: "wrong-key" },
      /has an SCT that its log [0-9a-f]{64} \(".*"\) has not signed for it/,
    ],
    [
      "of another log",
      { kind: "corrupt", what: "other-log" },
      /in no certificate transparency log that the trusted root ".*" knows: it is in [0-9a-f]{64}/,
    ],
  ] as const) {
    scenario(`its promise to be public is ${what}`, async (scene) => {
      await scene.write("app.zip");
      scene.fault("ct", fault);
      await scene.assertRefused(await scene.sign(["app.zip"]), {
        exit: 1,
        code: "SCT_INVALID",
        says,
        hint: /trusted root/,
      });
      assert.deepEqual(scene.asked(), { token: 1, certificate: 1 });
    });
  }

  scenario(
    "no SCT from an instance that has no certificate log is fine",
    async (scene) => {
      await scene.write("app.zip");
      await scene.assertSigned(await scene.sign(["app.zip"]), ["app.zip"]);
    },
    { sandbox: { ctLog: false } },
  );
});
