// Attacks by name on logs, times and thresholds; identities and statements are attacks-content.test.ts,
// certificates attacks-certificate.test.ts. Each is all right but for one lie, and is refused at the step that looks for it.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { computeDigest } from "../../src/crypto/digest.ts";
import { encodeBundle } from "../../src/sigstore/bundle.ts";
import { ask, certify, issuer, make, refusedAt, withEntry } from "./attack-bundle.ts";
import { makeTimestamp } from "./timestamp-maker.ts";
import { issue, timestampLeaf } from "./issue.ts";
import { policyOf } from "./mutation-bundles.ts";
import { otherTsa, stamp, trustedRoot, v1, v2, workflow } from "./own-instance.ts";
import { makeEntry, makeLog, promise } from "./own-log.ts";

const policy = policyOf(workflow, issuer);

test("without an attack all of this is accepted", async () => {
  for (const log of [v1, v2, null]) {
    for (const envelope of [undefined, {}]) {
      const root = log === null ? { ...trustedRoot, logs: [] } : trustedRoot;
      // Our v1 log makes hashedrekord entries, which are of what was signed.
      const { bundle } = await make({ log, isStamped: true, ...(envelope && { envelope }) });
      await ask(bundle, { trustedRoot: root });
    }
  }
});

suite("the log", () => {
  test("an entry of another log than its id says: the checkpoint is not that log's", async () => {
    const { bundle } = await make({ log: v2, isStamped: true });
    const stranger = makeLog(2, "other.log.example");
    const logs = [v1.log, v2.log, stranger.log];
    const moved = withEntry(bundle, () => ({ logId: stranger.log.logId }));
    await refusedAt(4, "LOG_ENTRY_INVALID", ask(moved, { trustedRoot: { ...trustedRoot, logs } }));
  });

  test("the checkpoint of another trusted log, over the same tree", async () => {
    const stranger = makeLog(2, "other.log.example");
    const logs = [v2.log, stranger.log];
    const made = await make({ log: v2, isStamped: true });
    const foreign = makeEntry(stranger, made.signed).inclusionProof;
    const moved = withEntry(made.bundle, () => ({ inclusionProof: foreign }));
    await refusedAt(4, "LOG_ENTRY_INVALID", ask(moved, { trustedRoot: { ...trustedRoot, logs } }));
  });

  test("a log that has the name of a trusted one within its own, and the other way round", async () => {
    for (const name of [
      "v2.log.example.evil",
      "evil.v2.log.example",
      "v2.log.exampl",
      "V2.log.example",
    ]) {
      const stranger = { ...makeLog(2, name), log: v2.log };
      const made = await make({ log: v2, isStamped: true });
      const body = makeEntry(stranger, made.signed).inclusionProof;
      const moved = withEntry(made.bundle, () => ({ inclusionProof: body }));
      await refusedAt(4, "LOG_ENTRY_INVALID", ask(moved));
    }
  });

  test("an unknown log alone, that calls itself by a known name", async () => {
    const { bundle } = await make({ log: makeLog(1, v1.name), isStamped: true });
    await refusedAt(2, "LOG_ENTRY_INVALID", ask(bundle));
  });

  test("an unknown log that uses a known log's id", async () => {
    const stranger = makeLog(1, v1.name);
    const log = { ...stranger, log: { ...stranger.log, logId: v1.log.logId } };
    await refusedAt(3, "LOG_ENTRY_INVALID", ask((await make({ log })).bundle));
    const { bundle } = await make({ log, isStamped: true });
    const silent = withEntry(bundle, () => ({ inclusionPromise: undefined }));
    await refusedAt(4, "LOG_ENTRY_INVALID", ask(silent));
  });

  test("an integrated time that no log has signed (CVE-2026-48816)", async () => {
    const { bundle } = await make();
    const silent = withEntry(bundle, () => ({ inclusionPromise: undefined }));
    await refusedAt(7, "TIMESTAMP_INVALID", ask(silent));
    const earlier = withEntry(bundle, ({ integratedTime = 0n }) => ({
      integratedTime: integratedTime - 60n,
    }));
    await refusedAt(3, "LOG_ENTRY_INVALID", ask(earlier));
  });

  test("an integrated time and a promise for Rekor v2, which makes none", async () => {
    const { bundle } = await make({ log: v2 });
    const dated = withEntry(bundle, () => ({ integratedTime: 1_748_779_200n }));
    await refusedAt(7, "TIMESTAMP_INVALID", ask(dated));
    const promised = withEntry(bundle, (entry) => {
      const integratedTime = 1_748_779_200n;
      return { integratedTime, inclusionPromise: promise(v2, { ...entry, integratedTime }) };
    });
    await refusedAt(3, "LOG_ENTRY_INVALID", ask(promised));
  });

  test("the entry of another artifact (CVE-2026-22703)", async () => {
    const credential = await certify();
    const [own, other] = [
      await make({ credential }),
      await make({ credential, content: Buffer.from("another") }),
    ];
    const bundle = { ...own.bundle, entries: other.bundle.entries };
    await refusedAt(5, "LOG_ENTRY_INVALID", ask(bundle));
  });

  test("the entry of another signature over the same artifact by the same key", async () => {
    const credential = await certify();
    const [own, other] = [await make({ credential }), await make({ credential })];
    await refusedAt(5, "LOG_ENTRY_INVALID", ask({ ...own.bundle, entries: other.bundle.entries }));
  });

  test("the entry of the same key under another certificate", async () => {
    const own = await make();
    const other = await make({ leaf: { notAfter: "2025-06-01T12:06:00Z" } });
    const signed = { ...own.signed, certificate: other.signed.certificate };
    for (const log of [v1, v2]) {
      const bundle = { ...own.bundle, entries: [makeEntry(log, signed)] };
      await refusedAt(5, "LOG_ENTRY_INVALID", ask(bundle));
    }
  });

  test("a known log's bad entry beside a good one", async () => {
    const { bundle, signed } = await make();
    const other = { ...signed, digest: computeDigest("sha256", Buffer.from("another")) };
    for (const log of [v1, v2]) {
      const both = { ...bundle, entries: [...bundle.entries, makeEntry(log, other, { index: 6 })] };
      await refusedAt(5, "LOG_ENTRY_INVALID", ask(both));
    }
  });

  test("an index beyond 2^53 is exact, in the promise and in the tree", async () => {
    const logIndex = 2n ** 53n + 1n;
    const { bundle } = await make({ entry: { logIndex } });
    assert.equal((await ask(bundle)).entries[0]?.entry.logIndex, logIndex);
    // The next double is 2^53: whoever computes with doubles takes one for the other.
    const rounded = withEntry(bundle, () => ({ logIndex: 2n ** 53n }));
    await refusedAt(3, "LOG_ENTRY_INVALID", ask(rounded));
    const text = encodeBundle(bundle).replace(`"${logIndex}"`, String(logIndex));
    await refusedAt(1, "BUNDLE_INVALID", ask(text));
  });

  test("huge numbers where numbers are expected", async () => {
    const text = encodeBundle((await make()).bundle);
    for (const number of [
      "1e400",
      "1e20",
      "-1",
      `"${2n ** 63n}"`,
      `"1${"0".repeat(1000)}"`,
      "1.5",
    ]) {
      for (const field of ["logIndex", "treeSize", "integratedTime"]) {
        const changed = text.replace(new RegExp(`"${field}":"[0-9]+"`), `"${field}":${number}`);
        assert.notEqual(changed, text);
        await refusedAt(1, "BUNDLE_INVALID", ask(changed));
      }
    }
    // All of 63 bits are read, and are another tree than the log's.
    const { bundle } = await make({ log: v2, isStamped: true });
    const far = encodeBundle(bundle).replace(/"treeSize":"\d+"/, `"treeSize":"${2n ** 63n - 1n}"`);
    await refusedAt(4, "LOG_ENTRY_INVALID", ask(far));
  });

  test("a promised time beyond every calendar", async () => {
    const { bundle } = await make();
    const far = withEntry(bundle, (entry) => {
      const integratedTime = 2n ** 62n;
      return { integratedTime, inclusionPromise: promise(v1, { ...entry, integratedTime }) };
    });
    await refusedAt(7, "TIMESTAMP_INVALID", ask(far));
  });
});

