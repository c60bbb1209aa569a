// Reads raw texts by a table of inputs: kind and default are decided there and nowhere else.
import { quote, SigstepError } from "../errors.ts";
import type { InputSpec } from "./input-table.ts";
import { parseList } from "./words.ts";

/** Raw text of an input; undefined when it was not given at all. */
export type InputSource = (name: string) => string | undefined;

/** Reads the inputs of one table. */
export class InputReader<Name extends string> {
  readonly #source: InputSource;
  readonly #specs: readonly InputSpec[];

  constructor(source: InputSource, specs: readonly InputSpec[]) {
    this.#source = source;
    this.#specs = specs;
  }

  given(name: Name): boolean {
    return (this.#source(name) ?? "") !== "";
  }

  /** The value, or the default; undefined when there is neither. An empty value is none. */
  text(name: Name): string | undefined {
    const value = this.given(name) ? this.#source(name) : this.#spec(name).default;
    if (value === undefined || value === "") return undefined;
    const { kind } = this.#spec(name);
    if (kind.type === "choice" && !kind.choices.includes(value)) {
      throw wrongValue(name, value, `one of ${kind.choices.join(", ")}`);
    }
    if (value.includes("\0")) throw wrongValue(name, "…", "text without NUL characters");
    return value;
  }

  list(name: Name): string[] {
    return parseList(this.text(name) ?? "", name);
  }

  boolean(name: Name): boolean {
    const value = this.text(name)?.trim().toLowerCase() ?? "false";
    if (value !== "true" && value !== "false") throw wrongValue(name, value, "true or false");
    return value === "true";
  }

  integer(name: Name): number | undefined {
    const value = this.text(name)?.trim();
    const { kind } = this.#spec(name);
    if (value === undefined || kind.type !== "integer") return undefined;
    const number = Number(value);
    if (/^\d{1,9}$/.test(value) && number >= kind.min && number <= kind.max) return number;
    throw wrongValue(name, value, `a whole number from ${kind.min} to ${kind.max}`);
  }

  #spec(name: Name): InputSpec {
    const spec = this.#specs.find((known) => known.name === name);
    if (spec === undefined) throw new TypeError(`There is no input ${name}.`);
    return spec;
  }
}

function wrongValue(name: string, value: string, wanted: string): SigstepError {
  return new SigstepError("INPUT_VALUE", `Input ${name} is ${quote(value, 60)}, not ${wanted}.`, {
    where: name,
    hint: `Write ${name}: with ${wanted}.`,
  });
}
