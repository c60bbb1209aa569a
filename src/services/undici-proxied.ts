// The part of undici that proxies take besides; it builds on the direct part, so both stay whole files.
export { Agent } from "./undici-direct.ts";
export { default as ProxyAgent } from "undici/lib/dispatcher/proxy-agent.js";
export { default as Pool } from "undici/lib/dispatcher/pool.js";
export { default as connect } from "undici/lib/api/api-connect.js";
