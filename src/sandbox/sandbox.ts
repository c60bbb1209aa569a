// A whole Sigstore inside this process, on 127.0.0.1: three issuers, Fulcio, a CT log, both Rekors, a
// timestamp authority, and a TUF repository that publishes whom to trust. It really signs and really keeps its trees, with keys that die with it.
import { createAuthority } from "./authority.ts";
import { Fulcio } from "./ca.ts";
import { CtLog } from "./ct-log.ts";
import { writeEnvironment, type EnvironmentOptions } from "./environment.ts";
import { Faults, type ServiceName } from "./faults.ts";
import type { IssuerKind } from "./claims.ts";
import { generateTokenKey, startIssuer, type Issuer } from "./issuer.ts";
import { Rekor1 } from "./rekor1.ts";
import { Rekor2 } from "./rekor2.ts";
import { githubOrganisation } from "./names.ts";
import { Requests } from "./requests.ts";
import { startServer, type Handler, type LocalServer, type World } from "./server.ts";
import {
  encodeSigningConfig,
  encodeTrustedRoot,
  type ServiceUrls,
  type TrustedParts,
} from "./trust.ts";
import { createTsa } from "./tsa.ts";
import { TufRepository } from "./tuf.ts";

/** How to start a sandbox; nothing is needed. */
export interface SandboxOptions {
  /** `github`: as GitHub's own instance is, with authorities of its name, no log and no SCT. */
  readonly instance?: "public" | "github";
  /** false: an instance without CT log, whose certificates carry no SCT. */
  readonly ctLog?: boolean;
  /** The time for all services; the machine's when absent. */
  readonly clock?: () => Date;
  /** 600 when absent, as Fulcio's. */
  readonly certificateLifetimeSeconds?: number;
  /** 300 when absent, as GitHub's. */
  readonly tokenLifetimeSeconds?: number;
  /** How long Rekor v2 gathers entries before it answers; 10 when absent. */
  readonly batchDelayMs?: number;
  /** Fixed ports; any free one where absent. */
  readonly ports?: Readonly<Partial<Record<SandboxPort, number>>>;
}

/** Every server of the sandbox. */
export type SandboxPort = IssuerKind | "fulcio" | "rekor1" | "rekor2" | "tsa" | "tuf";

/** Where everything is. All on loopback. */
export interface SandboxUrls extends ServiceUrls {
  readonly github: string;
  readonly gitlab: string;
  readonly email: string;
  readonly tuf: string;
}

/** A sandbox that runs. */
export interface Sandbox {
  readonly urls: SandboxUrls;
  readonly issuers: Readonly<Record<IssuerKind, Issuer>>;
  /** JSON text. */
  readonly trustedRoot: string;
  /** JSON texts, by the Rekor they lead to. */
  readonly signingConfig: { readonly v1: string; readonly v2: string };
  /** Publishes these files. */
  readonly tuf: TufRepository;
  readonly faults: Faults;
  readonly requests: Requests;
  /** Writes the trust files into `directory` (made when absent) and gives the variables that use them. */
  environment(directory: string, options?: EnvironmentOptions): Promise<Record<string, string>>;
  /** Stops all servers and drops all connections. */
  close(): Promise<void>;
}

