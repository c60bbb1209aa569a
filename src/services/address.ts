// Which URLs may be asked at all, judged before any packet leaves.
// Only the text of the URL counts: no name is resolved here.

import { SigstepError } from "../errors.ts";

/**
 * Refuses a URL that would send what we say in the clear, or that carries credentials.
 *
 * @param url - Where a request would go.
 * @param insecureHosts - Exact `host` or `host:port` for which plain http is allowed; a host without
 * port allows every port.
 * @throws SigstepError INSECURE_URL.
 */
export function assertAddress(url: URL, insecureHosts: readonly string[]): void {
  if (url.username !== "" || url.password !== "") {
    throw new SigstepError(
      "INSECURE_URL",
      `The URL of ${url.host} holds a user name or password.`,
      {
        hint: "Take them out of the URL: credentials in URLs end up in logs.",
        where: url.host,
      },
    );
  }
  if (url.protocol === "https:") return;
  if (url.protocol === "http:" && mayBePlain(url, insecureHosts)) return;
  const scheme = url.protocol.slice(0, -1);
  throw new SigstepError("INSECURE_URL", `${url.host} would be asked over ${scheme}, not https.`, {
    hint:
      url.protocol === "http:"
        ? `Use its https address. For a test server on a network you trust, allow this one host: allow-insecure-hosts: ${url.host}.`
        : "Use its https address.",
    where: url.host,
  });
}

/**
 * Whether plain http is allowed to the host of `url`: this machine, or a host of the list, exactly.
 *
 * @param insecureHosts - As for {@link assertAddress}.
 */
export function mayBePlain(url: URL, insecureHosts: readonly string[]): boolean {
  if (isLoopback(url.hostname)) return true;
  const port = url.port === "" ? "80" : url.port;
  return insecureHosts.some((entry) => {
    const allowed = entry.trim().toLowerCase();
    return allowed === url.hostname || allowed === `${url.hostname}:${port}`;
  });
}

/**
 * Whether `hostname` is this machine by its spelling alone.
 *
 * @param hostname - As in `URL.hostname`, which has already brought every spelling of an IPv4
 * address (`127.1`, `0x7f.1`) into dotted form, so `127.example.com` cannot pass for one.
 */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
}
