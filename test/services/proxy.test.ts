// Proxies: which one is chosen, and the way through a real one.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { SigstepError } from "../../src/errors.ts";
import { createHttp } from "../../src/services/door.ts";
import { parseProxySettings } from "../../src/services/proxy.ts";
import {
  ask,
  errorOf,
  everythingIn,
  makeAuthority,
  openDoor,
  serve,
  serveProxy,
  serveRaw,
  serveTls,
  textOf,
  type Authority,
} from "./servers.ts";

let authority: Authority;
before(() => {
  authority = makeAuthority();
});

test("https takes HTTPS_PROXY, http takes HTTP_PROXY, neither the other's", () => {
  const both = parseProxySettings({ http: "http://plain:1", https: "http://secure:2" });
  assert.equal(both(new URL("https://a.example/"))?.host, "secure:2");
  assert.equal(both(new URL("http://a.example/"))?.host, "plain:1");
  const plain = parseProxySettings({ http: "http://plain:1" });
  assert.equal(plain(new URL("https://a.example/")), undefined);
  assert.equal(parseProxySettings({})(new URL("https://a.example/")), undefined);
});

test("a proxy may be written without scheme, with default port, with credentials", () => {
  const hostOf = (https: string): string | undefined =>
    parseProxySettings({ https })(new URL("https://a.example/"))?.host;
  assert.equal(hostOf("proxy.example:3128"), "proxy.example:3128");
  assert.equal(hostOf(" proxy.example "), "proxy.example:80");
  assert.equal(hostOf("https://proxy.example"), "proxy.example:443");
  assert.equal(hostOf("http://me:secret@proxy.example:3128/"), "proxy.example:3128");
  assert.equal(hostOf(""), undefined);
});

test("credentials are percent-decoded, and kept out of the URL", () => {
  const choose = parseProxySettings({ https: "http://m%40e:s%3Acret@proxy:1" });
  const proxy = choose(new URL("https://a.example/"));
  assert.equal(proxy?.authorization, `Basic ${Buffer.from("m@e:s:cret").toString("base64")}`);
  assert.equal(proxy.url.href, "http://proxy:1/");
});

for (const text of [
  "socks5://me:geheim@proxy:1",
  "http://me:geheim@",
  "http://me:ge%heim@p:1",
  "::geheim",
]) {
  test("a proxy setting that makes no sense is bad input, and not repeated", () => {
    assert.throws(
      () => createHttp({ budgetMs: 0, now: () => new Date(), proxy: { https: text } }),
      (error) => {
        assert.ok(error instanceof SigstepError);
        assert.equal(error.code, "INPUT_VALUE");
        assert.equal(error.where, "HTTPS_PROXY");
        return !everythingIn(error).includes("heim");
      },
    );
  });
}

test("https goes through a tunnel; the proxy sees host and credentials, not the request", async (t) => {
  const server = await serveTls(t, authority.good, (response) => response.end("hello"));
  const proxy = await serveProxy(t, { target: server.port, credentials: "me:secret" });
  const door = openDoor(t, {
    caPem: authority.ca,
    proxy: { https: `http://me:secret@127.0.0.1:${proxy.port}` },
  });
  const url = "https://service.example/api?x=1";
  const request = ask(url, { authorization: "Bearer token" });
  assert.equal(textOf(await door.request(request)), "hello");
  assert.equal(textOf(await door.request(request)), "hello");
  const [seen] = proxy.seen;
  assert.equal(proxy.seen.length, 1, "the tunnel is kept");
  assert.equal(seen?.line, "CONNECT service.example:443");
  assert.equal(seen.authorization, `Basic ${Buffer.from("me:secret").toString("base64")}`);
  assert.equal(seen.headers.authorization, undefined);
  assert.equal(server.seen[0]?.headers["proxy-authorization"], undefined);
  assert.equal(server.seen[0]?.headers.host, "service.example");
  assert.equal(server.seen[0].headers.authorization, "Bearer token");
});

test("plain http to an allowed host is forwarded", async (t) => {
  const server = await serve(t, (response) => response.end("hello"));
  const proxy = await serveProxy(t, { target: server.port, credentials: "me:secret" });
  const door = openDoor(t, {
    insecureHosts: ["service.example"],
    proxy: { http: `http://me:secret@127.0.0.1:${proxy.port}` },
  });
  const answer = await door.request(
    ask("http://service.example/api?x=1", { method: "POST", body: "b" }),
  );
  assert.equal(textOf(answer), "hello");
  assert.equal(proxy.seen[0]?.line, "POST http://service.example/api?x=1");
  assert.equal(server.seen[0]?.headers.host, "service.example");
});

