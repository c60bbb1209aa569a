// A tag that several jobs write at once, each adding to what is there.
//
// Where the registry compares and swaps (it refuses a wrong If-Match), nobody's addition is lost. Many do
// not: some send an ETag and ignore the condition. Whether it is honoured is found out by the first write
// itself: with a condition that cannot hold. Refused, it has changed nothing; stored, it is the write that
// would have been made anyway.
//
// Without compare-and-swap a write can undo one made between its reading and its writing. So after ours we
// read back, and add again what is missing: our own, and what we have seen of others. We stop when the tag
// has stood still for a while of random length. Promised: an addition made this way is in, as long as no
// other writer takes longer from reading to writing than that while. A writer that does not read back
// (cosign) can still undo others once, and is repaired by whoever of us is waiting at that moment.
import { quote, SigstepError } from "../errors.ts";
import { createBackoff, isTransientStatus, parseRetryAfter } from "../services/retry.ts";
import { assertStored, findManifest, putTagOnce, type TaggedManifest } from "./client.ts";
import type { Manifest } from "./manifest.ts";
import { formatRepository } from "./reference.ts";
import { isImmutable } from "./refusal.ts";
import type { Repository, RepositoryResponse } from "./transport.ts";

/** What is to be at the tag. */
export interface TagChange {
  readonly tag: string;
  /**
   * The manifest that holds what is there and what is to be added; undefined when there is nothing to add.
   * It remembers what it has seen, and adds that too when it is gone.
   */
  readonly merge: (
    current: Manifest | undefined,
  ) => Promise<Pick<Manifest, "descriptor" | "bytes"> | undefined>;
}

/** How patiently to write. */
export interface SettleOptions {
  /** How long the tag must stand still at least, at most twice that; milliseconds, 700 unless given. */
  readonly settleMs?: number;
}

const maxWrites = 40;
const maxMs = 5 * 60_000;
const maxPauseMs = 60_000;

/**
 * Makes `change`, and sees to it that it stays. Changes of one tag by this process wait for each other.
 *
 * @throws SigstepError REGISTRY_REFUSED, also when others leave no peace for five minutes, and those of
 * `merge`, {@link findManifest} and the door
 */
export function updateTag(
  repository: Repository,
  change: TagChange,
  options: SettleOptions = {},
): Promise<void> {
  const writing = waiting.get(repository) ?? new Map<string, Promise<void>>();
  waiting.set(repository, writing);
  const before = writing.get(change.tag) ?? Promise.resolve();
  const next = before
    .catch(() => undefined)
    .then(() => new TagWriter(repository, change, options).run());
  writing.set(change.tag, next);
  return next.finally(() => {
    if (writing.get(change.tag) === next) writing.delete(change.tag);
  });
}

const waiting = new WeakMap<Repository, Map<string, Promise<void>>>();
/** Whether a registry compares and swaps, once it has shown. */
const swapping = new WeakMap<Repository, boolean>();

class TagWriter {
  readonly #repository: Repository;
  readonly #change: TagChange;
  readonly #settleMs: number;
  readonly #deadline: number;
  readonly #backoff: () => number;
  #writes = 0;

  constructor(repository: Repository, change: TagChange, { settleMs = 700 }: SettleOptions) {
    this.#repository = repository;
    this.#change = change;
    this.#settleMs = settleMs;
    this.#deadline = repository.world.now().getTime() + maxMs;
    this.#backoff = createBackoff(repository.world.random);
  }

  async run(): Promise<void> {
    let last: string | undefined;
    for (;;) {
      const current = await this.#read();
      const next = await this.#change.merge(current);
      if (next !== undefined) {
        await this.#write(current, next);
        last = undefined;
      } else if (last === current?.descriptor.digest || this.#swaps) {
        return;
      } else {
        last = current?.descriptor.digest;
        await this.#settle();
      }
    }
  }

