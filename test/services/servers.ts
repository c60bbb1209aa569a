// Real servers on 127.0.0.1 for the tests of the door, and a door whose clock the test turns.
// Everything a test opens is closed by its `after` hook, whatever happens.

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import net from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { inspect } from "node:util";
import { SigstepError } from "../../src/errors.ts";
import { createHttp, type Door, type DoorOptions } from "../../src/services/door.ts";
import type { HttpRequest } from "../../src/services/http.ts";

/** A listening server. */
export interface Served {
  readonly url: URL;
  readonly port: number;
  /** Method, path and headers of everything that came, in order. */
  readonly seen: { method: string; path: string; headers: http.IncomingHttpHeaders }[];
}

/** Answers a request; `index` counts from 0. */
export type Answer = (
  response: http.ServerResponse,
  index: number,
  request: http.IncomingMessage,
) => void;

export async function serve(t: TestContext, answer: Answer): Promise<Served> {
  const seen: Served["seen"] = [];
  const server = http.createServer({ maxHeaderSize: 256 * 1024 }, listener(seen, answer));
  return listen(t, server, { scheme: "http", seen });
}

export async function serveTls(
  t: TestContext,
  pair: { key: string; cert: string },
  answer: Answer,
): Promise<Served> {
  const seen: Served["seen"] = [];
  return listen(t, https.createServer(pair, listener(seen, answer)), { scheme: "https", seen });
}

/** A server below HTTP: `speak` gets each connection. */
export async function serveRaw(
  t: TestContext,
  speak: (socket: net.Socket) => void,
): Promise<Served> {
  return listen(t, net.createServer(speak), { scheme: "http", seen: [] });
}

function listener(seen: Served["seen"], answer: Answer): http.RequestListener {
  return (request, response) => {
    const index = seen.length;
    seen.push({
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
    });
    request.resume();
    request.on("end", () => answer(response, index, request));
  };
}

