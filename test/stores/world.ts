// The API of one repository, against the double: as github.com unless told to be a server of its own.
import type { TestContext } from "node:test";
import { openGitHubApi, type GitHubApi } from "../../src/stores/github-api.ts";
import type { GitHubPlace } from "../../src/stores/place.ts";
import { openDoor, type TestDoor } from "../services/servers.ts";
import type { DoorOptions } from "../../src/services/door.ts";
import {
  asGitHubCom,
  owner,
  repository,
  serveGitHub,
  type GitHubDouble,
  type Permissions,
} from "./github-api.ts";

export const token = "ghs_geheim0123456789";

export interface GitHubWorld {
  readonly double: GitHubDouble;
  readonly door: TestDoor;
  readonly api: GitHubApi;
}

export const everything: Permissions = {
  contents: "write",
  attestations: "write",
  "artifact-metadata": "write",
};

/** What a test may want otherwise. */
export interface WorldOptions {
  readonly permissions?: Permissions;
  readonly place?: Partial<GitHubPlace>;
  readonly door?: Partial<DoorOptions>;
}

export async function openGitHub(
  t: TestContext,
  { permissions = everything, place = {}, door: options = {} }: WorldOptions = {},
): Promise<GitHubWorld> {
  const double = await serveGitHub(t);
  double.tokens.set(place.token ?? token, permissions);
  const door = openDoor(t, options);
  const urls = {
    apiUrl: new URL("https://api.github.com"),
    serverUrl: new URL("https://github.com"),
  };
  const api = openGitHubApi(asGitHubCom(door, double), {
    ...{ ...urls, owner, repository, token },
    ...place,
  });
  return { double, door, api };
}

/** The double as a GitHub Enterprise Server: API and uploads on one host. */
export async function openEnterprise(
  t: TestContext,
  { permissions = everything, place = {} }: WorldOptions = {},
): Promise<GitHubWorld> {
  const double = await serveGitHub(t);
  double.uploadsHere = true;
  double.tokens.set(token, permissions);
  const door = openDoor(t);
  const urls = { apiUrl: new URL("/api/v3", double.url), serverUrl: double.url };
  const api = openGitHubApi(door, { ...urls, owner, repository, token, ...place });
  return { double, door, api };
}

/** Everything that `list` gives. */
export async function collect<T>(list: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of list) all.push(item);
  return all;
}
