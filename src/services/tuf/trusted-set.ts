// What TUF proves, role by role. tuf-js holds the rules (thresholds, rollback, freeze, mix-and-match); this
// adds what it leaves open: one clock, strict and bounded JSON, and errors of ours. No network, no files.
// https://theupdateframework.github.io/specification/v1.0.34/#detailed-client-workflow
import type { TargetFile } from "@tufjs/models";
import { Readable } from "node:stream";
import { parseJson, type JsonValue } from "../../encoding/json.ts";
import { quote, SigstepError, toSigstepError } from "../../errors.ts";
import type * as tuf from "./library.ts";

/** Most bytes of one role's metadata. The real ones have 2 to 10 KB. */
export const maxMetadataBytes = 512 * 1024;
/** Most bytes of one target. */
export const maxTargetBytes = 4 * 1024 * 1024;

/** A role of the repository itself; delegated ones are never asked for. */
export type Role = "root" | "timestamp" | "snapshot" | "targets";

/** A target that the repository vouches for. */
export interface Target {
  readonly name: string;
  /** In bytes, at most {@link maxTargetBytes}. */
  readonly length: number;
  /** Lower-case hexadecimal; names the file in a repository with consistent snapshots. */
  readonly hash: string;
}

/** Whose metadata it is, from where it begins, and when it is judged. */
export interface Beginning {
  /** Of the repository, for messages. */
  readonly label: string;
  /** The root that is believed without proof; it may have expired. */
  readonly root: Uint8Array;
  readonly now: Date;
}

/**
 * A set that trusts `root` alone.
 *
 * @throws SigstepError TUF_ROOT_INVALID
 */
export async function openTrustedSet({ label, root, now }: Beginning): Promise<TrustedSet> {
  // Loaded when first needed: a run whose trust comes from files does not pay for it.
  const library = await import("./library.ts");
  const code = "TUF_ROOT_INVALID";
  parseStrictly(root, { label: `TUF root of ${label}`, code, hint: rootHint });
  try {
    const store = new library.TrustedMetadataStore(Buffer.from(root));
    // The store takes the machine's time when it is made; all of a run has one time.
    Object.assign(store, { referenceTime: now });
    return new TrustedSet({ store, library, label, now });
  } catch (error) {
    throw new SigstepError(code, `The TUF root of ${label} is not usable: ${wordsOf(error)}.`, {
      hint: rootHint,
      cause: error,
    });
  }
}

interface Parts {
  readonly store: tuf.TrustedMetadataStore;
  readonly library: typeof tuf;
  readonly label: string;
  readonly now: Date;
}

/**
 * The metadata proven so far. Roles are added in the order of the specification: roots one after another,
 * timestamp, snapshot, targets. A method that throws has added nothing that counts.
 */
export class TrustedSet {
  readonly #parts: Parts;

  /** Only {@link openTrustedSet} makes one. */
  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** Version of the newest root. */
  get rootVersion(): number {
    return this.#parts.store.root.signed.version;
  }

  /** Whether files are named by their version and hash. */
  get hasConsistentNames(): boolean {
    return this.#parts.store.root.signed.consistentSnapshot;
  }

  /** What the timestamp says of the snapshot. */
  get snapshotVersion(): number {
    const { timestamp } = this.#parts.store;
    if (timestamp === undefined) throw new TypeError("the timestamp comes before the snapshot");
    return this.#whole("timestamp", timestamp.signed.snapshotMeta.version);
  }

  /** What the snapshot says of the targets. */
  get targetsVersion(): number {
    const version = this.#parts.store.snapshot?.signed.meta["targets.json"]?.version;
    if (version === undefined) throw this.#invalid("snapshot", "it does not list targets.json");
    return this.#whole("snapshot", version);
  }

  /** 5.3: the next root, signed by the one before and by itself. */
  updateRoot(bytes: Uint8Array): void {
    this.#update("root", bytes, (buffer) => this.#parts.store.updateRoot(buffer));
  }

  /** 5.3.10: the last root must be in force. */
  requireRootInForce(): void {
    this.#requireInForce("root", this.#parts.store.root.signed.expires);
  }

  /** 5.4: a timestamp in force, not older than the one remembered. An equal one changes nothing. */
  updateTimestamp(bytes: Uint8Array): void {
    const { store } = this.#parts;
    this.#update("timestamp", bytes, (buffer) => store.updateTimestamp(buffer));
    if (store.timestamp !== undefined) {
      this.#requireInForce("timestamp", store.timestamp.signed.expires);
    }
  }

  /** 5.5: the snapshot of the timestamp's version, length and hash, in force, rolling nothing back. */
  updateSnapshot(bytes: Uint8Array): void {
    this.#update("snapshot", bytes, (buffer) => this.#parts.store.updateSnapshot(buffer));
  }