/** Starts everything. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const world: World = {
    faults: new Faults(),
    requests: new Requests(),
    now: options.clock ?? (() => new Date()),
  };
  const start = new Date(world.now().getTime() - 3_600_000);
  const isGitHub = options.instance === "github";
  const organisation = isGitHub ? githubOrganisation : undefined;
  const [issuers, authority, tsa] = await Promise.all([
    startIssuers(options, world),
    createAuthority({ purpose: "code signing", now: world.now(), organisation }),
    createTsa(world, organisation),
  ]);
  const ctLog = isGitHub || options.ctLog === false ? undefined : new CtLog(world);
  const rekor1 = new Rekor1(world);
  const rekor2 = new Rekor2(options.batchDelayMs ?? 10);
  const { certificateLifetimeSeconds: lifetimeSeconds = 600 } = options;
  const known = { issuers: Object.values(issuers), ctLog };
  const fulcio = new Fulcio(authority, { world, ...known, lifetimeSeconds });
  const servers = await startServers(options, world, {
    fulcio: (call) => fulcio.handle(call),
    rekor1: (call) => rekor1.handle(call),
    rekor2: (call) => rekor2.handle(call),
    tsa: (call) => tsa.handle(call),
    tuf: (call) => tuf.handle(call),
  });
  const urls = urlsOf(issuers, servers);
  const trust = {
    fulcioChain: authority.chain,
    tsaChain: tsa.chain,
    rekor: isGitHub ? undefined : { v1: rekor1, v2: rekor2 },
    ...{ ctLog, start, organisation },
  };
  const files = writeTrust(trust, urls);
  const tuf = publishTrust(files, world);
  const parts = { ...files, issuers, tuf: { url: urls.tuf, root: tuf.root } };
  return {
    ...{ urls, issuers, ...files, tuf },
    faults: world.faults,
    requests: world.requests,
    environment: (directory, environmentOptions = {}) =>
      writeEnvironment(directory, parts, environmentOptions),
    close: () => closeAll([...Object.values(issuers), ...Object.values(servers)]),
  };
}

async function closeAll(servers: readonly Pick<LocalServer, "close">[]): Promise<void> {
  await Promise.all(servers.map((server) => server.close()));
}

type TrustFiles = Pick<Sandbox, "trustedRoot" | "signingConfig">;

/** JSON texts of the trusted root and both signing configs, which are one where there is no log. */
function writeTrust(parts: TrustedParts, urls: ServiceUrls): TrustFiles {
  const config = (version: 1 | 2): string =>
    encodeSigningConfig(urls, parts.rekor === undefined ? undefined : version, parts.start);
  return { trustedRoot: encodeTrustedRoot(parts), signingConfig: { v1: config(1), v2: config(2) } };
}

function publishTrust({ trustedRoot, signingConfig }: TrustFiles, world: World): TufRepository {
  return new TufRepository(world, {
    "trusted_root.json": trustedRoot,
    "signing_config.v0.2.json": signingConfig.v1,
    "signing_config_rekor_v2.v0.2.json": signingConfig.v2,
  });
}

type Service = Exclude<ServiceName, "issuer" | "ct">;

async function startIssuers(
  { ports = {}, tokenLifetimeSeconds }: SandboxOptions,
  world: World,
): Promise<Record<IssuerKind, Issuer>> {
  const key = generateTokenKey();
  const start = (kind: IssuerKind): Promise<Issuer> =>
    startIssuer({ kind, port: ports[kind], tokenLifetimeSeconds, world, key });
  const [github, gitlab, email] = await Promise.all([
    start("github"),
    start("gitlab"),
    start("email"),
  ]);
  return { github, gitlab, email };
}

async function startServers(
  { ports = {} }: SandboxOptions,
  world: World,
  handlers: Readonly<Record<Service, Handler>>,
): Promise<Record<Service, LocalServer>> {
  const start = (service: Service): Promise<LocalServer> =>
    startServer({ service, port: ports[service], world, handler: handlers[service] });
  const [fulcio, rekor1, rekor2, tsa, tuf] = await Promise.all([
    start("fulcio"),
    start("rekor1"),
    start("rekor2"),
    start("tsa"),
    start("tuf"),
  ]);
  return { fulcio, rekor1, rekor2, tsa, tuf };
}

function urlsOf(
  issuers: Readonly<Record<IssuerKind, Issuer>>,
  servers: Readonly<Record<Service, LocalServer>>,
): SandboxUrls {
  const at = ({ port }: LocalServer): string => `http://127.0.0.1:${port}`;
  return {
    github: issuers.github.url,
    gitlab: issuers.gitlab.url,
    email: issuers.email.url,
    issuer: issuers.email.url,
    fulcio: at(servers.fulcio),
    rekor1: at(servers.rekor1),
    rekor2: at(servers.rekor2),
    tsa: `${at(servers.tsa)}/api/v1/timestamp`,
    tuf: at(servers.tuf),
  };
}
