// How many requests run at once, and how that number gives way when a service pushes back.

/** Runs jobs in the order they come, no more than the limit at once. */
export interface Gate {
  /** Runs `job` when its turn comes; its result or error is passed on. */
  run<T>(job: () => Promise<T>): Promise<T>;
  /**
   * Halves the limit, to no less than 1: a service pushed back.
   *
   * Calls that belong to the same burst count once: until as many jobs have ended as the new limit
   * allows, further calls do nothing. Otherwise 32 jobs refused at the same moment would take the
   * limit from 32 to 1.
   */
  lower(): void;
  /** The present limit. */
  readonly limit: number;
}

/**
 * Makes a gate.
 *
 * After each round of successes as long as the present limit, the limit grows by one, up to where it
 * began: giving way fast and coming back slowly is what keeps a shared service usable.
 *
 * @param limit - Most jobs at once, a positive integer.
 */
export function createGate(limit: number): Gate {
  if (!Number.isInteger(limit) || limit < 1)
    throw new TypeError("limit must be a positive integer");
  return new ShrinkingGate(limit);
}

class ShrinkingGate implements Gate {
  readonly #most: number;
  readonly #waiting: (() => void)[] = [];
  #limit: number;
  #running = 0;
  #successes = 0;
  /** Jobs that must end before the limit may be halved again. */
  #settling = 0;

  constructor(limit: number) {
    this.#most = limit;
    this.#limit = limit;
  }

  get limit(): number {
    return this.#limit;
  }

  async run<T>(job: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#limit || this.#waiting.length > 0) {
      const { promise, resolve } = Promise.withResolvers<undefined>();
      this.#waiting.push(() => resolve(undefined));
      await promise;
    } else {
      this.#running += 1;
    }
    return this.#finish(job);
  }

  lower(): void {
    if (this.#settling > 0) return;
    this.#limit = Math.max(1, Math.floor(this.#limit / 2));
    this.#settling = this.#limit;
    this.#successes = 0;
  }

  async #finish<T>(job: () => Promise<T>): Promise<T> {
    try {
      const result = await job();
      this.#recover();
      return result;
    } finally {
      this.#running -= 1;
      this.#settling = Math.max(0, this.#settling - 1);
      this.#admit();
    }
  }

  #recover(): void {
    // What began before the limit fell says nothing about whether it fell far enough.
    if (this.#limit === this.#most || this.#settling > 0) return;
    this.#successes += 1;
    if (this.#successes < this.#limit) return;
    this.#successes = 0;
    this.#limit += 1;
  }

  #admit(): void {
    while (this.#running < this.#limit) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#running += 1;
      next();
    }
  }
}
