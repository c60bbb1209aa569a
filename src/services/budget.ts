// The retry budget: how long a service may give no good answer before we stop asking.
// It runs per origin from the first failure after the last good answer, so a run of ten thousand
// files is not charged for single failures among good answers, and an outage is paid for once, not
// once a file.

/** A name that no resolver knows is retried this long: resolvers in fresh containers do stumble. */
const unknownHostMs = 20_000;
/** A service that used up its budget is asked again at most this often. */
const reprieveMs = 10_000;

/** Where one request stands. Times are milliseconds since the epoch. */
export interface Setback {
  readonly origin: string;
  /** When the first failing try of this request began. */
  readonly requestSince: number;
  /** When the try that just failed began. */
  readonly triedAt: number;
  readonly unknownHost: boolean;
}

/** Outages of all origins together. */
export interface Budget {
  /** The origin gave an answer that is not a sign of trouble. */
  answered(origin: string, now: number): void;
  /** Takes note of a failed try. @returns milliseconds left for more, 0 when there are none. */
  left(setback: Setback, now: number): number;
  /**
   * For how long the origin has been down when its budget is used up and it is too early to ask it
   * again; undefined when it may be asked.
   */
  downFor(origin: string, now: number): number | undefined;
}

interface Origin {
  everAnswered: boolean;
  answeredAt: number;
  /** Start of the outage, undefined when there is none. */
  since: number | undefined;
  /** When the budget was found used up, or a try since then began. */
  spentAt: number | undefined;
}

/** @param budgetMs - Longest outage to sit through. */
export function createBudget(budgetMs: number): Budget {
  const origins = new Map<string, Origin>();
  const originOf = (name: string): Origin => {
    const known = origins.get(name);
    if (known !== undefined) return known;
    const fresh = { everAnswered: false, answeredAt: 0, since: undefined, spentAt: undefined };
    origins.set(name, fresh);
    return fresh;
  };
  return {
    answered(name, now) {
      origins.set(name, {
        everAnswered: true,
        answeredAt: now,
        since: undefined,
        spentAt: undefined,
      });
    },
    left(setback, now) {
      const origin = originOf(setback.origin);
      // A slow try that began before the last good answer must not backdate the outage.
      origin.since ??= Math.max(setback.triedAt, origin.answeredAt);
      const since = Math.min(origin.since, setback.requestSince);
      const typo = setback.unknownHost && !origin.everAnswered;
      const left = since + (typo ? Math.min(budgetMs, unknownHostMs) : budgetMs) - now;
      if (left <= 0) origin.spentAt = now;
      return Math.max(0, left);
    },
    downFor(name, now) {
      const { since, spentAt } = originOf(name);
      if (since === undefined || spentAt === undefined) return undefined;
      // With a budget of a few seconds one stumble must not fail every other file.
      if (spentAt - since < reprieveMs) return undefined;
      if (now - spentAt < reprieveMs) return now - since;
      originOf(name).spentAt = now;
      return undefined;
    },
  };
}