suite("times", () => {
  test("a timestamp of an unknown authority beside a good one is passed over, and alone proves nothing", async () => {
    const stranger = await issue({ name: "TSA", extensions: timestampLeaf });
    const { bundle, signed } = await make({ log: v2, isStamped: true });
    const parts = { time: "20250601115900Z" };
    const foreign = await makeTimestamp(stranger, signed.signature, parts);
    const both = await ask({ ...bundle, timestamps: [foreign, ...bundle.timestamps] });
    assert.deepEqual(both.times, [new Date("2025-06-01T12:00:00Z")]);
    await refusedAt(7, "TIMESTAMP_INVALID", ask({ ...bundle, timestamps: [foreign] }));
    const required = { ...policy, required: { timestamps: 2 } };
    const two = { ...bundle, timestamps: [foreign, ...bundle.timestamps] };
    await refusedAt(13, "TIMESTAMP_INVALID", ask(two, { policy: required }));
  });

  test("a timestamp that names a trusted authority and is signed by another (GHSA-xm5m-wgh2-rrg3)", async () => {
    const stranger = await issue({ name: "TSA", extensions: timestampLeaf });
    const { bundle, signed } = await make({ log: v2 });
    const [known] = trustedRoot.timestampAuthorities[1]?.certificates ?? [];
    assert.ok(known !== undefined);
    for (const named of [known.der, stranger.certificate.der]) {
      const parts = { time: "20250601120000Z", claimed: otherTsa, named };
      const forged = await makeTimestamp(stranger, signed.signature, parts);
      await refusedAt(6, "TIMESTAMP_INVALID", ask({ ...bundle, timestamps: [forged] }));
    }
  });

  test("the timestamp of another signature", async () => {
    const [own, other] = [await make({ log: v2 }), await make({ log: v2, isStamped: true })];
    const bundle = { ...own.bundle, timestamps: other.bundle.timestamps };
    await refusedAt(6, "TIMESTAMP_INVALID", ask(bundle));
  });

  test("a bad timestamp of a known authority, though the log's promise is good", async () => {
    const { bundle } = await make();
    const other = await make({ isStamped: true });
    const both = { ...bundle, timestamps: other.bundle.timestamps };
    await refusedAt(6, "TIMESTAMP_INVALID", ask(both));
  });

  test("a time that is yet to come", async () => {
    const now = new Date("2025-06-01T11:54:00Z");
    const { message, hint } = await refusedAt(
      7,
      "TIMESTAMP_INVALID",
      ask((await make()).bundle, { now }),
    );
    assert.match(message + hint, /clock/);
  });

  test("two proven times, one of them outside the certificate", async () => {
    const { bundle, signed } = await make();
    const late = await makeTimestamp(otherTsa, signed.signature, { time: "20250601121000Z" });
    await refusedAt(8, "CERTIFICATE_INVALID", ask({ ...bundle, timestamps: [late] }));
  });
});

