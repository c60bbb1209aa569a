// One refresh: the client workflow of the TUF specification, section 5, with a door for the network.
// https://theupdateframework.github.io/specification/v1.0.34/#detailed-client-workflow
import { quote, SigstepError, toSigstepError } from "../../errors.ts";
import { isSuccess } from "../answer.ts";
import type { Http, HttpResponse } from "../http.ts";
import { targetNames, type Evidence, type TargetName, type Targets } from "./evidence.ts";
import { maxMetadataBytes, openTrustedSet, type Target, type TrustedSet } from "./trusted-set.ts";

/** More new roots than this at once are no history but an endless one. */
const maxRoots = 256;
/** For one file of some kilobytes. */
const timeoutMs = 10_000;

/** A TUF repository: where it is, and by which root it is believed. */
export interface Repository {
  /** For messages: "the public-good Sigstore instance". */
  readonly label: string;
  /** Metadata stands right below, targets below `targets/`. */
  readonly url: URL;
  /** root.json: the first root, trusted as it is. */
  readonly root: Uint8Array;
}

/** What a refresh needs. */
export interface Refresh {
  readonly repository: Repository;
  /** Of an earlier refresh, proven or expired: what is older than it is refused. */
  readonly known: Evidence | undefined;
  readonly http: Http;
  readonly now: Date;
  /** After this nothing is asked again: other data can stand in. Without one the door's budget counts. */
  readonly deadline: Date | undefined;
}

/**
 * Asks the repository for what is new, and proves it.
 *
 * @throws SigstepError TRUST_INVALID for what does not prove; TRUST_UNAVAILABLE for what has expired;
 * SERVICE_UNAVAILABLE, SERVICE_REFUSED when it cannot be had; CANCELLED, INSECURE_URL
 */
export async function refresh(request: Refresh): Promise<Evidence> {
  const { repository, known, now } = request;
  const { label, root } = repository;
  const set = await openTrustedSet({ label, root, now });
  const ask = asker(request);
  // 5.3: every root from the first one on.
  const roots = [...(known?.roots ?? [])];
  for (const bytes of roots) set.updateRoot(bytes);
  roots.push(...(await askForRoots(set, ask)));
  set.requireRootInForce();
  // 5.4: always asked for; nothing older than what was seen counts as news.
  if (known !== undefined) set.rememberTimestamp(known.timestamp);
  const timestamp = await ask.metadata("timestamp.json");
  set.updateTimestamp(timestamp);
  // 5.5 and 5.6: what is known serves while the timestamp still stands for it.
  if (known !== undefined) set.rememberSnapshot(known.snapshot);
  const snapshot = await renew(known?.snapshot, {
    prove: (bytes) => set.updateSnapshot(bytes),
    ask: () => ask.metadata(versioned("snapshot.json", set, set.snapshotVersion)),
  });
  const targets = await renew(known?.targets, {
    prove: (bytes) => set.updateTargets(bytes),
    ask: () => ask.metadata(versioned("targets.json", set, set.targetsVersion)),
  });
  // 5.7: the targets themselves.
  const files = await askForTargets(set, known?.files, ask);
  return { askedAt: now, roots, timestamp, snapshot, targets, files };
}

interface Asker {
  /** @param path - Of a metadata file. */
  metadata(path: string): Promise<Uint8Array>;
  /** The same; undefined when the repository has no such file. */
  metadataIfAny(path: string): Promise<Uint8Array | undefined>;
  target(path: string, length: number): Promise<Uint8Array>;
}