  /** 5.6: the targets of the snapshot's version, length and hash, in force. */
  updateTargets(bytes: Uint8Array): void {
    this.#update("targets", bytes, (buffer) =>
      this.#parts.store.updateDelegatedTargets(buffer, "targets", "root"),
    );
    this.#requirePlainNames();
  }

  /** A timestamp of an earlier run, which nothing new may be older than. One that no longer proves is forgotten: keys change. */
  rememberTimestamp(bytes: Uint8Array): void {
    ignoringRefusal(() => this.updateTimestamp(bytes));
  }

  /** The same for a snapshot. */
  rememberSnapshot(bytes: Uint8Array): void {
    const { store } = this.#parts;
    ignoringRefusal(() =>
      this.#update("snapshot", bytes, (buffer) => store.updateSnapshot(buffer, true)),
    );
  }

  /** The target called `name`, undefined when the repository has none. */
  target(name: string): Target | undefined {
    const info = this.#info(name);
    if (info === undefined) return undefined;
    const { length, hashes } = info;
    if (!Number.isSafeInteger(length) || length > maxTargetBytes) {
      throw this.#invalid("targets", `${quote(name)} is said to have ${length} bytes`);
    }
    const hash = hashes.sha256 ?? hashes.sha512 ?? "";
    if (!/^(?:[0-9a-f]{64}|[0-9a-f]{128})$/.test(hash)) {
      throw this.#invalid("targets", `${quote(name)} has neither a SHA-256 nor a SHA-512 hash`);
    }
    return { name, length, hash };
  }

  /** 5.7: refuses bytes of another length or hash. */
  async verifyTarget({ name }: Target, bytes: Uint8Array): Promise<void> {
    try {
      await this.#info(name)?.verify(Readable.from([Buffer.from(bytes)]));
    } catch (error) {
      throw this.#invalid(quote(name), wordsOf(error), error);
    }
  }

  #info(name: string): TargetFile | undefined {
    const targets = this.#parts.store.targets?.signed.targets ?? {};
    return Object.hasOwn(targets, name) ? targets[name] : undefined;
  }

  /** No name of ours is ever a path of theirs; a repository that tries is not to be believed in anything. */
  #requirePlainNames(): void {
    const names = Object.keys(this.#parts.store.targets?.signed.targets ?? {});
    const escaping = names.find((name) => /^\/|\\|\0|(?:^|\/)\.{0,2}(?:\/|$)/.test(name));
    if (escaping === undefined) return;
    throw this.#invalid("targets", `the target name ${quote(escaping)} leads elsewhere`);
  }

  #whole(role: Role, version: number): number {
    if (Number.isSafeInteger(version)) return version;
    throw this.#invalid(role, "it has a version that is not a whole number");
  }

  #update(role: Role, bytes: Uint8Array, update: (buffer: Buffer) => unknown): void {
    const { library, label } = this.#parts;
    const source = { label: `TUF ${role} of ${label}`, code: "TRUST_INVALID" } as const;
    const json = parseStrictly(bytes, { ...source, hint: refusalHint });
    try {
      update(Buffer.from(bytes));
    } catch (error) {
      if (error instanceof library.EqualVersionError) return;
      if (!(error instanceof library.ExpiredMetadataError)) {
        throw this.#invalid(role, wordsOf(error), error);
      }
      this.requireRootInForce();
      throw this.#expired(role, json.get("signed").get("expires").string());
    }
  }

  #requireInForce(role: Role, expires: string): void {
    if (this.#parts.now >= new Date(expires)) throw this.#expired(role, expires);
  }

  #expired(role: Role, expires: string): SigstepError {
    const { label, now } = this.#parts;
    return new SigstepError(
      "TRUST_UNAVAILABLE",
      `The TUF ${role} of ${label} expired at ${quote(expires, 40)}; it is ${now.toISOString()} here.`,
      {
        where: label,
        hint: "Either that repository is not kept up, or somebody withholds its news: look at its operator's status page. If that time is wrong, set this machine's clock.",
      },
    );
  }

  #invalid(what: string, why: string, cause?: unknown): SigstepError {
    const { label } = this.#parts;
    return new SigstepError("TRUST_INVALID", `The TUF ${what} of ${label} is refused: ${why}.`, {
      where: label,
      hint: refusalHint,
      cause,
    });
  }
}

const rootHint = "Get the repository's root.json from those who run it, by a way that you trust.";
const refusalHint =
  "Nothing of it is believed. Run again; if it stays so, tell those who run that repository.";

interface StrictSource {
  readonly label: string;
  readonly code: "TUF_ROOT_INVALID" | "TRUST_INVALID";
  readonly hint: string;
}

/** tuf-js would take JSON that two parsers read differently, of any size. */
function parseStrictly(bytes: Uint8Array, { label, code, hint }: StrictSource): JsonValue {
  try {
    return parseJson(bytes, { label, code, maxBytes: maxMetadataBytes });
  } catch (error) {
    const { message, where } = toSigstepError(error);
    throw new SigstepError(code, message, { where, hint, cause: error });
  }
}

function ignoringRefusal(update: () => void): void {
  try {
    update();
  } catch (error) {
    if (!(error instanceof SigstepError)) throw error;
  }
}

/** The library's own words, which may quote bytes from outside. */
function wordsOf(error: unknown): string {
  return quote(error instanceof Error ? error.message : String(error));
}