  /** With compare-and-swap what has been read back is in for good. */
  get #swaps(): boolean {
    return swapping.get(this.#repository) === true || this.#writes === 0;
  }

  #read(): Promise<TaggedManifest | undefined> {
    this.#assertTime();
    return findManifest(this.#repository, this.#change.tag);
  }

  async #write(
    current: TaggedManifest | undefined,
    next: Pick<Manifest, "descriptor" | "bytes">,
  ): Promise<void> {
    this.#writes += 1;
    if (this.#writes > maxWrites) throw this.#noPeace();
    if (!canSwap(current)) swapping.set(this.#repository, false);
    const swaps = swapping.get(this.#repository);
    const manifest = { which: this.#change.tag, ...next };
    const response = await this.#put(manifest, swaps, current);
    if (response === undefined) return;
    if (response.status === 412 && !isImmutable(response) && swaps !== false) {
      swapping.set(this.#repository, true);
      // The probe's refusal was meant to be; any other says that somebody was faster.
      if (swaps === true) await this.#pause(undefined);
      return;
    }
    if (isTransientStatus(response.status)) return this.#pause(response);
    await assertStored(this.#repository, response, manifest);
    if (swaps === true) return;
    swapping.set(this.#repository, false);
    // Before reading back, so that those who were undone do not all write again at once.
    await this.#repository.world.sleep((this.#settleMs / 2) * this.#repository.world.random());
  }

  /** undefined when the answer was lost: reading again shows what came of it. */
  async #put(
    manifest: Parameters<typeof putTagOnce>[1],
    swaps: boolean | undefined,
    current: TaggedManifest | undefined,
  ): Promise<RepositoryResponse | undefined> {
    const condition = swaps === false ? {} : swaps === true ? conditionOf(current) : this.#probe;
    try {
      return await putTagOnce(this.#repository, manifest, condition);
    } catch (error) {
      if (!(error instanceof SigstepError) || error.code !== "SERVICE_UNAVAILABLE") throw error;
      // The cause of a broken connection may pass; the next read, which has a budget, tells.
      await this.#pause(undefined);
      return undefined;
    }
  }

  /** A condition that no manifest fulfils. */
  get #probe(): { ifMatch: string } {
    const none = Math.floor(this.#repository.world.random() * 2 ** 32).toString(16);
    return { ifMatch: `"sigstep-${none}"` };
  }

  async #pause(response: RepositoryResponse | undefined): Promise<void> {
    const { world } = this.#repository;
    const asked = response === undefined ? undefined : parseRetryAfter(response, world.now());
    if (asked !== undefined && asked > maxPauseMs) throw this.#noPeace();
    await world.sleep(Math.max(asked ?? 0, this.#backoff()));
  }

  /** Between once and twice the time: writers that began together do not look together. */
  async #settle(): Promise<void> {
    const { world } = this.#repository;
    await world.sleep(this.#settleMs * (1 + world.random()));
  }

  #assertTime(): void {
    if (this.#repository.world.now().getTime() > this.#deadline) throw this.#noPeace();
  }

  #noPeace(): SigstepError {
    const where = formatRepository(this.#repository.name);
    return new SigstepError(
      "REGISTRY_REFUSED",
      `The tag ${quote(this.#change.tag, 140)} of ${where} could not be written: ${this.#writes} tries were undone or refused.`,
      {
        hint: "Others write the same tag all the time. Run again; let fewer jobs sign one image at once.",
        where,
      },
    );
  }
}

/** Without an ETag there is nothing to compare an existing manifest with. */
function canSwap(current: TaggedManifest | undefined): boolean {
  return current === undefined || current.etag !== undefined;
}

function conditionOf(
  current: TaggedManifest | undefined,
): { ifMatch: string } | { ifAbsent: true } | Record<string, never> {
  if (current === undefined) return { ifAbsent: true };
  return current.etag === undefined ? {} : { ifMatch: current.etag };
}
