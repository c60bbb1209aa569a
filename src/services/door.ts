// Builds the door that http.ts promises from what the entry point knows.

import { setTimeout as pauseFor } from "node:timers/promises";
import { assertAuthorities } from "./authorities.ts";
import { createBudget } from "./budget.ts";
import { createWays } from "./ways.ts";
import { Errand, type World } from "./errand.ts";
import type { Http } from "./http.ts";
import { parseProxySettings, type ProxySettings } from "./proxy.ts";
import type { Redact } from "./redaction.ts";

/** What the door is built from. Nothing behind it reads the environment. */
export interface DoorOptions {
  /** Longest outage of one service to sit through, in milliseconds. */
  readonly budgetMs: number;
  readonly proxy?: ProxySettings;
  /** Contents of ca-file: authorities added to Node's own and those of NODE_EXTRA_CA_CERTS. */
  readonly caPem?: string | undefined;
  /** Exact `host` or `host:port` that may be asked over plain http besides loopback. */
  readonly insecureHosts?: readonly string[];
  /** Most sockets to one origin; 256 unless given. */
  readonly connections?: number;
  /** Takes the run's secrets out of a text that comes from a service. */
  readonly redact?: Redact;
  readonly now: () => Date;
  /** Ends every request and every pause when it aborts. */
  readonly signal?: AbortSignal;
  /** Waits; rejects when `signal` aborts. Given by tests that turn a clock of their own. */
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  /** As `Math.random`. */
  readonly random?: () => number;
}

/** The door, with a handle to begin early. */
export interface Door extends Http {
  /** Begins to load what the first request needs, without waiting for it. Never throws. */
  warm(): void;
}

/**
 * Opens the door. Costs nothing until the first request, or {@link Door.warm}.
 *
 * @throws SigstepError INPUT_VALUE when a proxy setting or the CA file makes no sense.
 */
export function createHttp(options: DoorOptions): Door {
  if (options.caPem !== undefined) assertAuthorities(options.caPem);
  const world: World = {
    budget: createBudget(options.budgetMs),
    chooseProxy: parseProxySettings(options.proxy ?? {}),
    ways: createWays({ caPem: options.caPem, connections: options.connections ?? 256 }),
    insecureHosts: options.insecureHosts ?? [],
    redact: options.redact ?? ((text) => text),
    now: () => options.now().getTime(),
    sleep: options.sleep ?? sleep,
    random: options.random ?? Math.random,
  };
  const cancel = options.signal === undefined ? {} : { signal: options.signal };
  return {
    // Async, so that a refused URL rejects like everything else.
    request: async (request) => new Errand(world, { ...cancel, ...request }).run(),
    close: () => world.ways.close(),
    warm: () => {
      world.ways.get(undefined).catch(() => undefined);
    },
  };
}

async function sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
  await pauseFor(ms, undefined, signal === undefined ? {} : { signal });
}