suite("thresholds", () => {
  const two = { ...policy, required: { logs: 2 } };

  test("one log twice is one log", async () => {
    const { bundle, signed } = await make();
    const [entry] = bundle.entries;
    assert.ok(entry !== undefined);
    for (const second of [entry, makeEntry(v1, signed, { index: 6 })]) {
      await refusedAt(1, "BUNDLE_INVALID", ask({ ...bundle, entries: [entry, second] }));
    }
    const both = { ...bundle, entries: [entry, makeEntry(v2, signed)] };
    assert.equal((await ask(both, { policy: two })).entries.length, 2);
  });

  test("two logs of one operator are one witness, and a log listed twice is one log", async () => {
    const { bundle, signed } = await make();
    const both = { ...bundle, entries: [...bundle.entries, makeEntry(v2, signed)] };
    const logs = [v1.log, { ...v2.log, operator: v1.log.operator }];
    const asked = { policy: two, trustedRoot: { ...trustedRoot, logs } };
    await refusedAt(13, "LOG_ENTRY_INVALID", ask(both, asked));
    const again = {
      ...trustedRoot,
      logs: [v1.log, { ...v1.log, baseUrl: "https://again.example" }],
    };
    await refusedAt(13, "LOG_ENTRY_INVALID", ask(bundle, { policy: two, trustedRoot: again }));
  });

  test("one timestamp authority twice is one", async () => {
    const { bundle, signed, credential } = await make({ isStamped: true });
    const required = { ...policy, required: { timestamps: 2 } };
    const [first] = bundle.timestamps;
    assert.ok(first !== undefined);
    const later = await stamp({ time: "20250601120200Z" })(signed.signature, credential);
    await refusedAt(1, "BUNDLE_INVALID", ask({ ...bundle, timestamps: [first, first] }));
    const again = { ...bundle, timestamps: [first, later.response.der] };
    await ask(again);
    await refusedAt(13, "TIMESTAMP_INVALID", ask(again, { policy: required }));
    const other = await makeTimestamp(otherTsa, signed.signature, { time: "20250601120100Z" });
    await ask({ ...bundle, timestamps: [first, other] }, { policy: required });
  });

  test("an instance with logs, and a bundle that was never logged", async () => {
    const { bundle } = await make({ log: null, isStamped: true });
    await refusedAt(13, "LOG_ENTRY_INVALID", ask(bundle));
  });
});
