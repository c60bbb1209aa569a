// A run of `sign` without servers: an instance, a plan and results as values, and a world that keeps
// what it is told.
import { basename, join } from "node:path";
import { readJob } from "../../src/runner/job.ts";
import type { Instance } from "../../src/commands/instance.ts";
import { makePlan, type Plan, type PlannedFile } from "../../src/commands/plan.ts";
import { parseSignRequest, type SignRequest } from "../../src/commands/request.ts";
import type { World } from "../../src/commands/world.ts";
import type { Runner } from "../../src/runner/runner.ts";
import { trustedRoot } from "../sigstore/own-instance.ts";

const now = new Date("2026-01-01T00:00:00Z");

function service(host: string): Instance["services"]["ca"] {
  const url = new URL(`https://${host}.example/`);
  return { url, version: 1, validFor: { start: new Date(0) }, operator: "own" };
}

export const instance: Instance = {
  name: "the own instance",
  services: { ca: service("fulcio"), logs: [service("rekor")], tsas: [service("tsa")] },
  trustedRoot,
  isPublicGood: false,
};

/** The request of `sign PATHS…` with these inputs. */
export function requestOf(
  paths: readonly string[],
  inputs: Readonly<Record<string, string>> = {},
): SignRequest {
  return parseSignRequest((name) => inputs[name], paths);
}

/** The plan for files that need not be there. */
export function planOf(
  paths: readonly string[],
  inputs: Readonly<Record<string, string>> = {},
): Plan {
  const files = paths.map((path) => ({ path, name: basename(path), size: 1 }));
  return makePlan(requestOf(paths, inputs), files, instance);
}

/** The one planned file called `name` in `folder`. */
export function fileIn(folder: string, name: string): PlannedFile {
  const path = join(folder, name);
  return { path, name, size: 1, bundlePath: `${path}.sigstore.json` };
}

/** Everything that a run has told its runner. */
export interface Told {
  readonly infos: string[];
  readonly failures: string[];
  readonly outputs: Map<string, string>;
  readonly summaries: string[];
}

/** A world whose runner keeps what it is told; `wish` replaces parts of it. */
export function makeWorld(wish: Partial<Runner> = {}): { world: World; told: Told } {
  const told: Told = { infos: [], failures: [], outputs: new Map(), summaries: [] };
  const runner: Runner = {
    name: "generic",
    input: () => "",
    identityToken: () => Promise.reject(new Error("none")),
    secret: () => undefined,
    redact: (text) => text,
    info: (lines) => told.infos.push(lines),
    fail: (lines) => told.failures.push(lines),
    output: (name, value) => {
      told.outputs.set(name, value);
      return Promise.resolve();
    },
    summary: (markdown) => {
      told.summaries.push(markdown);
      return Promise.resolve();
    },
    ...wish,
  };
  const world: World = {
    runner,
    openHttp: () => {
      throw new Error("no network here");
    },
    now: () => now,
    signal: new AbortController().signal,
    version: "0.0.0",
    inEnvironment: () => world,
    job: readJob({}),
  };
  return { world, told };
}
