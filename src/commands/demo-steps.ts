// The steps of a demo, each with the time that it really took: requests are timed where they pass
// the door to the network, as `sign` sends them.
import type { Http } from "../services/http.ts";
import type { World } from "./world.ts";

/** Every step, in the order of the talk, and what it means. */
const talk = {
  start: [
    "Sigstore started",
    "identity provider, certificate authority, logs, timestamp authority",
  ],
  token: ["identity token", "the job asks who it is; the identity provider signs the answer"],
  certificate: ["certificate", "binds that identity to a key made this moment, for ten minutes"],
  log: ["log entry", "the log takes the signature in for good and proves that it has"],
  timestamp: ["timestamp", "a second witness of the time, asked at the same moment"],
  write: ["bundle written", "after every answer has been proven; the key is forgotten"],
  verify: ["bundle verified", "read back from disk, when every server was gone already"],
} as const;

/** Name of a step. */
export type DemoStepName = keyof typeof talk;

/** A step that is done. */
export interface DemoStep {
  readonly name: DemoStepName;
  readonly milliseconds: number;
}

const stepOfService: ReadonlyMap<string, DemoStepName> = new Map([
  ["GitHub's identity service", "token"],
  ["Fulcio", "certificate"],
  ["Rekor", "log"],
  ["Timestamp authority", "timestamp"],
]);

/** Prints each step when it is done. */
export class DemoSteps {
  readonly #world: World;
  readonly #done: DemoStep[] = [];
  #lastEnd = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Steps so far. */
  get done(): readonly DemoStep[] {
    return this.#done;
  }

  /** Does `work`, which is the step called `name`. */
  async run<T>(name: DemoStepName, work: () => Promise<T>): Promise<T> {
    const start = this.#now();
    const result = await work();
    this.#finish(name, start);
    return result;
  }

  /** The step called `name` is what was done since the last one ended. */
  endSinceLast(name: DemoStepName): void {
    this.#finish(name, this.#lastEnd);
  }

  /** `http`, with its requests as steps. */
  watch(http: Http): Http {
    return {
      request: (request) => {
        const name = stepOfService.get(request.service);
        return name === undefined
          ? http.request(request)
          : this.run(name, () => http.request(request));
      },
      close: () => http.close(),
    };
  }

  #finish(name: DemoStepName, start: number): void {
    this.#lastEnd = this.#now();
    const milliseconds = Math.round(this.#lastEnd - start);
    this.#done.push({ name, milliseconds });
    const [title, meaning] = talk[name];
    const time = `${milliseconds} ms`.padStart(8);
    this.#world.runner.info(`${time}  ${title.padEnd(16)}  ${meaning}`);
  }

  /** Monotonic: the wall clock may be set while a demo runs, and some steps are below its grain. */
  #now(): number {
    return performance.now();
  }
}
