// A registry in this process: keeps what it is given, and lies where a test tells it to.
import { createHash, randomUUID } from "node:crypto";
import http from "node:http";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import {
  createKeychain,
  type Keychain,
  type KeychainOptions,
} from "../../src/registry/keychain.ts";
import { parseReference } from "../../src/registry/reference.ts";
import {
  createRegistries,
  type RegistryWorld,
  type Repository,
} from "../../src/registry/transport.ts";
import { createHttp, type DoorOptions } from "../../src/services/door.ts";

export interface Behaviour {
  /** The referrers API; `header-only` sends OCI-Subject and has none. */
  readonly referrers?: "api" | "none" | "header-only" | "api-without-header";
  /** What If-Match does; `ignored` sends an ETag all the same. */
  readonly conditions?: "honoured" | "ignored";
  /** Entries on one page of referrers. */
  readonly pageSize?: number;
  /** Before everything else; true when it has answered. */
  readonly intercept?: (request: Seen, response: http.ServerResponse) => boolean;
  /** Longest wait before an answer, random, in milliseconds. */
  readonly jitterMs?: number;
}

export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Kept {
  readonly type: string;
  readonly bytes: Buffer;
}

export interface FakeRegistry {
  /** `127.0.0.1:port` */
  readonly host: string;
  readonly url: URL;
  readonly seen: Seen[];
  readonly manifests: Map<string, Kept>;
  readonly blobs: Map<string, Buffer>;
  /** Stores a manifest under its digest and these tags. @returns its digest */
  put(manifest: unknown, tags?: readonly string[]): string;
}

export const digestOf = (bytes: Uint8Array): string =>
  `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

const imageType = "application/vnd.oci.image.manifest.v1+json";
const indexType = "application/vnd.oci.image.index.v1+json";

export async function serveRegistry(
  t: TestContext,
  behaviour: Behaviour = {},
): Promise<FakeRegistry> {
  const seen: Seen[] = [];
  const manifests = new Map<string, Kept>();
  const blobs = new Map<string, Buffer>();
  const state = { seen, manifests, blobs, behaviour };
  const server = http.createServer({ maxHeaderSize: 256 * 1024 }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url: path = "", headers } = request;
      const one = { method, path, headers, body: Buffer.concat(chunks) };
      seen.push(one);
      void pause(Math.random() * (behaviour.jitterMs ?? 0)).then(() => {
        if (behaviour.intercept?.(one, response) !== true) answer(state, one, response);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const host = `127.0.0.1:${address.port}`;
  const put = (manifest: unknown, tags: readonly string[] = []): string => {
    const bytes = Buffer.from(JSON.stringify(manifest));
    const digest = digestOf(bytes);
    const isIndex = JSON.stringify(manifest).includes('"manifests":');
    for (const name of [digest, ...tags]) {
      manifests.set(name, { type: isIndex ? indexType : imageType, bytes });
    }
    return digest;
  };
  return { host, url: new URL(`http://${host}/`), seen, manifests, blobs, put };
}

interface State {
  readonly manifests: Map<string, Kept>;
  readonly blobs: Map<string, Buffer>;
  readonly behaviour: Behaviour;
}

function answer(state: State, request: Seen, response: http.ServerResponse): void {
  const url = new URL(request.path, "http://registry");
  const [, kind = "", which = ""] =
    /^\/v2\/[a-z0-9/._-]+?\/(manifests|blobs\/uploads|blobs|referrers)\/(.*)$/.exec(url.pathname) ??
    [];
  if (url.pathname === "/v2/") response.end("{}");
  else if (kind === "manifests") answerManifest(state, { request, which }, response);
  else if (kind === "blobs/uploads") answerUpload(state, { request, url }, response);
  else if (kind === "blobs") answerBlob(state, which, response);
  else if (kind === "referrers") answerReferrers(state, { url, which }, response);
  else response.writeHead(404).end("{}");
}

function answerManifest(
  state: State,
  { request, which }: { request: Seen; which: string },
  response: http.ServerResponse,
): void {
  const kept = state.manifests.get(which);
  if (request.method === "PUT") keepManifest(state, { request, which }, response);
  else if (kept === undefined) {
    response.writeHead(404).end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"no"}]}');
  } else {
    response.writeHead(200, { "content-type": kept.type, etag: etagOf(kept) }).end(kept.bytes);
  }
}

function etagOf({ bytes }: Kept): string {
  return `"${digestOf(bytes)}"`;
}

/** Whether the conditions of a write hold. RFC 9110 section 13.1. */
function holds({ headers }: Seen, kept: Kept | undefined): boolean {
  const etag = kept === undefined ? undefined : etagOf(kept);
  const { "if-match": match, "if-none-match": none } = headers;
  return !(match !== undefined && match !== etag) && !(none === "*" && kept !== undefined);
}

