// What was asked of the sandbox: so that a test can say "one token, one certificate" and search every
// request for a secret that should not be in it. Kept in memory alone, and bounded.
import type { ServiceName } from "./faults.ts";

/** One request as it arrived. Holds tokens: never print it whole. */
export interface RecordedRequest {
  readonly service: ServiceName;
  readonly method: string;
  /** Path and query, as sent. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  /** Its beginning, as text; binary bodies (timestamp queries) are latin1. */
  readonly body: string;
}

const kept = 2000;
const keptBody = 16_384;

/** The requests of one sandbox: all are counted, the last 2,000 kept. */
export class Requests {
  #list: RecordedRequest[] = [];
  readonly #counts = new Map<string, number>();

  /** Called by the servers. */
  record(request: RecordedRequest): void {
    this.#list.push({ ...request, body: request.body.slice(0, keptBody) });
    if (this.#list.length > 2 * kept) this.#list = this.#list.slice(-kept);
    const endpoint = `${request.service} ${request.method} ${request.path.split("?")[0] ?? ""}`;
    this.#counts.set(endpoint, (this.#counts.get(endpoint) ?? 0) + 1);
  }

  /** How many requests `service` had, of all or of one method and path (without query). */
  count(service: ServiceName, method?: string, path?: string): number {
    let sum = 0;
    for (const [endpoint, count] of this.#counts) {
      const [countedService, countedMethod, countedPath] = endpoint.split(" ");
      if (countedService !== service) continue;
      if (method !== undefined && method !== countedMethod) continue;
      if (path !== undefined && path !== countedPath) continue;
      sum += count;
    }
    return sum;
  }

  /** The last requests, oldest first, of one service or of all. */
  list(service?: ServiceName): readonly RecordedRequest[] {
    const last = this.#list.slice(-kept);
    return service === undefined ? last : last.filter((request) => request.service === service);
  }

  /** Forgets and counts from zero. */
  clear(): void {
    this.#list = [];
    this.#counts.clear();
  }
}
