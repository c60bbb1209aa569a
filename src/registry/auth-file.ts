// config.json of docker and auth.json of podman: `auths`, `credHelpers`, `credsStore`.
// docker/cli config/configfile/file.go; containers/image containers-auth.json(5).
// Nothing of their content goes into a message but hosts.
import { parseBase64 } from "../encoding/base64.ts";
import { parseJson, type JsonValue } from "../encoding/json.ts";
import { quote, SigstepError } from "../errors.ts";
import type { Credentials } from "./credentials.ts";
import type { RepositoryName } from "./reference.ts";

/** What one file says. */
export interface AuthFile {
  readonly path: string;
  readonly auths: readonly AuthEntry[];
  /** Helper by registry. */
  readonly helpers: ReadonlyMap<string, string>;
  /** Helper for all others, or undefined. */
  readonly store: string | undefined;
}

/** Credentials of a registry, or of a part of its repositories. */
export interface AuthEntry {
  readonly registry: string;
  /** Folder or repository below the registry; empty for all. */
  readonly scope: string;
  readonly credentials: Credentials;
}

/** Largest file that is read. */
export const maxAuthFileBytes = 1024 * 1024;
const maxEntries = 1000;
const helperName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/**
 * Reads `bytes`.
 *
 * @param path - For messages: the file, or the variable that held the text.
 * @throws SigstepError CREDENTIALS_INVALID
 */
export function parseAuthFile(bytes: Uint8Array, path: string): AuthFile {
  const label = `registry log-in file ${quote(path, 200)}`;
  const code = "CREDENTIALS_INVALID";
  const json = withoutCause(() => parseJson(bytes, { label, code, maxBytes: maxAuthFileBytes }));
  const store = json.get("credsStore").optional();
  return {
    path,
    auths: entriesOf(json.get("auths")).flatMap(([key, value]) => parseEntry(key, value)),
    helpers: new Map(
      entriesOf(json.get("credHelpers")).flatMap(([key, value]) => {
        const place = parseKey(key);
        return place?.scope === "" ? [[place.registry, parseHelper(value)] as const] : [];
      }),
    ),
    store: store === undefined || store.raw === "" ? undefined : parseHelper(store),
  };
}

/** JSON.parse quotes what it could not read, and that may be a password. */
function withoutCause(read: () => JsonValue): JsonValue {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof SigstepError)) throw error;
    throw new SigstepError(error.code, error.message, { hint: logInAgain, where: error.where });
  }
}

const logInAgain = "Log in again (docker login, podman login), or repair the file.";

function entriesOf(json: JsonValue): readonly (readonly [string, JsonValue])[] {
  if (!json.present) return [];
  const names = Object.keys(json.members());
  if (names.length > maxEntries) throw json.refuse(`has more than ${maxEntries} members`);
  return names.map((name) => [name, json.get(name)]);
}

/** A helper's name becomes a part of a program's name: a path would run anything. */
function parseHelper(json: JsonValue): string {
  const name = json.string();
  if (!helperName.test(name)) throw json.refuse(`is ${quote(name, 40)}, no name of a helper`);
  return name;
}

function parseEntry(key: string, json: JsonValue): AuthEntry[] {
  const place = parseKey(key);
  const credentials = place === undefined ? undefined : parseCredentials(json);
  return place === undefined || credentials === undefined ? [] : [{ ...place, credentials }];
}

/**
 * What a key stands for: `host`, `host/folder` (podman), or a URL as docker writes it, whose path may only
 * be that of the API. undefined for anything else: credentials of an unclear place are for nobody.
 */
function parseKey(key: string): { registry: string; scope: string } | undefined {
  const [, scheme, host = "", path = ""] = /^(https?:\/\/)?([^/]+)(\/.*)?$/i.exec(key) ?? [];
  if (host === "" || /[@?#\s]/.test(key)) return undefined;
  const registry = canonicalHost(host.toLowerCase());
  if (/^\/?(?:v[12]\/?)?$/.test(path)) return { registry, scope: "" };
  return scheme === undefined ? { registry, scope: path.slice(1).replace(/\/$/, "") } : undefined;
}

function canonicalHost(host: string): string {
  return host === "index.docker.io" ? "docker.io" : host;
}

/** undefined for an entry that only says that a helper knows. */
function parseCredentials(json: JsonValue): Credentials | undefined {
  const text = (name: string): string => json.get(name).optional()?.string() ?? "";
  if (text("registrytoken") !== "") return { kind: "registry-token", token: text("registrytoken") };
  if (text("identitytoken") !== "") return { kind: "identity-token", token: text("identitytoken") };
  if (text("auth") !== "") return parseBasic(json.get("auth"));
  const [username, password] = [text("username"), text("password")];
  return username === "" && password === "" ? undefined : { kind: "basic", username, password };
}

function parseBasic(json: JsonValue): Credentials {
  const refuse = (): SigstepError => {
    const { code, message, where } = json.refuse("is not base64 of user:password");
    return new SigstepError(code, message, { hint: logInAgain, where });
  };
  let text: string;
  try {
    text = Buffer.from(parseBase64(json.string(), "it")).toString("utf8");
  } catch {
    throw refuse();
  }
  const colon = text.indexOf(":");
  if (colon < 1) throw refuse();
  // docker's own reader does the same: some writers filled the field up with zeros.
  const password = text.slice(colon + 1).replace(/\0+$/, "");
  return { kind: "basic", username: text.slice(0, colon), password };
}

/** The entry of `file` for a repository: the longest scope that holds it, else the registry's own. */
export function findEntry(file: AuthFile, name: RepositoryName): AuthEntry | undefined {
  return file.auths
    .filter(({ registry, scope }) => registry === name.registry && isWithin(name.repository, scope))
    .sort((left, right) => right.scope.length - left.scope.length)[0];
}

function isWithin(repository: string, scope: string): boolean {
  return scope === "" || repository === scope || repository.startsWith(`${scope}/`);
}
