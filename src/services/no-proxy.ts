// NO_PROXY: which hosts are asked directly although a proxy is set.
// There is no standard; the rules are those of Go's net/http, so that cosign on the same machine
// takes the same way, plus blanks as separators as curl has them:
//   *                     every host
//   example.com           that host and every host below it
//   .example.com          every host below it (also written *.example.com)
//   10.1.2.3, fd00::1     that address, when the URL holds an address
//   10.0.0.0/8, fd00::/8  that network, likewise: no name is resolved
//   any of these but networks may end in :port ([fd00::1]:8443)
// Loopback is always asked directly, as Go does.
//
// node:net is fetched when it is used: most runs have no proxy, and offline ones no network at all.

import type { BlockList } from "node:net";
import { isLoopback } from "./address.ts";

/** Tells whether a URL is asked directly. */
export type Bypass = (url: URL) => boolean;

/**
 * Reads the text of NO_PROXY. Entries that make no sense are ignored, as every other program does.
 *
 * @param text - Contents of NO_PROXY, empty for none.
 */
export function parseNoProxy(text: string): Bypass {
  const rules = text
    .split(/[\s,]+/)
    .filter((entry) => entry !== "")
    .map((entry) => parseEntry(entry.toLowerCase()));
  return (url) => isLoopback(url.hostname) || rules.some((rule) => rule(url));
}

function parseEntry(entry: string): Bypass {
  if (entry === "*") return () => true;
  if (entry.includes("/")) return parseNetwork(entry);
  const { host, port } = splitPort(entry);
  const matches = familyOf(host) === undefined ? matchName(host) : matchAddress(host);
  return (url) => (port === "" || port === portOf(url)) && matches(bareHost(url));
}

function parseNetwork(entry: string): Bypass {
  const slash = entry.indexOf("/");
  const address = entry.slice(0, slash);
  const family = familyOf(address);
  const prefix = Number(entry.slice(slash + 1));
  const longest = family === "ipv4" ? 32 : 128;
  if (family === undefined || !/^\d+$/.test(entry.slice(slash + 1)) || prefix > longest) {
    return () => false;
  }
  const network = new (net().BlockList)();
  network.addSubnet(address, prefix, family);
  return (url) => contains(network, bareHost(url));
}

function matchAddress(address: string): (host: string) => boolean {
  const one = new (net().BlockList)();
  one.addAddress(address, familyOf(address));
  return (host) => contains(one, host);
}

function contains(list: BlockList, host: string): boolean {
  const family = familyOf(host);
  return family !== undefined && list.check(host, family);
}

function matchName(name: string): (host: string) => boolean {
  const suffix = name.replace(/^\*/, "");
  if (suffix.startsWith(".")) return (host) => host.endsWith(suffix);
  return (host) => host === suffix || host.endsWith(`.${suffix}`);
}

function splitPort(entry: string): { host: string; port: string } {
  const bracketed = /^\[([^\]]*)\](?::(\d+))?$/.exec(entry);
  if (bracketed !== null) return { host: bracketed[1] ?? "", port: bracketed[2] ?? "" };
  if (familyOf(entry) !== undefined) return { host: entry, port: "" };
  const plain = /^([^:]*):(\d+)$/.exec(entry);
  return plain === null
    ? { host: entry, port: "" }
    : { host: plain[1] ?? "", port: plain[2] ?? "" };
}

function portOf(url: URL): string {
  if (url.port !== "") return url.port;
  return url.protocol === "https:" ? "443" : "80";
}

/** Without the brackets of IPv6 and the dot that ends a fully qualified name. */
function bareHost(url: URL): string {
  return url.hostname.replace(/^\[|\]$/g, "").replace(/\.$/, "");
}

function familyOf(address: string): "ipv4" | "ipv6" | undefined {
  const { isIPv4, isIPv6 } = net();
  if (isIPv4(address)) return "ipv4";
  return isIPv6(address) ? "ipv6" : undefined;
}

function net(): typeof import("node:net") {
  return process.getBuiltinModule("node:net");
}
