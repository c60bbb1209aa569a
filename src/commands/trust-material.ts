// Trusted root and signing config of one source: from TUF, or, when nobody can be asked, embedded.
import { SigstepError } from "../errors.ts";
import type { Http } from "../services/http.ts";
import type { TargetName, Targets } from "../services/tuf/evidence.ts";
import { describeAge, readTargets } from "../services/tuf/tuf.ts";
import type { Embedded, TrustSource } from "./trust-sources.ts";
import type { NetworkSettings, World } from "./world.ts";

/** Longest outage of a TUF repository to sit through, unless the request says another. */
const budgetMs = 60_000;

/** What reading trust needs of the outside. */
export interface TrustTerms {
  readonly world: Pick<World, "runner" | "openHttp" | "now" | "cacheDirectory">;
  /** The door to ask through; one is opened when absent and needed. */
  readonly http?: Http;
  /** For a door that is opened. */
  readonly network?: Partial<NetworkSettings>;
  /** Ask nobody: what is cached or embedded, with a line that says how old it is. */
  readonly offline: boolean;
}

/** Files of one source. */
export interface TrustMaterial {
  /** Where they come from, for messages. */
  readonly label: string;
  readonly files: Targets;
}

/**
 * What `source` publishes now.
 *
 * When it gives no answer, what it said less than its own expiry ago is used, else what is embedded as
 * long as the embedded root holds; offline, at any age. Each time one line says so. Metadata that is
 * wrong or has expired is never passed over.
 *
 * @throws SigstepError TRUST_UNAVAILABLE, TRUST_INVALID, TUF_ROOT_INVALID, CANCELLED, INSECURE_URL
 */
export async function readMaterial(source: TrustSource, terms: TrustTerms): Promise<TrustMaterial> {
  const { world, offline } = terms;
  const now = world.now();
  const notice = (line: string): void => world.runner.info(line);
  const door = new LateDoor(terms);
  try {
    const { cacheDirectory } = world;
    const http = (): Promise<Http> => door.open();
    const { label, embedded } = source;
    const answer = await readTargets(source, {
      ...{ http, now, cacheDirectory, offline, notice },
      hasStandIn: embedded !== undefined,
    });
    if (answer.kind === "unavailable") return standIn(source, answer.error, terms);
    if (offline)
      notice(`Offline: trust of ${label} as it was ${describeAge(answer.askedAt, now)}.`);
    return { label: `${label}, by TUF`, files: answer.files };
  } finally {
    await door.close();
  }
}

/**
 * One file of `material`.
 *
 * @throws SigstepError TRUST_UNAVAILABLE when the source has none of this name
 */
export function requireFile({ files, label }: TrustMaterial, name: TargetName): Uint8Array {
  const bytes = files.get(name);
  if (bytes !== undefined) return bytes;
  throw new SigstepError("TRUST_UNAVAILABLE", `There is no ${name} of ${label}.`, {
    where: label,
    hint: "Ask those who run that instance for the file, and give it as signing-config or trusted-root.",
  });
}

function standIn(
  { label, embedded }: TrustSource,
  error: SigstepError,
  { world, offline }: TrustTerms,
): TrustMaterial {
  if (embedded === undefined) throw error;
  const now = world.now();
  const age = describeAge(embedded.asOf, now);
  if (!offline) requireHeld(embedded, error, now);
  world.runner.info(
    offline
      ? `Offline: trust of ${label} as embedded ${age}.`
      : `${error.message} Trust of ${label} is taken as embedded ${age}.`,
  );
  return { label: `${label}, embedded`, files: embedded.files };
}

function requireHeld({ expires }: Embedded, error: SigstepError, now: Date): void {
  if (now < expires) return;
  throw new SigstepError(
    "TRUST_UNAVAILABLE",
    `${error.message} What is embedded in this version expired at ${expires.toISOString()}.`,
    {
      where: error.where,
      hint: `${error.hint} A newer sigstep has newer trust embedded; offline uses what is there.`,
      cause: error,
    },
  );
}

/** A door that is opened when it is needed, and closed when it was. */
class LateDoor {
  readonly #terms: TrustTerms;
  #opened: Promise<Http> | undefined;

  constructor(terms: TrustTerms) {
    this.#terms = terms;
  }

  async open(): Promise<Http> {
    const { http, world, network = {} } = this.#terms;
    if (http !== undefined) return http;
    return (this.#opened ??= world.openHttp({ budgetMs, insecureHosts: [], ...network }));
  }

  async close(): Promise<void> {
    await (await this.#opened)?.close();
  }
}
