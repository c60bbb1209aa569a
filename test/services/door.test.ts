// One try through the door: what is sent, what is accepted, what is refused.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ask, errorOf, openDoor, serve, serveRaw, textOf } from "./servers.ts";

test("an answer comes back with status, lower-case headers and body", async (t) => {
  const server = await serve(t, (response) => {
    response.writeHead(201, { "X-Mixed": "Case", "set-cookie": ["a=1", "b=2"] }).end("made");
  });
  const answer = await openDoor(t).request(
    ask(new URL("/api/v1/log?x=1", server.url), {
      method: "POST",
      headers: { "content-type": "application/json" },
      authorization: "Bearer token",
      body: '{"a":1}',
    }),
  );
  assert.equal(answer.status, 201);
  assert.equal(answer.headers["x-mixed"], "Case");
  assert.equal(answer.headers["set-cookie"], "a=1, b=2");
  assert.equal(textOf(answer), "made");
  const [seen] = server.seen;
  assert.ok(seen !== undefined);
  assert.equal(seen.path, "/api/v1/log?x=1");
  assert.equal(seen.headers.authorization, "Bearer token");
  assert.equal(seen.headers["user-agent"], "sigstep");
  assert.equal(seen.headers["content-length"], "7");
});

test("bytes are sent and received as they are", async (t) => {
  const server = await serve(t, (response, _index, request) => {
    response.end(request.headers["content-length"]);
  });
  const body = Uint8Array.of(0xff, 0, 0xfe, 1).subarray(1, 3);
  const answer = await openDoor(t).request(ask(server.url, { method: "PUT", body }));
  assert.equal(textOf(answer), "2");
});

test("a connection is kept for the next request", async (t) => {
  const ports = new Set<number | undefined>();
  const server = await serve(t, (response, _index, request) => {
    ports.add(request.socket.remotePort);
    response.end("ok");
  });
  const door = openDoor(t);
  for (let i = 0; i < 5; i++) await door.request(ask(server.url));
  assert.equal(ports.size, 1);
});

test("no more sockets to one origin than allowed", async (t) => {
  const ports = new Set<number | undefined>();
  const server = await serve(t, (response, _index, request) => {
    ports.add(request.socket.remotePort);
    setTimeout(() => response.end("ok"), 5);
  });
  const door = openDoor(t, { connections: 3 });
  await Promise.all(Array.from({ length: 30 }, () => door.request(ask(server.url))));
  assert.equal(server.seen.length, 30);
  assert.ok(ports.size <= 3, `${ports.size} sockets`);
});

for (const status of [200, 204, 304, 400, 401, 403, 404, 409, 413, 422, 501, 505]) {
  test(`a ${status} is an answer at the first try`, async (t) => {
    const server = await serve(t, (response) => response.writeHead(status).end());
    const answer = await openDoor(t).request(ask(server.url));
    assert.equal(answer.status, status);
    assert.equal(server.seen.length, 1);
  });
}

for (const status of [301, 302, 303, 307, 308]) {
  test(`a ${status} is handed back, and nobody else sees the token`, async (t) => {
    const elsewhere = await serve(t, (response) => response.end("got you"));
    const server = await serve(t, (response) => {
      response.writeHead(status, { location: elsewhere.url.href }).end();
    });
    const answer = await openDoor(t).request(ask(server.url, { authorization: "Bearer token" }));
    assert.equal(answer.status, status);
    assert.equal(answer.headers.location, elsewhere.url.href);
    assert.equal(elsewhere.seen.length, 0);
  });
}

test("HTML is an answer like any other: the caller judges it", async (t) => {
  const server = await serve(t, (response) => response.end("<html>hello</html>"));
  assert.equal(textOf(await openDoor(t).request(ask(server.url))), "<html>hello</html>");
});

test("a body of exactly maxBytes is accepted", async (t) => {
  const server = await serve(t, (response) => response.end("x".repeat(1000)));
  const answer = await openDoor(t).request(ask(server.url, { maxBytes: 1000 }));
  assert.equal(answer.body.length, 1000);
});

test("an announced length over maxBytes is refused before it is read, and not tried again", async (t) => {
  const server = await serve(t, (response) => {
    response.writeHead(200, { "content-length": "1000000000" });
    response.write("x");
  });
  const error = await errorOf(openDoor(t).request(ask(server.url, { maxBytes: 1000 })));
  assert.equal(error.code, "SERVICE_ANSWER_INVALID");
  assert.match(
    error.message,
    /^The answer of Rekor \(127\.0\.0\.1:\d+\) is not usable: it is larger than 1000 bytes\.$/,
  );
  assert.equal(server.seen.length, 1);
});

