// Many attestations in one step: one token and one certificate for all pairs of subject and predicate, what
// fails reported by pair and made up for by the next run, and nothing lost when a run is broken off.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { FaultRequest } from "../../src/sandbox/faults.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { scenario, type Run, type Scene } from "./harness.ts";

const sbom = join(import.meta.dirname, "../vectors/sbom/spdx-2.3-hello-source.json");
const single = "--single-subject-attestations";

/** Provenance, an SBOM and a predicate of one's own. */
const predicates = `
- type: provenance
- type: sbom
  path: ${sbom}
- type: https://example.com/scan/v1
  predicate: { findings: [] }
`;
const shortTypes = ["provenance", "spdx", "scan-v1"];

async function writeMany(scene: Scene, count: number): Promise<string[]> {
  const names = Array.from({ length: count }, (_, at) => `f${String(at).padStart(2, "0")}.bin`);
  for (const name of names) await scene.write(name);
  return names;
}

function checksums(count: number): string {
  const lines = Array.from(
    { length: count },
    (_, at) => `${at.toString(16).padStart(64, "0")}  file-${at}`,
  );
  return `${lines.join("\n")}\n`;
}

async function statementAt(scene: Scene, name: string): Promise<unknown> {
  const bundle: unknown = JSON.parse(await readFile(scene.path(name), "utf8"));
  const payload = text(dig(bundle, "dsseEnvelope", "payload"));
  return JSON.parse(Buffer.from(payload, "base64").toString("utf8"));
}

async function resultsOf(scene: Scene): Promise<string[]> {
  const attestations = list(at(await scene.manifest(), "attestations"));
  return attestations.map((attestation) => text(at(attestation, "result")));
}

describe("many attestations", { concurrency: 2 }, () => {
  for (const rekor of [1, 2] as const) {
    scenario(
      `50 files and 3 predicates are one token and one certificate, Rekor v${rekor}`,
      async (scene) => {
        const names = await writeMany(scene, 50);
        const run = await scene.attest([single, "--predicates", predicates, "*.bin"]);
        scene.assertRun(run, 0);
        assert.deepEqual(scene.asked(), { token: 1, certificate: 1, entry: 150, timestamp: 150 });
        const wanted = names.flatMap((name) =>
          shortTypes.map((shortType) => `${name}.${shortType}.sigstore.json`),
        );
        assert.deepEqual(await scene.bundles(), wanted.toSorted());
        assert.ok(run.stderr.split("\n").length < 40, "not a line an attestation");
        const lines = await readFile(scene.path("attestation.sigstore.jsonl"), "utf8");
        assert.equal(lines.trimEnd().split("\n").length, 150);
      },
      { rekor },
    );
  }

  scenario("one statement for all files is one entry a predicate", async (scene) => {
    const names = await writeMany(scene, 50);
    scene.assertRun(await scene.attest(["--predicates", predicates, "*.bin"]), 0);
    assert.deepEqual(scene.asked(), { token: 1, certificate: 1, entry: 3, timestamp: 3 });
    for (const shortType of shortTypes) {
      const statement = await statementAt(scene, `attestation.${shortType}.sigstore.json`);
      const subjects = list(at(statement, "subject")).map((subject) => at(subject, "name"));
      assert.deepEqual(subjects, names);
    }
  });

  scenario("2,500 subjects are three statements, in order and each once", async (scene) => {
    await scene.write("SHA256SUMS", checksums(2500));
    const run = await scene.attest(["--subject-checksums=SHA256SUMS", "--bundle-name=release"]);
    scene.assertRun(run, 0);
    assert.deepEqual(scene.asked(), { token: 1, certificate: 1, entry: 3, timestamp: 3 });
    const bundles = [1, 2, 3].map((number) => `release-${number}.provenance.sigstore.json`);
    assert.deepEqual(await scene.bundles(), bundles);
    const statements = await Promise.all(bundles.map((name) => statementAt(scene, name)));
    const subjects = statements.map((statement) => list(at(statement, "subject")));
    assert.deepEqual(
      subjects.map(({ length }) => length),
      [1024, 1024, 452],
    );
    const names = subjects.flat().map((subject) => at(subject, "name"));
    assert.deepEqual(
      names,
      Array.from({ length: 2500 }, (_, index) => `file-${index}`),
    );
  });

  scenario(
    "names that differ only by case, or lead elsewhere, are files of their own",
    async (scene) => {
      const digest = (digit: string): string => digit.repeat(64);
      const sums = `${digest("a")}  App\n${digest("b")}  app\n${digest("c")}  ../../etc/app\n`;
      scene.assertRun(await scene.attest([single, "--subject-checksums", sums]), 0);
      assert.deepEqual(await scene.bundles(), [
        "App-1.provenance.sigstore.json",
        "app-2.provenance.sigstore.json",
        "app-3.provenance.sigstore.json",
      ]);
    },
  );
});