async function listen(
  t: TestContext,
  server: net.Server,
  { scheme, seen }: { scheme: string; seen: Served["seen"] },
): Promise<Served> {
  const sockets = new Set<net.Socket>();
  server.on("connection", (socket: net.Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const url = new URL(`${scheme}://127.0.0.1:${address.port}/`);
  return { url, port: address.port, seen };
}

/** What a CONNECT proxy was asked for. */
export interface ProxySeen {
  /** `CONNECT host:port`, or `GET http://…` when it forwards. */
  readonly line: string;
  readonly authorization: string | undefined;
  readonly headers: http.IncomingHttpHeaders;
}

/**
 * A proxy that tunnels and forwards, always to `target` whatever the name asked for, so that names
 * that do not exist can be used.
 */
export async function serveProxy(
  t: TestContext,
  options: { target: number; credentials?: string; refuse?: number },
): Promise<{ port: number; seen: ProxySeen[] }> {
  const seen: ProxySeen[] = [];
  const refusal = (request: http.IncomingMessage, line: string): number | undefined => {
    const authorization = request.headers["proxy-authorization"];
    seen.push({ line, authorization, headers: request.headers });
    if (options.refuse !== undefined) return options.refuse;
    const wanted =
      options.credentials === undefined
        ? undefined
        : `Basic ${Buffer.from(options.credentials).toString("base64")}`;
    return wanted === undefined || wanted === authorization ? undefined : 407;
  };
  const server = http.createServer((request, response) => {
    const status = refusal(request, `${request.method ?? ""} ${request.url ?? ""}`);
    if (status !== undefined) {
      response.writeHead(status).end("no");
      return;
    }
    const { method, headers } = request;
    const path = new URL(request.url ?? "").pathname;
    const onward = http.request(
      { host: "127.0.0.1", port: options.target, path, method, headers },
      (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers);
        answer.pipe(response);
      },
    );
    request.pipe(onward);
  });
  server.on("connect", (request: http.IncomingMessage, socket: net.Socket) => {
    const status = refusal(request, `CONNECT ${request.url ?? ""}`);
    if (status !== undefined) {
      socket.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const onward = net.connect(options.target, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      onward.pipe(socket);
      socket.pipe(onward);
    });
    onward.on("error", () => socket.destroy());
    socket.on("close", () => onward.destroy());
  });
  const { port } = await listen(t, server, { scheme: "http", seen: [] });
  return { port, seen };
}

/** A test authority and what it certified. All PEM. */
export interface Authority {
  readonly ca: string;
  /** For 127.0.0.1, localhost and service.example. */
  readonly good: { key: string; cert: string };
  readonly otherName: { key: string; cert: string };
  readonly expired: { key: string; cert: string };
}

/** Makes a private authority with openssl. */
export function makeAuthority(): Authority {
  const directory = mkdtempSync(join(tmpdir(), "sigstep-door-"));
  const openssl = (...args: string[]): void => {
    execFileSync("openssl", args, { cwd: directory, stdio: "pipe" });
  };
  const text = (name: string): string => readFileSync(join(directory, name), "utf8");
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const certify = (name: string, san: string, dates: string[]): { key: string; cert: string } => {
    writeFileSync(join(directory, `${name}.ext`), `subjectAltName=${san}\n`);
    openssl("req", ...key, "-keyout", `${name}.key`, "-out", `${name}.csr`, "-subj", "/CN=test");
    const signer = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial"];
    const files = ["-in", `${name}.csr`, "-out", `${name}.pem`, "-extfile", `${name}.ext`];
    openssl("x509", "-req", ...signer, ...files, ...dates);
    return { key: text(`${name}.key`), cert: text(`${name}.pem`) };
  };
  try {
    const subject = ["-subj", "/CN=sigstep test authority"];
    openssl(
      "req",
      "-x509",
      ...key,
      "-keyout",
      "ca.key",
      "-out",
      "ca.pem",
      "-days",
      "2",
      ...subject,
    );
    const names = "IP:127.0.0.1,DNS:localhost,DNS:service.example";
    return {
      ca: text("ca.pem"),
      good: certify("good", names, ["-days", "1"]),
      otherName: certify("other", "DNS:elsewhere.example", ["-days", "1"]),
      expired: certify("expired", names, ["-days", "-1"]),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** A door, its turned clock, and the pauses it made. */
export interface TestDoor extends Door {
  readonly pauses: number[];
  /** Moves the clock on. */
  pass(ms: number): void;
  now(): number;
}

/** A door whose pauses take no time but move its clock; the jitter is always half. */
export function openDoor(t: TestContext, options: Partial<DoorOptions> = {}): TestDoor {
  let now = Date.parse("2026-11-20T12:00:00Z");
  const pauses: number[] = [];
  const door = createHttp({
    budgetMs: 300_000,
    now: () => new Date(now),
    random: () => 0.5,
    sleep: (ms) => {
      pauses.push(ms);
      now += ms;
      return Promise.resolve();
    },
    ...options,
  });
  t.after(() => door.close());
  return { ...door, pauses, pass: (ms) => (now += ms), now: () => now };
}

/** A request with everything that a test does not care for filled in. */
export function ask(url: URL | string, more: Partial<HttpRequest> = {}): HttpRequest {
  const defaults = { service: "Rekor", method: "GET", timeoutMs: 5_000 } as const;
  return { ...defaults, maxBytes: 65_536, retry: "budget", url: new URL(url), ...more };
}

/** The error that `promise` must end with. */
export async function errorOf(promise: Promise<unknown>): Promise<SigstepError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof SigstepError) return error;
    throw error;
  }
  throw new Error("expected an error");
}

/** Everything of an error that could ever be printed: message, hint, causes, stacks. */
export function everythingIn(error: unknown): string {
  return inspect(error, { depth: Infinity, showHidden: true });
}

export function textOf(response: { body: Uint8Array }): string {
  return Buffer.from(response.body).toString("utf8");
}
