/** What the command line writes to, apart from the log. */
export interface Console {
  /** Standard output: help and JSON. */
  readonly print: (text: string) => void;
  /** From this call on the log goes to standard error, so that standard output is JSON alone. */
  readonly reserveOutput: () => void;
}
