// A run that signs many things under one identity, as many at once as the services bear. What each thing
// is, and how it is signed, the caller says; one that fails is a result like the others.
import { access } from "node:fs/promises";
import {
  SigstepError,
  systemCode,
  toSigstepError,
  type ErrorCode,
  type Published,
} from "../errors.ts";
import { createGate, type Gate } from "../services/gate.ts";
import type { Http, RetryReason } from "../services/http.ts";
import type { ProvenCertificate } from "../sigstore/chain.ts";
import type { SigningSteps } from "../sigstore/sign.ts";
import { createCredentialSource } from "./credentials.ts";
import type { TokenSource } from "./identity.ts";
import type { Instance } from "./instance.ts";
import type { PlannedItem } from "./plan.ts";
import { createProgress, type Progress } from "./progress.ts";
import { describePublication, type FileResult, type SignResults } from "./results.ts";
import { createSteps } from "./steps.ts";
import type { World } from "./world.ts";

/** What a run takes besides its plan. */
export interface SignContext {
  /** Whether bundles that are there already are made anew. */
  readonly request: { readonly force: boolean };
  readonly world: World;
  readonly http: Http;
  readonly tokens: TokenSource;
}

/** What is to be signed, and with whose services. */
export interface RunPlan<Item extends PlannedItem> {
  readonly files: readonly Item[];
  readonly instance: Instance;
  readonly concurrency: number;
}

/** What signing one item takes. */
export interface ItemTools {
  readonly steps: SigningSteps;
  /** Everything that became public on the way so far. */
  readonly published: readonly Published[];
  /** Tells of an error that the result says in other words, and that may be the other items' as well. */
  readonly judge: (error: SigstepError) => void;
}

/** Signs one item, or finds it signed. */
export type SignItem<Item extends PlannedItem> = (
  item: Item,
  tools: ItemTools,
) => Promise<FileResult>;

/** What a run does with its items. */
export interface ItemWork<Item extends PlannedItem> {
  readonly sign: SignItem<Item>;
  /** Whether nothing of the kind need be made again, so that it wants no certificate. */
  readonly isMade: (item: Item) => Promise<boolean>;
}

/**
 * Signs every item of `plan`. An item that fails is a result like the others.
 *
 * @throws SigstepError when nothing could be signed for a reason that is not an item's: no certificate.
 */
export async function signItems<Item extends PlannedItem>(
  plan: RunPlan<Item>,
  context: SignContext,
  work: ItemWork<Item>,
): Promise<SignResults> {
  return new SigningRun(plan, context, work).signAll();
}

class SigningRun<Item extends PlannedItem> {
  readonly #plan: RunPlan<Item>;
  readonly #work: ItemWork<Item>;
  readonly #context: SignContext;
  readonly #gate: Gate;
  readonly #progress: Progress;
  readonly #certificates: ProvenCertificate[] = [];
  readonly #steps: Omit<SigningSteps, "onPublished">;
  /** Why no further file is begun. */
  #stopped: SigstepError | undefined;
  #failuresInARow = 0;

