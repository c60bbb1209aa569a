// Maps of a policy file, read key by key; a key that nobody asks for is refused with its nearest.
import { quote, toSigstepError } from "../errors.ts";
import { refuseAt, type Place, type YamlMember, type YamlValue } from "./policy-yaml.ts";

/** A map all of whose keys are known. */
export class PolicyMap {
  readonly value: YamlValue;
  readonly #members: ReadonlyMap<string, YamlMember>;

  /**
   * @param keys - Absent where the keys are names of the user's own.
   * @throws SigstepError POLICY_INVALID when `value` is no map, or has a key that is not in `keys`.
   */
  constructor(value: YamlValue, keys?: readonly string[]) {
    if (value.kind !== "map") throw refuseAt(value.place, "this must be a map (KEY: VALUE)");
    for (const { name, place } of value.members) {
      if (keys?.includes(name) === false) {
        throw refuseAt(place, `the unknown key ${quote(name, 60)}`, adviseKey(name, keys));
      }
    }
    this.value = value;
    this.#members = new Map(value.members.map((member) => [member.name, member]));
  }

  /** Its keys, as written. */
  get names(): readonly string[] {
    return [...this.#members.keys()];
  }

  /** The value of a key, whatever it is. */
  get(name: string): YamlValue | undefined {
    return this.#members.get(name)?.value;
  }

  /** A text that is not empty. */
  text(name: string): string | undefined {
    const value = this.get(name);
    return value === undefined ? undefined : textOf(value, name);
  }

  /** What `read` makes of a text; an error gets the place of its key. */
  read<T>(name: string, read: (text: string) => T): T | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : this.placed(name, () => read(text));
  }

  /** What `make` gives; an error of it gets the place of the key `name`, or of the map. */
  placed<T>(name: string, make: () => T): T {
    return placed((this.#members.get(name) ?? this.value).place, make);
  }
}

/**
 * What `make` gives; an error of it about the policy gets `place`, unless it has one.
 *
 * @throws SigstepError of `make`
 */
export function placed<T>(place: Place, make: () => T): T {
  try {
    return make();
  } catch (error) {
    const { code, message, hint, where } = toSigstepError(error);
    if (code !== "POLICY_INVALID" || where === place.label) throw error;
    throw refuseAt(place, message.replace(/\.$/, ""), hint);
  }
}

/**
 * A text that is not empty.
 *
 * @throws SigstepError POLICY_INVALID
 */
export function textOf(value: YamlValue, name: string): string {
  if (value.kind !== "text") throw refuseAt(value.place, `${name} must be a text`);
  if (value.text === "") throw refuseAt(value.place, `${name} is empty`, "Leave the key out.");
  return value.text;
}

/**
 * The items of a list that has some.
 *
 * @throws SigstepError POLICY_INVALID
 */
export function itemsOf(value: YamlValue, name: string, max: number): readonly YamlValue[] {
  if (value.kind !== "list") throw refuseAt(value.place, `${name} must be a list (- ITEM)`);
  if (value.items.length === 0) throw refuseAt(value.place, `${name} is empty`);
  if (value.items.length > max) throw refuseAt(value.place, `${name} has more than ${max} items`);
  return value.items;
}

/** An object with the member, or without it when there is no value. */
export function present<Key extends string, T>(
  key: Key,
  value: T | undefined,
): Partial<Record<Key, T>> {
  const made: Partial<Record<Key, T>> = {};
  if (value !== undefined) made[key] = value;
  return made;
}

function adviseKey(name: string, keys: readonly string[]): string {
  const [near] = keys
    .map((key) => ({ key, distance: distanceOf(name.slice(0, 60), key) }))
    .filter(({ key, distance }) => distance <= Math.min(3, key.length / 3))
    .toSorted((a, b) => a.distance - b.distance);
  return near === undefined ? `Known here: ${keys.join(", ")}.` : `Did you mean ${near.key}?`;
}

/** Levenshtein's distance, without regard to case, dashes and underscores. */
function distanceOf(one: string, other: string): number {
  const [a, b] = [plain(one), plain(other)];
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (const [j, against] of Array.from(b).entries()) {
      const [above = 0, left = 0, before = 0] = [row[j + 1], next[j], row[j]];
      next.push(Math.min(above + 1, left + 1, before + (letter === against ? 0 : 1)));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}

function plain(text: string): string {
  return text.toLowerCase().replace(/[-_]/g, "");
}
