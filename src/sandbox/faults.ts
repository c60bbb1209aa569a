// The fault dial: what a sandbox service shall do wrong, request by request.
// Scripted, never random: a test that fails must fail the same way again.

/** The services that can misbehave. All three issuers are one service here. */
export type ServiceName = "issuer" | "fulcio" | "ct" | "rekor1" | "rekor2" | "tsa" | "tuf";

/** Ways in which an answer can be well-formed and false. Each service knows its own. */
export type Corruption =
  // issuer
  | "wrong-audience"
  | "expired"
  | "missing-claim"
  | "not-json"
  | "empty"
  // fulcio ("expired" and "not-json" too)
  | "other-public-key"
  | "no-sct"
  | "other-identity"
  | "foreign-chain"
  | "not-code-signing"
  // rekor1 and rekor2 (ct knows "other-log" too)
  | "bad-proof"
  | "bad-set"
  | "other-entry"
  | "other-log"
  | "bad-checkpoint"
  // tsa
  | "wrong-nonce"
  | "wrong-imprint"
  | "rejected"
  | "wrong-time"
  // tuf ("expired" is the root's)
  | "rollback"
  | "freeze"
  | "mix-up"
  | "few-signatures"
  | "wrong-length"
  | "path-escape";

/** One thing to do wrong. */
export type Fault =
  /** Answer so instead of working. */
  | {
      readonly kind: "status";
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Wait first. Does not end the search: the next matching fault applies as well. */
  | { readonly kind: "delay"; readonly ms: number }
  /** Take the request and never answer. */
  | { readonly kind: "hang" }
  /** Begin an answer and close the connection in the middle of it. */
  | { readonly kind: "cut" }
  /** A page of HTML, as a proxy or a rate limiter sends (status 502 unless given). */
  | { readonly kind: "html"; readonly status?: number }
  /** An answer of so many bytes (64 MiB unless given). */
  | { readonly kind: "huge"; readonly bytes?: number }
  /** A response header of so many bytes (128 KiB unless given), then the true answer. */
  | { readonly kind: "large-header"; readonly bytes?: number }
  /** Do the work, then close the connection: success of which the client never hears. */
  | { readonly kind: "lost" }
  /** Sign with a key that nobody trusts. */
  | { readonly kind: "wrong-key" }
  | { readonly kind: "corrupt"; readonly what: Corruption };

/** What a fault's `match` may look at. */
export interface FaultRequest {
  readonly method: string;
  /** Path and query, as sent. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** When to do what wrong. */
export interface FaultRule {
  readonly service: ServiceName;
  /** How many requests it hits; without it, every one. */
  readonly times?: number;
  /** How many matching requests pass unharmed first. */
  readonly after?: number;
  readonly match?: (request: FaultRequest) => boolean;
  readonly fault: Fault;
}

interface ActiveRule {
  readonly rule: FaultRule;
  seen: number;
  hit: number;
}

/** The faults in force, in the order in which they were added. */
export class Faults {
  #active: ActiveRule[] = [];

  /** Puts one rule in force; several for one service act one after another (each with its `times`). */
  add(rule: FaultRule): void {
    this.#active.push({ rule, seen: 0, hit: 0 });
  }

  /** Ends all faults. */
  clear(): void {
    this.#active = [];
  }

  /** How many requests all rules together have hit. */
  get hits(): number {
    return this.#active.reduce((sum, active) => sum + active.hit, 0);
  }

  /** The faults for this request: every delay up to and including the first other fault. */
  take(service: ServiceName, request: FaultRequest): readonly Fault[] {
    const taken: Fault[] = [];
    for (const active of this.#active) {
      if (active.rule.service !== service || !isDue(active, request)) continue;
      active.hit += 1;
      taken.push(active.rule.fault);
      if (active.rule.fault.kind !== "delay") break;
    }
    return taken;
  }
}

function isDue(active: ActiveRule, request: FaultRequest): boolean {
  const { times = Infinity, after = 0, match } = active.rule;
  if (match !== undefined && !match(request)) return false;
  if (active.hit >= times) return false;
  active.seen += 1;
  return active.seen > after;
}
