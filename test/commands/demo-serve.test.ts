// `demo --serve`: other processes sign with what it prints, until it is told to end.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Place } from "./demo-process.ts";

const cli = join(import.meta.dirname, "..", "..", "src", "cli.ts");
const cases = [
  { runner: "github", rekor: "1", signal: "SIGTERM", identity: /^https:\/\/github\.com\/acme/ },
  { runner: "gitlab", rekor: "2", signal: "SIGINT", identity: /^https:\/\/gitlab\.com\/acme/ },
] as const;

describe("demo --serve", () => {
  for (const { runner, rekor, signal, identity } of cases) {
    it(`serves a ${runner} job with Rekor v${rekor} until ${signal}`, async () => {
      await using place = await Place.make();
      const args = ["demo", "--serve", "--runner", runner, "--rekor-version", rekor];
      const serving = place.start({ args });
      const { stdout: lines } = await serving.until(/_TOKEN='[^']+'\n/);
      assert.match(lines, /^(export [A-Z_]+='.*'\n)+$/);
      await writeFile(join(place.directory, "environment"), lines);
      await writeFile(join(place.directory, "own.bin"), "own");
      const script = '. ./environment && exec "$0" "$1" sign own.bin --json';
      const signing = await place.spawn("sh", ["-c", script, process.execPath, cli]).ended;
      assert.equal(signing.code, 0, signing.stderr);
      assert.doesNotMatch(signing.stdout + signing.stderr, /add-mask|eyJ[\w-]{8}|sandbox-request-/);
      const report: unknown = JSON.parse(signing.stdout);
      assert.ok(isRecord(report));
      assert.equal(report.status, "signed");
      assert.match(String(report["certificate-identity"]), identity);
      serving.kill(signal);
      const ended = await serving.ended;
      assert.equal(ended.code, 0, ended.stderr);
      assert.deepEqual(await place.leftovers(), []);
      await assert.rejects(fetch(urlIn(lines, report)));
    });
  }

  it("prints the environment as JSON with --json", async () => {
    await using place = await Place.make();
    const serving = place.start({ args: ["demo", "--serve", "--json"] });
    const { stdout } = await serving.until(/\n\}\n/);
    const json: unknown = JSON.parse(stdout);
    assert.ok(isRecord(json) && isRecord(json.environment));
    assert.match(String(json.environment.SIGSTEP_TRUSTED_ROOT), /trusted-root\.json$/);
    assert.match(String(json.environment.ACTIONS_ID_TOKEN_REQUEST_URL), /^http:\/\/localhost:/);
    serving.kill("SIGTERM");
    assert.equal((await serving.ended).code, 0);
  });

  it("ends in order when the signal comes while it starts", async () => {
    await using place = await Place.make();
    const serving = place.start({ args: ["demo", "--serve", "--json"] });
    for (let tries = 0; (await place.leftovers()).length === 0; tries++) {
      assert.ok(tries < 1000, "it never started");
      await sleep(10);
    }
    serving.kill("SIGTERM");
    const ended = await serving.ended;
    assert.equal(ended.code, 0, ended.stderr);
    assert.deepEqual(await place.leftovers(), []);
  });
});

/** Where the sandbox was: its identity provider. */
function urlIn(lines: string, report: Readonly<Record<string, unknown>>): string {
  const [, url] = /ACTIONS_ID_TOKEN_REQUEST_URL='([^']+)'/.exec(lines) ?? [];
  return url ?? String(report["certificate-oidc-issuer"]);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
