// The way to the services: private authorities, proxies, and servers that repeat what they were sent.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { before, describe, type TestContext } from "node:test";
import { createServer } from "node:tls";
import { makeAuthority, serveProxy, type Authority } from "../services/servers.ts";
import { Edited } from "./edited.ts";
import { scenario, type Scene } from "./harness.ts";

describe("https", { concurrency: 3 }, () => {
  let authority: Authority;
  before(() => {
    authority = makeAuthority();
  });

  /** Puts TLS before the sandbox's Fulcio, and tells the program to go there, by `host`. */
  async function wrapFulcio(
    scene: Scene,
    t: TestContext,
    { kind = "good", host }: { kind?: "good" | "otherName" | "expired"; host?: string } = {},
  ): Promise<number> {
    const { hostname, port } = new URL(scene.sandbox.urls.fulcio);
    const server = createServer(authority[kind], (socket) => {
      const onward = connect(Number(port), hostname);
      for (const end of [socket, onward]) end.on("error", () => end.destroy());
      socket.pipe(onward).pipe(socket);
    });
    server.on("tlsClientError", () => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    t.after(() => server.close());
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    const url = `https://${host ?? `127.0.0.1:${address.port}`}/`;
    const config = new Edited(scene.sandbox.signingConfig.v1).set(url, "caUrls", 0, "url");
    const path = await scene.give("config.json", String(config));
    scene.setEnvironment({ SIGSTEP_SIGNING_CONFIG: path });
    await scene.write("app.zip");
    return address.port;
  }

  scenario(
    "an authority that nobody knows: refused at once, with what to give",
    async (scene, t) => {
      await wrapFulcio(scene, t);
      const run = await scene.sign(["app.zip"]);
      await scene.assertRefused(run, {
        exit: 1,
        code: "SERVICE_UNAVAILABLE",
        says: /^Fulcio \(127\.0\.0\.1:\d+\) is not trusted: its TLS certificate is from an authority unknown here/,
        hint: /ca-file or in NODE_EXTRA_CA_CERTS/,
      });
      assert.ok(run.seconds < 10);
      assert.equal(scene.asked().certificate, undefined, "the token was not sent");
    },
  );

  scenario("the same authority, given as ca-file", async (scene, t) => {
    await wrapFulcio(scene, t);
    const run = await scene.sign([
      "app.zip",
      "--ca-file",
      await scene.give("ca.pem", authority.ca),
    ]);
    await scene.assertSigned(run, ["app.zip"]);
  });

  scenario("the same authority, in NODE_EXTRA_CA_CERTS", async (scene, t) => {
    await wrapFulcio(scene, t);
    const env = { NODE_EXTRA_CA_CERTS: await scene.give("ca.pem", authority.ca) };
    await scene.assertSigned(await scene.sign(["app.zip"], { env }), ["app.zip"]);
  });

  for (const [kind, says, hint] of [
    ["otherName", /its TLS certificate is for another name/, /Check the URL/],
    ["expired", /its TLS certificate is not valid at this time/, /clock/],
  ] as const) {
    scenario(`a certificate that is ${kind}`, async (scene, t) => {
      await wrapFulcio(scene, t, { kind });
      const ca = await scene.give("ca.pem", authority.ca);
      await scene.assertRefused(await scene.sign(["app.zip", "--ca-file", ca]), {
        exit: 1,
        code: "SERVICE_UNAVAILABLE",
        says,
        hint,
      });
      assert.equal(scene.asked().certificate, undefined);
    });
  }

  scenario("a port that does not speak TLS", async (scene) => {
    const url = scene.sandbox.urls.fulcio.replace("http:", "https:");
    const config = new Edited(scene.sandbox.signingConfig.v1).set(url, "caUrls", 0, "url");
    scene.setEnvironment({
      SIGSTEP_SIGNING_CONFIG: await scene.give("config.json", String(config)),
    });
    await scene.write("app.zip");
    await scene.assertRefused(await scene.sign(["app.zip"]), {
      exit: 1,
      code: "SERVICE_UNAVAILABLE",
      says: /no TLS connection can be made/,
      hint: /a plain http port does not speak TLS/,
    });
  });

  scenario(
    "a proxy that asks for a password: given in HTTPS_PROXY, it is not repeated",
    async (scene, t) => {
      const target = await wrapFulcio(scene, t, { host: "service.example" });
      const proxy = await serveProxy(t, { target, credentials: "ci:correct-horse-battery" });
      scene.addSecret("proxy password", "correct-horse-battery");
      const ca = ["--ca-file", await scene.give("ca.pem", authority.ca)];
      const env = { HTTPS_PROXY: `http://ci:correct-horse-battery@127.0.0.1:${proxy.port}` };
      await scene.assertSigned(await scene.sign(["app.zip", ...ca], { env }), ["app.zip"]);
      assert.match(proxy.seen[0]?.line ?? "", /^CONNECT service\.example:443$/);
      const seen = proxy.seen.length;
      const direct = { ...env, NO_PROXY: ".example" };
      const run = await scene.sign(["app.zip", "--force", "--retry-budget=0", ...ca], {
        env: direct,
      });
      assert.match(run.errors[0] ?? "", /^Fulcio \(service\.example\) cannot be found/);
      assert.equal(proxy.seen.length, seen);
    },
  );

  scenario("a proxy that asks for another password", async (scene, t) => {
    const target = await wrapFulcio(scene, t, { host: "service.example" });
    const proxy = await serveProxy(t, { target, credentials: "ci:right" });
    scene.addSecret("proxy password", "wrong-horse-battery");
    const env = { HTTPS_PROXY: `http://ci:wrong-horse-battery@127.0.0.1:${proxy.port}` };
    await scene.assertRefused(await scene.sign(["app.zip"], { env }), {
      exit: 1,
      code: "SERVICE_UNAVAILABLE",
      says: /^The proxy 127\.0\.0\.1:\d+ asks for a user name and password.*\(407\); Fulcio \(.*\) was not reached/,
      hint: /HTTPS_PROXY: http:\/\/user:password@host:port/,
    });
  });
});

describe("settings of the network", { concurrency: 3 }, () => {
  for (const [name, content, code, says] of [
    [
      "is not there",
      undefined,
      "INPUT_UNREADABLE",
      /^Input ca-file: ".*" cannot be read \(ENOENT\)\./,
    ],
    ["holds no certificate", "hello", "INPUT_VALUE", /ca-file holds no certificate/],
  ] as const) {
    scenario(`bad input: ca-file ${name}`, async (scene) => {
      await scene.write("app.zip");
      const path = content === undefined ? "nothing.pem" : await scene.give("ca.pem", content);
      await scene.assertRefused(await scene.sign(["app.zip", "--ca-file", path]), {
        exit: 2,
        code,
        says,
        hint: /./,
      });
    });
  }

  scenario("bad input: a proxy that is no URL", async (scene) => {
    await scene.write("app.zip");
    const env = { HTTPS_PROXY: "http://user:hunter2-hunter2@[proxy" };
    scene.addSecret("proxy password", "hunter2-hunter2");
    await scene.assertRefused(await scene.sign(["app.zip"], { env }), {
      exit: 2,
      code: "INPUT_VALUE",
      says: /HTTPS_PROXY is not the URL of an http or https proxy/,
      hint: /http:\/\/host:port/,
    });
  });

  scenario("nobody listens: says so, with host and tries", async (scene) => {
    await scene.write("app.zip");
    const config = new Edited(scene.sandbox.signingConfig.v1).set(
      "http://127.0.0.1:9/",
      "caUrls",
      0,
      "url",
    );
    const args = [
      "--signing-config",
      await scene.give("config.json", String(config)),
      "--retry-budget=1",
    ];
    await scene.assertRefused(await scene.sign(["app.zip", ...args]), {
      exit: 1,
      code: "SERVICE_UNAVAILABLE",
      says: /^Fulcio \(127\.0\.0\.1:9\) .*tries, last ECONNREFUSED\)/,
      hint: /run again\. If this machine reaches it only through a proxy, set HTTPS_PROXY/,
    });
  });
});

