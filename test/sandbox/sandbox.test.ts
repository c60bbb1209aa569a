import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { askFulcio, certify, chainOf, newKey, signingRequest, trustedChain } from "./client.ts";
import { at, dig, list, text } from "./wire.ts";

describe("the sandbox", () => {
  it("listens on loopback alone, and stops", async () => {
    const sandbox = await startSandbox();
    for (const url of Object.values({ ...sandbox.urls }).map(String)) {
      assert.ok(["localhost", "127.0.0.1"].includes(new URL(url).hostname));
    }
    await sandbox.close();
    await assert.rejects(fetch(sandbox.urls.fulcio));
  });

  it("says in every name that it is not for production", async () => {
    await using sandbox = await open();
    const chains = ["certificateAuthorities", "timestampAuthorities"].flatMap((kind) =>
      trustedChain(sandbox, kind),
    );
    assert.equal(chains.length, 5);
    for (const pem of chains) {
      const { subject, issuer } = new X509Certificate(pem);
      for (const name of [subject, issuer].map((text) => text.replaceAll("\\", ""))) {
        assert.match(name, /O=sigstep sandbox, not for production/);
        assert.match(name, /CN=sigstep sandbox [a-z ]+, not for production/);
      }
    }
    const root: unknown = JSON.parse(sandbox.trustedRoot);
    for (const log of [...list(at(root, "tlogs")), ...list(at(root, "ctlogs"))]) {
      assert.match(text(at(log, "baseUrl")), /sigstep-sandbox-not-for-production\.invalid$/);
    }
    assert.match(sandbox.signingConfig.v1, /"operator": "sigstep sandbox, not for production"/);
  });

  it("writes its trust files and gives the environment that uses them", async () => {
    await using sandbox = await open();
    const directory = await mkdtemp(join(tmpdir(), "sigstep-sandbox-"));
    const environment = await sandbox.environment(join(directory, "new"), { rekorVersion: 2 });
    assert.equal(environment.ACTIONS_ID_TOKEN_REQUEST_URL, sandbox.issuers.github.requestUrl);
    const config = await readFile(environment.SIGSTEP_SIGNING_CONFIG ?? "", "utf8");
    assert.equal(config, sandbox.signingConfig.v2);
    const [log] = list(at(JSON.parse(config), "rekorTlogUrls"));
    assert.equal(at(log, "url"), sandbox.urls.rekor2);
    assert.equal(at(log, "majorApiVersion"), 2);
    const root = await readFile(environment.SIGSTEP_TRUSTED_ROOT ?? "", "utf8");
    assert.equal(root, sandbox.trustedRoot);
    const gitlab = await sandbox.environment(directory, { runner: "gitlab" });
    assert.equal(gitlab.GITLAB_CI, "true");
    assert.equal(gitlab.SIGSTORE_ID_TOKEN?.split(".").length, 3);
    await rm(directory, { recursive: true });
  });

  it("has no CT log when told so", async () => {
    await using sandbox = await open({ ctLog: false });
    assert.deepEqual(at(JSON.parse(sandbox.trustedRoot), "ctlogs"), []);
    const token = await sandbox.issuers.github.token();
    const reply = await askFulcio(sandbox, signingRequest(token, newKey()));
    const detached = at(reply.body, "signedCertificateDetachedSct");
    assert.equal(at(detached, "signedCertificateTimestamp"), "");
    const [leaf = ""] = chainOf(reply);
    const sctListOid = Buffer.from("060a2b06010401d679020402", "hex");
    assert.ok(!new X509Certificate(leaf).raw.includes(sctListOid));
    assert.equal(sandbox.requests.count("ct"), 0);
  });

  it("lives by the clock and the lifetimes it is given", async () => {
    const clock = { now: new Date("2031-05-06T07:08:09Z") };
    await using sandbox = await open({
      clock: () => clock.now,
      certificateLifetimeSeconds: 65,
      tokenLifetimeSeconds: 30,
    });
    const [pem = ""] = await certify(sandbox, "github", newKey());
    const leaf = new X509Certificate(pem);
    assert.equal(leaf.validFromDate.toISOString(), "2031-05-06T07:08:09.000Z");
    assert.equal(leaf.validToDate.toISOString(), "2031-05-06T07:09:14.000Z");
    const token = await sandbox.issuers.github.token();
    clock.now = new Date("2031-05-06T07:08:40Z");
    const reply = await askFulcio(sandbox, signingRequest(token, newKey()));
    assert.equal(reply.status, 400);
  });

  it("counts requests, and shows where a token went", async () => {
    await using sandbox = await open();
    const { requests, issuers } = sandbox;
    const { requestUrl, requestToken } = issuers.github;
    await fetch(requestUrl, { headers: { authorization: `Bearer ${requestToken}` } });
    await certify(sandbox, "github", newKey());
    assert.equal(requests.count("issuer", "GET", "/token"), 1);
    assert.equal(requests.count("fulcio", "POST", "/api/v2/signingCert"), 1);
    assert.equal(requests.count("ct"), 1);
    const holders = requests
      .list()
      .filter((request) => JSON.stringify(request).includes(requestToken));
    assert.deepEqual(
      holders.map(({ service, path }) => [service, path]),
      [["issuer", "/token?api-version=2.0"]],
    );
    requests.clear();
    assert.equal(requests.count("issuer"), 0);
  });

  it("takes fixed ports", async () => {
    const first = await startSandbox();
    const port = Number(new URL(first.urls.rekor1).port);
    await first.close();
    await using sandbox = await open({ ports: { rekor1: port } });
    assert.equal(sandbox.urls.rekor1, `http://127.0.0.1:${port}`);
  });

  it("changes claims for all later tokens", async () => {
    await using sandbox = await open();
    sandbox.issuers.github.setClaims({ repository_visibility: "private" });
    const claims: unknown = JSON.parse(
      Buffer.from(
        (await sandbox.issuers.github.token()).split(".")[1] ?? "",
        "base64url",
      ).toString(),
    );
    assert.equal(dig(claims, "repository_visibility"), "private");
  });
});

async function open(
  options?: Parameters<typeof startSandbox>[0],
): Promise<Awaited<ReturnType<typeof startSandbox>> & AsyncDisposable> {
  const sandbox = await startSandbox(options);
  return { ...sandbox, [Symbol.asyncDispose]: () => sandbox.close() };
}
