// Patterns of identities: compiled, and held against whole texts in time linear in their length
// (Thompson's simulation; there is no backtracking, so no identity can make it run away).
import { SigstepError } from "../errors.ts";
import { parsePattern, type PatternNode } from "./pattern-syntax.ts";
import { showText } from "./show-text.ts";

/** A compiled pattern. */
export interface Pattern {
  readonly kind: "pattern";
  /** As it was written. */
  readonly source: string;
  /** Whether it describes the whole of `text`. */
  matches(text: string): boolean;
  /** Whether it describes some text that begins with `prefix`. */
  admits(prefix: string): boolean;
}

/** A state goes on to others for nothing, or to one for a character. State 0 is the end. */
interface State {
  readonly free: number[];
  accepts?: (character: string) => boolean;
  next?: number;
}

/** Counted repetitions are written out, so their number is what a pattern costs. */
const maxStates = 4000;
/** No identity that a certificate may hold is longer; a longer text matches nothing. */
const maxText = 4096;

/**
 * Compiles `source`, which describes whole texts whether or not it begins with `^` and ends with `$`.
 *
 * @param what - What the pattern is for, in messages.
 * @throws SigstepError POLICY_INVALID for what pattern-syntax.ts does not read, or what is too large.
 */
export function compilePattern(source: string, what: string): Pattern {
  const states: State[] = [{ free: [] }];
  const start = build(states, parsePattern(source, what), 0);
  if (states.length >= maxStates) throw tooLarge(source, what);
  return {
    kind: "pattern",
    source,
    matches: (text) => text.length <= maxText && run(states, start, text).has(0),
    // Every state that is reached leads to the end: no part of a pattern describes nothing.
    admits: (prefix) => run(states, start, prefix).size > 0,
  };
}

function tooLarge(source: string, what: string): SigstepError {
  return new SigstepError(
    "POLICY_INVALID",
    `The policy's ${what} is a pattern that repeats too much: ${showText(source)}.`,
    { where: what, hint: "Use smaller counts in braces, or + and *." },
  );
}

/** Adds states that lead through `node` to the state `next`, and gives the first of them. */
function build(states: State[], node: PatternNode, next: number): number {
  // Too many: what is built no longer matters, only that it ends.
  if (states.length >= maxStates) return next;
  switch (node.kind) {
    case "character":
      return states.push({ free: [], accepts: node.accepts, next }) - 1;
    case "sequence":
      return node.items.reduceRight((after, item) => build(states, item, after), next);
    case "either": {
      const free = node.branches.map((branch) => build(states, branch, next));
      return states.push({ free }) - 1;
    }
    case "repeat":
      return buildRepeat(states, node, next);
  }
}

function buildRepeat(
  states: State[],
  { item, min, max }: Extract<PatternNode, { kind: "repeat" }>,
  next: number,
): number {
  let start = max === Infinity ? buildLoop(states, item, next) : next;
  for (let count = min; count < max && max !== Infinity; count++) {
    start = states.push({ free: [build(states, item, start), next] }) - 1;
    if (states.length >= maxStates) break;
  }
  for (let count = 0; count < min; count++) start = build(states, item, start);
  return start;
}

function buildLoop(states: State[], item: PatternNode, next: number): number {
  const loop: State = { free: [next] };
  const at = states.push(loop) - 1;
  loop.free.push(build(states, item, at));
  return at;
}

/** Where one can be after `text`, having begun at `start`. */
function run(states: readonly State[], start: number, text: string): Set<number> {
  let current = spread(states, [start]);
  for (const character of text) {
    const next = [...current].flatMap((at) => {
      const state = states[at];
      return state?.accepts?.(character) === true && state.next !== undefined ? [state.next] : [];
    });
    current = spread(states, next);
    if (current.size === 0) break;
  }
  return current;
}

function spread(states: readonly State[], from: readonly number[]): Set<number> {
  const reached = new Set<number>();
  const open = [...from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (reached.has(at)) continue;
    reached.add(at);
    open.push(...(states[at]?.free ?? []));
  }
  return reached;
}
