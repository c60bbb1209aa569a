// undici, loaded when the first request is near and not before: it is the dearest thing a run loads.
// HTTP/1.1 only: services are asked by many short requests over kept-alive connections, and
// node:http2 would add to what has to be loaded.

import { setFlagsFromString } from "node:v8";
import type { Agent, Dispatcher, ProxyAgent } from "undici";
import type { Proxy } from "./proxy.ts";
import { trustAlso } from "./authorities.ts";

/** How connections are made. */
export interface ConnectionOptions {
  /** Certificates to trust besides Node's own. */
  readonly caPem: string | undefined;
  /** Most sockets to one origin. */
  readonly connections: number;
}

const connectMs = 10_000;
const maxHeaderSize = 64 * 1024;

/**
 * Keeps V8 from compiling undici's HTTP parser (WebAssembly) a second time, optimised, in the
 * background: that takes as much CPU as all our own work on one file, and even ten thousand answers
 * do not earn it back.
 */
function compileParserOnce(): void {
  setFlagsFromString("--no-wasm-tier-up");
  setFlagsFromString("--no-wasm-dynamic-tiering");
}

/** Opens the way to services that are asked directly. */
export async function openDirect(options: ConnectionOptions): Promise<Dispatcher> {
  compileParserOnce();
  const [{ Agent: agent }, connect] = await Promise.all([
    import("./undici-direct.ts"),
    connectorOptions(options),
  ]);
  return new agent({ ...clientOptions(options), connect });
}

/** Opens the way through `proxy`: a tunnel for https, forwarding for the few plain http targets. */
export async function openProxied(proxy: Proxy, options: ConnectionOptions): Promise<Dispatcher> {
  compileParserOnce();
  const [{ ProxyAgent: proxyAgent, Pool: pool, connect }, connector] = await Promise.all([
    import("./undici-proxied.ts"),
    connectorOptions(options),
  ]);
  const settings: ProxyAgent.Options = {
    ...clientOptions(options),
    uri: proxy.url.href,
    ...(proxy.authorization === undefined ? {} : { token: proxy.authorization }),
    requestTls: connector,
    proxyTls: connector,
    // undici hands its own pools none of our limits when it forwards or tunnels.
    factory: (origin, given) => new pool(origin, Object.assign({}, given, clientOptions(options))),
    // Only undici's index, which would load everything, gives pools the `connect` that tunnels need.
    clientFactory: (origin, given) => {
      const limits = { headersTimeout: connectMs, maxHeaderSize };
      return Object.assign(new pool(origin, Object.assign({}, given, limits)), { connect });
    },
  };
  return new proxyAgent(settings);
}

/** Our own timer runs over each try as a whole, so undici's two are off. */
function clientOptions(options: ConnectionOptions): Agent.Options {
  return {
    connections: options.connections,
    connectTimeout: connectMs,
    headersTimeout: 0,
    bodyTimeout: 0,
    maxHeaderSize,
    allowH2: false,
  };
}

async function connectorOptions(options: ConnectionOptions): Promise<object> {
  // Of a name's addresses each gets this long before the next is tried. Node's own 250 ms is less
  // than one round trip to a far service, which then fails for good when the last address is of a
  // family that this machine cannot reach.
  const family = { autoSelectFamily: true, autoSelectFamilyAttemptTimeout: 1000 };
  const base = { timeout: connectMs, allowH2: false, ...family };
  if (options.caPem === undefined) return base;
  return { ...base, secureContext: await trustAlso(options.caPem) };
}
