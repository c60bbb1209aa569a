// The certificates of the sandbox beside those of the real Fulcio, for the same claims: every extension
// must be there in both, with the same criticality and the same bytes.
import "reflect-metadata";
import * as x509 from "@peculiar/x509";
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { startSandbox, type Sandbox } from "../../src/sandbox/sandbox.ts";
import { startStack, type Stack } from "../stack/start.ts";
import { chainOf, newKey, signingRequest, type Reply } from "./client.ts";
import { postJson } from "./wire.ts";

/** Extensions that hold keys or signatures, and so differ: compared by presence alone. */
const ofTheAuthority = ["2.5.29.14", "2.5.29.35", "1.3.6.1.4.1.11129.2.4.2"];
const kinds = ["github", "gitlab", "email"] as const;

describe("a certificate of the sandbox", () => {
  const key = newKey();
  let sandbox: Sandbox;
  let stack: Stack;
  before(async () => {
    stack = await startStack();
    sandbox = await startSandbox();
  });
  after(async () => {
    await sandbox.close();
    await stack.stop();
  });

  for (const kind of kinds) {
    it(`says the same as one of the real Fulcio, for ${kind}`, async () => {
      const real = await ask(stack.urls.fulcio, await stack[`${kind}Token`]());
      const ours = await ask(sandbox.urls.fulcio, await sandbox.issuers[kind].token());
      assert.deepEqual(
        describeLeaf(ours, sandbox.urls[kind]),
        describeLeaf(real, stack.urls[kind]),
      );
    });
  }

  it("is refused in the same words", async () => {
    const requests = (token: string): unknown[] => {
      const mixed = { publicKey: newKey().publicKey, privateKey: key.privateKey };
      return [
        signingRequest(token, mixed),
        { credentials: { oidcIdentityToken: "x.y.z" }, certificateSigningRequest: "AAAA" },
        { credentials: { oidcIdentityToken: token }, certificateSigningRequest: "AAAA" },
      ];
    };
    const real = requests(await stack.githubToken());
    const ours = requests(await sandbox.issuers.github.token());
    for (const [index, request] of real.entries()) {
      const expected = await post(stack.urls.fulcio, request);
      const found = await post(sandbox.urls.fulcio, ours[index]);
      assert.deepEqual([found.status, found.body], [expected.status, expected.body]);
    }
  });

  async function ask(fulcio: string, token: string): Promise<x509.X509Certificate> {
    const reply = await post(fulcio, signingRequest(token, key));
    assert.equal(reply.status, 200, JSON.stringify(reply.body));
    return new x509.X509Certificate(chainOf(reply)[0] ?? "");
  }
});

function post(fulcio: string, request: unknown): Promise<Reply> {
  return postJson(`${fulcio}/api/v2/signingCert`, request);
}

/** Subject, lifetime and extensions, with the issuer's address taken out. */
function describeLeaf(leaf: x509.X509Certificate, issuer: string): unknown {
  const extensions = leaf.extensions.map(({ type, critical, value }) => {
    const bytes = Buffer.from(value).toString("latin1");
    const named = bytes.replace(`\f${String.fromCharCode(issuer.length)}${issuer}`, "DER ISSUER");
    const compared = ofTheAuthority.includes(type) ? "" : named.replace(issuer, "ISSUER");
    return `${type} ${critical ? "critical" : "normal"} ${compared}`;
  });
  return {
    subject: leaf.subject,
    seconds: (leaf.notAfter.getTime() - leaf.notBefore.getTime()) / 1000,
    extensions: extensions.sort(),
  };
}
