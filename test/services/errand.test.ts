// Many tries: what is tried again, for how long, and what is said in the end.

import assert from "node:assert/strict";
import net from "node:net";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import type { RetryReason } from "../../src/services/http.ts";
import { ask, errorOf, openDoor, serve, serveRaw, textOf } from "./servers.ts";

for (const status of [408, 429, 500, 502, 503, 504, 599]) {
  test(`${status} is tried again, and the caller hears of it`, async (t) => {
    const server = await serve(t, (response, index) => {
      response.writeHead(index < 2 ? status : 200).end(index < 2 ? "later" : "good");
    });
    const reasons: RetryReason[] = [];
    const door = openDoor(t);
    const onRetry = (reason: RetryReason): number => reasons.push(reason);
    const answer = await door.request(ask(server.url, { onRetry }));
    assert.equal(textOf(answer), "good");
    assert.deepEqual(reasons, [
      { status, detail: `${status}: "later"` },
      { status, detail: `${status}: "later"` },
    ]);
    assert.deepEqual(door.pauses, [500, 875]);
  });
}

test("retry never: the 503 is the answer", async (t) => {
  const server = await serve(t, (response) => response.writeHead(503).end("busy"));
  const answer = await openDoor(t).request(ask(server.url, { retry: "never" }));
  assert.equal(answer.status, 503);
  assert.equal(textOf(answer), "busy");
  assert.equal(server.seen.length, 1);
});

test("retry never: no answer is an error after one try", async (t) => {
  const server = await serveRaw(t, (socket) => socket.destroy());
  const error = await errorOf(openDoor(t).request(ask(server.url, { retry: "never" })));
  assert.equal(error.code, "SERVICE_UNAVAILABLE");
  assert.match(
    error.message,
    /^Rekor \(127\.0\.0\.1:\d+\) gave no answer \(1 try, last (connection cut|ECONNRESET)\)\.$/,
  );
});

test("a good answer that is cut short is tried again", async (t) => {
  const server = await serve(t, (response, index) => {
    if (index > 0) {
      response.end("whole");
      return;
    }
    response.writeHead(200, { "content-length": "100" });
    response.write("half", () => response.destroy());
  });
  assert.equal(textOf(await openDoor(t).request(ask(server.url))), "whole");
});

test("a chunked answer that is cut short is tried again", async (t) => {
  const server = await serve(t, (response, index) => {
    if (index > 0) {
      response.end("whole");
      return;
    }
    response.write("half", () => setTimeout(() => response.destroy(), 10));
  });
  assert.equal(textOf(await openDoor(t).request(ask(server.url))), "whole");
});

test("a server that hangs is given up after the time of one try, and tried again", async (t) => {
  const server = await serve(t, (response, index) => {
    if (index > 0) response.end("awake");
  });
  const reasons: RetryReason[] = [];
  const request = ask(server.url, { timeoutMs: 50, onRetry: (reason) => reasons.push(reason) });
  assert.equal(textOf(await openDoor(t).request(request)), "awake");
  assert.deepEqual(reasons, [{ status: undefined, detail: "no answer within 0.05 s" }]);
});

test("a server that drips is given up too: the time runs to the last byte", async (t) => {
  const server = await serve(t, (response) => {
    const drip = setInterval(() => response.write("."), 5);
    response.on("close", () => clearInterval(drip));
  });
  const door = openDoor(t, { budgetMs: 0 });
  const error = await errorOf(door.request(ask(server.url, { timeoutMs: 60 })));
  assert.match(error.message, /\(1 try, last no answer within 0\.06 s\)/);
});

test("a server that does not even accept is given up in time", async (t) => {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === "object");
  server.close();
  const door = openDoor(t);
  const error = await errorOf(door.request(ask(`http://127.0.0.1:${address.port}/`)));
  assert.match(error.message, /gave no answer in 300 s \(\d+ tries, last ECONNREFUSED\)\./);
});

