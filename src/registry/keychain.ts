// The keychain: which credentials are for which registry. The first place that knows the exact host wins:
//   1. what the user gave for this registry as inputs
//   2. DOCKER_AUTH_CONFIG (GitLab's: the text of a config.json)
//   3. REGISTRY_AUTH_FILE (podman's, when named)
//   4. $DOCKER_CONFIG/config.json, else ~/.docker/config.json
//   5. $XDG_RUNTIME_DIR/containers/auth.json
//   6. ${XDG_CONFIG_HOME:-~/.config}/containers/auth.json
//   7. CI_REGISTRY, with CI_REGISTRY_USER and CI_REGISTRY_PASSWORD, or CI_JOB_TOKEN
//   8. GitHub's token, for ghcr.io
//   9. nobody: anonymous
// Within a file: credHelpers, then credsStore, then auths, where the longest scope wins.
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { quote, SigstepError, systemCode } from "../errors.ts";
import { findEntry, maxAuthFileBytes, parseAuthFile, type AuthFile } from "./auth-file.ts";
import { askHelper } from "./credential-helper.ts";
import { announce, anonymous, type FoundCredentials, type Secret } from "./credentials.ts";
import type { RepositoryName } from "./reference.ts";

/** What the keychain knows from the start. */
export interface KeychainOptions {
  /** The process's environment. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The user's home, for `~`; undefined when there is none. */
  readonly home: string | undefined;
  readonly secret: Secret;
  /** Given as inputs, each for one registry: `host` or `host:port`, exactly. */
  readonly explicit?: readonly ExplicitLogin[];
  /** The job's token on GitHub, for ghcr.io. */
  readonly githubToken?: string | undefined;
  /** How long a credential helper may take; 30 s unless given. */
  readonly helperTimeoutMs?: number;
}

/** A log-in that the user has given. */
export interface ExplicitLogin {
  readonly registry: string;
  readonly username: string;
  readonly password: string;
}

/** Finds credentials. */
export interface Keychain {
  /**
   * Credentials for one repository, announced as secrets; the same promise for the same question.
   *
   * @throws SigstepError CREDENTIALS_INVALID when a file cannot be read or a helper fails: going on
   * without would end in a refusal that says nothing.
   */
  find(name: RepositoryName): Promise<FoundCredentials>;
}

/** Makes a keychain. Nothing is read before it is asked. */
export function createKeychain(options: KeychainOptions): Keychain {
  const files = authPlaces(options).map((place) => lazily(() => readPlace(place)));
  const found = new Map<string, Promise<FoundCredentials>>();
  return {
    find(name) {
      const key = `${name.registry}/${name.repository}`;
      const known = found.get(key);
      if (known !== undefined) return known;
      const answer = findIn(name, files, options).then(({ credentials, source }) => ({
        credentials: announce(credentials, options.secret),
        source,
      }));
      found.set(key, answer);
      return answer;
    },
  };
}

async function findIn(
  name: RepositoryName,
  files: readonly (() => Promise<AuthFile | undefined>)[],
  options: KeychainOptions,
): Promise<FoundCredentials> {
  const given = options.explicit?.find(({ registry }) => registry === name.registry);
  if (given !== undefined) return found("inputs", given.username, given.password);
  for (const read of files) {
    const file = await read();
    const answer = file === undefined ? undefined : await findInFile(file, name, options);
    if (answer !== undefined) return answer;
  }
  return gitLab(name, options) ?? gitHub(name, options) ?? { credentials: anonymous, source: "" };
}

function found(source: string, username: string, password: string): FoundCredentials {
  return { source, credentials: { kind: "basic", username, password } };
}

async function findInFile(
  file: AuthFile,
  name: RepositoryName,
  options: KeychainOptions,
): Promise<FoundCredentials | undefined> {
  const helper = file.helpers.get(name.registry) ?? file.store;
  if (helper !== undefined) {
    const credentials = await askHelper(helper, serverOf(name), {
      environment: options.environment,
      timeoutMs: options.helperTimeoutMs ?? 30_000,
      file: file.path,
    });
    const source = `docker-credential-${helper} of ${file.path}`;
    if (credentials !== undefined) return { credentials, source };
  }
  const entry = findEntry(file, name);
  return entry === undefined ? undefined : { credentials: entry.credentials, source: file.path };
}

