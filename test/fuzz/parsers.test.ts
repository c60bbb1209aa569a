// Any bytes into any parser: a value, or an error of ours that says what is wrong with them. Soon, either
// way. `SLOW=1` tries a hundred times as many.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { SigstepError } from "../../src/errors.ts";
import { runs } from "../refusal.ts";
import { badBytes } from "./bad-bytes.ts";
import { targets } from "./parsers.ts";

/** Nothing of this size may take as long, on a machine that is busy with other things as well. */
const maxMs = 1000;

for (const { name, parse, seeds } of targets) {
  test(`${name}: a value or an error of ours`, async () => {
    assert.ok(seeds.length > 0, "no good input to begin with");
    const judge = async (bytes: Uint8Array): Promise<void> => {
      const started = performance.now();
      try {
        await parse(bytes);
      } catch (error) {
        if (!(error instanceof SigstepError)) throw error;
        assert.notEqual(error.code, "INTERNAL");
        // Foreign text is shown escaped, and only so much of it.
        assert.doesNotMatch(error.message + error.hint, /[\p{Cc}\p{Cs}]/u);
        assert.ok(error.message.length < 2500, `${error.message.length} characters`);
      }
      assert.ok(performance.now() - started < maxMs, `took ${performance.now() - started} ms`);
    };
    for (const seed of seeds.slice(0, 3)) await judge(seed);
    await fc.assert(fc.asyncProperty(badBytes(seeds), judge), { numRuns: runs });
  });
}

test("good input is taken by most, or nothing else would mean much", async () => {
  const taken: string[] = [];
  for (const { name, parse, seeds } of targets) {
    try {
      for (const seed of seeds) await parse(seed);
      taken.push(name);
    } catch (error) {
      if (!(error instanceof SigstepError)) throw error;
    }
  }
  // A body is compared with a bundle that is not there; metadata of one role is none of another.
  const rest = targets.map(({ name }) => name).filter((name) => !taken.includes(name));
  assert.deepEqual(rest, ["log entry's body", "TUF metadata"]);
});
