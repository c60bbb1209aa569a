// The manifest: one JSON text that any job can read, with everything in it as it was.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { encodeManifest } from "../../src/commands/manifest.ts";
import type { Plan } from "../../src/commands/plan.ts";
import type { SignResults } from "../../src/commands/results.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import {
  certificate,
  failed,
  hostile,
  planFor,
  resultsOf,
  sha256,
  signed,
} from "./made-results.ts";

function read(results: SignResults, plan: Plan = planFor(["x"])): unknown {
  const manifest = encodeManifest({ plan, results, status: "partial", version: "1.2.3" });
  assert.ok(manifest.endsWith("}\n"));
  return JSON.parse(manifest);
}

test("says what made it, how it ended and with which instance", () => {
  const json = read(resultsOf());
  assert.equal(at(json, "schemaVersion"), 1);
  assert.deepEqual(at(json, "tool"), { name: "sigstep", version: "1.2.3" });
  assert.equal(at(json, "status"), "partial");
  assert.equal(at(json, "instance"), "the instance of the test");
  assert.deepEqual([at(json, "subjects"), at(json, "failures")], [[], []]);
});

test("has each subject with digest, bundle, entries, times and identity", () => {
  const plan = planFor(["dist/app"], { "bundle-dir": "out" });
  const [file] = plan.files;
  assert.ok(file !== undefined);
  const [subject] = list(at(read(resultsOf(signed("x", { file })), plan), "subjects"));
  const wanted = {
    name: "app",
    path: "dist/app",
    size: 10,
    digest: { sha256 },
    bundlePath: "out/app.sigstore.json",
    bundle: "app.sigstore.json",
    result: "signed",
    certificateIdentity: certificate.identity.value,
    certificateOidcIssuer: "https://token.actions.githubusercontent.com",
    logEntries: [{ logIndex: "123456789", url: "https://rekor.example/entry?logIndex=123456789" }],
    times: ["2025-06-01T12:00:00.000Z"],
  };
  for (const [name, value] of Object.entries(wanted)) assert.deepEqual(at(subject, name), value);
});

test("has bundles by their way from the manifest, with slashes", () => {
  const plan = planFor(["a/b/one", "a/c/two"]);
  const files = plan.files.map((file) => signed("x", { file }));
  const bundles = list(at(read(resultsOf(...files), plan), "subjects")).map((one) =>
    at(one, "bundle"),
  );
  assert.deepEqual(bundles, ["b/one.sigstore.json", "c/two.sigstore.json"]);
});

test("has every certificate that was issued, with all its extensions", () => {
  const [one, ...more] = list(at(read(resultsOf(signed("a"))), "certificates"));
  assert.equal(more.length, 0);
  assert.equal(at(one, "identity"), certificate.identity.value);
  assert.equal(at(one, "notBefore"), "2025-06-01T11:55:00.000Z");
  assert.equal(at(one, "notAfter"), "2025-06-01T12:05:00.000Z");
  assert.match(text(at(one, "serialNumber")), /^[0-9a-f]+$/);
  assert.deepEqual(at(one, "extensions"), {
    issuer: "https://token.actions.githubusercontent.com",
    buildTrigger: "push",
  });
});

test("has each failure with code, message, hint and what is public", () => {
  const published = [{ kind: "log-entry", what: "a", index: "7" }] as const;
  const failure = { ...failed("a", "Why.", { hint: "Do." }), published };
  assert.deepEqual(list(at(read(resultsOf(failure)), "failures")), [
    { name: "a", path: "a", code: "SERVICE_REFUSED", message: "Why.", hint: "Do.", published },
  ]);
});

suite("holds names as they are", () => {
  for (const [what, name] of Object.entries(hostile)) {
    test(what, () => {
      const file = { path: name, name, size: 1, bundlePath: `${name}.sigstore.json` };
      const json = read(resultsOf(signed("x", { file }), { ...failed("y"), file }));
      assert.equal(dig(list(at(json, "subjects"))[0], "name"), name);
      assert.equal(dig(list(at(json, "failures"))[0], "path"), name);
    });
  }
});

test("of 10,000 files is made in good time", () => {
  const all = Array.from({ length: 10_000 }, (_, i) => signed(`dist/${i}`));
  const started = process.cpuUsage();
  assert.equal(list(at(read(resultsOf(...all)), "subjects")).length, 10_000);
  assert.ok(process.cpuUsage(started).user < 3_000_000);
});
