// A marked secret is found in no error, however the door fails and whatever the server echoes.

import assert from "node:assert/strict";
import type http from "node:http";
import { before, test } from "node:test";
import type { Http, HttpRequest, RetryReason } from "../../src/services/http.ts";
import { redactionFor } from "../../src/services/redaction.ts";
import {
  ask,
  everythingIn,
  makeAuthority,
  openDoor,
  serve,
  serveProxy,
  serveRaw,
  serveTls,
  type Authority,
} from "./servers.ts";

const jwt = `eyJhbGciOiJSUzI1NiJ9.${Buffer.from('{"sub":"MARKED"}').toString("base64url")}.c2lnbmF0dXJlTUFSS0VE`;
const marks = ["MARKEDTOKEN", "MARKEDBODY", "MARKEDHEADER", "MARKEDQUERY", "c2lnbmF0dXJlTUFSS0VE"];

let authority: Authority;
before(() => {
  authority = makeAuthority();
});

function marked(url: URL | string, more: Partial<HttpRequest> = {}): HttpRequest {
  return ask(new URL("/path?secret=MARKEDQUERY", url), {
    method: "POST",
    authorization: "Bearer MARKEDTOKEN",
    headers: { "x-secret": "MARKEDHEADER" },
    body: `{"token":"${jwt}","key":"MARKEDBODY"}`,
    timeoutMs: 200,
    maxBytes: 2000,
    ...more,
  });
}

/** The whole of what a run could print about a request that fails. */
async function outcome(door: Http, request: HttpRequest): Promise<string> {
  const reasons: RetryReason[] = [];
  try {
    await door.request({ ...request, onRetry: (reason) => reasons.push(reason) });
  } catch (error) {
    return everythingIn([error, reasons]);
  }
  throw new Error("expected an error");
}

function assertUnmarked(text: string): void {
  for (const mark of marks) assert.ok(!text.includes(mark), `${mark} in ${text}`);
}

/** Sends back everything it was sent. */
function echo(status: number) {
  return (response: http.ServerResponse, _index: number, request: http.IncomingMessage): void => {
    response.writeHead(status);
    response.end(`${request.headers.authorization ?? ""} ${jwt} ${"x".repeat(5000)}`);
  };
}

test("an echo in a 503, in a 500 that is too large, in a good answer that is too large", async (t) => {
  for (const status of [503, 500, 200]) {
    const server = await serve(t, echo(status));
    const door = openDoor(t, { budgetMs: 1000 });
    assertUnmarked(await outcome(door, marked(server.url)));
  }
});

test("an echo that is not HTTP, cut, hanging", async (t) => {
  for (const speak of [
    "MARKEDTOKEN MARKEDBODY\r\n\r\n",
    "HTTP/1.1 200 OK\r\nx: MARKEDTOKEN\r\n",
    "HTTP/1.1 200 OK\r\nbad header MARKEDTOKEN\r\n\r\n",
  ]) {
    const server = await serveRaw(t, (socket) => {
      socket.once("data", () => socket.end(speak));
    });
    const door = openDoor(t, { budgetMs: 1000 });
    assertUnmarked(await outcome(door, marked(server.url)));
  }
  const silent = await serve(t, () => undefined);
  assertUnmarked(await outcome(openDoor(t, { budgetMs: 300 }), marked(silent.url)));
});

test("deadline, cancelling, plain http, unknown host, refused connection", async (t) => {
  const server = await serve(t, echo(503));
  const door = openDoor(t, { budgetMs: 1000 });
  const deadline = new Date(door.now() + 100);
  for (const request of [
    marked(server.url, { deadline }),
    marked(server.url, { signal: AbortSignal.abort(new Error("MARKEDTOKEN")) }),
    marked("http://rekor.example/"),
    marked("https://rekor.invalid/"),
    marked("http://127.0.0.1:1/"),
  ]) {
    assertUnmarked(await outcome(door, request));
  }
});

test("TLS that is not trusted, and a proxy that refuses", async (t) => {
  const server = await serveTls(t, authority.good, echo(200));
  assertUnmarked(await outcome(openDoor(t), marked(server.url)));
  const proxy = await serveProxy(t, { target: server.port, credentials: "me:other" });
  const https = `http://MARKEDTOKEN:MARKEDBODY@127.0.0.1:${proxy.port}`;
  const door = openDoor(t, { proxy: { https } });
  const text = await outcome(door, marked("https://service.example/"));
  assertUnmarked(text);
  assert.ok(!text.includes(Buffer.from("MARKEDTOKEN:MARKEDBODY").toString("base64")));
});

test("the run's own redaction is asked too, before the text is cut", async (t) => {
  const secret = "s".repeat(400);
  const server = await serve(t, (response) => response.writeHead(500).end(`key ${secret}`));
  const redact = (text: string): string => text.replaceAll(secret, "***");
  const door = openDoor(t, { budgetMs: 0, redact });
  const text = await outcome(door, ask(server.url));
  assert.match(text, /It said "key \*\*\*"\./);
});

test("tokens are known by their form, also cut ones; credentials of any scheme by value", () => {
  const redact = redactionFor((text) => text, "Basic bWU6c2VjcmV0");
  assert.equal(redact(`a ${jwt} b`), "a *** b");
  assert.equal(redact(`a ${jwt.slice(0, 60)}`), "a ***");
  assert.equal(redact("got bWU6c2VjcmV0!"), "got ***!");
  assert.equal(redactionFor((text) => text, undefined)("plain"), "plain");
  assert.equal(redactionFor((text) => text, "justatoken")("a justatoken"), "a ***");
});
