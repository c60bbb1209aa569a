import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import type { Corruption } from "../../src/sandbox/faults.ts";
import { startSandbox, type Sandbox } from "../../src/sandbox/sandbox.ts";
import { trustedChain } from "./client.ts";
import { OpenSsl } from "./openssl.ts";

describe("the sandbox's timestamp authority", () => {
  let sandbox: Sandbox;
  let openssl: OpenSsl;
  before(async () => {
    sandbox = await startSandbox();
    openssl = await OpenSsl.open();
    const [leaf = "", intermediate = "", root = ""] = trustedChain(sandbox, "timestampAuthorities");
    await openssl.write("chain.pem", leaf + intermediate);
    await openssl.write("root.pem", root);
    await openssl.write("data", randomBytes(71));
  });
  after(async () => {
    await sandbox.close();
    await openssl.close();
  });

  const query = async (...options: readonly string[]): Promise<Response> => {
    await openssl.run("ts", "-query", "-data", "data", ...options, "-out", "query");
    const answer = await post(sandbox, await openssl.read("query"));
    await openssl.write("reply", new Uint8Array(await answer.clone().arrayBuffer()));
    return answer;
  };
  const verify = (...options: readonly string[]): Promise<string> =>
    openssl.run("ts", "-verify", "-in", "reply", ...options, "-CAfile", "root.pem");
  const untrusted = ["-untrusted", "chain.pem"];

  for (const digest of ["sha256", "sha384", "sha512"]) {
    it(`stamps a ${digest} imprint, and openssl accepts it`, async () => {
      const answer = await query(`-${digest}`, "-cert");
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get("content-type"), "application/timestamp-reply");
      await verify("-queryfile", "query");
      await query(`-${digest}`);
      await verify("-queryfile", "query", ...untrusted);
      await query(`-${digest}`, "-no_nonce");
      await verify("-data", "data", ...untrusted);
    });
  }

  it("embeds its certificates only when asked to", async () => {
    await query("-sha256");
    await assert.rejects(verify("-queryfile", "query"));
  });

  it("refuses weak digests, other media types and what is no query", async () => {
    assert.equal((await query("-sha1")).status, 400);
    assert.equal((await query("-sha256", "-tspolicy", "1.2.3")).status, 400);
    assert.equal((await post(sandbox, Buffer.from("no query"))).status, 400);
    const plain = await fetch(sandbox.urls.tsa, { method: "POST", body: "{}" });
    assert.equal(plain.status, 415);
  });

  const corruptions: readonly Corruption[] = ["wrong-nonce", "wrong-imprint", "rejected"];
  for (const what of corruptions) {
    it(`answers with ${what} when the dial says so`, async () => {
      sandbox.faults.add({ service: "tsa", times: 1, fault: { kind: "corrupt", what } });
      await query("-sha256", "-cert");
      await assert.rejects(verify("-queryfile", "query"));
      await query("-sha256", "-cert");
      await verify("-queryfile", "query");
    });
  }

  it("is a year off when the dial says so", async () => {
    const what = "wrong-time";
    sandbox.faults.add({ service: "tsa", times: 1, fault: { kind: "corrupt", what } });
    await query("-sha256", "-cert");
    const printed = await openssl.run("ts", "-reply", "-in", "reply", "-text");
    assert.match(printed, new RegExp(`Time stamp: .* ${new Date().getUTCFullYear() - 1} GMT`));
  });

  it("signs with an unknown key when the dial says so", async () => {
    sandbox.faults.add({ service: "tsa", times: 1, fault: { kind: "wrong-key" } });
    await query("-sha256", "-cert");
    await assert.rejects(verify("-queryfile", "query"));
  });
});

function post(sandbox: Sandbox, body: Buffer): Promise<Response> {
  return fetch(sandbox.urls.tsa, {
    method: "POST",
    headers: { "content-type": "application/timestamp-query" },
    body: new Uint8Array(body),
  });
}
