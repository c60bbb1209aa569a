// One client of a sandbox's TUF repository: its cache, its clock, and what it was told.
import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Fault } from "../../../src/sandbox/faults.ts";
import type { Sandbox } from "../../../src/sandbox/sandbox.ts";
import { cachePath } from "../../../src/services/tuf/cache.ts";
import type { TargetName } from "../../../src/services/tuf/evidence.ts";
import type { Repository } from "../../../src/services/tuf/refresh.ts";
import { readTargets, type TufAnswer } from "../../../src/services/tuf/tuf.ts";
import { createHttp } from "../../../src/services/door.ts";

export const day = 24 * 3_600_000;

/** How one reading differs from a usual one. */
export interface Reading {
  readonly offline?: boolean;
  readonly noCache?: true;
  readonly repository?: Partial<Repository>;
  readonly budgetMs?: number;
  readonly hasStandIn?: true;
}

export class TufClient {
  readonly sandbox: Sandbox;
  readonly directory: string;
  readonly #now: () => Date;
  /** Lines for people, of all readings. */
  readonly notices: string[] = [];
  /** How long the last reading has paused between tries. */
  pausedMs = 0;

  constructor(sandbox: Sandbox, { directory, now }: { directory: string; now: () => Date }) {
    this.sandbox = sandbox;
    this.directory = directory;
    this.#now = now;
  }

  get repository(): Repository {
    const { urls, tuf } = this.sandbox;
    return { label: "the test's", url: new URL(urls.tuf), root: Buffer.from(tuf.root) };
  }

  get cachePath(): string {
    return cachePath(this.directory, this.repository);
  }

  /** Reads once, through a door of its own. */
  async read(reading: Reading = {}): Promise<TufAnswer> {
    const { offline = false, budgetMs = 0 } = reading;
    const cacheDirectory = reading.noCache === true ? undefined : this.directory;
    const now = this.#now();
    // Pauses between tries pass at once, on the door's clock alone.
    this.pausedMs = 0;
    const http = createHttp({
      budgetMs,
      now: () => new Date(this.#now().getTime() + this.pausedMs),
      sleep: (ms) => {
        this.pausedMs += ms;
        return Promise.resolve();
      },
    });
    try {
      return await readTargets(
        { ...this.repository, ...reading.repository },
        {
          ...{ now, offline, cacheDirectory, hasStandIn: reading.hasStandIn ?? false },
          http: () => Promise.resolve(http),
          notice: (line) => this.notices.push(line),
        },
      );
    } finally {
      await http.close();
    }
  }

  /** The target called `name` of a reading that must be proven. */
  async target(name: TargetName = "trusted_root.json", reading: Reading = {}): Promise<string> {
    const answer = await this.read(reading);
    assert.equal(answer.kind, "proven");
    return String(answer.files.get(name));
  }

  /** Paths that the repository was asked for since the last time. */
  asked(): string[] {
    const { requests } = this.sandbox;
    const paths = requests.list("tuf").map(({ path }) => path.slice(1));
    requests.clear();
    return paths;
  }

  fault(fault: Fault, match = /./): void {
    this.sandbox.faults.add({ service: "tuf", fault, match: ({ path }) => match.test(path) });
  }

  async cached(): Promise<string> {
    return readFile(this.cachePath, "utf8");
  }

  /** Every file that the cache folder holds. */
  async files(): Promise<string[]> {
    return readdir(join(this.directory, "sigstep"));
  }
}
