// Whom TLS trusts: every way a certificate can fail, and what is said about it.

import assert from "node:assert/strict";
import { before, test } from "node:test";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createHttp } from "../../src/services/door.ts";
import {
  ask,
  errorOf,
  makeAuthority,
  openDoor,
  serve,
  serveTls,
  textOf,
  type Authority,
} from "./servers.ts";

let authority: Authority;
before(() => {
  authority = makeAuthority();
});

test("an unknown authority: said at the first try, with what to do", async (t) => {
  const server = await serveTls(t, authority.good, (response) => response.end("hello"));
  const error = await errorOf(openDoor(t).request(ask(server.url)));
  assert.equal(error.code, "SERVICE_UNAVAILABLE");
  assert.equal(
    error.message,
    `Rekor (${server.url.host}) is not trusted: its TLS certificate is from an authority unknown here (UNABLE_TO_VERIFY_LEAF_SIGNATURE).`,
  );
  assert.match(error.hint, /ca-file or in NODE_EXTRA_CA_CERTS/);
  assert.equal(server.seen.length, 0);
});

test("with ca-file the same server is trusted", async (t) => {
  const server = await serveTls(t, authority.good, (response) => response.end("hello"));
  const door = openDoor(t, { caPem: authority.ca });
  assert.equal(textOf(await door.request(ask(server.url))), "hello");
});

test("several authorities in one file, with text between them", async (t) => {
  const server = await serveTls(t, authority.good, (response) => response.end("hello"));
  const caPem = `one\r\n${makeAuthority().ca}\r\ntwo\r\n${authority.ca}`;
  assert.equal(textOf(await openDoor(t, { caPem }).request(ask(server.url))), "hello");
});

test("another authority does not help", async (t) => {
  const server = await serveTls(t, authority.good, (response) => response.end("hello"));
  const door = openDoor(t, { caPem: makeAuthority().ca });
  assert.match((await errorOf(door.request(ask(server.url)))).message, /unknown here/);
});

test("NODE_EXTRA_CA_CERTS is honoured, also beside ca-file", async (t) => {
  const server = await serveTls(t, authority.good, (response) => response.end("hello"));
  const directory = mkdtempSync(join(tmpdir(), "sigstep-door-"));
  t.after(() => rmSync(directory, { recursive: true }));
  writeFileSync(join(directory, "ca.pem"), authority.ca);
  const door = JSON.stringify(new URL("../../src/services/door.ts", import.meta.url).href);
  // A process of its own: node reads the variable when it starts. The server answers from this one,
  // so the child runs beside it.
  const script = `
    const { createHttp } = await import(${door});
    const ask = { service: "Rekor", method: "GET", url: new URL(process.argv[1]), timeoutMs: 5000, maxBytes: 100, retry: "never" };
    for (const caPem of [undefined, process.argv[2]]) {
      const http = createHttp({ budgetMs: 0, now: () => new Date(), caPem });
      console.log(Buffer.from((await http.request(ask)).body).toString());
      await http.close();
    }`;
  const output = await new Promise<string>((resolve, reject) => {
    execFile(
      process.execPath,
      ["--input-type=module", "-e", script, server.url.href, makeAuthority().ca],
      { env: { ...process.env, NODE_EXTRA_CA_CERTS: join(directory, "ca.pem") } },
      (error, stdout, stderr) => {
        if (error === null) resolve(stdout);
        else reject(new Error(stderr));
      },
    );
  });
  assert.equal(output, "hello\nhello\n");
});

test("a certificate for another name", async (t) => {
  const server = await serveTls(t, authority.otherName, (response) => response.end("hello"));
  const error = await errorOf(openDoor(t, { caPem: authority.ca }).request(ask(server.url)));
  assert.match(
    error.message,
    /its TLS certificate is for another name \(ERR_TLS_CERT_ALTNAME_INVALID\)/,
  );
});

test("an expired certificate", async (t) => {
  const server = await serveTls(t, authority.expired, (response) => response.end("hello"));
  const error = await errorOf(openDoor(t, { caPem: authority.ca }).request(ask(server.url)));
  assert.match(error.message, /its TLS certificate is not valid at this time \(CERT_HAS_EXPIRED\)/);
  assert.match(error.hint, /clock/);
});

test("https to a port that speaks plain http", async (t) => {
  const server = await serve(t, (response) => response.end("hello"));
  const error = await errorOf(openDoor(t).request(ask(`https://127.0.0.1:${server.port}/`)));
  assert.match(error.message, /is not trusted: no TLS connection can be made \((ERR_SSL_|EPROTO)/);
  assert.match(error.hint, /plain http port/);
});

test("a private authority for a proxy that is reached over TLS", async (t) => {
  const server = await serveTls(t, authority.good, (response) => response.end("hello"));
  const door = openDoor(t, { caPem: authority.ca, proxy: { https: server.url.href } });
  // The server is no proxy: what matters is that TLS to it holds and CONNECT is refused or cut.
  const error = await errorOf(
    door.request(ask("https://service.example/", { retry: "never", timeoutMs: 500 })),
  );
  assert.doesNotMatch(error.message, /not trusted/);
});

for (const [what, pem] of [
  ["nothing", ""],
  ["a key", () => authority.good.key],
  ["a torn certificate", () => authority.ca.replace(/\n[A-Za-z0-9+/=]+\n-----END/, "\n-----END")],
] as const) {
  test(`a ca-file that holds ${what} is bad input`, () => {
    const caPem = typeof pem === "string" ? pem : pem();
    assert.throws(() => createHttp({ budgetMs: 0, now: () => new Date(), caPem }), {
      code: "INPUT_VALUE",
      where: "ca-file",
    });
  });
}
