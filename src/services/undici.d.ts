// undici has no exports map, and its types cover only the package as a whole. Loading the whole
// costs twice as much as these files (the rest is fetch, caches, web sockets), so they are named here.

declare module "undici/lib/dispatcher/agent.js" {
  const agent: typeof import("undici").Agent;
  export default agent;
}

declare module "undici/lib/dispatcher/pool.js" {
  const pool: typeof import("undici").Pool;
  export default pool;
}

declare module "undici/lib/api/api-connect.js" {
  /** The `connect` method that undici's index gives to every dispatcher. */
  const connect: import("undici").Dispatcher["connect"];
  export default connect;
}

declare module "undici/lib/dispatcher/proxy-agent.js" {
  const proxyAgent: typeof import("undici").ProxyAgent;
  export default proxyAgent;
}
