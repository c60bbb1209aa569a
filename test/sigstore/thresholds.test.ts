// Thresholds: what a policy leaves open, and witnesses counted by who runs them.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { Bundle } from "../../src/sigstore/bundle.ts";
import type { TransparencyLog } from "../../src/sigstore/log.ts";
import type { RequiredServices } from "../../src/sigstore/policy.ts";
import type { TrustedRoot } from "../../src/sigstore/trust.ts";
import { thresholdsOf } from "../../src/sigstore/thresholds.ts";
import type { VerifiedBundle } from "../../src/sigstore/verify.ts";
import { rejectionAt } from "../refusal.ts";
import { authority, issue, timestampLeaf } from "./issue.ts";
import { makeBundle, question, under, verify } from "./own-bundle.ts";
import { logTo, makeCredential, otherTsa, stamp, trustedRoot, v1, v2 } from "./own-instance.ts";
import { makeTimestamp } from "./timestamp-maker.ts";

const { publicKey: key } = (await makeCredential()).certificate.certificate;
const two = await makeBundle({
  logs: [logTo(v1), logTo(v2)],
  timestamps: [stamp(), stamp({}, otherTsa)],
});

suite("what is asked for", () => {
  const root = (change: Partial<TrustedRoot>): TrustedRoot => ({ ...trustedRoot, ...change });
  const [log] = trustedRoot.logs;
  assert.ok(log !== undefined);

  test("is what the trusted root has, where the policy does not say", () => {
    assert.deepEqual(thresholdsOf({}, trustedRoot), { logs: 1, timestamps: 0, scts: 0 });
    const withCt = root({ ctLogs: [log, log] });
    assert.deepEqual(thresholdsOf({}, withCt), { logs: 1, timestamps: 0, scts: 1 });
    const withoutLog = root({ logs: [] });
    assert.deepEqual(thresholdsOf({}, withoutLog), { logs: 0, timestamps: 1, scts: 0 });
  });

  test("is what the policy says, member by member", () => {
    const withCt = root({ ctLogs: [log] });
    for (const [required, expected] of [
      [{}, { logs: 1, timestamps: 0, scts: 1 }],
      [{ logs: 2 }, { logs: 2, timestamps: 0, scts: 1 }],
      [{ logs: 0 }, { logs: 0, timestamps: 0, scts: 1 }],
      [{ timestamps: 1 }, { logs: 1, timestamps: 1, scts: 1 }],
      [{ scts: 0 }, { logs: 1, timestamps: 0, scts: 0 }],
      [
        { logs: 3, timestamps: 2, scts: 2 },
        { logs: 3, timestamps: 2, scts: 2 },
      ],
    ] as const) {
      assert.deepEqual(thresholdsOf({ required }, withCt), expected);
    }
  });

  test("is never an SCT of a key, which has no certificate", () => {
    const withCt = root({ ctLogs: [log] });
    for (const required of [{}, { scts: 2 }]) {
      assert.equal(thresholdsOf({ required }, withCt, key).scts, 0);
    }
  });
});

