// Trusted roots whose logs cannot be used: an instance never seems to have no log because we cannot read one.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { encodeBase64, parseBase64 } from "../../src/encoding/base64.ts";
import embedded from "../../src/sigstore/public-good/trusted_root.json" with { type: "json" };
import { parseTrustedRoot, type TrustedRoot } from "../../src/sigstore/trust.ts";
import { refusal } from "../refusal.ts";

interface Key {
  rawBytes: string;
  keyDetails?: unknown;
}

const [, ctLog] = embedded.ctlogs;
assert.ok(ctLog !== undefined);
const right: Key = ctLog.publicKey;

/** One log with another key, in the list of that name; the other lists are the real ones. */
function parseWith(list: "tlogs" | "ctlogs", ...keys: readonly Partial<Key>[]): TrustedRoot {
  const logs = keys.map((key) => ({ ...ctLog, publicKey: { ...ctLog?.publicKey, ...key } }));
  return parseTrustedRoot(Buffer.from(JSON.stringify({ ...embedded, [list]: logs })), "root.json");
}

const der = parseBase64(right.rawBytes, "key");
const offCurve = Buffer.from(der);
offCurve[offCurve.length - 1] = (offCurve.at(-1) ?? 0) ^ 1;

for (const list of ["tlogs", "ctlogs"] as const) {
  suite(`keys in ${list}`, () => {
    const malformed: Readonly<Record<string, Partial<Key>>> = {
      "is cut off": { rawBytes: encodeBase64(der.subarray(0, -1)) },
      "has a byte too many": { rawBytes: encodeBase64(Buffer.concat([der, Buffer.of(0)])) },
      "lies on no curve": { rawBytes: encodeBase64(offCurve) },
      "is empty": { rawBytes: "" },
      "is PEM in base64": { rawBytes: encodeBase64(Buffer.from("-----BEGIN PUBLIC KEY-----")) },
      "does not say its kind": { rawBytes: "AAAA", keyDetails: undefined },
      "has a number for its kind": { rawBytes: "AAAA", keyDetails: 5 },
    };
    for (const [name, key] of Object.entries(malformed)) {
      test(`one that ${name} refuses the file by its field, whatever else is there`, () => {
        for (const keys of [[key], [key, {}], [{}, key]]) {
          const error = refusal("TRUSTED_ROOT_INVALID", () => parseWith(list, ...keys));
          assert.ok(error.message.includes(`${list}[${keys.indexOf(key)}].publicKey.rawBytes`));
        }
      });
    }

    const unknown: Partial<Key> = {
      rawBytes: encodeBase64(Buffer.from("a lattice")),
      keyDetails: "PKIX_ML_DSA_65",
    };

    test("one of a kind that we do not know is left out beside one that we do", () => {
      const root = parseWith(list, unknown, {});
      assert.equal((list === "tlogs" ? root.logs : root.ctLogs).length, 1);
    });

    test("all of kinds that we do not know refuse the file: it would seem to have no log", () => {
      const error = refusal("TRUSTED_ROOT_INVALID", () => parseWith(list, unknown, unknown));
      assert.ok(error.message.includes(`field ${list} of`), error.message);
    });

    test("no key says that there is no such log", () => {
      const root = parseWith(list);
      assert.deepEqual(list === "tlogs" ? root.logs : root.ctLogs, []);
    });
  });
}
