// Where we run: the only thing a command knows of GitHub, GitLab or any other CI.
// Nine members, and that is the limit.

/** The job that this process is part of. */
export interface Runner {
  readonly name: "github" | "gitlab" | "generic";
  /** Raw text of an input, trimmed of nothing; empty when absent. */
  input(name: string): string;
  /**
   * A fresh identity token for `audience`, already registered with {@link Runner.secret}.
   *
   * @throws SigstepError IDENTITY_UNAVAILABLE with the YAML to add.
   */
  identityToken(audience: string): Promise<string>;
  /** From this call on, `value` never appears in what we print, nor in the log where the runner can mask. */
  secret(value: string): void;
  /** One line for the log. Line breaks, control characters and workflow commands in it are made harmless. */
  info(line: string): void;
  /** The same, marked as a warning. */
  warn(line: string): void;
  /** Hands a named value to later steps. */
  output(name: string, value: string): Promise<void>;
  /** Adds to the job's summary page, where there is one. */
  summary(markdown: string): Promise<void>;
  /** An existing, private directory that lives as long as the job. */
  readonly directory: string;
}
