// One try: one request out, one answer in, bounded in time and size.
// The answer is read by undici's handler callbacks, not by a stream: the limit is checked on each
// piece as it arrives, and small answers cost no stream machinery.

import type { Dispatcher } from "undici";
import { classify, type Failure } from "./failure.ts";
import type { Answer, HttpRequest } from "./http.ts";
import { isTransientStatus } from "./retry.ts";

/** What one try brought: an answer of any status, or why there is none. */
export type Outcome =
  { readonly response: Answer } | { readonly failure: Failure; readonly cause?: unknown };

/**
 * Sends `request` once over `dispatcher`.
 *
 * Resolves as soon as the outcome is known; what is left of the connection is taken down behind it.
 * An error answer that waiting may cure is cut at `maxBytes` rather than refused: its status is what
 * counts, and gateways decorate a 503 with pages of any size.
 *
 * @throws whatever undici threw when the request itself is malformed: a defect of ours.
 */
export function exchange(dispatcher: Dispatcher, request: HttpRequest): Promise<Outcome> {
  const { promise, resolve, reject } = Promise.withResolvers<Outcome>();
  const reader = new AnswerReader(request, { resolve, reject });
  const options: Dispatcher.DispatchOptions = {
    origin: request.url.origin,
    path: request.url.pathname + request.url.search,
    method: request.method,
    headers: headersOf(request),
    body: request.body ?? null,
  };
  try {
    dispatcher.dispatch(options, reader);
  } catch (error) {
    reader.onResponseError(undefined, error);
  }
  return promise;
}

function headersOf(request: HttpRequest): Record<string, string> {
  return {
    "user-agent": "sigstep",
    // We undo no encoding, and without this header a server may choose any.
    "accept-encoding": "identity",
    ...request.headers,
    ...(request.authorization === undefined ? {} : { authorization: request.authorization }),
  };
}

interface Settle {
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (defect: unknown) => void;
}

/** Collects one answer. Everything after the first outcome is ignored. */
class AnswerReader implements Dispatcher.DispatchHandler {
  readonly #request: HttpRequest;
  readonly #settle: Settle;
  readonly #timer: NodeJS.Timeout;
  readonly #onAbort = (): void => this.#fail({ kind: "cancelled", detail: "cancelled" });
  #controller: Dispatcher.DispatchController | undefined;
  #done = false;
  #status = 0;
  #headers: Record<string, string> = {};
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(request: HttpRequest, settle: Settle) {
    this.#request = request;
    this.#settle = settle;
    this.#timer = setTimeout(() => {
      const detail = `no answer within ${request.timeoutMs / 1000} s`;
      this.#fail({ kind: "network", detail });
    }, request.timeoutMs);
    request.signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (request.signal?.aborted === true) this.#onAbort();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    // Given up while the connection was still being made: nothing is sent any more.
    if (this.#done) controller.abort(new Error("given up"));
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    if (this.#done || status < 200) return;
    this.#status = status;
    this.#headers = joinHeaders(headers);
    const announced = Number(this.#headers["content-length"] ?? 0);
    if (this.#request.method === "HEAD") return;
    if (announced > this.#request.maxBytes && !isTransientStatus(status)) this.#tooLarge();
    const coding = this.#headers["content-encoding"] ?? "identity";
    if (coding !== "identity") {
      this.#fail({ kind: "answer", detail: "it is compressed, which was not asked for" });
    }
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#done) return;
    const room = this.#request.maxBytes - this.#size;
    this.#size += chunk.length;
    this.#chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
    if (chunk.length <= room) return;
    if (isTransientStatus(this.#status)) this.#answer();
    else this.#tooLarge();
  }

  onResponseEnd(): void {
    this.#answer();
  }

  onResponseError(_controller: unknown, error: unknown): void {
    const failure = classify(error);
    if (failure !== undefined) {
      this.#fail(failure, error);
    } else if (this.#finish()) {
      this.#settle.reject(error);
    }
  }

  #answer(): void {
    if (!this.#finish()) return;
    const body = Buffer.concat(this.#chunks);
    this.#chunks = [];
    const response = { status: this.#status, headers: this.#headers, body };
    // undici frees the connection one turn of the event loop from now. After that, a caller that asks
    // again at once gets it; before, every second request of a sequence would open another one.
    setImmediate(() => setImmediate(() => this.#settle.resolve({ response })));
  }

  #tooLarge(): void {
    this.#fail({ kind: "answer", detail: `it is larger than ${this.#request.maxBytes} bytes` });
  }

  #fail(failure: Failure, cause?: unknown): void {
    if (this.#finish()) this.#settle.resolve({ failure, cause });
  }

  /** @returns false when there already was an outcome. */
  #finish(): boolean {
    if (this.#done) return false;
    this.#done = true;
    clearTimeout(this.#timer);
    this.#request.signal?.removeEventListener("abort", this.#onAbort);
    // After a whole answer this does nothing; after a part of one it takes the connection down.
    queueMicrotask(() => this.#controller?.abort(new Error("given up")));
    return true;
  }
}

function joinHeaders(
  headers: Record<string, string | string[] | undefined>,
): Record<string, string> {
  const joined = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [[name.toLowerCase(), [value].flat().join(", ")] as const],
  );
  return Object.fromEntries(joined);
}
