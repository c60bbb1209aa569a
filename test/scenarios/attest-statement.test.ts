// A whole statement from a file: signed byte by byte as it is, or refused before anybody is asked.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { describe } from "node:test";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { scenario } from "./harness.ts";

const sha256 = "a".repeat(64);
const statement = `{ "predicateType": "https://example.com/scan/v1",
  "_type": "https://in-toto.io/Statement/v0.1", "predicate": {"n": 1.50, "e": "\\u00e9"},
  "subject": [{"name": "one", "digest": {"sha256": "${sha256}"}}, {"name": "two", "digest": {"sha256": "${sha256}"}}]}
`;

describe("statement-path", { concurrency: 2 }, () => {
  scenario("is signed as it is, about all its subjects, and kept by a rerun", async (scene) => {
    await scene.write("statement.json", statement);
    const run = await scene.attest(["--statement-path", "statement.json"]);
    assert.equal(run.code, 0, run.log);
    const [path] = list(dig(JSON.parse(run.stdout), "bundle-paths"));
    const bundle: unknown = JSON.parse(await readFile(scene.path(text(path)), "utf8"));
    const payload = Buffer.from(text(dig(bundle, "dsseEnvelope", "payload")), "base64");
    assert.equal(payload.toString("utf8"), statement);
    const [attestation] = list(at(await scene.manifest(), "attestations"));
    assert.equal(at(attestation, "predicateType"), "https://example.com/scan/v1");
    assert.equal(list(at(attestation, "subjects")).length, 2);
    const again = await scene.attest(["--statement-path", "statement.json"]);
    assert.equal(again.code, 0, again.log);
    assert.equal(scene.asked().entry, undefined);
  });

  const refused: readonly (readonly [string, string, RegExp])[] = [
    ["no JSON", "x", /The statement "statement\.json": /],
    ["no statement", '{"_type":"https://example.com"}', /is not an in-toto statement/],
    ["no subject", statement.replace(/"subject": .*/, '"subject": []}'), /is empty/],
    ["a short digest", statement.replace(sha256, "aa"), /is not a sha256 digest/],
    ["no predicate type", statement.replace("https://example.com/scan/v1", ""), /is empty/],
  ];
  for (const [what, content, says] of refused) {
    scenario(`of ${what} is bad input`, async (scene) => {
      await scene.write("statement.json", content);
      const run = await scene.attest(["--statement-path", "statement.json"]);
      const hint = /in-toto statement, v1 or v0\.1/;
      await scene.assertRefused(run, { exit: 2, code: "PREDICATE_INVALID", says, hint });
    });
  }

  const besides = [
    ["app"],
    ["--subject-checksums", "sums"],
    ["--predicate-type", "vuln"],
    ["--sbom-path", "x"],
    ["--single-subject-attestations"],
    ["--provenance-inputs"],
  ];
  for (const args of besides) {
    scenario(`and ${args[0] ?? ""} contradict`, async (scene) => {
      await scene.write("statement.json", statement);
      const run = await scene.attest(["--statement-path", "statement.json", ...args]);
      await scene.assertRefused(run, {
        ...{ exit: 2, code: "INPUT_CONFLICT" },
        ...{ says: /Inputs statement-path and .* are both given/, hint: /one or the other/ },
      });
    });
  }

  scenario("that is not there is bad input", async (scene) => {
    const run = await scene.attest(["--statement-path", "statement.json"]);
    await scene.assertRefused(run, {
      ...{ exit: 2, code: "INPUT_UNREADABLE" },
      ...{ says: /statement-path.*cannot be read/, hint: /Check the path/ },
    });
  });
});
