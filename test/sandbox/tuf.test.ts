// The sandbox's TUF repository, as tuf-js's own client reads it, and the sandbox that plays GitHub's instance.
import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import { Updater } from "tuf-js";
import type { Corruption } from "../../src/sandbox/faults.ts";
import { startSandbox, type Sandbox } from "../../src/sandbox/sandbox.ts";
import { encodeTufJson } from "../../src/sandbox/tuf-metadata.ts";
import { at, dig, list, text } from "./wire.ts";

suite("the sandbox's TUF repository", () => {
  let sandbox: Sandbox;
  let directory: string;
  before(async () => {
    sandbox = await startSandbox();
    directory = await mkdtemp(join(tmpdir(), "sigstep-test-"));
  });
  after(async () => {
    await sandbox.close();
    await rm(directory, { recursive: true });
  });

  /** A client that begins from the first root. */
  async function newClient(): Promise<Updater> {
    const folder = await mkdtemp(join(directory, "client-"));
    await mkdir(join(folder, "targets"));
    await writeFile(join(folder, "root.json"), sandbox.tuf.root);
    return new Updater({
      metadataDir: folder,
      metadataBaseUrl: sandbox.urls.tuf,
      targetDir: join(folder, "targets"),
      targetBaseUrl: `${sandbox.urls.tuf}/targets`,
      config: { fetchRetries: 0 },
    });
  }

  async function fetchTarget(client: Updater, name: string): Promise<string> {
    const info = await client.getTargetInfo(name);
    assert.ok(info !== undefined);
    return readFile(await client.downloadTarget(info), "utf8");
  }

  test("gives another client the trust files", async () => {
    const client = await newClient();
    const { trustedRoot, signingConfig } = sandbox;
    assert.equal(await fetchTarget(client, "trusted_root.json"), trustedRoot);
    assert.equal(await fetchTarget(client, "signing_config.v0.2.json"), signingConfig.v1);
    assert.equal(await fetchTarget(client, "signing_config_rekor_v2.v0.2.json"), signingConfig.v2);
  });

  test("and what is published later, under new keys too", async () => {
    const before = sandbox.tuf.version;
    sandbox.tuf.publish({ "extra.json": "one" });
    sandbox.tuf.rotate();
    sandbox.tuf.publish({ "extra.json": "two" });
    assert.equal(sandbox.tuf.version, before + 3);
    assert.equal(await fetchTarget(await newClient(), "extra.json"), "two");
  });

  for (const what of ["freeze", "expired", "mix-up", "few-signatures", "wrong-length"] as const) {
    test(`lies when told to, and another client notices: ${what}`, async () => {
      const fault = { kind: "corrupt", what } satisfies { kind: "corrupt"; what: Corruption };
      sandbox.faults.add({ service: "tuf", fault });
      await assert.rejects(async () => fetchTarget(await newClient(), "trusted_root.json"));
      sandbox.faults.clear();
      await fetchTarget(await newClient(), "trusted_root.json");
    });
  }

  test("writes canonical JSON as TUF has it", () => {
    const value = { b: [1, true, null], a: 'line\nbreak "quoted" \\', ä: {} };
    assert.equal(
      encodeTufJson(value),
      '{"a":"line\nbreak \\"quoted\\" \\\\","b":[1,true,null],"ä":{}}',
    );
  });
});

test("a sandbox of GitHub's kind: authorities of its name, no log, no SCT", async () => {
  const sandbox = await startSandbox({ instance: "github" });
  const root: unknown = JSON.parse(sandbox.trustedRoot);
  for (const logs of ["tlogs", "ctlogs"]) assert.deepEqual(list(at(root, logs)), []);
  for (const kind of ["certificateAuthorities", "timestampAuthorities"]) {
    const [authority] = list(at(root, kind));
    assert.equal(dig(authority, "subject", "organization"), "GitHub, Inc.");
    for (const certificate of list(dig(authority, "certChain", "certificates"))) {
      const { subject } = new X509Certificate(
        Buffer.from(text(at(certificate, "rawBytes")), "base64"),
      );
      assert.match(subject, /O=GitHub, Inc\.|O=GitHub\\, Inc\./);
      assert.match(subject, /not for production/);
    }
  }
  const config: unknown = JSON.parse(sandbox.signingConfig.v1);
  assert.equal(at(config, "rekorTlogUrls"), undefined);
  assert.equal(list(at(config, "tsaUrls")).length, 1);
  assert.equal(sandbox.signingConfig.v1, sandbox.signingConfig.v2);
  await sandbox.close();
});