function keepManifest(
  { manifests, behaviour }: State,
  { request, which }: { request: Seen; which: string },
  response: http.ServerResponse,
): void {
  if (behaviour.conditions !== "ignored" && !holds(request, manifests.get(which))) {
    response.writeHead(412).end("{}");
    return;
  }
  const bytes = request.body;
  const digest = digestOf(bytes);
  for (const name of [which, digest]) {
    manifests.set(name, { type: request.headers["content-type"] ?? "", bytes });
  }
  const subject = subjectOf(bytes);
  const says = behaviour.referrers === "api" || behaviour.referrers === "header-only";
  const header = says && subject !== undefined ? { "oci-subject": subject } : {};
  response.writeHead(201, { "docker-content-digest": digest, ...header }).end();
}

function answerUpload(
  { blobs }: State,
  { request, url }: { request: Seen; url: URL },
  response: http.ServerResponse,
): void {
  if (request.method === "POST") {
    response.writeHead(202, { location: `${url.pathname}${randomUUID()}?state=a` }).end();
    return;
  }
  const digest = url.searchParams.get("digest") ?? "";
  const isRight = digestOf(request.body) === digest;
  if (isRight) blobs.set(digest, request.body);
  response.writeHead(isRight ? 201 : 400).end("{}");
}

function answerBlob({ blobs }: State, which: string, response: http.ServerResponse): void {
  const blob = blobs.get(which);
  if (blob === undefined) response.writeHead(404).end();
  else response.writeHead(200, { "content-length": blob.length }).end(blob);
}

function answerReferrers(
  { manifests, behaviour }: State,
  { url, which }: { url: URL; which: string },
  response: http.ServerResponse,
): void {
  if (!behaviour.referrers?.startsWith("api")) {
    response.writeHead(404).end("404 page not found");
    return;
  }
  const all = [...manifests].filter(
    ([name, { bytes }]) => name.startsWith("sha256:") && subjectOf(bytes) === which,
  );
  const size = behaviour.pageSize ?? Infinity;
  const from = Number(url.searchParams.get("from") ?? 0);
  const page = all.slice(from, from + size).map(([digest, { type, bytes }]) => ({
    ...{ mediaType: type, digest, size: bytes.length },
    ...fieldsOf(bytes),
  }));
  const link =
    from + size < all.length ? { link: `<${url.pathname}?from=${from + size}>; rel="next"` } : {};
  const body = { schemaVersion: 2, mediaType: indexType, manifests: page };
  response.writeHead(200, { "content-type": indexType, ...link }).end(JSON.stringify(body));
}

function read(bytes: Buffer): Record<string, unknown> {
  const value: unknown = JSON.parse(bytes.toString());
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function fieldsOf(bytes: Buffer): object {
  const { artifactType, annotations } = read(bytes);
  return { artifactType, annotations };
}

function subjectOf(bytes: Buffer): string | undefined {
  const { subject } = read(bytes);
  if (typeof subject !== "object" || subject === null || !("digest" in subject)) return undefined;
  return String(subject.digest);
}

/** Opens repositories as a client of its own, with a clock that runs and pauses that are real. */
export function openClient(
  t: TestContext,
  options: {
    readonly keychain?: Partial<KeychainOptions>;
    readonly door?: Partial<DoorOptions>;
    readonly world?: Partial<RegistryWorld>;
  } = {},
): { open: (reference: string) => Repository; secrets: string[]; keychain: Keychain } {
  const door = createHttp({ budgetMs: 2_000, now: () => new Date(), ...options.door });
  t.after(() => door.close());
  const secrets: string[] = [];
  const secret = (value: string): void => void secrets.push(value);
  const keychain = createKeychain({
    environment: {},
    home: undefined,
    secret,
    ...options.keychain,
  });
  const open = createRegistries({
    ...{ http: door, keychain, secret, now: () => new Date() },
    ...{ sleep: (ms) => pause(ms), random: Math.random },
    ...options.world,
  });
  return { open: (reference) => open(parseReference(reference)), secrets, keychain };
}

/** An image's manifest; each number gives another image. */
export function imageManifest(number = 0, more: Readonly<Record<string, unknown>> = {}): object {
  const config = {
    mediaType: "application/vnd.oci.image.config.v1+json",
    digest: digestOf(Buffer.from("{}")),
    size: 2,
  };
  return {
    schemaVersion: 2,
    mediaType: imageType,
    config,
    layers: [],
    annotations: { n: String(number) },
    ...more,
  };
}

/** An index of these manifests. */
export function imageIndex(manifests: readonly object[]): object {
  return { schemaVersion: 2, mediaType: indexType, manifests };
}

/** How an index names a manifest. */
export function entryOf(manifest: object, more: Readonly<Record<string, unknown>> = {}): object {
  const bytes = Buffer.from(JSON.stringify(manifest));
  const mediaType = "manifests" in manifest ? indexType : imageType;
  return { mediaType, digest: digestOf(bytes), size: bytes.length, ...more };
}
