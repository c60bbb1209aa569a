// Where we run: the only thing a command knows of GitHub, GitLab or any other CI.
// Nine members, and that is the limit.
import type { Http } from "../services/http.ts";

/** The job that this process is part of. */
export interface Runner {
  readonly name: "github" | "gitlab" | "generic";
  /** Raw text of an input, from the step or else the environment; empty when absent. */
  input(name: string): string;
  /**
   * A fresh identity token for `audience`, already registered with {@link Runner.secret}.
   *
   * @throws SigstepError IDENTITY_UNAVAILABLE with the YAML to add.
   */
  identityToken(audience: string, http: Http): Promise<string>;
  /** From this call on, `value` never appears in what we print, nor in the log where the runner can mask. */
  secret(value: string): void;
  /**
   * `text` without any of those, nor what looks like a token; with "keep", what only looks like one stays:
   * for values that are proven, public, and none of ours.
   */
  redact(text: string, lookalikes?: "keep"): string;
  /** Lines for the log. Secrets, control characters and workflow commands in them are made harmless. */
  info(lines: string): void;
  /** The same, marked as an error. */
  fail(lines: string): void;
  /** Hands a named value to later steps, where the runner can. */
  output(name: string, value: string): Promise<void>;
  /** Adds to the job's summary page, where there is one. */
  summary(markdown: string): Promise<void>;
}

/** What the job says of itself besides its token. Anyone in the job can have changed it. */
export interface JobFacts {
  /** Name of the job; empty when unknown. */
  readonly name: string;
  readonly startedOn: Date | undefined;
  /** Path of the event's payload (GitHub). */
  readonly eventPath: string | undefined;
  /** Path of the list of what the job has made (GitHub). */
  readonly artifactsList: string | undefined;
  readonly gitHub: GitHubFacts;
  readonly registries: RegistryFacts;
}

/** What registries' log-ins are found by. */
export interface RegistryFacts {
  /** The process's environment without what only this program is meant to see. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** The user's home; undefined when unknown. */
  readonly home: string | undefined;
}

/** What a job on GitHub says of the place it runs for; each may be absent. */
export interface GitHubFacts {
  /** `owner/name` */
  readonly repository: string | undefined;
  readonly apiUrl: string | undefined;
  readonly serverUrl: string | undefined;
  readonly eventName: string | undefined;
  /** Login of who started the run. */
  readonly actor: string | undefined;
  /** Where actions keep artifacts of the run. */
  readonly resultsUrl: string | undefined;
  /** What they are let in with: a secret. Whoever reads it hands it to {@link Runner.secret}. */
  readonly runtimeToken: string | undefined;
}

/** Environment variable that sets the input called `name` where the step does not. */
export function environmentName(name: string): string {
  return `SIGSTEP_${name.toUpperCase().replaceAll("-", "_")}`;
}
