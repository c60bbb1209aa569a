// Proven times: from promises and timestamps alone, and all that must hold at each of them.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { computeDigest } from "../../src/crypto/digest.ts";
import { materialOf } from "../../src/sigstore/entry-body.ts";
import type { TransparencyLog } from "../../src/sigstore/log.ts";
import { type Evidence, provenTimes, verifyTimes } from "../../src/sigstore/times.ts";
import { verifyEntry } from "../../src/sigstore/verify-entry.ts";
import { refusal, refuses } from "../refusal.ts";
import { makeCredential, stamp, trustedRoot, v1, v2 } from "./own-instance.ts";
import { makeEntry, makeLog, type OwnLog, promise } from "./own-log.ts";

const credential = await makeCredential();
const { certificate } = credential;
const signed = {
  digest: computeDigest("sha256", Buffer.from("artifact")),
  signature: Buffer.from("signature"),
  certificate: certificate.certificate.der,
};
const material = materialOf(signed);

/** Evidence with entries of Rekor v1 at some times, of Rekor v2, and timestamps at others. */
async function evidence(times: {
  readonly promised?: readonly string[];
  readonly unpromised?: number;
  readonly stamped?: readonly string[];
}): Promise<Evidence> {
  const { promised = [], unpromised = 0, stamped = [] } = times;
  return {
    certificate,
    entries: [
      ...promised.map((time) => makeEntry(v1, signed, { time: new Date(time) })),
      ...Array.from({ length: unpromised }, () => makeEntry(v2, signed)),
    ].map((entry) => verifyEntry(entry, material, trustedRoot)),
    timestamps: await Promise.all(
      stamped.map((time) =>
        stamp({ time: time.replace(/[-:T]/g, "") })(signed.signature, credential),
      ),
    ),
  };
}

const noon = "2025-06-01T12:00:00Z";

test("come from promises first, then from timestamps, and from Rekor v2 not at all", async () => {
  const all = await evidence({
    promised: [noon],
    unpromised: 2,
    stamped: ["2025-06-01T12:00:01Z", "2025-06-01T12:00:02Z"],
  });
  assert.deepEqual(
    provenTimes(all).map((time) => time.toISOString().slice(17, 19)),
    ["00", "01", "02"],
  );
});

