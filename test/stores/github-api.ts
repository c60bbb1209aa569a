// GitHub's API in this process, as strict as its published description: every request and every answer
// is judged by it, permissions are per token, and it can be told to go wrong.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import http from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { buffer } from "node:stream/consumers";
import type { TestContext } from "node:test";
import type { Http } from "../../src/services/http.ts";
import { at } from "../sandbox/wire.ts";
import { findOperation, type Operation, type SeenRequest } from "./openapi.ts";
import { assetAnswer, recordAnswer, releaseAnswer, repositoryAnswer } from "./github-shapes.ts";

export type Permission = "contents" | "attestations" | "artifact-metadata";
/** What a token may do; what is not named it may not. */
export type Permissions = Readonly<Partial<Record<Permission, "read" | "write">>>;

export interface DoubleAsset {
  readonly id: number;
  name: string;
  content: Buffer;
  state: "uploaded" | "open";
  hasDigest: boolean;
}

export interface DoubleRelease {
  readonly id: number;
  tag: string;
  draft: boolean;
  immutable: boolean;
  readonly assets: DoubleAsset[];
  /** Another address than the true one, for liars. */
  uploadUrl?: string;
}

/** One thing to do wrong, for as many requests as `times`, or all. */
export interface Fault {
  /** `POST /repos/{owner}/{repo}/attestations`; every operation when absent. */
  readonly operation?: string;
  readonly times?: number;
  /** Asked of each request that it could hit. */
  readonly when?: () => boolean;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Do the work first, then answer so. */
  readonly afterwards?: boolean;
  readonly how?: "cut" | "hang" | "endless";
}

export interface GitHubDouble {
  readonly url: URL;
  readonly requests: (SeenRequest & { readonly operation: string })[];
  /** What was wrong with requests or, a defect of this double, with answers. */
  readonly faults: string[];
  readonly tokens: Map<string, Permissions>;
  readonly releases: DoubleRelease[];
  readonly attestations: { readonly id: number; readonly bundle: unknown }[];
  readonly records: unknown[];
  readonly repository: {
    isPrivate: boolean;
    ownerType: "User" | "Organization";
    archived: boolean;
    push?: boolean;
  };
  /** False on an instance without artifact attestations. */
  offersAttestations: boolean;
  /** Whether releases say that assets go to this server; else to uploads.github.com. */
  uploadsHere: boolean;
  fail(fault: Fault): void;
}

interface Reply {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

const maxBodyBytes = 64 * 1024 * 1024;
export const owner = "acme";
export const repository = "app";

/** Starts it; afterwards no request may have been at fault. */
export async function serveGitHub(t: TestContext): Promise<GitHubDouble> {
  const faults: (Fault & { left: number })[] = [];
  const sockets = new Set<Socket>();
  const server = http.createServer();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = addressOf(server);
  const double: GitHubDouble = {
    url: new URL(`http://127.0.0.1:${port}`),
    requests: [],
    faults: [],
    tokens: new Map(),
    releases: [],
    attestations: [],
    records: [],
    repository: { isPrivate: false, ownerType: "Organization", archived: false },
    offersAttestations: true,
    uploadsHere: false,
    fail: (fault) => faults.push({ ...fault, left: fault.times ?? Infinity }),
  };
  server.on("request", (request, response) => {
    void receive(request).then((body) => {
      const seen = see(request, body);
      const operation = findOperation(seen.method, seen.path);
      double.requests.push({ ...seen, operation: operation?.name ?? "" });
      double.faults.push(...judgeRequest(seen, operation));
      const fault = faults.find(
        ({ left, operation: wanted, when = () => true }) =>
          left > 0 && (wanted ?? operation?.name) === operation?.name && when(),
      );
      if (fault !== undefined) fault.left -= 1;
      const reply =
        fault === undefined || fault.afterwards === true ? act(double, seen, operation) : undefined;
      if (reply !== undefined) double.faults.push(...judgeAnswer(operation, reply));
      if (fault !== undefined) misbehave(response, fault);
      else if (reply !== undefined) send(response, reply);
    });
  });
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
    assert.deepEqual(double.faults, []);
  });
  return double;
}