function asker({ http, repository, deadline }: Refresh): Asker {
  const until = deadline === undefined ? {} : { deadline };
  const ask = async (path: string, maxBytes: number): Promise<HttpResponse> => {
    const url = new URL(path, withSlash(repository.url));
    const service = `TUF repository of ${repository.label}`;
    const limits = { timeoutMs, maxBytes, retry: "budget", ...until } as const;
    try {
      return await http.request({ service, method: "GET", url, ...limits });
    } catch (thrown) {
      throw judge(toSigstepError(thrown));
    }
  };
  const bodyOf = (path: string, response: HttpResponse): Uint8Array => {
    if (isSuccess(response)) return response.body;
    throw absent(repository, path, response.status);
  };
  return {
    metadata: async (path) => bodyOf(path, await ask(path, maxMetadataBytes)),
    metadataIfAny: async (path) => {
      const response = await ask(path, maxMetadataBytes);
      // Stores that may not be listed answer 403 for what is not there.
      return [403, 404].includes(response.status) ? undefined : bodyOf(path, response);
    },
    target: async (path, length) => bodyOf(path, await ask(path, length)),
  };
}

function withSlash({ href }: URL): string {
  return href.endsWith("/") ? href : `${href}/`;
}

/** An answer that breaks a limit is an attack on trust; silence is none. */
function judge(error: SigstepError): SigstepError {
  const { code, message, hint, where } = error;
  if (code !== "SERVICE_ANSWER_INVALID") return error;
  return new SigstepError("TRUST_INVALID", message, { hint, where, cause: error });
}

function absent({ label, url }: Repository, path: string, status: number): SigstepError {
  return new SigstepError(
    "SERVICE_REFUSED",
    `The TUF repository of ${label} (${url.host}) answered ${status} for ${quote(path, 200)}.`,
    { where: url.host, hint: `Check that ${url.href} is the address of a TUF repository.` },
  );
}

async function askForRoots(set: TrustedSet, ask: Asker): Promise<Uint8Array[]> {
  const roots: Uint8Array[] = [];
  for (;;) {
    const bytes = await ask.metadataIfAny(`${set.rootVersion + 1}.root.json`);
    if (bytes === undefined) return roots;
    set.updateRoot(bytes);
    roots.push(bytes);
    if (roots.length > maxRoots) {
      throw new SigstepError("TRUST_INVALID", `There are over ${maxRoots} new TUF roots.`);
    }
  }
}

/** File name of metadata: consistent snapshots carry the version in it. */
function versioned(name: string, set: TrustedSet, version: number): string {
  return set.hasConsistentNames ? `${version}.${name}` : name;
}

/** What is known when it still proves, else what the repository has. */
async function renew(
  known: Uint8Array | undefined,
  { prove, ask }: { prove: (bytes: Uint8Array) => void; ask: () => Promise<Uint8Array> },
): Promise<Uint8Array> {
  if (known !== undefined && proves(() => prove(known))) return known;
  const bytes = await ask();
  prove(bytes);
  return bytes;
}

function proves(prove: () => void): boolean {
  try {
    prove();
    return true;
  } catch (error) {
    if (error instanceof SigstepError) return false;
    throw error;
  }
}

async function askForTargets(
  set: TrustedSet,
  known: Targets | undefined,
  ask: Asker,
): Promise<Targets> {
  const named = targetNames.flatMap((name) => {
    const target = set.target(name);
    return target === undefined ? [] : [[name, target] as const];
  });
  const files = await Promise.all(
    named.map(async ([name, target]) => {
      const bytes = await askForTarget(target, { set, known: known?.get(name), ask });
      return [name, bytes] as const;
    }),
  );
  return new Map<TargetName, Uint8Array>(files);
}

async function askForTarget(
  target: Target,
  { set, known, ask }: { set: TrustedSet; known: Uint8Array | undefined; ask: Asker },
): Promise<Uint8Array> {
  if (known !== undefined && (await holds(set.verifyTarget(target, known)))) return known;
  const name = set.hasConsistentNames ? `${target.hash}.${target.name}` : target.name;
  const bytes = await ask.target(`targets/${name}`, target.length);
  await set.verifyTarget(target, bytes);
  return bytes;
}

async function holds(verified: Promise<void>): Promise<boolean> {
  try {
    await verified;
    return true;
  } catch (error) {
    if (error instanceof SigstepError) return false;
    throw error;
  }
}
