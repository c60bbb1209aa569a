// Opens registries for a run: who we are to them, and how they are reached.
import { setTimeout as pause } from "node:timers/promises";
import { SigstepError } from "../errors.ts";
import { createKeychain, type ExplicitLogin } from "../registry/keychain.ts";
import { parseReference, type RepositoryName } from "../registry/reference.ts";
import { createRegistries, type Repository } from "../registry/transport.ts";
import type { Http } from "../services/http.ts";
import type { RegistryInputName } from "./image-table.ts";
import type { InputReader } from "./input-reader.ts";
import type { World } from "./world.ts";

/** What a user says about registries. */
export interface RegistryRequest {
  /** `host` or `host:port`, as references write it; undefined for the only one. */
  readonly registry: string | undefined;
  readonly username: string | undefined;
  /** A secret. */
  readonly password: string | undefined;
  readonly realms: readonly string[];
  /** May be asked over plain http: the door has to know them too. */
  readonly insecureHosts: readonly string[];
  /** For ghcr.io. A secret. */
  readonly gitHubToken?: string | undefined;
}

/**
 * The request that the inputs make.
 *
 * @throws SigstepError INPUT_MISSING, INPUT_VALUE
 */
export function parseRegistryRequest(inputs: InputReader<RegistryInputName>): RegistryRequest {
  const registry = inputs.text("registry")?.trim();
  const username = inputs.text("registry-username")?.trim();
  const password = inputs.text("registry-password")?.trim();
  if ((username === undefined) !== (password === undefined)) {
    const name = username === undefined ? "registry-username" : "registry-password";
    throw missing(name, "registry-username and registry-password belong together.");
  }
  return {
    registry: registry === undefined ? undefined : registryOf(registry),
    ...{ username, password },
    realms: inputs.list("registry-realms"),
    insecureHosts: inputs.list("allow-insecure-registry"),
  };
}

/** As references name it: Docker's Hub has several names. */
function registryOf(text: string): string {
  try {
    const { registry, repository } = parseReference(`${text}/name/name`);
    // Anything without a dot or port would be a folder on Docker's Hub.
    if (repository === "name/name") return registry;
  } catch {
    // Told below.
  }
  throw new SigstepError("INPUT_VALUE", "Input registry is not the host of a registry.", {
    where: "registry",
    hint: "Write it as in references: ghcr.io, or registry.example:5000.",
  });
}

function missing(name: string, hint: string): SigstepError {
  return new SigstepError("INPUT_MISSING", `Input ${name} is missing.`, { where: name, hint });
}

/** What opening registries takes. */
export interface RegistryTools {
  readonly world: World;
  readonly http: Http;
  /** Every registry that the run will ask. */
  readonly names: readonly RepositoryName[];
}

/**
 * Repositories of any registry, with the log-ins of `request`, else those of the job and the user.
 *
 * @throws SigstepError INPUT_MISSING when it is not clear which registry a password is for.
 */
export function openRegistries(
  request: RegistryRequest,
  { world, http, names }: RegistryTools,
): (name: RepositoryName) => Repository {
  const { environment, home } = world.job.registries;
  const secret = (value: string): void => world.runner.secret(value);
  const keychain = createKeychain({
    ...{ environment, home, secret },
    explicit: explicitLogins(request, names),
    githubToken: request.gitHubToken ?? environment.GITHUB_TOKEN,
  });
  const gitLab = environment.CI_SERVER_HOST ?? "";
  return createRegistries({
    ...{ http, keychain, secret, now: world.now, random: Math.random },
    sleep: (ms) => sleep(ms, world.signal),
    insecureHosts: request.insecureHosts,
    realmHosts: [...request.realms, ...(gitLab === "" ? [] : [gitLab])],
  });
}

function explicitLogins(
  { registry, username, password }: RegistryRequest,
  names: readonly RepositoryName[],
): ExplicitLogin[] {
  if (username === undefined || password === undefined) return [];
  const [only, ...others] = new Set(names.map((name) => name.registry));
  const own = registry ?? (others.length === 0 ? only : undefined);
  if (own === undefined) {
    throw missing(
      "registry",
      "The images are in several registries: say which one the password is for.",
    );
  }
  return [{ registry: own, username, password }];
}

async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await pause(ms, undefined, { signal });
  } catch {
    throw new SigstepError("CANCELLED", "The run was cancelled.");
  }
}