suite("witnesses", () => {
  const asking = (
    bundle: Bundle,
    required: RequiredServices,
    root: Partial<TrustedRoot> = {},
  ): Promise<VerifiedBundle> =>
    verify(bundle, { policy: { ...question.policy, required }, ...under(root) });

  const one = { ...two, entries: two.entries.slice(0, 1), timestamps: two.timestamps.slice(0, 1) };
  const twice = {
    ...two,
    entries: [...one.entries, ...one.entries],
    timestamps: [...one.timestamps, ...one.timestamps],
  };
  const logsBy = (operator: string): readonly TransparencyLog[] =>
    trustedRoot.logs.map((log) => ({ ...log, operator }));
  const tsasBy = (operator: string): TrustedRoot["timestampAuthorities"] =>
    trustedRoot.timestampAuthorities.map((each) => ({ ...each, operator }));

  test("of two operators are two", async () => {
    const { thresholds } = await asking(two, { logs: 2, timestamps: 2 });
    assert.deepEqual(thresholds, { logs: 2, timestamps: 2, scts: 0 });
  });

  test("are never more than there are", async () => {
    const logs = await rejectionAt(13, "LOG_ENTRY_INVALID", asking(one, { logs: 2 }));
    assert.match(logs.message, /1 transparency log vouches.*2 must/);
    await rejectionAt(13, "LOG_ENTRY_INVALID", asking(two, { logs: 3 }));
    const stamps = await rejectionAt(13, "TIMESTAMP_INVALID", asking(one, { timestamps: 2 }));
    assert.match(stamps.message, /1 timestamp authority vouches.*2 must/);
    const none = { ...one, timestamps: [] };
    const missing = await rejectionAt(13, "TIMESTAMP_INVALID", asking(none, { timestamps: 1 }));
    assert.match(missing.message, /no timestamp authority vouches.*1 must/);
  });

  test("of one operator are one, whatever their names and keys", async () => {
    const logs = { logs: logsBy("one company") };
    await asking(two, { logs: 1 }, logs);
    await rejectionAt(13, "LOG_ENTRY_INVALID", asking(two, { logs: 2 }, logs));
    const tsas = { timestampAuthorities: tsasBy("one company") };
    await asking(two, { timestamps: 1 }, tsas);
    await rejectionAt(13, "TIMESTAMP_INVALID", asking(two, { timestamps: 2 }, tsas));
  });

  test("without a known operator are as many as their keys", async () => {
    const logs = { logs: logsBy("") };
    const tsas = { timestampAuthorities: tsasBy("") };
    await asking(two, { logs: 2, timestamps: 2 }, { ...logs, ...tsas });
    await rejectionAt(13, "LOG_ENTRY_INVALID", asking(twice, { logs: 2 }, logs));
    await rejectionAt(13, "TIMESTAMP_INVALID", asking(twice, { timestamps: 2 }, tsas));
  });

  test("that are there twice are one", async () => {
    await asking(twice, { logs: 1, timestamps: 1 });
    await rejectionAt(13, "LOG_ENTRY_INVALID", asking(twice, { logs: 2 }));
    await rejectionAt(13, "TIMESTAMP_INVALID", asking(twice, { timestamps: 2 }));
  });

  test("that are unknown do not count", async () => {
    const known = { logs: trustedRoot.logs.slice(0, 1) };
    const proven = await asking(two, { logs: 1 }, known);
    assert.equal(proven.entries.length, 1);
    await rejectionAt(13, "LOG_ENTRY_INVALID", asking(two, { logs: 2 }, known));
    const root = await issue({ name: "unknown root", extensions: authority });
    const tsa = await issue({ name: "unknown", issuer: root, extensions: timestampLeaf });
    const { signature } = one.content;
    const strange = await makeTimestamp(tsa, signature, { time: "20250601120000Z" });
    const beside = { ...one, timestamps: [...one.timestamps, strange] };
    assert.equal((await asking(beside, { timestamps: 1 })).timestamps.length, 1);
    await rejectionAt(13, "TIMESTAMP_INVALID", asking(beside, { timestamps: 2 }));
  });

  test("of a certificate that are asked for and cannot be are missed at their own step", async () => {
    await rejectionAt(9, "SCT_INVALID", asking(two, { scts: 1 }));
  });

  test("may be waived by the policy, never by the bundle", async () => {
    const bare = { ...two, entries: [] };
    await rejectionAt(13, "LOG_ENTRY_INVALID", asking(bare, {}));
    assert.deepEqual((await asking(bare, { logs: 0 })).entries, []);
    const timeless = asking({ ...bare, timestamps: [] }, { logs: 0, timestamps: 0 });
    await rejectionAt(7, "TIMESTAMP_INVALID", timeless);
  });
});
