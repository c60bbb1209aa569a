// One HTTP server on 127.0.0.1 for one sandbox service. It records each request, does what the fault
// dial says about the transport, and leaves meaning to the service's handler.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Corruption, Faults, ServiceName } from "./faults.ts";
import type { RecordedRequest, Requests } from "./requests.ts";
import { misbehave } from "./transport.ts";

/** One request, for a handler. */
export interface Call {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  /** Sign with the key that nobody trusts. */
  readonly wrongKey: boolean;
  readonly corruption: Corruption | undefined;
}

/** What a handler answers. */
export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
}

export type Handler = (call: Call) => Answer | Promise<Answer>;

/** What all services share: the dial, the book of requests and the time. */
export interface World {
  readonly faults: Faults;
  readonly requests: Requests;
  readonly now: () => Date;
}

/** A server that listens. */
export interface LocalServer {
  readonly port: number;
  close(): Promise<void>;
}

/** How to start one. */
export interface ServerOptions {
  readonly service: ServiceName;
  /** 0 or absent: any free one. */
  readonly port?: number | undefined;
  readonly world: World;
  readonly handler: Handler;
}

const maxBodyBytes = 4 * 1024 * 1024;

/** Starts a server and resolves when it listens. */
export async function startServer(options: ServerOptions): Promise<LocalServer> {
  const server = createServer((request, response) => {
    serve(options, request, response).catch(() => response.destroy());
  });
  // A client that keeps connections alive must not meet one that closes in the same instant.
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("a server has a port");
  return { port: address.port, close: () => closeServer(server) };
}

/** An answer in JSON. */
export function answerJson(
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(value),
  };
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

async function serve(
  { service, world, handler }: ServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request);
  if (body === undefined) {
    send(response, { status: 413, body: "too large" });
    return;
  }
  const record = recordOf(service, request, body);
  world.requests.record(record);
  const faults = world.faults.take(service, record);
  if (await misbehave(faults, response)) return;
  const url = new URL(record.path, "http://localhost");
  const answer = await handler({
    method: record.method,
    path: url.pathname,
    query: url.searchParams,
    headers: record.headers,
    body,
    wrongKey: faults.some((fault) => fault.kind === "wrong-key"),
    corruption: faults.flatMap((fault) => (fault.kind === "corrupt" ? [fault.what] : []))[0],
  });
  if (faults.some((fault) => fault.kind === "lost")) {
    response.destroy();
    return;
  }
  const large = faults.find((fault) => fault.kind === "large-header");
  if (large !== undefined) response.setHeader("x-padding", "x".repeat(large.bytes ?? 131_072));
  send(response, answer);
}

async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    const bytes = Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk));
    length += bytes.length;
    if (length > maxBodyBytes) return undefined;
    chunks.push(bytes);
  }
  return Buffer.concat(chunks, length);
}

function recordOf(service: ServiceName, request: IncomingMessage, body: Buffer): RecordedRequest {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  const binary = headers["content-type"] === "application/timestamp-query";
  return {
    service,
    method: request.method ?? "",
    path: request.url ?? "/",
    headers,
    body: body.toString(binary ? "latin1" : "utf8"),
  };
}

function send(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, { ...answer.headers });
  response.end(answer.body);
}