test("after the budget: service, host, seconds, tries, last status, what it said, what to do", async (t) => {
  const server = await serve(t, (response) => {
    response.writeHead(503).end(`<h1>busy\u202e</h1>\r\n${"x".repeat(500)}`);
  });
  const door = openDoor(t);
  const error = await errorOf(door.request(ask(server.url)));
  assert.equal(error.code, "SERVICE_UNAVAILABLE");
  assert.equal(error.where, server.url.host);
  const tries = server.seen.length;
  const said = `<h1>busy\\u{202e}</h1>\\r\\n${"x".repeat(240)}`;
  assert.equal(
    error.message,
    `Rekor (${server.url.host}) gave no answer in 300 s (${tries} tries, last 503). It said "${said}…".`,
  );
  assert.match(error.hint, /status page, then run again/);
  assert.equal(
    door.pauses.reduce((sum, ms) => sum + ms),
    300_000,
  );
  assert.ok(Math.max(...door.pauses) <= 20_000);
});

test("a 503 with a page larger than maxBytes is still a 503", async (t) => {
  const server = await serve(t, (response, index) => {
    if (index === 0) response.writeHead(503).end("x".repeat(5000));
    else if (index === 1) response.writeHead(503, { "content-length": 5000 }).end("x".repeat(5000));
    else response.end("good");
  });
  assert.equal(textOf(await openDoor(t).request(ask(server.url, { maxBytes: 100 }))), "good");
});

test("Retry-After in seconds is kept, with a little more so that not all come at once", async (t) => {
  const server = await serve(t, (response, index) => {
    response.writeHead(index === 0 ? 429 : 200, { "retry-after": "8" }).end();
  });
  const door = openDoor(t);
  await door.request(ask(server.url));
  assert.deepEqual(door.pauses, [9000]);
});

test("Retry-After as a date is kept", async (t) => {
  const server = await serve(t, (response, index) => {
    const date = "Fri, 20 Nov 2026 12:00:40 GMT";
    response.writeHead(index === 0 ? 503 : 200, { "retry-after": date }).end();
  });
  const door = openDoor(t);
  await door.request(ask(server.url));
  assert.deepEqual(door.pauses, [42_500]);
});

test("Retry-After: 0 does not make us hammer", async (t) => {
  const server = await serve(t, (response, index) => {
    response.writeHead(index < 3 ? 429 : 200, { "retry-after": "0" }).end();
  });
  const door = openDoor(t);
  await door.request(ask(server.url));
  assert.deepEqual(door.pauses, [500, 875, 1438]);
});

test("Retry-After beyond the budget fails at once and says so", async (t) => {
  const server = await serve(t, (response) => {
    response.writeHead(429, { "retry-after": "3600" }).end();
  });
  const door = openDoor(t);
  const error = await errorOf(door.request(ask(server.url)));
  assert.equal(error.code, "SERVICE_UNAVAILABLE");
  assert.match(
    error.message,
    /asks to wait 3600 s, longer than the 300 s left \(1 try, last 429\)\./,
  );
  assert.match(error.hint, /raise retry-budget/);
  assert.deepEqual(door.pauses, []);
});

test("a thousand good answers with a failure among them use up no budget", async (t) => {
  const server = await serve(t, (response, index) => {
    response.writeHead(index % 5 === 4 ? 503 : 200).end();
  });
  const door = openDoor(t, { budgetMs: 2000 });
  for (let i = 0; i < 100; i++) {
    assert.equal((await door.request(ask(server.url))).status, 200);
    door.pass(500);
  }
});

test("one request alone never tries longer than the budget, however well others fare", async (t) => {
  const server = await serve(t, (response, _index, request) => {
    response.writeHead(request.url === "/bad" ? 500 : 200).end();
  });
  const door = openDoor(t, { budgetMs: 5000 });
  const onRetry = (): undefined => {
    others.push(door.request(ask(server.url)));
  };
  const others: Promise<unknown>[] = [];
  const started = door.now();
  const error = await errorOf(door.request(ask(new URL("/bad", server.url), { onRetry })));
  assert.match(error.message, /gave no answer in 5 s/);
  assert.equal(door.now() - started, 5000);
  await Promise.all(others);
});

test("an outage is paid for once, not once a file; later the service is asked again", async (t) => {
  let down = true;
  const server = await serve(t, (response) => response.writeHead(down ? 503 : 200).end());
  const door = openDoor(t);
  await errorOf(door.request(ask(server.url)));
  const tries = server.seen.length;
  for (let i = 0; i < 10; i++) {
    const error = await errorOf(door.request(ask(server.url)));
    assert.match(error.message, /has given no answer for 300 s; it was not asked again\./);
  }
  assert.equal(server.seen.length, tries);
  door.pass(10_000);
  assert.match(
    (await errorOf(door.request(ask(server.url)))).message,
    /gave no answer \(1 try, last 503\)/,
  );
  assert.equal(server.seen.length, tries + 1);
  down = false;
  door.pass(10_000);
  assert.equal((await door.request(ask(server.url))).status, 200);
});

