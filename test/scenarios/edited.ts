// A JSON file with changes: what a scenario needs to spoil a good file in one place.
import assert from "node:assert/strict";

type Step = string | number;

/** A JSON value that can be changed by path. Each change returns the same object. */
export class Edited {
  readonly #value: unknown;

  constructor(text: string) {
    this.#value = JSON.parse(text);
  }

  get(...path: readonly Step[]): unknown {
    return path.reduce((value, step) => Reflect.get(container(value), step), this.#value);
  }

  set(value: unknown, ...path: readonly Step[]): this {
    const [last = "", ...outer] = path.toReversed();
    Reflect.set(container(this.get(...outer.toReversed())), last, value);
    return this;
  }

  drop(...path: readonly Step[]): this {
    const [last = "", ...outer] = path.toReversed();
    Reflect.deleteProperty(container(this.get(...outer.toReversed())), last);
    return this;
  }

  /** Appends to a list. */
  add(item: unknown, ...path: readonly Step[]): this {
    const list = this.get(...path);
    assert.ok(Array.isArray(list));
    list.push(structuredClone(item));
    return this;
  }

  toString(): string {
    return JSON.stringify(this.#value);
  }
}

function container(value: unknown): object {
  assert.ok(typeof value === "object" && value !== null, "nothing to change there");
  return value;
}