test("an endless chunked body is cut off at maxBytes and its connection taken down", async (t) => {
  let sent = 0;
  const closed = Promise.withResolvers<undefined>();
  const server = await serve(t, (response) => {
    const pour = setInterval(() => {
      sent += 1000;
      response.write("x".repeat(1000));
    }, 1);
    response.on("close", () => {
      clearInterval(pour);
      closed.resolve(undefined);
    });
  });
  const error = await errorOf(openDoor(t).request(ask(server.url, { maxBytes: 10_000 })));
  assert.equal(error.code, "SERVICE_ANSWER_INVALID");
  await closed.promise;
  assert.ok(sent < 500_000);
});

test("60 KB of headers are accepted", async (t) => {
  const server = await serve(t, (response) => {
    for (let i = 0; i < 60; i++) response.setHeader(`x-filler-${i}`, "y".repeat(980));
    response.end("ok");
  });
  const answer = await openDoor(t).request(ask(server.url));
  assert.equal(answer.headers["x-filler-59"]?.length, 980);
});

test("more than 64 KiB of headers are refused, and not tried again", async (t) => {
  const server = await serve(t, (response) => {
    for (let i = 0; i < 70; i++) response.setHeader(`x-filler-${i}`, "y".repeat(980));
    response.end("ok");
  });
  const error = await errorOf(openDoor(t).request(ask(server.url)));
  assert.equal(error.code, "SERVICE_ANSWER_INVALID");
  assert.match(error.message, /its headers are larger than 64 KiB/);
  assert.equal(server.seen.length, 1);
});

test("a compressed answer is refused: it was not asked for", async (t) => {
  const server = await serve(t, (response) => {
    response.writeHead(200, { "content-encoding": "gzip" }).end("?");
  });
  const error = await errorOf(openDoor(t).request(ask(server.url)));
  assert.equal(error.code, "SERVICE_ANSWER_INVALID");
  assert.match(error.message, /compressed/);
  assert.equal(server.seen[0]?.headers["accept-encoding"], "identity");
});

test("what is not HTTP is refused, and not tried again", async (t) => {
  let connections = 0;
  const server = await serveRaw(t, (socket) => {
    connections += 1;
    socket.end("SSH-2.0-OpenSSH_9.9\r\n");
  });
  const error = await errorOf(openDoor(t).request(ask(server.url)));
  assert.equal(error.code, "SERVICE_ANSWER_INVALID");
  assert.match(error.message, /it is not valid HTTP\./);
  assert.equal(connections, 1);
});

test("HEAD: the length of the body that does not come is no matter", async (t) => {
  const server = await serve(t, (response) => {
    response.writeHead(200, { "content-length": "1000000" }).end();
  });
  const answer = await openDoor(t).request(ask(server.url, { method: "HEAD", maxBytes: 10 }));
  assert.equal(answer.headers["content-length"], "1000000");
});

test("plain http to a host that is not this machine is refused before any packet", async (t) => {
  // A proxy that would see the request, were there one.
  const proxy = await serve(t, (response) => response.end());
  const door = openDoor(t, { proxy: { http: proxy.url.href } });
  const error = await errorOf(door.request(ask("http://rekor.example/api")));
  assert.equal(error.code, "INSECURE_URL");
  assert.equal(error.message, "rekor.example would be asked over http, not https.");
  assert.match(error.hint, /allow-insecure-hosts: rekor\.example/);
  assert.equal(proxy.seen.length, 0);
});

test("a token goes by its own field, where the door can keep it out of messages", async (t) => {
  const server = await serve(t, (response) => response.end());
  const headers = { Authorization: "Bearer token" };
  await assert.rejects(openDoor(t).request(ask(server.url, { headers })), TypeError);
  assert.equal(server.seen.length, 0);
});

test("a malformed header is a defect of ours, not the service's", async (t) => {
  const server = await serve(t, (response) => response.end());
  const request = ask(server.url, { authorization: "Bearer a\r\nb: c" });
  await assert.rejects(openDoor(t).request(request), { code: "UND_ERR_INVALID_ARG" });
  assert.equal(server.seen.length, 0);
});

test("close takes down what is under way, as cancelled", async (t) => {
  const server = await serve(t, () => undefined);
  const door = openDoor(t);
  const pending = errorOf(door.request(ask(server.url)));
  while (server.seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await door.close();
  assert.equal((await pending).code, "CANCELLED");
});

test("warm begins to load and asks nobody", async (t) => {
  const door = openDoor(t);
  door.warm();
  await door.close();
});