/** Helpers file Docker Hub under the address of its first API. */
function serverOf({ registry }: RepositoryName): string {
  return registry === "docker.io" ? "https://index.docker.io/v1/" : registry;
}

function gitLab(
  { registry }: RepositoryName,
  { environment }: KeychainOptions,
): FoundCredentials | undefined {
  if (!isSet(environment.CI_REGISTRY) || environment.CI_REGISTRY !== registry) return undefined;
  const {
    CI_REGISTRY_USER: user,
    CI_REGISTRY_PASSWORD: password,
    CI_JOB_TOKEN: token,
  } = environment;
  if (isSet(user) && isSet(password)) return found("CI_REGISTRY_PASSWORD", user, password);
  return isSet(token) ? found("CI_JOB_TOKEN", "gitlab-ci-token", token) : undefined;
}

function gitHub(
  { registry }: RepositoryName,
  { environment, githubToken }: KeychainOptions,
): FoundCredentials | undefined {
  if (registry !== "ghcr.io" || !isSet(githubToken)) return undefined;
  // GitHub looks at the token alone, but wants some name beside it.
  const actor = environment.GITHUB_ACTOR;
  return found("GitHub's token", isSet(actor) ? actor : "x-access-token", githubToken);
}

interface Place {
  readonly path: string;
  /** The file's text, where a variable holds it. */
  readonly text?: string;
  /** Named by the user: then it has to be there. */
  readonly named?: boolean;
}

function authPlaces({ environment, home }: KeychainOptions): readonly Place[] {
  const of = (name: string): string | undefined => {
    const value = environment[name];
    return isSet(value) ? value : undefined;
  };
  const text = of("DOCKER_AUTH_CONFIG");
  const docker = of("DOCKER_CONFIG") ?? below(home, ".docker");
  const config = of("XDG_CONFIG_HOME") ?? below(home, ".config");
  const named = of("REGISTRY_AUTH_FILE");
  const places: readonly (Place | undefined)[] = [
    text === undefined ? undefined : { path: "DOCKER_AUTH_CONFIG", text },
    named === undefined ? undefined : { path: named, named: true },
    placeOf(docker, "config.json"),
    placeOf(of("XDG_RUNTIME_DIR"), "containers/auth.json"),
    placeOf(config, "containers/auth.json"),
  ];
  return places.filter((place) => place !== undefined);
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== "";
}

function below(folder: string | undefined, name: string): string | undefined {
  return isSet(folder) ? join(folder, name) : undefined;
}

function placeOf(folder: string | undefined, name: string): Place | undefined {
  return folder === undefined ? undefined : { path: join(folder, name) };
}

async function readPlace({ path, text, named }: Place): Promise<AuthFile | undefined> {
  if (text !== undefined) return parseAuthFile(Buffer.from(text, "utf8"), path);
  try {
    return parseAuthFile(await readFile(path), path);
  } catch (error) {
    if (error instanceof SigstepError) throw error;
    const code = systemCode(error);
    if (named !== true && (code === "ENOENT" || code === "ENOTDIR")) return undefined;
    throw new SigstepError(
      "CREDENTIALS_INVALID",
      `The registry log-in file ${quote(path, 200)} cannot be read (${code}).`,
      { hint: "Give this user the right to read it, or log in again.", where: path },
    );
  }
}

async function readFile(path: string): Promise<Uint8Array> {
  // A named pipe in its place must not hold the run.
  await using handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const stats = await handle.stat();
  if (stats.isDirectory()) throw Object.assign(new Error(), { code: "EISDIR" });
  if (!stats.isFile()) throw Object.assign(new Error(), { code: "EFTYPE" });
  const buffer = Buffer.alloc(maxAuthFileBytes + 1);
  const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
  return buffer.subarray(0, bytesRead);
}

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
