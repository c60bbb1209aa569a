// Every field and every structural element of good bundles changed: each mutant is refused with its step,
// or is on the reviewed list, and then proves nothing that the good bundle does not.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeHex } from "../../src/encoding/base64.ts";
import { SigstepError } from "../../src/errors.ts";
import type { VerifiedBundle } from "../../src/sigstore/verify.ts";
import { goodBundles, judge, type GoodBundle } from "./mutation-bundles.ts";
import { harmless, type Harmless } from "./mutation-harmless.ts";
import { mutateBundle } from "./mutation.ts";
import { printTree, readTree } from "./mutation-tree.ts";

const goods = await goodBundles();
const used = new Set<Harmless>();
let total = 0;
let accepted = 0;

/** What a verified bundle proves, as lines. */
function provenBy(found: VerifiedBundle): readonly string[] {
  const { statement, digest, certificate, matched } = found;
  return [
    `digest ${digest.algorithm} ${encodeHex(digest.bytes)}`,
    `statement ${JSON.stringify(statement?.predicate.raw)} ${statement?.predicateType}`,
    `subjects ${JSON.stringify(statement?.subjects.map(({ name, digests }) => [name, ...digests]))}`,
    `signer ${certificate?.identity.value} ${JSON.stringify(certificate?.certificate.fulcio.named)}`,
    `matched ${matched?.identity?.kind}`,
    ...found.entries.map(({ entry, log }) => `entry ${entry.logIndex} ${encodeHex(log.logId)}`),
    ...found.timestamps.map(
      ({ info, certificate: { fingerprint } }) => `${info.time.toISOString()} by ${fingerprint}`,
    ),
    ...found.times.map((time) => `time ${time.toISOString()}`),
  ];
}

/** The reviewed reason why `found` may be accepted, which must be as harmless as it says. */
function review(
  good: GoodBundle,
  what: string,
  lines: readonly [readonly string[], readonly string[]],
): void {
  const [before, after] = lines.map((each) => new Set(each));
  const reasons = harmless.filter(
    (each) => each.what.test(what) && (each.kinds?.test(good.kind) ?? true),
  );
  assert.ok(reasons.length > 0, `${good.kind}: accepted after ${what}`);
  assert.ok(before !== undefined && after !== undefined);
  assert.ok(isSubset(after, before), `${good.kind}: proves more after ${what}`);
  const fits = reasons.filter(({ proves }) => proves === "less" || isSubset(before, after));
  assert.ok(fits.length > 0, `${good.kind}: proves less after ${what}`);
  for (const reason of fits) used.add(reason);
}

function isSubset(part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean {
  return [...part].every((line) => whole.has(line));
}

for (const good of goods) {
  test(`${good.kind}: no mutant passes`, async (t) => {
    const tree = readTree(good.text);
    const original = printTree(tree);
    const before = provenBy(await judge(good, good.text));
    const steps = new Map<number, number>();
    let count = 0;
    for (const [what, mutant] of mutateBundle(tree, good.others.map(readTree))) {
      const text = printTree(mutant);
      if (text === original) continue;
      count++;
      try {
        const found = await judge(good, text);
        accepted++;
        review(good, what, [before, provenBy(found)]);
      } catch (error) {
        if (!(error instanceof SigstepError)) throw error;
        assert.ok(error.step !== undefined, `${good.kind}, ${what}: no step (${error.message})`);
        assert.notEqual(error.code, "INTERNAL", what);
        steps.set(error.step.number, (steps.get(error.step.number) ?? 0) + 1);
      }
    }
    total += count;
    const list = [...steps].sort(([a], [b]) => a - b).map(([step, many]) => `${step}: ${many}`);
    t.diagnostic(`${count} mutants, refused at step ${list.join(", ")}`);
    assert.ok(count > 1000);
  });
}

test("many mutants were tried, and every reviewed reason is needed", (t) => {
  t.diagnostic(`${total} mutants, ${accepted} of them harmless, for ${used.size} reasons`);
  assert.ok(total > 3000);
  for (const each of harmless) assert.ok(used.has(each), `nobody needs: ${each.reason}`);
});