test("a host in NO_PROXY and loopback are asked directly", async (t) => {
  const server = await serve(t, (response) => response.end("hello"));
  const proxy = await serveProxy(t, { target: server.port });
  const address = `http://127.0.0.1:${proxy.port}`;
  const door = openDoor(t, { proxy: { http: address, https: address, no: "sigstep.invalid" } });
  assert.equal(textOf(await door.request(ask(server.url))), "hello");
  const error = await errorOf(door.request(ask("https://rekor.sigstep.invalid/")));
  assert.match(error.message, /ENOTFOUND/);
  assert.equal(proxy.seen.length, 0);
});

for (const [scheme, url] of [
  ["https", "https://service.example/"],
  ["http", "http://service.example/"],
] as const) {
  for (const password of ["", "me:wr0ng@"]) {
    test(`${scheme}: the proxy wants other credentials than "${password}"`, async (t) => {
      const proxy = await serveProxy(t, { target: 1, credentials: "me:secret" });
      const address = `http://${password}127.0.0.1:${proxy.port}`;
      const door = openDoor(t, {
        insecureHosts: ["service.example"],
        proxy: { http: address, https: address },
      });
      const error = await errorOf(door.request(ask(url)));
      assert.equal(error.code, "SERVICE_UNAVAILABLE");
      assert.equal(
        error.message,
        `The proxy 127.0.0.1:${proxy.port} asks for a user name and password, or does not accept ours (407); Rekor (service.example) was not reached.`,
      );
      assert.match(error.hint, /http:\/\/user:password@host:port/);
      assert.equal(proxy.seen.length, 1, "not tried again");
      assert.ok(!everythingIn(error).includes("wr0ng"));
      assert.ok(!everythingIn(error).includes(Buffer.from("me:wr0ng").toString("base64")));
    });
  }
}

test("a proxy that refuses the host is not asked again", async (t) => {
  const proxy = await serveProxy(t, { target: 1, refuse: 403 });
  const door = openDoor(t, { proxy: { https: `http://127.0.0.1:${proxy.port}` } });
  const error = await errorOf(door.request(ask("https://service.example/")));
  assert.match(
    error.message,
    /^The proxy 127\.0\.0\.1:\d+ refuses \(403\); Rekor \(service\.example\)/,
  );
  assert.match(error.hint, /NO_PROXY/);
  assert.equal(proxy.seen.length, 1);
});

test("a proxy with trouble of its own is tried again, and the end names it", async (t) => {
  const proxy = await serveProxy(t, { target: 1, refuse: 503 });
  const door = openDoor(t, {
    budgetMs: 2000,
    proxy: { https: `http://127.0.0.1:${proxy.port}` },
  });
  const error = await errorOf(door.request(ask("https://service.example/")));
  assert.match(
    error.message,
    /^Rekor \(service\.example through proxy 127\.0\.0\.1:\d+\) gave no answer in 2 s \(\d tries, last proxy answered 503\)\.$/,
  );
  assert.ok(proxy.seen.length > 1);
});

test("a proxy that is not there", async (t) => {
  const door = openDoor(t, { budgetMs: 1000, proxy: { https: "http://127.0.0.1:1" } });
  const error = await errorOf(door.request(ask("https://service.example/")));
  assert.match(
    error.message,
    /through proxy 127\.0\.0\.1:1\) gave no answer in 1 s .*ECONNREFUSED/,
  );
});

test("a proxy that accepts and says nothing is given up in time", async (t) => {
  const proxy = await serveRaw(t, () => undefined);
  const door = openDoor(t, { budgetMs: 0, proxy: { https: proxy.url.href } });
  const error = await errorOf(door.request(ask("https://service.example/", { timeoutMs: 100 })));
  assert.match(error.message, /no answer within 0\.1 s/);
});

test("header and size limits hold through a proxy", async (t) => {
  const server = await serveTls(t, authority.good, (response, index) => {
    if (index === 0) {
      for (let i = 0; i < 60; i++) response.setHeader(`x-filler-${i}`, "y".repeat(980));
      response.end("ok");
    } else if (index === 1) {
      for (let i = 0; i < 70; i++) response.setHeader(`x-filler-${i}`, "y".repeat(980));
      response.end("ok");
    } else response.end("z".repeat(2000));
  });
  const proxy = await serveProxy(t, { target: server.port });
  const door = openDoor(t, { caPem: authority.ca, proxy: { https: `127.0.0.1:${proxy.port}` } });
  const request = ask("https://service.example/", { maxBytes: 1000 });
  assert.equal((await door.request(request)).status, 200);
  assert.match((await errorOf(door.request(request))).message, /headers are larger than 64 KiB/);
  assert.match((await errorOf(door.request(request))).message, /larger than 1000 bytes/);
});