describe("attestations that fail", { concurrency: 2 }, () => {
  /** Refuses every third entry, as long as it is in force. */
  function refuseThirds(scene: Scene): void {
    let seen = 0;
    const match = ({ method }: FaultRequest): boolean => method === "POST" && ++seen % 3 === 0;
    scene.fault("rekor1", { kind: "status", status: 400, body: '{"message":"no"}' }, { match });
  }

  const pairsOf = (names: readonly string[]): string[] =>
    shortTypes.flatMap((shortType) => names.map((name) => `${shortType} of ${name}`));

  scenario(
    "are told by pair; the others are kept, and the next run fills the gaps",
    async (scene) => {
      const names = await writeMany(scene, 4);
      const args = ["--concurrency=1", single, "--predicates", predicates, "*.bin"];
      refuseThirds(scene);
      const run = await scene.attest(args);
      assert.equal(run.code, 1, run.log);
      const report: unknown = JSON.parse(run.stdout);
      assert.equal(at(report, "status"), "partial");
      const refused = pairsOf(names).filter((_, index) => index % 3 === 2);
      const failures = list(at(report, "failures"));
      assert.deepEqual(
        failures.map((failure) => at(failure, "path")),
        refused,
      );
      assert.deepEqual(
        [...new Set(failures.map((failure) => at(failure, "code")))],
        ["SERVICE_REFUSED"],
      );
      for (const pair of refused) assert.ok(run.log.includes(`"${pair}"`), pair);
      assert.equal((await scene.bundles()).length, 8);

      scene.sandbox.faults.clear();
      const again = await scene.attest(args);
      scene.assertRun(again, 0);
      assert.deepEqual(scene.asked(), { token: 1, certificate: 1, entry: 4, timestamp: 4 });
      assert.equal((await scene.bundles()).length, 12);
      const results = await resultsOf(scene);
      assert.equal(results.filter((result) => result === "kept").length, 8);
      assert.equal(results.filter((result) => result === "signed").length, 4);
    },
  );

  scenario("not at all on a third run: nobody is asked but for the token", async (scene) => {
    await writeMany(scene, 3);
    const args = [single, "--predicates", predicates, "*.bin"];
    scene.assertRun(await scene.attest(args), 0);
    scene.assertRun(await scene.attest(args), 0);
    assert.deepEqual(scene.asked(), { token: 1 });
    assert.deepEqual([...new Set(await resultsOf(scene))], ["kept"]);
    scene.assertRun(await scene.attest(["--force", ...args]), 0);
    assert.equal(scene.asked().entry, 9);
  });

  scenario("a predicate that has changed is attested anew", async (scene) => {
    await scene.write("app");
    const args = (json: string): string[] => [
      ...["app", "--predicate-type=https://example.com/scan/v1", "--predicate", json],
    ];
    scene.assertRun(await scene.attest(args('{"a":1}')), 0);
    scene.assertRun(await scene.attest(args('{"a":2}')), 0);
    assert.equal(scene.asked().entry, 1);
    const statement = await statementAt(scene, "app.scan-v1.sigstore.json");
    assert.deepEqual(at(statement, "predicate"), { a: 2 });
  });

  scenario("a large predicate that is answered 502 is not sent for five minutes", async (scene) => {
    await scene.write("app");
    await scene.write("large.json", JSON.stringify({ a: "x".repeat(1_500_000) }));
    scene.fault("rekor1", { kind: "html" });
    const args = ["--predicate-type=https://example.com/scan/v1", "--predicate-path=large.json"];
    const run = await scene.attest(["app", ...args]);
    await scene.assertAllFailed(run, [
      [
        "scan-v1 of app",
        "SERVICE_REFUSED",
        /502 to an entry of \d{7} bytes/,
        /oversize: reference/,
      ],
    ]);
    assert.equal(scene.asked().entry, 2);
    assert.ok(run.seconds < 15, `${run.seconds} s`);
  });
});

describe("a run that is broken off", () => {
  scenario("ends at once, keeps what is made, and goes on where it was", async (scene) => {
    await writeMany(scene, 30);
    scene.fault("rekor1", { kind: "delay", ms: 300 });
    const args = ["--concurrency=2", single, "*.bin"];
    const { pid, done } = await scene.start(["attest", "--json", ...args]);
    while ((await scene.bundles()).length < 2) await sleep(50);
    process.kill(pid, "SIGINT");
    const run = await done;
    assertCancelled(run);
    const made = (await scene.bundles()).length;
    assert.ok(made >= 2 && made < 30, `${made} bundles`);
    scene.sandbox.faults.clear();
    scene.assertRun(await scene.attest([single, "*.bin"]), 0);
    assert.equal((await scene.bundles()).length, 30);
    assert.equal(scene.asked().entry, 30 - made);
  });
});

function assertCancelled(run: Run): void {
  assert.notEqual(run.code, 0);
  assert.match(run.log, /cancelled/i);
  assert.match(run.log, /Run again/);
}
