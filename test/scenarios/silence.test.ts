// Services that take a request and never answer. Each try is given up after its own time, so these
// scenarios take half a minute; they wait all at once.
import assert from "node:assert/strict";
import { describe } from "node:test";
import { scenario } from "./harness.ts";

describe("silence", { concurrency: 8 }, () => {
  for (const [service, name, rekor, seconds] of [
    ["issuer", "GitHub's identity service", 1, 10],
    ["fulcio", "Fulcio", 1, 30],
    ["rekor1", "Rekor v1", 1, 30],
    ["rekor2", "Rekor v2", 2, 30],
    ["tsa", "the timestamp authority", 1, 30],
  ] as const) {
    scenario(
      `${name} is silent once: given up after ${seconds} s, asked again, signed`,
      async (scene) => {
        await scene.write("app.zip");
        scene.fault(service, { kind: "hang" }, { times: 1 });
        const run = await scene.sign(["app.zip"]);
        await scene.assertSigned(run, ["app.zip"]);
        assert.ok(run.seconds > seconds - 1 && run.seconds < seconds + 20, `${run.seconds} s`);
        assert.equal(scene.sandbox.requests.count(service), 2);
        assert.equal(scene.asked().certificate, service === "fulcio" ? 2 : 1);
      },
      { rekor },
    );
  }

  scenario("Fulcio stays silent: says so", async (scene) => {
    await scene.write("app.zip");
    scene.fault("fulcio", { kind: "hang" });
    await scene.assertRefused(await scene.sign(["app.zip", "--retry-budget=1"]), {
      exit: 1,
      code: "SERVICE_UNAVAILABLE",
      says: /^Fulcio \(127\.0\.0\.1:\d+\) gave no answer .*no answer within 30 s\)/,
      hint: /run again/,
    });
  });
});
