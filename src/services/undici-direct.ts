// The part of undici that direct connections take, as one file of dist/.
export { default as Agent } from "undici/lib/dispatcher/agent.js";
