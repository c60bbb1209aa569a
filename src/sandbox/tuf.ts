// A TUF repository with consistent snapshots that publishes the sandbox's trust files, as Sigstore's does.
// What it serves is signed when it is asked for, so that each of its lies is well signed, too.
import { createHash } from "node:crypto";
import type { Answer, Call, World } from "./server.ts";
import {
  describeRoot,
  generateTufKey,
  generateTufKeys,
  signMetadata,
  type TufHeader,
  type TufKey,
  type TufKeys,
} from "./tuf-metadata.ts";

const day = 24 * 3_600_000;
/** As the public instance's. */
const lifetimes = {
  root: 180 * day,
  targets: 3650 * day,
  snapshot: 3650 * day,
  timestamp: 7 * day,
};

/** Names and contents of targets. */
export type TufTargets = Readonly<Record<string, string>>;

/** A repository. Timestamp, snapshot and targets have one version number, which counts publications. */
export class TufRepository {
  readonly #world: World;
  #keys: TufKeys;
  readonly #roots: Buffer[];
  /** By version, from 1. */
  readonly #published: TufTargets[];
  #signedAt: Date;

  constructor(world: World, targets: TufTargets) {
    this.#world = world;
    this.#keys = generateTufKeys();
    this.#published = [targets];
    this.#signedAt = world.now();
    this.#roots = [this.#signRoot(1, this.#keys.root)];
  }

  /** JSON text of the first root: what a client is given. */
  get root(): string {
    return String(this.#roots[0]);
  }

  /** Version of what is published. */
  get version(): number {
    return this.#published.length;
  }

  /** Publishes once more, with these targets changed, and begins all lifetimes anew. */
  publish(changes: TufTargets = {}): void {
    this.#published.push({ ...this.#published.at(-1), ...changes });
    this.#signedAt = this.#world.now();
  }

  /** Changes every key, and publishes. The new root is signed by the old keys and by its own. */
  rotate(): void {
    const { root: old } = this.#keys;
    this.#keys = generateTufKeys();
    this.#signedAt = this.#world.now();
    this.#roots.push(this.#signRoot(this.#roots.length + 1, [...old, ...this.#keys.root]));
    this.publish();
  }

  /** Answers one request. */
  handle(call: Call): Answer {
    const body = call.method === "GET" ? this.#find(call.path.slice(1), call) : undefined;
    return body === undefined ? { status: 404, body: "not found" } : { status: 200, body };
  }

  #find(path: string, call: Call): Uint8Array | undefined {
    if (path === "timestamp.json") return this.#timestamp(call);
    const metadata = /^([1-9]\d*)\.(root|snapshot|targets)\.json$/.exec(path);
    if (metadata === null) return this.#target(path, call);
    const version = Number(metadata[1]);
    if (metadata[2] === "root") return this.#roots[version - 1] ?? this.#nextRoot(version, call);
    if (version > this.version) return undefined;
    return metadata[2] === "snapshot"
      ? this.#snapshot(version, call)
      : this.#targets(version, call);
  }

  #signRoot(version: number, keys: readonly TufKey[], expires?: Date): Buffer {
    const header = this.#header("root", version);
    const body = describeRoot(this.#keys);
    return signMetadata(expires === undefined ? header : { ...header, expires }, body, keys);
  }

  /** A root that is not there, unless one is made up: below its threshold, or expired. */
  #nextRoot(version: number, { corruption }: Call): Buffer | undefined {
    if (version !== this.#roots.length + 1) return undefined;
    if (corruption === "few-signatures")
      return this.#signRoot(version, this.#keys.root.slice(0, 1));
    if (corruption !== "expired") return undefined;
    return this.#signRoot(version, this.#keys.root, this.#yesterday());
  }

  #timestamp({ corruption, wrongKey }: Call): Buffer {
    const version = this.version - (corruption === "rollback" ? 1 : 0);
    const header = this.#header("timestamp", version);
    const expires = corruption === "freeze" ? this.#yesterday() : header.expires;
    const key = wrongKey ? { ...generateTufKey(), id: this.#keys.online.id } : this.#keys.online;
    return signMetadata({ ...header, expires }, { meta: { "snapshot.json": { version } } }, [key]);
  }

  #snapshot(asked: number, { corruption }: Call): Buffer {
    const version = asked - (corruption === "mix-up" ? 1 : 0);
    const body = { meta: { "targets.json": { version } } };
    return signMetadata(this.#header("snapshot", version), body, [this.#keys.online]);
  }

  #targets(version: number, { corruption }: Call): Buffer {
    const published = this.#published[version - 1] ?? {};
    const listed = corruption === "path-escape" ? { ...published, "../x": "x" } : published;
    const targets: Record<string, object> = {};
    for (const [name, content] of Object.entries(listed)) targets[name] = describe(content);
    return signMetadata(this.#header("targets", version), { targets }, [this.#keys.online]);
  }

  #target(path: string, { corruption }: Call): Buffer | undefined {
    const published = this.#published.flatMap((targets) => Object.entries(targets));
    const found = published.find(
      ([name, content]) => path === `targets/${hash("sha256", content)}.${name}`,
    );
    if (found === undefined) return undefined;
    return Buffer.from(corruption === "wrong-length" ? `${found[1]} ` : found[1]);
  }

  #header(type: keyof typeof lifetimes, version: number): TufHeader {
    return { type, version, expires: new Date(this.#signedAt.getTime() + lifetimes[type]) };
  }

  #yesterday(): Date {
    return new Date(this.#world.now().getTime() - day);
  }
}

function describe(content: string): object {
  const hashes = { sha256: hash("sha256", content), sha512: hash("sha512", content) };
  return { length: Buffer.byteLength(content), hashes };
}

function hash(algorithm: string, content: string): string {
  return createHash(algorithm).update(content).digest("hex");
}