function addressOf(server: http.Server): AddressInfo {
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return address;
}

async function receive(request: http.IncomingMessage): Promise<Buffer> {
  return buffer(request);
}

function see(request: http.IncomingMessage, body: Buffer): SeenRequest {
  const url = new URL(request.url ?? "", "http://double");
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, value?.toString()]),
  );
  const path = url.pathname.replace(/^\/api\/(v3|uploads)/, "");
  return { method: request.method ?? "", path, query: url.searchParams, headers, body };
}

function judgeRequest(seen: SeenRequest, operation: Operation | undefined): string[] {
  const { headers, body } = seen;
  const wrong: readonly (readonly [fault: string, isWrong: boolean])[] = [
    ["API version", headers["x-github-api-version"] !== "2022-11-28"],
    [`accept ${String(headers.accept)}`, headers.accept !== "application/vnd.github+json"],
    ["user agent", headers["user-agent"]?.startsWith("sigstep") !== true],
    ["no token", !/^(token|bearer) /i.test(String(headers.authorization))],
    ["too large", body.length > maxBodyBytes],
  ];
  const found = [
    ...(operation?.faultsOfRequest(seen) ?? ["no such operation"]),
    ...wrong.filter(([, isWrong]) => isWrong).map(([fault]) => fault),
  ];
  return found.map((fault) => `${seen.method} ${seen.path}: ${fault}`);
}

function judgeAnswer(operation: Operation | undefined, { status, body }: Reply): string[] {
  const found = operation?.faultsOfAnswer(status, body) ?? [];
  return found.map((fault) => `answer of ${operation?.name ?? ""}, ${status}: ${fault}`);
}

function send(response: http.ServerResponse, { status, body, headers = {} }: Reply): void {
  const text = body === undefined ? "" : JSON.stringify(body);
  response.writeHead(status, { "content-type": "application/json; charset=utf-8", ...headers });
  response.end(text);
}

function misbehave(response: http.ServerResponse, fault: Fault): void {
  if (fault.how === "hang") return;
  response.writeHead(fault.status ?? 200, { "content-type": "application/json", ...fault.headers });
  if (fault.how === undefined) {
    response.end(fault.body ?? "");
  } else if (fault.how === "cut") {
    response.write('{"id":');
    setTimeout(() => response.destroy(), 10);
  } else {
    const piece = Buffer.alloc(1024 * 1024, " ");
    const pump = (): void => {
      if (!response.destroyed) response.write(piece, pump);
    };
    pump();
  }
}

const problem = (status: number, message: string, more: object = {}): Reply => ({
  status,
  body: { message, documentation_url: "https://docs.github.com/rest", ...more },
});

function act(double: GitHubDouble, seen: SeenRequest, operation: Operation | undefined): Reply {
  const token = (seen.headers.authorization ?? "").replace(/^\w+ /, "");
  const permissions = double.tokens.get(token);
  if (permissions === undefined) return problem(401, "Bad credentials");
  const work = operations.get(operation?.name ?? "");
  if (operation === undefined || work === undefined) return problem(404, "Not Found");
  if (!isHere(operation.values)) return problem(404, "Not Found");
  if (work.permission !== undefined && !allows(permissions, work.permission)) {
    const wanted = work.permission.join("=").replace("-", "_");
    const refused = problem(403, "Resource not accessible by integration");
    return { ...refused, headers: { "x-accepted-github-permissions": wanted } };
  }
  return work.run(double, { seen, values: operation.values, permissions });
}

function isHere(values: ReadonlyMap<string, string>): boolean {
  const place = values.get("org") ?? values.get("owner");
  return place === owner && (values.get("repo") ?? repository) === repository;
}

type Wanted = readonly [Permission, "read" | "write"];

