// Which addresses a registry's answers may lead to. Every such address is the registry's word, and it may
// lie: to have us ask a machine's own services or a cloud's metadata, or to collect credentials.
import { isLoopback } from "../services/address.ts";
import { quote, SigstepError } from "../errors.ts";

/**
 * Refuses an address that no registry has a reason to name: this machine (unless the registry is on it), a
 * link-local address, where clouds put their metadata, or plain http from a registry that spoke https.
 *
 * @param what - For the message: `a redirect`, `its realm`.
 * @throws SigstepError REGISTRY_ANSWER_INVALID
 */
export function assertMayLeadTo(target: URL, from: URL, what: string): void {
  const fault = faultOf(target, from);
  if (fault === undefined) return;
  throw new SigstepError(
    "REGISTRY_ANSWER_INVALID",
    `${from.host} leads to ${quote(target.origin, 100)} by ${what}, ${fault}; it was not asked.`,
    { hint: "Check that this is the registry that you mean.", where: from.host },
  );
}

function faultOf(target: URL, from: URL): string | undefined {
  if (target.protocol !== "https:" && target.protocol !== "http:") return "which is no web address";
  if (target.username !== "" || target.password !== "") return "with credentials in the address";
  if (isLinkLocal(target.hostname)) return "a link-local or metadata address";
  if (isLoopback(target.hostname) && !isLoopback(from.hostname)) return "this machine itself";
  return isDowngrade(target, from) ? "over plain http" : undefined;
}

function isDowngrade(target: URL, from: URL): boolean {
  return target.protocol === "http:" && from.protocol === "https:" && !isLoopback(target.hostname);
}

/** 169.254/16, fe80::/10, IPv4 in IPv6 of it, and the names and addresses of metadata services. */
function isLinkLocal(hostname: string): boolean {
  return (
    hostname.startsWith("169.254.") ||
    hostname.startsWith("0.") ||
    /^\[fe[89ab]/.test(hostname) ||
    /^\[::ffff:(?:a9fe|7f)/.test(hostname) ||
    ["[::]", "[fd00:ec2::254]", "100.100.100.200", "metadata.google.internal"].includes(hostname)
  );
}

/**
 * Whether a realm may be given the credentials of the registry that names it.
 *
 * A registry could pass on whatever it is given, so a realm can only be too strange, not too powerful: it
 * is the same host, one above it (registry.gitlab.com: gitlab.com), one beside it (registry-1.docker.io:
 * auth.docker.io), or one that the user has named. From a registry asked over plain http, where anyone on
 * the way can write the realm, only the same host.
 */
export function isRealmOf(realm: URL, registry: URL, allowed: readonly string[]): boolean {
  if (realm.hostname === registry.hostname) return true;
  if (registry.protocol !== "https:" || realm.protocol !== "https:") return false;
  if (allowed.includes(realm.host)) return true;
  const parent = registry.hostname.slice(registry.hostname.indexOf(".") + 1);
  // Below a top-level domain all the world is beside each other; an address has no parent.
  if (!parent.includes(".") || /^[\d.]+$/.test(parent) || parent.endsWith("]")) return false;
  return realm.hostname === parent || realm.hostname.endsWith(`.${parent}`);
}
