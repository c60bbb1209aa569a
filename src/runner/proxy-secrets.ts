// Passwords that the environment holds for proxies: nobody may print them.
import type { Environment } from "./identity.ts";

const variables = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"];

/**
 * The passwords in the proxy variables, alone and with their user, as they are written and as they are
 * sent; a user without password is one. A proxy that cannot be parsed may hold one all the same.
 */
export function findProxySecrets(environment: Environment): string[] {
  const texts = variables.map((name) => environment[name] ?? "");
  return [...new Set(texts.flatMap(secretsIn))].filter((secret) => secret !== "");
}

function secretsIn(text: string): string[] {
  const [, pair] = /^\s*(?:[a-z][a-z0-9+.-]*:\/\/)?([^/?#]*)@/i.exec(text) ?? [];
  if (pair === undefined) return [];
  return [pair, decode(pair), encodeAsUrl(pair)].flatMap((form) => {
    const at = form.indexOf(":");
    return at < 0 ? [form] : [form, form.slice(at + 1)];
  });
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** As URLs show it. */
function encodeAsUrl(pair: string): string {
  const url = URL.parse(`http://${pair}@host`);
  return url === null ? pair : `${url.username}:${url.password}`;
}