function allows(permissions: Permissions, [permission, access]: Wanted): boolean {
  const given = permissions[permission];
  return given === "write" || given === access;
}

interface Task {
  readonly seen: SeenRequest;
  readonly values: ReadonlyMap<string, string>;
  readonly permissions: Permissions;
}

interface Work {
  readonly permission?: Wanted;
  readonly run: (double: GitHubDouble, task: Task) => Reply;
}

const operations: ReadonlyMap<string, Work> = new Map<string, Work>([
  [
    "GET /repos/{owner}/{repo}",
    { run: (double) => ({ status: 200, body: repositoryAnswer(double) }) },
  ],
  [
    "POST /repos/{owner}/{repo}/attestations",
    { permission: ["attestations", "write"], run: storeAttestation },
  ],
  [
    "GET /repos/{owner}/{repo}/attestations/{subject_digest}",
    { permission: ["attestations", "read"], run: listAttestations },
  ],
  [
    "POST /orgs/{org}/artifacts/metadata/storage-record",
    { permission: ["artifact-metadata", "write"], run: storeRecord },
  ],
  [
    "GET /repos/{owner}/{repo}/releases/tags/{tag}",
    { permission: ["contents", "read"], run: findByTag },
  ],
  [
    "GET /repos/{owner}/{repo}/releases/{release_id}",
    { permission: ["contents", "read"], run: findById },
  ],
  ["GET /repos/{owner}/{repo}/releases", { permission: ["contents", "read"], run: listReleases }],
  [
    "GET /repos/{owner}/{repo}/releases/{release_id}/assets",
    { permission: ["contents", "read"], run: listAssets },
  ],
  [
    "POST /repos/{owner}/{repo}/releases/{release_id}/assets",
    { permission: ["contents", "write"], run: storeAsset },
  ],
  [
    "DELETE /repos/{owner}/{repo}/releases/assets/{asset_id}",
    { permission: ["contents", "write"], run: deleteAsset },
  ],
]);

function storeAttestation(double: GitHubDouble, { seen }: Task): Reply {
  if (!double.offersAttestations) return problem(404, "Not Found");
  if (double.repository.isPrivate && double.repository.ownerType === "User") {
    const words =
      "Feature not available for user-owned private repositories. To enable this feature, please make this repository public.";
    return problem(403, words);
  }
  const body: unknown = JSON.parse(seen.body.toString("utf8"));
  const bundle = at(body, "bundle");
  const attestation = { id: double.attestations.length + 1, bundle };
  double.attestations.push(attestation);
  return { status: 201, body: { id: attestation.id } };
}

/** Newest first, in pages named by a cursor. */
function listAttestations(double: GitHubDouble, { seen }: Task): Reply {
  const all = double.attestations.toReversed();
  if (all.length === 0 || !double.offersAttestations) return problem(404, "Not Found");
  const size = Number(seen.query.get("per_page") ?? 30);
  const start = Number((seen.query.get("after") ?? "at-0").replace("at-", ""));
  const attestations = all
    .slice(start, start + size)
    .map(({ bundle }) => ({ bundle, repository_id: 1, bundle_url: "https://blobs.example/x" }));
  const next = start + size < all.length ? `at-${start + size}` : undefined;
  return { status: 200, body: { attestations }, headers: link(seen, "after", next) };
}

function link(seen: SeenRequest, name: string, value: string | undefined): Record<string, string> {
  if (value === undefined) return {};
  const query = new URLSearchParams(seen.query);
  query.set(name, value);
  return { link: `<https://api.github.com${seen.path}?${query.toString()}>; rel="next"` };
}

function storeRecord(double: GitHubDouble, { seen }: Task): Reply {
  if (double.repository.ownerType === "User") return problem(404, "Not Found");
  const record: unknown = JSON.parse(seen.body.toString("utf8"));
  double.records.push(record);
  return { status: 200, body: recordAnswer(record, double.records.length) };
}

