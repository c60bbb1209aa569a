// Which proxy, if any, a URL goes through. A proxy URL may hold a password: it is taken apart here
// once, and nothing of it but host and port ever reaches a message.

import { SigstepError } from "../errors.ts";
import { parseNoProxy } from "./no-proxy.ts";

/** Texts of HTTP_PROXY, HTTPS_PROXY and NO_PROXY (or their lower-case twins), read by the entry. */
export interface ProxySettings {
  readonly http?: string | undefined;
  readonly https?: string | undefined;
  readonly no?: string | undefined;
}

/** A proxy ready for use. */
export interface Proxy {
  /** Origin of the proxy, without credentials. */
  readonly url: URL;
  /** `host:port`, for messages. */
  readonly host: string;
  /** Value of Proxy-Authorization, or undefined. Secret. */
  readonly authorization: string | undefined;
}

/** Gives the proxy for a URL, or undefined when it is asked directly. */
export type ChooseProxy = (url: URL) => Proxy | undefined;

/**
 * Reads the proxy settings.
 *
 * As in Go and curl, HTTPS_PROXY is for https URLs and HTTP_PROXY for http URLs; neither stands in
 * for the other.
 *
 * @throws SigstepError INPUT_VALUE for a proxy that is no http(s) URL; the text is not repeated.
 */
export function parseProxySettings(settings: ProxySettings): ChooseProxy {
  const http = parseProxy("HTTP_PROXY", settings.http ?? "");
  const https = parseProxy("HTTPS_PROXY", settings.https ?? "");
  if (http === undefined && https === undefined) return () => undefined;
  const bypass = parseNoProxy(settings.no ?? "");
  return (url) => {
    const proxy = url.protocol === "https:" ? https : http;
    return proxy === undefined || bypass(url) ? undefined : proxy;
  };
}

function parseProxy(name: string, text: string): Proxy | undefined {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(trimmed) ? trimmed : `http://${trimmed}`);
  if (url === null || !["http:", "https:"].includes(url.protocol) || url.hostname === "") {
    throw invalidProxy(name, "is not the URL of an http or https proxy");
  }
  const authorization = basicAuthorization(name, url);
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  return { url: new URL(url.origin), host: `${url.hostname}:${port}`, authorization };
}

function basicAuthorization(name: string, url: URL): string | undefined {
  if (url.username === "" && url.password === "") return undefined;
  try {
    const pair = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    return `Basic ${Buffer.from(pair).toString("base64")}`;
  } catch {
    throw invalidProxy(name, "has a user name or password that is not percent-encoded rightly");
  }
}

function invalidProxy(name: string, problem: string): SigstepError {
  return new SigstepError("INPUT_VALUE", `${name} ${problem}.`, {
    hint: `Write it as http://host:port or http://user:password@host:port, with special characters of user and password percent-encoded (@ is %40).`,
    where: name,
  });
}
