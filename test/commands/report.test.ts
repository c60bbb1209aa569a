// The report of a run: complete, and as complete as can be where a part of it cannot be written.
import assert from "node:assert/strict";
import { mkdtemp, mkdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, before, beforeEach, suite, test } from "node:test";
import type { Plan } from "../../src/commands/plan.ts";
import { reportRun, type SignReport } from "../../src/commands/report.ts";
import { verifyCommand } from "../../src/commands/verify-command.ts";
import type { FileResult, SignResults } from "../../src/commands/results.ts";
import { SigstepError, type Published } from "../../src/errors.ts";
import type { Runner } from "../../src/runner/runner.ts";
import type { Credential } from "../../src/sigstore/sign.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { makeCredential, workflow } from "../sigstore/own-instance.ts";
import { signOwn } from "./sign-own.ts";
import { fileIn, makeWorld, planOf, requestOf, type Told } from "./own-run.ts";

const orphan: Published = { kind: "log-entry", what: "a", index: "77", url: "https://log.example" };
const lost: Published = { kind: "maybe-log-entry", what: "b", url: "https://log.example" };

suite("report", () => {
  let folder: string;
  let credential: Credential;
  before(async () => {
    credential = await makeCredential({ fulcio: { 8: "https://issuer.example" } });
  });
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "sigstep-test-"));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function report(
    files: readonly FileResult[],
    wish: Partial<Runner> & { readonly issued?: boolean } = {},
  ): Promise<{ report: SignReport; told: Told; manifest: () => Promise<unknown> }> {
    const { issued = true, ...runner } = wish;
    const { world, told } = makeWorld(runner);
    const paths = files.map(({ file }) => file.path);
    const inputs = { "show-summary": "true" };
    const plan: Plan = planOf(paths, inputs);
    const certificates = issued ? [credential.certificate] : [];
    const results: SignResults = { files, certificates, seconds: 1 };
    const request = requestOf(paths, inputs);
    const given = await reportRun(plan, results, {
      ...{ request, world, words: { one: "file", many: "files" } },
      verifyCommand: (result) => verifyCommand(result, request.instance),
    });
    const manifest = async (): Promise<unknown> =>
      JSON.parse(await readFile(plan.manifestPath, "utf8"));
    return { report: given, told, manifest };
  }

  test("a manifest that cannot be written is a failure, and all else is reported", async () => {
    await mkdir(join(folder, "sigstep-manifest.json"));
    const file = fileIn(folder, "a");
    const result = await signOwn("signed", file, { credential, earlier: [orphan] });
    const { report: made, told } = await report([result]);
    assert.equal(made.exitCode, 1);
    assert.equal(made.status, "partial");
    assert.equal(made.error?.code, "WRITE_FAILED");
    assert.match(made.error.message, /^There is no manifest: .*sigstep-manifest\.json" cannot be/);
    const [entry] = result.entries;
    assert.deepEqual(made.error.published, [
      { kind: "certificate", what: workflow },
      orphan,
      { kind: "log-entry", what: "a", index: entry?.logIndex, url: entry?.url },
    ]);
    assert.equal(told.failures.length, 1);
    assert.match(told.failures[0] ?? "", /^There is no manifest: [^]*Already public: log entry 77/);
    assert.equal(told.outputs.get("status"), "partial");
    assert.equal(told.outputs.get("manifest-path"), "");
    assert.equal(told.outputs.get("bundle-paths"), file.bundlePath);
    assert.match(told.infos.join("\n"), /^Wrote ".*a\.sigstore\.json", log entry/);
    assert.match(told.infos.join("\n"), /\nSigned 1 file in 1\.0 s\.$/);
    assert.equal(told.summaries.length, 1);
  });

  test("outputs that cannot be handed over are a failure, told once; manifest and results stay", async () => {
    const broken = new SigstepError("WRITE_FAILED", "Later steps get no outputs.");
    const result = await signOwn("signed", fileIn(folder, "a"), { credential });
    let tries = 0;
    const {
      report: made,
      told,
      manifest,
    } = await report([result], {
      output: () => {
        tries++;
        return Promise.reject(broken);
      },
    });
    assert.equal(tries, 1);
    assert.equal(made.exitCode, 1);
    assert.equal(made.error?.code, "WRITE_FAILED");
    assert.equal(told.failures.length, 1);
    assert.match(told.failures[0] ?? "", /^Later steps get no outputs\.\n/);
    assert.equal(at(await manifest(), "status"), "signed");
  });

  test("a summary that cannot be written is a line, not a failure", async () => {
    const broken = new SigstepError("WRITE_FAILED", "There is no job summary.");
    const result = await signOwn("signed", fileIn(folder, "a"), { credential });
    const { report: made, told } = await report([result], {
      summary: () => Promise.reject(broken),
    });
    assert.deepEqual([made.exitCode, made.status], [0, "signed"]);
    assert.deepEqual(told.failures, []);
    assert.equal(told.infos.at(-1), "There is no job summary.");
  });

  test("an entry of a try that came to nothing is in manifest, log and report", async () => {
    const result = await signOwn("signed", fileIn(folder, "a"), { credential, earlier: [orphan] });
    const { report: made, told, manifest } = await report([result]);
    assert.deepEqual([made.exitCode, made.status], [0, "signed"]);
    assert.ok(made.published.includes(orphan));
    assert.match(
      told.infos.join("\n"),
      /^Already public: log entry 77 for "a" \(https:\/\/log\.example\)$/m,
    );
    assert.doesNotMatch(told.infos.join("\n"), /certificate of/);
    const [subject] = list(at(await manifest(), "subjects"));
    assert.deepEqual(at(subject, "orphaned"), [orphan]);
    assert.equal(list(at(subject, "logEntries")).length, 1);
  });

  test("when files fail, the log tells of certificates and of entries that may be there", async () => {
    const error = new SigstepError("SERVICE_UNAVAILABLE", "Rekor gave no answer.", {
      hint: "Wait.",
    });
    const failed = { kind: "failed", file: fileIn(folder, "b"), error, published: [lost] } as const;
    const { report: made, told, manifest } = await report([failed]);
    const certificate = { kind: "certificate", what: workflow };
    assert.deepEqual(made.published, [certificate, lost]);
    assert.equal(made.status, "failed");
    assert.match(
      told.failures[0] ?? "",
      /^Perhaps public: a log entry for "b", its answer was lost/m,
    );
    assert.match(told.infos.join("\n"), /^Already public: certificate of "https:/m);
    assert.deepEqual(
      list(at(await manifest(), "failures")).map((each) => at(each, "published")),
      [[lost]],
    );
    assert.equal(at(list(at(await manifest(), "certificates"))[0], "result"), "issued");
  });

  test("what an error knows to be public is told with the file", async () => {
    const certificate = { kind: "certificate", what: "repo:a/b" } as const;
    const error = new SigstepError("SCT_INVALID", "No SCT.", { published: [certificate] });
    const failed = ["a", "b"].map((name) => {
      return { kind: "failed", file: fileIn(folder, name), error, published: [] } as const;
    });
    const { report: made, told } = await report(failed, { issued: false });
    assert.deepEqual(made.published, [certificate]);
    assert.equal(told.failures.join().split("Already public").length, 2);
  });

  test("the certificate of bundles that were there already is in the manifest, once", async () => {
    const files = ["a", "b"].map((name) => fileIn(folder, name));
    const kept = await Promise.all(files.map((file) => signOwn("kept", file, { credential })));
    const { report: made, manifest } = await report(kept, { issued: false });
    assert.equal(made.outputs["certificate-identity"], workflow);
    const [certificate, ...more] = list(at(await manifest(), "certificates"));
    assert.equal(more.length, 0);
    assert.equal(at(certificate, "result"), "kept");
    assert.equal(at(certificate, "identity"), workflow);
    assert.equal(at(certificate, "issuer"), "https://issuer.example");
    assert.equal(dig(certificate, "extensions", "issuer"), "https://issuer.example");
  });

  test("lists of outputs have a line for each bundle", async () => {
    const files = ["a", "b\nc", "d"].map((name) => fileIn(folder, name));
    const signed = await Promise.all(files.map((file) => signOwn("signed", file, { credential })));
    const { told, report: made } = await report(signed);
    const paths = text(told.outputs.get("bundle-paths")).split("\n");
    const indexes = text(told.outputs.get("log-indexes")).split("\n");
    assert.deepEqual(paths, [files[0]?.bundlePath, "", files[2]?.bundlePath]);
    assert.deepEqual(
      indexes,
      signed.map(({ entries }) => entries[0]?.logIndex),
    );
    assert.equal(made.outputs["bundle-paths"]?.[1], files[1]?.bundlePath);
  });
});