test("the outage of one service is not another's", async (t) => {
  const broken = await serve(t, (response) => response.writeHead(503).end());
  const sound = await serve(t, (response, index) =>
    response.writeHead(index === 0 ? 503 : 200).end(),
  );
  const door = openDoor(t);
  await errorOf(door.request(ask(broken.url)));
  assert.equal((await door.request(ask(sound.url))).status, 200);
});

test("a name nobody knows is tried for 20 s, not for the whole budget", async (t) => {
  const door = openDoor(t);
  const error = await errorOf(door.request(ask("https://fulcio.sigstep.invalid/")));
  assert.equal(error.code, "SERVICE_UNAVAILABLE");
  assert.match(
    error.message,
    /^Rekor \(fulcio\.sigstep\.invalid\) cannot be found: no address for this name \(\d+ tries, last ENOTFOUND\)\.$/,
  );
  assert.match(error.hint, /typing errors/);
  assert.equal(
    door.pauses.reduce((sum, ms) => sum + ms),
    20_000,
  );
});

test("no try starts after the deadline", async (t) => {
  const server = await serve(t, (response) => response.writeHead(503).end("busy"));
  const door = openDoor(t);
  const deadline = new Date(door.now() + 4000);
  const error = await errorOf(door.request(ask(server.url, { deadline })));
  assert.equal(error.code, "DEADLINE_REACHED");
  assert.match(
    error.message,
    /^Rekor \(127\.0\.0\.1:\d+\) was not asked again \(4 tries, last 503\): the time for this request ended at 2026-11-20T12:00:04\.000Z\. It said "busy"\.$/,
  );
  assert.equal(server.seen.length, 4);
  assert.ok(door.now() <= deadline.getTime());
});

test("a deadline that has passed: nothing is sent", async (t) => {
  const server = await serve(t, (response) => response.end());
  const door = openDoor(t);
  const deadline = new Date(door.now() - 1);
  const error = await errorOf(door.request(ask(server.url, { deadline, retry: "never" })));
  assert.equal(error.code, "DEADLINE_REACHED");
  assert.match(error.message, /was not asked: the time/);
  assert.equal(server.seen.length, 0);
});

test("cancelled while the server thinks", async (t) => {
  const server = await serve(t, () => undefined);
  const abort = new AbortController();
  const pending = errorOf(openDoor(t).request(ask(server.url, { signal: abort.signal })));
  while (server.seen.length === 0) await wait(5);
  abort.abort();
  const error = await pending;
  assert.equal(error.code, "CANCELLED");
  assert.equal(error.message, `Cancelled while asking Rekor (${server.url.host}).`);
});

test("cancelled during a pause, promptly", async (t) => {
  const server = await serve(t, (response) => {
    response.writeHead(503, { "retry-after": "60" }).end();
  });
  const abort = new AbortController();
  // The real pause: the test would take a minute if the signal did not end it.
  const { createHttp } = await import("../../src/services/door.ts");
  const door = createHttp({ budgetMs: 300_000, now: () => new Date() });
  t.after(() => door.close());
  const onRetry = (): void => void setTimeout(() => abort.abort(), 20);
  const started = performance.now();
  const error = await errorOf(door.request(ask(server.url, { signal: abort.signal, onRetry })));
  assert.equal(error.code, "CANCELLED");
  assert.ok(performance.now() - started < 5000);
});

test("cancelled before it began: nothing is sent", async (t) => {
  const server = await serve(t, (response) => response.end());
  const error = await errorOf(
    openDoor(t).request(ask(server.url, { signal: AbortSignal.abort() })),
  );
  assert.equal(error.code, "CANCELLED");
  assert.equal(server.seen.length, 0);
});

test("one signal for hundreds of requests draws no warning", async (t) => {
  const warnings: Error[] = [];
  const hear = (warning: Error): number => warnings.push(warning);
  process.on("warning", hear);
  t.after(() => process.off("warning", hear));
  const server = await serve(t, (response) => setTimeout(() => response.end(), 20));
  const { signal } = new AbortController();
  const door = openDoor(t);
  await Promise.all(Array.from({ length: 200 }, () => door.request(ask(server.url, { signal }))));
  await wait(10);
  assert.deepEqual(warnings, []);
});
