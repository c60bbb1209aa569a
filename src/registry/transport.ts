// Requests to one repository: the registry's address, log-in, redirects. Over the one door, which retries.
import { isLoopback, mayBePlain } from "../services/address.ts";
import { createGate, type Gate } from "../services/gate.ts";
import type { Http, HttpRequest, HttpResponse } from "../services/http.ts";
import { SigstepError, systemCode } from "../errors.ts";
import { requestPass, type Access, type Login, type Pass } from "./auth.ts";
import { assertMayLeadTo } from "./authority.ts";
import type { FoundCredentials, Secret } from "./credentials.ts";
import type { Keychain } from "./keychain.ts";
import type { RepositoryName } from "./reference.ts";

/** What all registries of a run share. */
export interface RegistryWorld {
  readonly http: Http;
  readonly keychain: Keychain;
  readonly secret: Secret;
  readonly now: () => Date;
  /** Waits; rejects when the run is cancelled. */
  readonly sleep: (ms: number) => Promise<void>;
  /** As `Math.random`. */
  readonly random: () => number;
  /** Exact `host` or `host:port` that may be asked over plain http besides loopback; the door's too. */
  readonly insecureHosts?: readonly string[];
  /** Hosts that may be the realm of a registry elsewhere: GitLab's CI_SERVER_HOST. */
  readonly realmHosts?: readonly string[];
  /** Hosts beside the registry's own that uploads may be sent to, without credentials. */
  readonly uploadHosts?: readonly string[];
  /** Most requests at once to one registry; 8 unless given. */
  readonly concurrency?: number;
}

/** One request. */
export interface RepositoryRequest {
  readonly method: "GET" | "HEAD" | "POST" | "PUT";
  /** Below `/v2/<repository>/`, or an address that the registry has named. */
  readonly path: string | URL;
  readonly access: Access;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly maxBytes: number;
  /** `never` for what is not the same when it happens twice. */
  readonly retry?: HttpRequest["retry"];
  readonly onRetry?: () => void;
}

/** An answer, and where it came from in the end. */
export interface RepositoryResponse extends HttpResponse {
  readonly url: URL;
}

/** One repository of one registry. */
export interface Repository {
  readonly name: RepositoryName;
  readonly world: RegistryWorld;
  /** Who we are to it, for messages. */
  readonly credentials: () => Promise<FoundCredentials>;
  /**
   * Sends `request`, logging in when asked to; GET and HEAD follow redirects, our credentials do not.
   *
   * @returns an answer of any status, 401 too when logging in did not help
   * @throws SigstepError REGISTRY_ANSWER_INVALID, REGISTRY_REFUSED, CREDENTIALS_INVALID, and those of the door
   */
  send(request: RepositoryRequest): Promise<RepositoryResponse>;
}

const timeoutMs = 60_000;
const maxRedirects = 3;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Opens repositories that share log-ins and a limit for each registry. */
export function createRegistries(world: RegistryWorld): (name: RepositoryName) => Repository {
  const repositories = new Map<string, Repository>();
  const registries = new Map<string, Registry>();
  return (name) => {
    const key = `${name.registry}/${name.repository}`;
    const known = repositories.get(key);
    if (known !== undefined) return known;
    const registry = registries.get(name.registry) ?? openRegistry(world, name);
    registries.set(name.registry, registry);
    const repository = new OpenRepository(world, name, registry);
    repositories.set(key, repository);
    return repository;
  };
}

/** What the repositories of one registry share. */
interface Registry {
  /** Root of its API: its scheme is found out once. */
  readonly root: () => Promise<URL>;
  readonly gate: Gate;
  /** The last challenge; the next repository need not be refused to hear it. */
  challenge: string | undefined;
}

function openRegistry(world: RegistryWorld, name: RepositoryName): Registry {
  let root: Promise<URL> | undefined;
  return {
    root: () => (root ??= findRoot(world, name)),
    gate: createGate(world.concurrency ?? 8),
    challenge: undefined,
  };
}

/** https, but plain http where that is allowed and https is not spoken. Nothing secret is sent to find out. */
async function findRoot(world: RegistryWorld, { registry }: RepositoryName): Promise<URL> {
  const host = registry === "docker.io" ? "registry-1.docker.io" : registry;
  const root = new URL(`https://${host}/`);
  const plain = new URL(`http://${host}/`);
  if (!mayBePlain(plain, world.insecureHosts ?? [])) return root;
  // On this machine nobody listens in, and TLS is the exception.
  if (isLoopback(plain.hostname) && (await speaksPlain(world, plain))) return plain;
  try {
    const ping = { service: "the registry", method: "GET", timeoutMs: 10_000 } as const;
    const url = new URL("/v2/", root);
    await world.http.request({ ...ping, url, maxBytes: 1024 * 1024, retry: "never" });
    return root;
  } catch (error) {
    if (!isNotTls(error)) throw error;
    return plain;
  }
}

