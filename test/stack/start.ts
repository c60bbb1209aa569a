// Starts a whole Sigstore on this machine: real servers, fresh keys, and the files that make clients
// trust them. All of it listens on 127.0.0.1, on ports of its own; stacks can run side by side.
//
// The servers end with the process that started them, however that ends (server.ts). stop() ends them
// earlier, and removes the files.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateTokenKey, startIssuer, type Issuer } from "../../src/sandbox/issuer.ts";
import { makePki } from "./pki.ts";
import { reservePorts, type Ports } from "./ports.ts";
import type { Server } from "./server.ts";
import * as servers from "./servers.ts";
import type { ExtraArguments, ServerName, Site } from "./servers.ts";
import { ensureTools, type Tools } from "./tools.ts";
import { makeTrust, type ServiceUrls, type Trust } from "./trust.ts";

export type { ServerName } from "./servers.ts";
export type { ServiceUrls, Trust } from "./trust.ts";

export type Claims = Readonly<Record<string, unknown>>;

export interface StackOptions {
  /** To make a server misbehave: `{ rekor2: ["--read-only"] }`, `{ tsa: ["--use-http-201"] }`. */
  readonly extraArguments?: ExtraArguments;
}

/** A Sigstore that runs. */
export interface Stack {
  /** Temporary; `<server>.log` of each server is here. stop() removes it. */
  readonly directory: string;
  /** `http://localhost:PORT` of each service (the CT log's with its path), and of the TUF repository. */
  readonly urls: ServiceUrls & { readonly tuf: string };
  readonly trust: Trust;
  /** What makes the GitHub issuer the ambient identity of a job. */
  readonly environment: Readonly<Record<AmbientVariable, string>>;
  /** The servers, for fault tests. Trillian keeps nothing: started again, its logs are gone. */
  readonly servers: Readonly<Record<ServerName, Server>>;
  /** A token as a GitHub job gets it; `claims` replace the default ones. */
  githubToken(claims?: Claims, audience?: string): Promise<string>;
  gitlabToken(claims?: Claims, audience?: string): Promise<string>;
  emailToken(claims?: Claims, audience?: string): Promise<string>;
  /** Trust in other keys at the same addresses: to be refused by whoever verifies. Made once. */
  foreignTrust(): Promise<Trust>;
  /** Ends all servers, and removes the directory. */
  stop(): Promise<void>;
}

export type AmbientVariable = "ACTIONS_ID_TOKEN_REQUEST_URL" | "ACTIONS_ID_TOKEN_REQUEST_TOKEN";

const toolNames = [
  "memtrillian",
  "ct_server",
  "fulcio",
  "timestamp-server",
  "rekor1",
  "rekor2",
  "cosign",
  "tuf",
] as const;

type StackTools = Tools<(typeof toolNames)[number]>;

interface Issuers {
  readonly github: Issuer;
  readonly gitlab: Issuer;
  readonly email: Issuer;
}

/**
 * Resolves when every server answers; about a second when the tools are built.
 *
 * @throws Error with the end of the log of the server that failed. Nothing stays behind.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const tools = await ensureTools(toolNames);
  const cleanup = new AsyncDisposableStack();
  try {
    return await build({ tools, extraArguments: options.extraArguments ?? {} }, cleanup);
  } catch (cause) {
    await cleanup.disposeAsync();
    throw cause;
  }
}

async function build(
  { tools, extraArguments }: Pick<Site, "extraArguments"> & { readonly tools: StackTools },
  cleanup: AsyncDisposableStack,
): Promise<Stack> {
  const directory = await mkdtemp(join(tmpdir(), "sigstep-stack-"));
  cleanup.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  const ports = await reservePorts();
  cleanup.defer(() => ports.release());
  const issuers = await startIssuers(ports, cleanup);
  const site = {
    ...{ directory, tools, ports, extraArguments },
    pki: join(directory, "pki"),
    urls: urlsOf(issuers, ports),
  };
  await makePki(site.pki);
  const makeTrustIn = async (name: string, pki: string): Promise<Trust> => {
    const plan = { directory: join(directory, name), pki, urls: site.urls, tufPort: ports.next() };
    const { trust, server } = await makeTrust({ ...plan, tools });
    cleanup.defer(() => server.close());
    return trust;
  };
  const [running, trust] = await Promise.all([
    startServers(site, cleanup),
    makeTrustIn("trust", site.pki),
  ]);
  return {
    directory,
    urls: { ...site.urls, tuf: trust.tufUrl },
    trust,
    environment: {
      ACTIONS_ID_TOKEN_REQUEST_URL: issuers.github.requestUrl,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: issuers.github.requestToken,
    },
    servers: running,
    githubToken: tokenOf(issuers.github),
    gitlabToken: tokenOf(issuers.gitlab),
    emailToken: tokenOf(issuers.email),
    foreignTrust: once(async () => {
      const pki = join(directory, "foreign-pki");
      await makePki(pki);
      return makeTrustIn("foreign-trust", pki);
    }),
    stop: () => cleanup.disposeAsync(),
  };
}

async function startIssuers(ports: Ports, cleanup: AsyncDisposableStack): Promise<Issuers> {
  const key = generateTokenKey();
  const start = async (kind: "github" | "gitlab" | "email"): Promise<Issuer> => {
    const issuer = await startIssuer({ kind, port: ports.next(), key });
    cleanup.defer(() => issuer.close());
    return issuer;
  };
  const [github, gitlab, email] = await Promise.all([
    start("github"),
    start("gitlab"),
    start("email"),
  ]);
  return { github, gitlab, email };
}

function urlsOf(issuers: Issuers, ports: Ports): ServiceUrls {
  const url = (): string => `http://localhost:${ports.next()}`;
  return {
    fulcio: url(),
    rekor1: url(),
    rekor2: url(),
    tsa: url(),
    ctlog: `${url()}/ct`,
    github: issuers.github.url,
    gitlab: issuers.gitlab.url,
    email: issuers.email.url,
  };
}

// Trillian first; the logs need its trees; Fulcio needs the CT log and the issuers.
async function startServers(
  site: Site,
  cleanup: AsyncDisposableStack,
): Promise<Record<ServerName, Server>> {
  const start = async (server: Server): Promise<Server> => {
    cleanup.defer(() => server.kill());
    await server.start();
    return server;
  };
  const logs = async () => {
    const { server, port } = servers.trillian(site);
    await start(server);
    const trees = await servers.readTrees(site);
    const [rekor1, ctlog] = await Promise.all([
      start(servers.rekor1(site, port, trees.rekor)),
      servers.ctLog(site, port, trees.ctlog).then(start),
    ]);
    return { trillian: server, rekor1, ctlog };
  };
  const [fromTrillian, rekor2, tsa] = await Promise.all([
    logs(),
    start(servers.rekor2(site)),
    start(servers.timestampAuthority(site)),
  ]);
  const fulcio = await start(await servers.fulcio(site));
  return { ...fromTrillian, fulcio, rekor2, tsa };
}

function tokenOf(issuer: Issuer): Stack["githubToken"] {
  return (claims = {}, audience = "sigstore") => issuer.token({ aud: audience, ...claims });
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
