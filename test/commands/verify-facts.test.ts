// What is told of a verified bundle: nothing that only its maker says.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { verifiedFacts, type VerifiedFacts } from "../../src/commands/verify-facts.ts";
import type { Bundle } from "../../src/sigstore/bundle.ts";
import type { LogEntry } from "../../src/sigstore/entry.ts";
import { logTo, v1, v2 } from "../sigstore/own-instance.ts";
import { makeBundle, verify } from "../sigstore/own-bundle.ts";

async function factsOf(bundle: Bundle): Promise<VerifiedFacts> {
  return verifiedFacts(await verify(bundle), { label: "b", trustedRoot: "own", withJson: true });
}

function changed(bundle: Bundle, change: (entry: LogEntry) => Partial<LogEntry>): Bundle {
  return { ...bundle, entries: bundle.entries.map((entry) => ({ ...entry, ...change(entry) })) };
}

function entryOf({ json }: VerifiedFacts): Readonly<Record<string, unknown>> {
  assert.ok(isRecord(json) && Array.isArray(json.logEntries));
  const [entry, ...more] = json.logEntries.filter(isRecord);
  assert.ok(entry !== undefined && more.length === 0);
  return entry;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

suite("what is told of a log entry is proven", () => {
  test("the index in a whole Rekor v1 log is nobody's word without a promise", async () => {
    const good = await makeBundle({ logs: [logTo(v1)] });
    const [entry] = good.entries;
    assert.deepEqual((await factsOf(good)).logIndexes, [String(entry?.logIndex)]);
    const forged = changed(good, () => ({ inclusionPromise: undefined, logIndex: 999_999n }));
    const facts = await factsOf(forged);
    assert.deepEqual(facts.logIndexes, []);
    assert.equal("logIndex" in entryOf(facts), false);
    assert.equal(entryOf(facts).treeIndex, String(entry?.inclusionProof?.logIndex));
  });

  test("the index in a Rekor v2 log is its tree's", async () => {
    const good = await makeBundle({ logs: [logTo(v2)] });
    assert.deepEqual((await factsOf(good)).logIndexes, [String(good.entries[0]?.logIndex)]);
  });

  test("a proof without a checkpoint is none", async () => {
    const good = await makeBundle({ logs: [logTo(v1)] });
    const forged = changed(good, ({ inclusionProof: proof }) => ({
      inclusionProof: proof && { ...proof, checkpoint: undefined, treeSize: 123_456n },
    }));
    const facts = await factsOf({ ...forged, version: "0.1" });
    const entry = entryOf(facts);
    for (const name of ["treeIndex", "treeSize", "rootHash"]) assert.equal(name in entry, false);
    const step = facts.steps.find(({ number }) => number === 4);
    assert.equal(step?.detail, "by the promise alone");
  });
});
