// The timestamp authority: RFC 3161 over http, with a nonce each time; openssl reads the request.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { requestTimestamp } from "../../src/services/tsa.ts";
import type { HttpRequest } from "../../src/services/http.ts";
import { rejection } from "../refusal.ts";
import { answer } from "./answer.ts";
import { openDoor, serve } from "./servers.ts";

const folder = mkdtempSync(join(tmpdir(), "sigstep-tsa-"));
after(() => rmSync(folder, { recursive: true }));
const signature = Buffer.from("signature");
const options = {
  deadline: new Date("2026-11-20T12:10:00Z"),
  onRetry: () => undefined,
  signature,
};

/** Asks, and gives the requests that would have been sent. */
async function requests(count: number): Promise<{ sent: HttpRequest[]; nonces: string[] }> {
  const sent: HttpRequest[] = [];
  const nonces: string[] = [];
  const http = {
    request: (request: HttpRequest) => {
      sent.push(request);
      return Promise.resolve(answer("reply"));
    },
    close: () => Promise.resolve(),
  };
  for (let i = 0; i < count; i++) {
    const { nonce } = await requestTimestamp(http, new URL("https://tsa.example/api"), options);
    nonces.push(Buffer.from(nonce).toString("hex"));
  }
  return { sent, nonces };
}

suite("the request", () => {
  test("is what openssl reads: version, digest of the signature, nonce, no certificates", async () => {
    const { sent, nonces } = await requests(1);
    const body = sent[0]?.body ?? "";
    const file = join(folder, "query.tsq");
    writeFileSync(file, body);
    const read = execFileSync("openssl", ["ts", "-query", "-in", file, "-text"]).toString();
    assert.match(read, /Version: 1/);
    assert.match(read, /Hash Algorithm: sha256/i);
    assert.match(read, /Certificate required: no/);
    assert.match(read, /Policy OID: unspecified/);
    const [, nonce = ""] = /Nonce: 0x([0-9A-F]+)/.exec(read) ?? [];
    assert.equal(BigInt(`0x${nonce}`), BigInt(`0x${nonces[0] ?? ""}`));
    const dump = [...read.matchAll(/^ {4}[0-9a-f]{4} - ([0-9a-f -]{47})/gm)].map(([, hex = ""]) =>
      hex.replace(/[^0-9a-f]/g, ""),
    );
    assert.equal(dump.join(""), createHash("sha256").update(signature).digest("hex"));
  });

  test("has another nonce each time, of 128 bits", async () => {
    const { nonces } = await requests(50);
    assert.equal(new Set(nonces).size, 50);
    for (const nonce of nonces) assert.equal(nonce.length, 32);
  });

  test("goes to the whole URL as it is, with the media types of RFC 3161", async (t) => {
    const served = await serve(t, (response) =>
      response.writeHead(201, { "content-type": "application/timestamp-reply" }).end("reply"),
    );
    const url = new URL("some/path?query=1", served.url);
    const { body } = await requestTimestamp(openDoor(t), url, options);
    assert.equal(Buffer.from(body).toString(), "reply");
    const [request, ...more] = served.seen;
    assert.equal(more.length, 0);
    assert.equal(`${request?.method ?? ""} ${request?.path ?? ""}`, "POST /some/path?query=1");
    assert.equal(request?.headers["content-type"], "application/timestamp-query");
    assert.equal(request.headers.accept, "application/timestamp-reply");
  });
});

suite("the answer", () => {
  test("is given as it came: whether it is a timestamp is judged elsewhere", async (t) => {
    for (const bytes of [Buffer.alloc(0), Buffer.from("<html>"), Buffer.of(0x30, 0, 0xff)]) {
      const served = await serve(t, (response) => response.end(bytes));
      const { body } = await requestTimestamp(openDoor(t), served.url, options);
      assert.deepEqual(Buffer.from(body), bytes);
    }
  });

  for (const status of [301, 400, 403, 404, 415]) {
    test(`of status ${status} is a refusal, once`, async (t) => {
      const served = await serve(t, (response) =>
        response.writeHead(status).end('{"code":3,"message":"no such policy"}'),
      );
      const error = await rejection(
        "SERVICE_REFUSED",
        requestTimestamp(openDoor(t), served.url, options),
      );
      assert.match(error.message, new RegExp(`${status}.*no such policy`));
      assert.equal(served.seen.length, 1);
    });
  }

  test("that fails is asked for again", async (t) => {
    const served = await serve(t, (response, index) =>
      index < 3 ? response.writeHead([500, 429, 502][index] ?? 500).end() : response.end("reply"),
    );
    await requestTimestamp(openDoor(t), served.url, options);
    assert.equal(served.seen.length, 4);
  });

  test("larger than 256 KiB is refused", async (t) => {
    const served = await serve(t, (response) => response.end(Buffer.alloc(256 * 1024 + 1)));
    const asked = requestTimestamp(openDoor(t), served.url, options);
    await rejection("SERVICE_ANSWER_INVALID", asked);
  });

  test("is not waited for after the certificate's end", async (t) => {
    const served = await serve(t, (response) => response.writeHead(503).end());
    const asked = requestTimestamp(openDoor(t), served.url, {
      ...options,
      deadline: new Date("2026-11-20T12:00:05Z"),
    });
    await rejection("DEADLINE_REACHED", asked);
  });
});
