// One request on its way: how often it is tried, and when to give up.
// Each try is `exchange`; the arithmetic is in retry.ts and budget.ts, the words in unavailable.ts.

import { assertAddress } from "./address.ts";
import type { Budget } from "./budget.ts";
import { exchange, type Outcome } from "./exchange.ts";
import type { Answer, HttpRequest, HttpResponse } from "./http.ts";
import type { ChooseProxy, Proxy } from "./proxy.ts";
import { redactionFor, type Redact } from "./redaction.ts";
import { createBackoff, isTransientStatus, parseRetryAfter } from "./retry.ts";
import * as say from "./unavailable.ts";
import type { Ways } from "./ways.ts";

/** What all requests of one door share. */
export interface World {
  readonly budget: Budget;
  readonly chooseProxy: ChooseProxy;
  readonly ways: Ways;
  readonly insecureHosts: readonly string[];
  readonly redact: Redact;
  readonly now: () => number;
  readonly sleep: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
  readonly random: () => number;
}

/** One request, over all its tries. */
export class Errand {
  readonly #world: World;
  readonly #request: HttpRequest;
  readonly #proxy: Proxy | undefined;
  readonly #redact: Redact;
  readonly #backoff: () => number;
  #tries = 0;
  #startedAt: number;
  #last = "";
  #outcome: Outcome | undefined;

  constructor(world: World, request: HttpRequest) {
    assertAddress(request.url, world.insecureHosts);
    if (Object.keys(request.headers ?? {}).some((name) => /^authorization$/i.test(name))) {
      throw new TypeError("credentials belong into HttpRequest.authorization");
    }
    this.#world = world;
    this.#request = request;
    this.#proxy = world.chooseProxy(request.url);
    this.#redact = redactionFor(world.redact, request.authorization);
    this.#backoff = createBackoff(world.random);
    this.#startedAt = world.now();
  }

  async run(): Promise<HttpResponse> {
    this.#assertNotDown();
    for (;;) {
      this.#assertMayTry(this.#world.now());
      const triedAt = this.#world.now();
      if (this.#tries === 0) this.#startedAt = triedAt;
      const outcome = await this.#try();
      if ("response" in outcome && !this.#mayPass(outcome.response)) {
        this.#world.budget.answered(this.#request.url.origin, this.#world.now());
        return this.#complete(outcome.response);
      }
      this.#assertMayPass(outcome);
      if (this.#request.retry === "never") return this.#final(outcome);
      await this.#pause(outcome, triedAt);
    }
  }

  #mayPass(answer: Answer): boolean {
    const now = new Date(this.#world.now());
    return isTransientStatus(answer.status) || this.#request.throttled?.(answer, now) !== undefined;
  }

  /** For how long the service wants to be left alone. */
  #askedMs(answer: Answer): number | undefined {
    const now = new Date(this.#world.now());
    return this.#request.throttled?.(answer, now) ?? parseRetryAfter(answer, now);
  }

  async #try(): Promise<Outcome> {
    const way = await this.#world.ways.get(this.#proxy);
    this.#tries += 1;
    const outcome = await exchange(way, this.#request);
    this.#last = say.lastOf(outcome);
    this.#outcome = outcome;
    return outcome;
  }

  #complete(answer: Answer): HttpResponse {
    return { ...answer, excerpt: () => say.excerpt(answer, this.#redact) };
  }

  /** What the service said last, made harmless; only failures need it. */
  get #said(): string {
    const last = this.#outcome;
    return last !== undefined && "response" in last ? say.excerpt(last.response, this.#redact) : "";
  }

  /** With `retry: "never"` an answer is an answer, even a 503. */
  #final(outcome: Outcome): HttpResponse {
    if ("response" in outcome) return this.#complete(outcome.response);
    if (outcome.failure.kind === "unknown-host")
      throw say.unknownHost(this.#attempt(), outcome.cause);
    throw say.budgetSpent(this.#attempt(), outcome.cause);
  }

  #assertNotDown(): void {
    if (this.#request.retry === "never") return;
    const elapsedMs = this.#world.budget.downFor(this.#request.url.origin, this.#world.now());
    if (elapsedMs !== undefined) throw say.stillDown({ ...this.#attempt(), elapsedMs });
  }

  #assertMayTry(at: number): void {
    const { signal, deadline } = this.#request;
    if (signal?.aborted === true) throw say.cancelled(this.#attempt());
    if (deadline !== undefined && at > deadline.getTime()) {
      throw say.deadlineReached(this.#attempt(), deadline);
    }
  }

  /** Throws for what no waiting cures. */
  #assertMayPass(outcome: Outcome): void {
    if ("response" in outcome) return;
    const { failure, cause } = outcome;
    switch (failure.kind) {
      case "cancelled":
        throw say.cancelled(this.#attempt());
      case "tls":
        throw say.notTrusted(this.#attempt(), cause);
      case "proxy":
        throw say.refusedByProxy(this.#attempt(), failure.status, cause);
      case "answer":
        throw say.answerInvalid(this.#attempt(), failure.detail);
      case "network":
      case "unknown-host":
        return;
    }
  }

  async #pause(outcome: Outcome, triedAt: number): Promise<void> {
    const now = this.#world.now();
    const unknownHost = "failure" in outcome && outcome.failure.kind === "unknown-host";
    const leftMs = this.#world.budget.left(
      { origin: this.#request.url.origin, requestSince: this.#startedAt, triedAt, unknownHost },
      now,
    );
    if (leftMs === 0) this.#giveUp(outcome);
    const ms = Math.min(this.#pauseMs(outcome, leftMs), leftMs);
    this.#assertMayTry(now + ms);
    this.#request.onRetry?.({
      status: "response" in outcome ? outcome.response.status : undefined,
      detail: [this.#last, this.#said].filter((part) => part !== "").join(": "),
    });
    await this.#sleep(ms);
  }

  #pauseMs(outcome: Outcome, leftMs: number): number {
    const ownMs = this.#backoff();
    if (!("response" in outcome)) return ownMs;
    const askedMs = this.#askedMs(outcome.response);
    if (askedMs === undefined) return ownMs;
    if (askedMs > leftMs) throw say.askedToWait(this.#attempt(), askedMs, leftMs);
    // "Retry-After: 0" says that we may, not that it helps.
    if (askedMs < 1000) return Math.max(askedMs, ownMs);
    // Everyone who was refused in the same second was told the same time.
    return askedMs + Math.round(this.#world.random() * Math.min(askedMs / 4, 5000));
  }

  async #sleep(ms: number): Promise<void> {
    try {
      await this.#world.sleep(ms, this.#request.signal);
    } catch (error) {
      if (this.#request.signal?.aborted === true) throw say.cancelled(this.#attempt());
      throw error;
    }
  }

  #giveUp(outcome: Outcome): never {
    const cause = "failure" in outcome ? outcome.cause : undefined;
    if ("failure" in outcome && outcome.failure.kind === "unknown-host") {
      throw say.unknownHost(this.#attempt(), cause);
    }
    throw say.budgetSpent(this.#attempt(), cause);
  }

  #attempt(): say.Attempt {
    return {
      service: this.#request.service,
      host: this.#request.url.host,
      proxyHost: this.#proxy?.host,
      tries: this.#tries,
      elapsedMs: this.#world.now() - this.#startedAt,
      last: this.#last,
      said: this.#said,
    };
  }
}
