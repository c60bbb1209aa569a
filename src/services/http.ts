// The one door to the network: the contract. Everything that crosses it is bounded in time and size.

/** One request; the door may send it several times. */
export interface HttpRequest {
  /** Who is asked, for messages: "Fulcio", "Rekor". */
  readonly service: string;
  readonly method: "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";
  readonly url: URL;
  /** Not Authorization: it has a field of its own. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | string;
  /** Value of the Authorization header: sent to this exact origin alone, never across a redirect. */
  readonly authorization?: string;
  /** For one try, from connecting to the last byte. */
  readonly timeoutMs: number;
  /** Largest body to accept, in bytes; an error answer that may pass is cut there, not refused. */
  readonly maxBytes: number;
  /** `budget`: network errors, 408, 429 and 5xx (but 501, 505) are tried again; `never`: one try. */
  readonly retry: "budget" | "never";
  /**
   * Recognises an answer that pushes back in the service's own way, whatever its status, and says for
   * how many milliseconds; undefined for every other. With `retry: "budget"` it is then tried again.
   */
  readonly throttled?: (answer: Answer, now: Date) => number | undefined;
  /** No try starts after this instant; then DEADLINE_REACHED is thrown. */
  readonly deadline?: Date;
  /** Called before each pause, so that a caller can lower its concurrency on 429; what it throws ends the request. */
  readonly onRetry?: (reason: RetryReason) => void;
  readonly signal?: AbortSignal;
}

/** Why a try failed in a way that may pass. */
export interface RetryReason {
  /** HTTP status, or undefined when there was no answer. */
  readonly status: number | undefined;
  readonly detail: string;
}

/** An answer as it came, whatever its status. */
export interface Answer {
  readonly status: number;
  /** Lower-case names; repeated headers joined by ", ". */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The answer to the last try. */
export interface HttpResponse extends Answer {
  /**
   * The service's own words for a message: a JSON error's `message`, else the text. Secrets are cut
   * out before it is shortened, so that no part of one is left; quoted and escaped. May be empty.
   */
  readonly excerpt: () => string;
}

/** The door. */
export interface Http {
  /**
   * Sends `request` and returns its answer: any status that waiting cannot cure, redirects included
   * (none is followed).
   *
   * @throws SigstepError SERVICE_UNAVAILABLE when the budget is used up, with service, host, tries,
   * seconds and last status, and at once when TLS or a proxy refuses; SERVICE_ANSWER_INVALID when an
   * answer is larger than `maxBytes`, has over 64 KiB of headers, is compressed or is not HTTP;
   * INSECURE_URL for plain http to a host that is not loopback and not allowed, and for a URL with
   * credentials; DEADLINE_REACHED; CANCELLED when `signal` aborts or the door is closed.
   */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Takes all connections down; requests still under way end with CANCELLED. */
  close(): Promise<void>;
}