/** Whether a registry answers there. One that wants TLS answers 400, or not at all. */
async function speaksPlain({ http }: RegistryWorld, root: URL): Promise<boolean> {
  const ping = { service: "the registry", method: "GET", timeoutMs: 10_000 } as const;
  const url = new URL("/v2/", root);
  try {
    const { status } = await http.request({ ...ping, url, maxBytes: 1024 * 1024, retry: "never" });
    return status === 200 || status === 401;
  } catch (error) {
    if (error instanceof SigstepError && error.code === "CANCELLED") throw error;
    return false;
  }
}

function isNotTls(error: unknown): boolean {
  if (!(error instanceof SigstepError) || error.code !== "SERVICE_UNAVAILABLE") return false;
  return /WRONG_VERSION|PACKET_LENGTH|EPROTO|ECONNRESET|UND_ERR_SOCKET/.test(
    systemCode(error.cause),
  );
}

class OpenRepository implements Repository {
  readonly name: RepositoryName;
  readonly world: RegistryWorld;
  readonly #registry: Registry;
  readonly #passes = new Map<Access, Promise<Pass>>();

  constructor(world: RegistryWorld, name: RepositoryName, registry: Registry) {
    this.world = world;
    this.name = name;
    this.#registry = registry;
  }

  credentials(): Promise<FoundCredentials> {
    return this.world.keychain.find(this.name);
  }

  async send(request: RepositoryRequest): Promise<RepositoryResponse> {
    return this.#registry.gate.run(async () => {
      const root = await this.#registry.root();
      const url =
        typeof request.path === "string"
          ? new URL(`/v2/${this.name.repository}/${request.path}`, root)
          : request.path;
      // An address elsewhere gets nothing that is ours.
      if (url.origin !== root.origin) return this.#ask(url, request, undefined);
      return this.#follow(request, await this.#askWithLogin(url, request, root));
    });
  }

  async #askWithLogin(
    url: URL,
    request: RepositoryRequest,
    root: URL,
  ): Promise<RepositoryResponse> {
    const pass = await this.#pass(request.access, root);
    const response = await this.#ask(url, request, pass?.authorization);
    if (response.status !== 401) return response;
    const header = response.headers["www-authenticate"];
    if (header === undefined) return response;
    this.#registry.challenge = header;
    await this.#drop(request.access, pass);
    const fresh = await this.#pass(request.access, root);
    if (fresh?.authorization === undefined) return response;
    return this.#ask(url, request, fresh.authorization);
  }

  /** Forgets the pass that was refused, but not one that somebody beside us has fetched since. */
  async #drop(access: Access, refused: Pass | undefined): Promise<void> {
    const current = this.#passes.get(access);
    if (current === undefined || refused === undefined || (await current) !== refused) return;
    if (this.#passes.get(access) === current) this.#passes.delete(access);
  }

  /** The pass in hand while it holds, else a new one; undefined before anybody asked for one. */
  async #pass(access: Access, root: URL): Promise<Pass | undefined> {
    const known = this.#passes.get(access);
    const pass = await known;
    if (pass !== undefined && pass.until > this.world.now().getTime()) return pass;
    const header = this.#registry.challenge;
    if (header === undefined) return undefined;
    // Whoever waited beside us for the same pass may have begun to fetch the next one.
    const current = this.#passes.get(access);
    if (current !== undefined && current !== known) return current;
    const next = this.#login(root).then((login) =>
      requestPass({ realmHosts: [], ...this.world }, login, { header, access }),
    );
    this.#passes.set(access, next);
    next.catch(() => this.#passes.delete(access));
    return next;
  }

  async #login(registry: URL): Promise<Login> {
    return { registry, repository: this.name.repository, found: await this.credentials() };
  }

  async #follow(
    request: RepositoryRequest,
    first: RepositoryResponse,
  ): Promise<RepositoryResponse> {
    let response = first;
    if (request.method !== "GET" && request.method !== "HEAD") return response;
    for (let count = 0; redirects.has(response.status); count++) {
      if (count === maxRedirects) throw this.#tooMany();
      const target = URL.parse(response.headers.location ?? "", response.url.href);
      if (target === null) return response;
      assertMayLeadTo(target, response.url, "a redirect");
      // Once it has led elsewhere, it does not come back to our credentials.
      const isOwn = target.origin === first.url.origin && response.url.origin === target.origin;
      const pass = isOwn ? await this.#passes.get(request.access) : undefined;
      response = await this.#ask(target, request, pass?.authorization);
    }
    return response;
  }

  #tooMany(): SigstepError {
    return new SigstepError(
      "REGISTRY_ANSWER_INVALID",
      `${this.name.registry} redirects more than ${maxRedirects} times.`,
      { where: this.name.registry },
    );
  }

  async #ask(
    url: URL,
    request: RepositoryRequest,
    authorization: string | undefined,
  ): Promise<RepositoryResponse> {
    const { method, headers, body, maxBytes, retry = "budget" } = request;
    const response = await this.world.http.request({
      ...{ service: "the registry", method, url, timeoutMs, maxBytes, retry },
      ...(headers === undefined ? {} : { headers }),
      ...(body === undefined ? {} : { body }),
      ...(authorization === undefined ? {} : { authorization }),
      onRetry: ({ status }) => {
        if (status === 429) this.#registry.gate.lower();
        request.onRetry?.();
      },
    });
    return { ...response, url };
  }
}
