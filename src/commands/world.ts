// Everything a command needs of the outside, given by the entry point.
import type { JobFacts, Runner } from "../runner/runner.ts";
import type { Http } from "../services/http.ts";

/** What a request says about the network. */
export interface NetworkSettings {
  /** How long to go on trying since a service's last good answer. */
  readonly budgetMs: number;
  /** PEM of further certificate authorities for https. */
  readonly caPem?: string;
  /** Most sockets to one service; those of a usual run when absent. */
  readonly connections?: number;
  /** Hosts that may be asked over plain http. */
  readonly insecureHosts: readonly string[];
}

/** The outside. */
export interface World {
  readonly runner: Runner;
  /** Opens the one door to the network; its code is loaded then. */
  readonly openHttp: (settings: NetworkSettings) => Promise<Http>;
  readonly now: () => Date;
  /** Aborts when the run is told to end. */
  readonly signal: AbortSignal;
  /** Absolute path of a folder that outlives this run, for what others could give again; may be absent. */
  readonly cacheDirectory?: string | undefined;
  /** Absolute path of the job's own folder for temporary files, where the runner has one. */
  readonly temporaryDirectory?: string | undefined;
  /** Overwrites the terminal's last line; absent in logs. */
  readonly showProgress?: (line: string) => void;
  readonly job: JobFacts;
  /** Version of this program. */
  readonly version: string;
  /** The same outside with other environment variables, for the demo. */
  readonly inEnvironment: (environment: Readonly<Record<string, string>>) => World;
}
