// Certificates and tokens that end before the run does.
import assert from "node:assert/strict";
import { describe } from "node:test";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { scenario, type Scene } from "./harness.ts";

/** The certificate in each entry that Rekor v1 was asked for, in order. */
function loggedCertificates({ sandbox }: Scene): string[] {
  const posts = sandbox.requests.list("rekor1").filter(({ method }) => method === "POST");
  return posts.map(({ body }) =>
    text(dig(JSON.parse(body), "spec", "signature", "publicKey", "content")),
  );
}

/** As {@link loggedCertificates}, each with the signature that it is for. */
function loggedSignatures({ sandbox }: Scene): string[] {
  const posts = sandbox.requests.list("rekor1").filter(({ method }) => method === "POST");
  return posts.map(({ body }) => text(dig(JSON.parse(body), "spec", "signature", "content")));
}

describe("certificates of four seconds", { concurrency: 3 }, () => {
  const sandbox = { certificateLifetimeSeconds: 4 };

  scenario(
    "a log that is down until the certificate ends: certified and signed anew",
    async (scene) => {
      await scene.write("app.zip");
      const { requests } = scene.sandbox;
      const match = (): boolean => requests.count("fulcio", "POST") < 2;
      scene.fault("rekor1", { kind: "status", status: 503 }, { match });
      const run = await scene.sign(["app.zip"]);
      await scene.assertSigned(run, ["app.zip"]);
      assert.equal(scene.asked().token, 1, "one token is enough");
      assert.equal(scene.asked().certificate, 2);
      const certificates = loggedCertificates(scene);
      const signatures = loggedSignatures(scene);
      assert.equal(new Set(certificates).size, 2);
      assert.equal(new Set(signatures).size, 2);
      assert.equal(certificates.lastIndexOf(certificates[0] ?? ""), certificates.length - 2);
      assert.equal(list(at(await scene.manifest(), "certificates")).length, 2);
    },
    { sandbox },
  );

  scenario(
    "an answer that comes too late: signed anew, never under the old certificate",
    async (scene) => {
      await scene.write("app.zip");
      scene.fault("rekor1", { kind: "delay", ms: 5500 }, { times: 1 });
      const run = await scene.sign(["app.zip"]);
      await scene.assertSigned(run, ["app.zip"]);
      assert.equal(scene.asked().certificate, 2);
      const certificates = loggedCertificates(scene);
      assert.equal(new Set(certificates).size, certificates.length);
    },
    { sandbox },
  );

  scenario(
    "a run that outlives several certificates: each file under a living one",
    async (scene) => {
      const names = Array.from(
        { length: 14 },
        (_, index) => `file-${String(index).padStart(2, "0")}`,
      );
      for (const name of names) await scene.write(name);
      scene.fault("rekor1", { kind: "delay", ms: 500 });
      const run = await scene.sign(["--concurrency=1", ...names]);
      await scene.assertSigned(run, names);
      const { token, certificate = 0, entry } = scene.asked();
      assert.equal(token, 1);
      assert.ok(certificate >= 3 && certificate <= 9, `${certificate} certificates`);
      assert.equal(entry, names.length, "nothing is logged twice");
      assert.match(run.log, /\d+\/14 files, [\d.]+\/s/, "a line of progress every few seconds");
    },
    { sandbox },
  );

  scenario(
    "Fulcio is down when the certificate ends: what is signed stays signed",
    async (scene) => {
      const names = Array.from({ length: 8 }, (_, index) => `file-${index}`);
      for (const name of names) await scene.write(name);
      scene.fault("rekor1", { kind: "delay", ms: 500 });
      scene.fault("fulcio", { kind: "status", status: 503 }, { after: 1 });
      const run = await scene.sign(["--concurrency=1", "--retry-budget=1", ...names]);
      assert.equal(run.code, 1);
      assert.equal(at(JSON.parse(run.stdout), "status"), "partial");
      const failures = list(at(await scene.manifest(), "failures"));
      for (const failure of failures) assert.equal(at(failure, "code"), "SERVICE_UNAVAILABLE");
      assert.equal((await scene.bundles()).length, names.length - failures.length);
      assert.equal(run.errors.length, 1);
      assert.match(run.errors[0] ?? "", /Fulcio \(.*last 503\)/);
    },
    { sandbox },
  );
});

describe("tokens that end", { concurrency: 3 }, () => {
  scenario(
    "GitLab's, which nobody renews: the files after it fail by name",
    async (scene) => {
      const names = Array.from(
        { length: 24 },
        (_, index) => `file-${String(index).padStart(2, "0")}`,
      );
      for (const name of names) await scene.write(name);
      const env = { SIGSTORE_ID_TOKEN: await scene.token("gitlab", { exp: inSeconds(7) }) };
      scene.fault("rekor1", { kind: "delay", ms: 500 });
      const run = await scene.sign(["--concurrency=1", ...names], { env });
      const signed = (await scene.bundles()).length;
      assert.ok(signed >= 4 && signed <= 20, `${signed} signed`);
      await scene.assertPartial(run, {
        signed: names.slice(0, signed),
        failed: names.slice(signed).map((name) => {
          return [name, "IDENTITY_EXPIRED", /The identity token (expired|ends) /, /GitLab/];
        }),
      });
      assert.equal(scene.asked().entry, signed, "nothing is logged that is not in a bundle");
    },
    { runner: "gitlab", sandbox: { certificateLifetimeSeconds: 4 } },
  );

  scenario(
    "GitHub's: a new one is asked for",
    async (scene) => {
      const names = Array.from(
        { length: 12 },
        (_, index) => `file-${String(index).padStart(2, "0")}`,
      );
      for (const name of names) await scene.write(name);
      scene.fault("rekor1", { kind: "delay", ms: 500 });
      const run = await scene.sign(["--concurrency=1", ...names]);
      await scene.assertSigned(run, names);
      assert.ok((scene.asked().token ?? 0) >= 2);
      const masks = [...run.stderr.matchAll(/^::add-mask::eyJ/gm)];
      assert.equal(masks.length, scene.asked().token, "each is masked");
    },
    { sandbox: { certificateLifetimeSeconds: 4, tokenLifetimeSeconds: 8 } },
  );

  scenario(
    "while Fulcio is down: the run ends with the token, not with the budget",
    async (scene) => {
      await scene.write("app.zip");
      const env = { SIGSTORE_ID_TOKEN: await scene.token("gitlab", { exp: inSeconds(4) }) };
      scene.fault("fulcio", { kind: "status", status: 503 });
      const run = await scene.sign(["app.zip"], { env });
      assert.equal(run.code, 1);
      assert.ok(run.seconds < 15, `${run.seconds} s`);
      assert.match(run.log, /identity token|time for this request ended/);
      assert.deepEqual(await scene.bundles(), []);
    },
    { runner: "gitlab" },
  );
});

function inSeconds(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}