suite("evidence", () => {
  test("holds when all its times lie in certificate, chain and logs", async () => {
    for (const times of [
      { promised: [noon] },
      { stamped: [noon] },
      { unpromised: 1, stamped: [noon] },
      { promised: ["2025-06-01T11:55:00Z"], stamped: ["2025-06-01T12:05:00Z"] },
    ]) {
      verifyTimes(await evidence(times), trustedRoot);
    }
  });

  for (const [name, times, code] of [
    ["without any time", {}, "TIMESTAMP_INVALID"],
    ["with Rekor v2 alone", { unpromised: 3 }, "TIMESTAMP_INVALID"],
    ["before the certificate", { promised: ["2025-06-01T11:54:59Z"] }, "CERTIFICATE_INVALID"],
    [
      "stamped before the certificate",
      { stamped: ["2025-06-01T11:54:59Z"] },
      "CERTIFICATE_INVALID",
    ],
    ["after the certificate", { promised: ["2025-06-01T12:05:01Z"] }, "DEADLINE_REACHED"],
    ["stamped after it", { stamped: ["2025-06-01T12:05:01Z"] }, "DEADLINE_REACHED"],
    [
      "after it and in it",
      { promised: [noon], stamped: ["2025-06-01T12:05:01Z"] },
      "DEADLINE_REACHED",
    ],
  ] as const) {
    test(`${name} is refused: ${code}`, async () => {
      const all = await evidence(times);
      refuses(code, () => verifyTimes(all, trustedRoot));
    });
  }

  test("is of logs that were trusted when they took it in", async () => {
    const all = await evidence({ promised: [noon], stamped: ["2025-06-01T12:00:10Z"] });
    const during = (own: OwnLog, start: string, end: string): Evidence => ({
      ...all,
      entries: [
        verifyEntry(makeEntry(own, signed), material, {
          logs: [{ ...own.log, validFor: { start: new Date(start), end: new Date(end) } }],
        }),
      ],
    });
    // Rekor v1 says when that was, and what was stamped later does not concern it.
    verifyTimes(during(v1, noon, noon), trustedRoot);
    for (const [start, end] of [
      ["2025-06-01T11:00:00Z", "2025-06-01T11:59:59Z"],
      ["2025-06-01T12:00:01Z", "2025-06-01T12:00:10Z"],
    ] as const) {
      refuses("LOG_ENTRY_INVALID", () => verifyTimes(during(v1, start, end), trustedRoot));
    }
  });

  test("with Rekor v2, which tells no time, is of logs that were trusted at each", async () => {
    const all = await evidence({ stamped: [noon, "2025-06-01T12:00:10Z"] });
    const during = (start: string, end: string): Evidence => ({
      ...all,
      entries: [
        verifyEntry(makeEntry(v2, signed), material, {
          logs: [{ ...v2.log, validFor: { start: new Date(start), end: new Date(end) } }],
        }),
      ],
    });
    verifyTimes(during(noon, "2025-06-01T12:00:10Z"), trustedRoot);
    for (const [start, end] of [
      [noon, "2025-06-01T12:00:09Z"],
      ["2025-06-01T12:00:01Z", "2025-06-01T12:00:10Z"],
    ] as const) {
      refuses("LOG_ENTRY_INVALID", () => verifyTimes(during(start, end), trustedRoot));
    }
  });

  test("at a time beyond every calendar holds nothing", async () => {
    const all = await evidence({ promised: ["9999-12-31T23:59:59Z"] });
    refuses("DEADLINE_REACHED", () => verifyTimes(all, trustedRoot));
    const late = { ...makeEntry(v1, signed), integratedTime: 1n << 62n };
    const entry = verifyEntry(
      { ...late, inclusionPromise: promise(v1, late) },
      material,
      trustedRoot,
    );
    refuses("CERTIFICATE_INVALID", () => verifyTimes({ ...all, entries: [entry] }, trustedRoot));
  });

  test("is of an authority that the trusted root still has", async () => {
    const all = await evidence({ promised: [noon] });
    refuses("CERTIFICATE_INVALID", () =>
      verifyTimes(all, { ...trustedRoot, certificateAuthorities: [] }),
    );
  });

  suite("of a log that is listed for several periods", () => {
    const listed = (start: string, end?: string): TransparencyLog => ({
      ...v1.log,
      validFor: { start: new Date(start), ...(end === undefined ? {} : { end: new Date(end) }) },
    });
    const old = listed("2024-01-01T00:00:00Z", "2024-12-31T00:00:00Z");
    const now = listed("2025-06-01T00:00:00Z");
    const foreign = { ...makeLog(1).log, logId: v1.log.logId, validFor: now.validFor };

    for (const [name, logs] of [
      ["the first ended", [old, now]],
      ["the last ended", [now, old]],
      ["one with another key", [foreign, now]],
      ["another key after it", [now, foreign]],
    ] as const) {
      test(`holds when one period holds the time: ${name}`, async () => {
        const all = await evidence({ promised: [noon] });
        const entry = verifyEntry(makeEntry(v1, signed), material, { logs });
        verifyTimes({ ...all, entries: [entry] }, trustedRoot);
      });
    }

    test("is refused when none does, also when another key's would", async () => {
      const all = await evidence({ promised: [noon] });
      for (const logs of [[old], [old, old], [old, foreign], [foreign, old]]) {
        const entry = verifyEntry(makeEntry(v1, signed), material, { logs });
        const error = refusal("LOG_ENTRY_INVALID", () =>
          verifyTimes({ ...all, entries: [entry] }, trustedRoot),
        );
        assert.match(error.message, /v1\.log\.example.* trusted root "own"/);
      }
    });
  });
});