  constructor(plan: RunPlan<Item>, context: SignContext, work: ItemWork<Item>) {
    this.#plan = plan;
    this.#work = work;
    this.#context = context;
    this.#gate = createGate(plan.concurrency);
    this.#progress = createProgress(plan.files.length, context.world);
    const credentials = createCredentialSource({
      ...context,
      instance: plan.instance,
      onCertificate: (certificate) => this.#certificates.push(certificate),
    });
    this.#steps = createSteps(plan.instance, {
      http: context.http,
      now: context.world.now,
      credentials,
      onRetry: (reason) => this.#giveWay(reason),
    });
  }

  async signAll(): Promise<SignResults> {
    const { now } = this.#context.world;
    const started = now().getTime();
    if (await this.#needsCertificate()) await this.#steps.certify();
    const files = await this.#signEach();
    this.#progress.end();
    const seconds = (now().getTime() - started) / 1000;
    return { files, certificates: this.#certificates, seconds };
  }

  /** As many workers as files in flight take the next file in turn: what waits costs no memory. */
  async #signEach(): Promise<FileResult[]> {
    const { files, concurrency } = this.#plan;
    const results: FileResult[] = [];
    const waiting = files.entries();
    const work = async (): Promise<void> => {
      for (const [index, file] of waiting) {
        results[index] = await this.#gate.run(() => this.#signOrFail(file));
      }
    };
    await Promise.all(Array.from({ length: Math.min(concurrency, files.length) }, work));
    return results;
  }

  /** A run that finds every bundle in its place asks nobody for a certificate. */
  async #needsCertificate(): Promise<boolean> {
    if (this.#context.request.force) return true;
    for (const file of this.#plan.files) {
      if (!(await this.#work.isMade(file))) return true;
    }
    return false;
  }

  async #signOrFail(file: Item): Promise<FileResult> {
    const published: Published[] = [];
    try {
      if (this.#stopped !== undefined) throw this.#stopped;
      if (this.#context.world.signal.aborted) throw cancelled();
      const result = await this.#work.sign(file, {
        steps: {
          ...this.#steps,
          onPublished: (publication) => published.push(describePublication(file, publication)),
        },
        published,
        judge: (error) => this.#stopIfCommon(error),
      });
      if (result.kind !== "failed") this.#failuresInARow = 0;
      return result;
    } catch (thrown) {
      const error = this.#asCancelled(toSigstepError(thrown));
      this.#stopIfCommon(error);
      return { kind: "failed", file, error, published };
    } finally {
      this.#progress.advance();
    }
  }

  /** A run is cancelled once, however many requests it had under way. */
  #asCancelled(error: SigstepError): SigstepError {
    if (error.code !== "CANCELLED") return error;
    return this.#stopped?.code === "CANCELLED" ? this.#stopped : cancelled();
  }

  /**
   * What would befall the others too ends the run: a service that is down, a full disk, or the same
   * refusal three times in a row. Each further item would only leave one more useless public entry.
   */
  #stopIfCommon(error: SigstepError): void {
    if (ownFailures.has(error.code)) return;
    this.#failuresInARow++;
    if (isFinal(error) || this.#failuresInARow >= 3) this.#stopped ??= error;
  }

  #giveWay({ status }: RetryReason): void {
    if (status === 429 || status === 503) this.#gate.lower();
  }
}

/** Failures that say nothing about other files. */
const ownFailures: ReadonlySet<string> = new Set<ErrorCode>(["FILE_CHANGED", "FILE_UNREADABLE"]);

/** Failures that are every other file's as well. */
const finalFailures: ReadonlySet<string> = new Set<ErrorCode>([
  "SERVICE_UNAVAILABLE",
  "CANCELLED",
  "IDENTITY_EXPIRED",
  "IDENTITY_REFUSED",
  "IDENTITY_UNAVAILABLE",
  "PERMISSION_MISSING",
  "STORE_NOT_OFFERED",
]);

/** The file system, not this one file, is why it could not be written. */
const fullDisk: ReadonlySet<string> = new Set(["ENOSPC", "EDQUOT", "EFBIG", "EROFS", "EIO"]);

function isFinal({ code, cause }: SigstepError): boolean {
  if (code === "WRITE_FAILED") return fullDisk.has(systemCode(cause));
  return finalFailures.has(code);
}

/** What to do after a run that was cancelled. */
export const runAgain = "Run again: files that have their bundle are not signed a second time.";

function cancelled(): SigstepError {
  return new SigstepError("CANCELLED", "The run was cancelled.", { hint: runAgain });
}

/** Whether something lies where an item's bundle goes. */
export async function hasBundleFile({ bundlePath }: PlannedItem): Promise<boolean> {
  try {
    await access(bundlePath);
    return true;
  } catch {
    return false;
  }
}
