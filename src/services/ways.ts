// The ways out that are in use: one for direct connections, one for each proxy, opened on demand.

import type { Dispatcher } from "undici";
import { openDirect, openProxied, type ConnectionOptions } from "./dispatchers.ts";
import type { Proxy } from "./proxy.ts";

/** Opened ways, kept until closed. */
export interface Ways {
  /** The way through `proxy`, or the direct one. */
  get(proxy: Proxy | undefined): Promise<Dispatcher>;
  /** Takes all connections down at once; those still being made would keep the process alive. */
  close(): Promise<void>;
}

/** Nothing is loaded before the first {@link Ways.get}. */
export function createWays(options: ConnectionOptions): Ways {
  const ways = new Map<string, Promise<Dispatcher>>();
  return {
    get(proxy) {
      const key = proxy?.url.href ?? "";
      const known = ways.get(key);
      if (known !== undefined) return known;
      const way = proxy === undefined ? openDirect(options) : openProxied(proxy, options);
      ways.set(key, way);
      return way;
    },
    async close() {
      const open = [...ways.values()];
      ways.clear();
      await Promise.allSettled(open.map(async (way) => (await way).destroy()));
    },
  };
}