describe("servers that repeat the token", { concurrency: 3 }, () => {
  for (const [status, code] of [
    [400, "IDENTITY_REFUSED"],
    [404, "SERVICE_REFUSED"],
    [503, "SERVICE_UNAVAILABLE"],
  ] as const) {
    scenario(`Fulcio, with ${status}: what it says is told without`, async (scene) => {
      await scene.write("app.zip");
      const token = await scene.token();
      const body = JSON.stringify({ message: `your token ${token} is of no use` });
      scene.fault("fulcio", { kind: "status", status, body });
      const env = { SIGSTEP_IDENTITY_TOKEN: token };
      const run = await scene.sign(["app.zip", "--retry-budget=0"], { env });
      await scene.assertRefused(run, {
        exit: 1,
        code,
        says: /your token \*\*\* is of no use/,
        hint: /./,
      });
    });
  }

  scenario("GitHub's identity service, the credential", async (scene) => {
    await scene.write("app.zip");
    const { requestToken } = scene.sandbox.issuers.github;
    scene.fault("issuer", {
      kind: "status",
      status: 403,
      body: `no permission for ${requestToken}`,
    });
    await scene.assertRefused(await scene.sign(["app.zip"]), {
      exit: 1,
      code: "IDENTITY_UNAVAILABLE",
      says: /no permission for \*\*\*/,
      hint: /id-token: write/,
    });
  });

  scenario("a token where its file belongs is not repeated", async (scene) => {
    await scene.write("app.zip");
    const run = await scene.sign([
      "app.zip",
      "--identity-token-file",
      "eyJhbGciOiJub25lIn0.eyJtYXJrIjoieCJ9.x",
    ]);
    await scene.assertRefused(run, {
      exit: 2,
      code: "INPUT_UNREADABLE",
      says: /a token, not a path/,
      hint: /Check the path/,
    });
    assert.doesNotMatch(run.log, /eyJ/);
  });
});