function releaseReply(double: GitHubDouble, release: DoubleRelease | undefined): Reply {
  if (release === undefined) return problem(404, "Not Found");
  return { status: 200, body: releaseAnswer(double, release) };
}

function findByTag(double: GitHubDouble, { values }: Task): Reply {
  const found = double.releases.find(({ tag, draft }) => !draft && tag === values.get("tag"));
  return releaseReply(double, found);
}

function byId(double: GitHubDouble, { values, permissions }: Task): DoubleRelease | undefined {
  return visible(double, permissions).find(({ id }) => String(id) === values.get("release_id"));
}

/** Drafts are shown to those who may write. */
function visible(double: GitHubDouble, permissions: Permissions): DoubleRelease[] {
  return double.releases.filter(({ draft }) => !draft || permissions.contents === "write");
}

function findById(double: GitHubDouble, task: Task): Reply {
  return releaseReply(double, byId(double, task));
}

function page<T>(
  seen: SeenRequest,
  all: readonly T[],
): { items: T[]; headers: Record<string, string> } {
  const size = Number(seen.query.get("per_page") ?? 30);
  const number = Number(seen.query.get("page") ?? 1);
  const next = number * size < all.length ? String(number + 1) : undefined;
  return {
    items: all.slice((number - 1) * size, number * size),
    headers: link(seen, "page", next),
  };
}

function listReleases(double: GitHubDouble, { seen, permissions }: Task): Reply {
  const { items, headers } = page(seen, visible(double, permissions));
  return { status: 200, body: items.map((release) => releaseAnswer(double, release)), headers };
}

function listAssets(double: GitHubDouble, task: Task): Reply {
  const release = byId(double, task);
  if (release === undefined) return problem(404, "Not Found");
  const { items, headers } = page(task.seen, release.assets);
  return { status: 200, body: items.map((asset) => assetAnswer(double, asset)), headers };
}

/** As GitHub renames: see asset-names.ts for how much of it is known. */
export function renamed(name: string): string {
  return name
    .replace(/[^\w.+-]+/g, ".")
    .replace(/\.{2,}/g, ".")
    .replace(/^\.|\.$/g, "");
}

function storeAsset(double: GitHubDouble, task: Task): Reply {
  const release = byId(double, task);
  if (release === undefined) return problem(404, "Not Found");
  if (release.immutable && !release.draft) {
    return problem(422, "Cannot upload assets to an immutable release.");
  }
  const name = renamed(task.seen.query.get("name") ?? "");
  if (release.assets.some((asset) => asset.name === name)) {
    const errors = [{ resource: "ReleaseAsset", code: "already_exists", field: "name" }];
    return problem(422, "Validation Failed", { errors });
  }
  const id = 1000 + double.releases.reduce((sum, { assets }) => sum + assets.length, 0);
  const asset = { id, name, content: task.seen.body, state: "uploaded", hasDigest: true } as const;
  release.assets.push({ ...asset });
  return { status: 201, body: assetAnswer(double, asset) };
}

function deleteAsset(double: GitHubDouble, { values }: Task): Reply {
  for (const { assets } of double.releases) {
    const index = assets.findIndex(({ id }) => String(id) === values.get("asset_id"));
    if (index >= 0) {
      assets.splice(index, 1);
      return { status: 204 };
    }
  }
  return problem(404, "Not Found");
}

export function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

/** A door in which github.com's two hosts are the double. */
export function asGitHubCom(door: Http, double: GitHubDouble): Http {
  return {
    close: () => door.close(),
    request: (request) => {
      const prefixes = new Map([
        ["https://api.github.com", "/api/v3"],
        ["https://uploads.github.com", "/api/uploads"],
      ]);
      const prefix = prefixes.get(request.url.origin);
      assert.ok(prefix !== undefined, `asked ${request.url.origin}`);
      const path = `${prefix}${request.url.pathname}${request.url.search}`;
      return door.request({ ...request, url: new URL(path, double.url) });
    },
  };
}
