// The order of verification, on bundles of our own of every kind: what each step refuses, and every text of
// a bundle changed. The conformance suite is in conformance.test.ts, keys in key-bundles.test.ts.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { computeDigest } from "../../src/crypto/digest.ts";
import { type ErrorCode, SigstepError } from "../../src/errors.ts";
import { type Bundle, encodeBundle, parseBundle } from "../../src/sigstore/bundle.ts";
import { exactly } from "../../src/sigstore/matcher.ts";
import type { Policy } from "../../src/sigstore/policy.ts";
import type { TrustedRoot } from "../../src/sigstore/trust.ts";
import { rejectionAt } from "../refusal.ts";
import { at } from "../sandbox/wire.ts";
import { authority, issue, timestampLeaf } from "./issue.ts";
import {
  content,
  digest,
  identity,
  makeBundle,
  payloadOf,
  question,
  statement,
  under,
  verify,
} from "./own-bundle.ts";
import { logTo, makeCredential, stamp, trustedRoot, v1, v2, workflow } from "./own-instance.ts";
import { makeEntry, makeLog } from "./own-log.ts";
import { makeTimestamp } from "./timestamp-maker.ts";

const byDigest = { artifact: { digests: question.artifact.digests } };
const other = computeDigest("sha256", Buffer.from("another artifact"));
const another = {
  artifact: {
    digests: new Map([[other.algorithm, other.bytes]]),
    content: Buffer.from("another artifact"),
  },
};
const over = { start: new Date("2024-01-01"), end: new Date("2025-01-01") };

for (const own of [v1, v2]) {
  for (const kind of ["message", "envelope"] as const) {
    const payload = kind === "envelope" ? payloadOf(statement) : undefined;
    const make = (): Promise<Bundle> => makeBundle({ logs: [logTo(own)] }, payload);
    const bundle = await make();

    suite(`a bundle with Rekor v${own.version} and ${kind}`, () => {
      test("is accepted, whole or by digest, also when it was written and read", async () => {
        const again = parseBundle(Buffer.from(encodeBundle(bundle)), "b");
        for (const given of [bundle, again]) {
          for (const wish of [{}, byDigest]) {
            const proven = await verify(given, wish);
            assert.equal(proven.bundle, given);
            assert.equal(proven.certificate?.identity.value, workflow);
            assert.equal(proven.matched, identity);
            assert.deepEqual([proven.entries.length, proven.timestamps.length], [1, 1]);
            assert.equal(proven.times.length, own === v1 ? 2 : 1);
            assert.deepEqual(proven.digest, digest);
            assert.equal(proven.statement?.predicateType, payload && statement.predicateType);
            assert.deepEqual(proven.thresholds, { logs: 1, timestamps: 0, scts: 0 });
          }
        }
      });

      test("is refused when any text in it is another", async () => {
        const line = encodeBundle(bundle);
        const paths = pathsOf(JSON.parse(line)).filter((path) => path.at(-1) !== "keyid");
        assert.ok(paths.length >= 15);
        for (const path of paths) {
          for (const change of [cut, flip]) {
            const value: unknown = JSON.parse(line);
            const parent = path.slice(0, -1).reduce(at, value);
            assert.ok(typeof parent === "object" && parent !== null);
            const last = path.at(-1) ?? "";
            const before = String(Reflect.get(parent, last));
            const after = change(before);
            if (after === before) continue;
            Reflect.set(parent, last, after);
            await assert.rejects(
              async () => verify(parseBundle(Buffer.from(JSON.stringify(value)), "b")),
              (error) =>
                error instanceof SigstepError &&
                error.code !== "INTERNAL" &&
                error.step !== undefined,
              `${path.join(".")} became ${after.slice(0, 60)}`,
            );
          }
        }
      });

      test("is about no other artifact", async () => {
        const [step, code] =
          kind === "message"
            ? ([5, "BUNDLE_INVALID"] as const)
            : ([12, "STATEMENT_INVALID"] as const);
        await rejectionAt(step, code, verify(bundle, another));
        if (bundle.content.kind !== "message-signature") return;
        // Not even when the bundle says so, or says nothing.
        for (const hint of [other, undefined]) {
          const given = { ...bundle, content: { ...bundle.content, digest: hint } };
          await rejectionAt(5, "LOG_ENTRY_INVALID", verify(given, another));
        }
      });

      const roots: Readonly<Record<string, readonly [number, ErrorCode, Partial<TrustedRoot>]>> = {
        "with the other log alone": [
          2,
          "LOG_ENTRY_INVALID",
          { logs: [own === v1 ? v2.log : v1.log] },
        ],
        "without the authority": [8, "CERTIFICATE_INVALID", { certificateAuthorities: [] }],
        "with a log of certificates": [9, "SCT_INVALID", { ctLogs: [v1.log] }],
        "with an authority that is over": [
          8,
          "CERTIFICATE_INVALID",
          {
            certificateAuthorities: trustedRoot.certificateAuthorities.map((one) => ({
              ...one,
              validFor: over,
            })),
          },
        ],
        "with a log that is over": [
          8,
          "LOG_ENTRY_INVALID",
          { logs: [{ ...own.log, validFor: over }] },
        ],
        "with a timestamp authority that is over": [
          6,
          "TIMESTAMP_INVALID",
          {
            timestampAuthorities: trustedRoot.timestampAuthorities.map((one) => ({
              ...one,
              validFor: over,
            })),
          },
        ],
      };
      for (const [name, [step, code, change]] of Object.entries(roots)) {
        test(`is refused at step ${step} by a trusted root ${name}`, async () => {
          await rejectionAt(step, code, verify(bundle, under(change)));
        });
      }

      test("needs a log entry where the trusted root has a log, and a timestamp where it has none", async () => {
        const bare = { ...bundle, entries: [] };
        await rejectionAt(13, "LOG_ENTRY_INVALID", verify(bare));
        await verify(bare, under({ logs: [] }));
        await verify(bundle, under({ logs: [] }));
        const nothing = { ...bare, timestamps: [] };
        await rejectionAt(7, "TIMESTAMP_INVALID", verify(nothing, under({ logs: [] })));
      });

      test("needs a proven time", async () => {
        const bare = { ...bundle, timestamps: [] };
        const unknown = under({ timestampAuthorities: [] });
        if (own === v1) {
          await verify(bare);
          await verify(bundle, unknown);
        } else {
          await rejectionAt(7, "TIMESTAMP_INVALID", verify(bare));
          await rejectionAt(7, "TIMESTAMP_INVALID", verify(bundle, unknown));
        }
      });

      test("has no entry, no timestamp and no certificate of another bundle", async () => {
        const foreign = await make();
        const { entries, timestamps, signer } = foreign;
        const wrong = "LOG_ENTRY_INVALID";
        await rejectionAt(5, wrong, verify({ ...bundle, entries }));
        await rejectionAt(
          5,
          wrong,
          verify({ ...bundle, entries: [...bundle.entries, ...entries] }),
        );
        await rejectionAt(5, wrong, verify({ ...bundle, signer }));
        for (const mixed of [timestamps, [...bundle.timestamps, ...timestamps]]) {
          await rejectionAt(6, "TIMESTAMP_INVALID", verify({ ...bundle, timestamps: mixed }));
        }
      });

      test("is not helped by an entry of an unknown log, nor harmed", async () => {
        const unknown = makeLog(own.version);
        const beside = { ...bundle.entries[0], logId: unknown.log.logId };
        const [known] = bundle.entries;
        assert.ok(known !== undefined);
        const strange = { ...known, ...beside };
        const { entries } = await verify({ ...bundle, entries: [strange, known] });
        assert.deepEqual(
          entries.map(({ entry }) => entry),
          [known],
        );
        const alone = { ...bundle, entries: [strange] };
        await rejectionAt(2, "LOG_ENTRY_INVALID", verify(alone));
      });

      test("is not helped by a timestamp of an unknown authority, nor harmed", async () => {
        const root = await issue({ name: "unknown root", extensions: authority });
        const tsa = await issue({ name: "unknown", issuer: root, extensions: timestampLeaf });
        const { signature } = bundle.content;
        const strange = await makeTimestamp(tsa, signature, { time: "20250601120000Z" });
        const beside = { ...bundle, timestamps: [strange, ...bundle.timestamps] };
        assert.equal((await verify(beside)).timestamps.length, 1);
        const alone = verify({ ...bundle, timestamps: [strange] });
        if (own === v1) assert.equal((await alone).timestamps.length, 0);
        else await rejectionAt(7, "TIMESTAMP_INVALID", alone);
      });

      test("is refused when its certificate is none", async () => {
        const certificate = Buffer.from("none");
        const none = {
          ...bundle,
          signer: { kind: "certificate", certificate, chain: [] },
        } as const;
        await assert.rejects(
          verify(none),
          (error) => error instanceof SigstepError && error.step?.number === 1,
        );
      });

      const policies: Readonly<Record<string, Partial<Policy>>> = {
        identity: { identities: [{ ...identity, identity: exactly(`${workflow}x`, "identity") }] },
        "prefix of its identity": {
          identities: [{ ...identity, identity: exactly(workflow.slice(0, -1), "identity") }],
        },
        issuer: { identities: [{ ...identity, issuer: exactly("https://gitlab.com", "issuer") }] },
        repository: {
          identities: [
            { ...identity, extensions: { sourceRepositoryUri: exactly("https://x.example", "x") } },
          ],
        },
        "identity at all": { identities: [] },
        age: { maxAgeMs: 59_000 },
      };
      for (const [name, policy] of Object.entries(policies)) {
        test(`is refused at step 10 for another ${name}`, async () => {
          const wish = { policy: { ...question.policy, ...policy } };
          await rejectionAt(10, "POLICY_NOT_SATISFIED", verify(bundle, wish));
        });
      }

      test("is accepted for any one identity of a policy, and within its age", async () => {
        const first = { ...identity, identity: exactly("https://other.example", "identity") };
        const policy = { identities: [first, identity], maxAgeMs: 60_000 };
        assert.equal((await verify(bundle, { policy })).matched, identity);
      });

      test("from a time yet to come is refused: the clock is wrong", async () => {
        const at = (text: string): { now: Date } => ({ now: new Date(text) });
        await verify(bundle, at("2025-06-01T11:55:00Z"));
        const late = verify(bundle, at("2025-06-01T11:54:59Z"));
        const error = await rejectionAt(7, "TIMESTAMP_INVALID", late);
        assert.match(error.message, /made at 2025-06-01T12:00:00.000Z.*says 2025-06-01T11:54:59/);
        assert.match(error.hint, /clock/);
      });

      test("asks for a managed key only where there is one", async () => {
        const leaf = (await makeCredential()).certificate.certificate;
        const given = { key: leaf.publicKey };
        await rejectionAt(1, "BUNDLE_INVALID", verify(bundle, given));
        const named = { ...bundle, signer: { kind: "public-key", hint: "" } } as const;
        const error = await rejectionAt(1, "BUNDLE_INVALID", verify(named));
        assert.match(error.hint, /--key/);
      });
    });
  }
}

suite("a signature", () => {
  test("that is none is refused at step 11, whatever log and time vouch for it", async () => {
    // Log and authority take any bytes as signature here: only the last step sees that they are none.
    const credential = await makeCredential({
      fulcio: { 8: "https://token.actions.githubusercontent.com" },
    });
    const signature = Buffer.from("3006020101020101", "hex");
    const certificate = credential.certificate.certificate.der;
    const timestamp = await stamp()(signature, credential);
    const payload = {
      ...payloadOf(statement),
      signature,
      keyId: "",
      kind: "dsse-envelope",
    } as const;
    for (const envelope of [undefined, payload]) {
      const signed = { digest, signature, certificate, envelope };
      const bundle: Bundle = {
        version: "0.3",
        signer: { kind: "certificate", certificate, chain: [] },
        content: envelope ?? { kind: "message-signature", digest, signature },
        entries: [makeEntry(v1, signed)],
        timestamps: [timestamp.response.der],
      };
      for (const wish of [{}, byDigest]) {
        await rejectionAt(11, "SIGNATURE_INVALID", verify(bundle, wish));
      }
    }
  });

  test("has its entry and its timestamp both within its certificate", async () => {
    const credential = await makeCredential();
    const { signer, certificate } = credential;
    const signature = await signer.sign(digest, content);
    const signed = { digest, signature, certificate: certificate.certificate.der };
    const late = new Date("2025-06-01T12:05:01Z");
    for (const [entry, time] of [
      [makeEntry(v1, signed, { time: late }), "20250601120000Z"],
      [makeEntry(v1, signed), "20250601120501Z"],
      [makeEntry(v2, signed), "20250601120501Z"],
      [makeEntry(v2, signed), "20250601115459Z"],
    ] as const) {
      const { response } = await stamp({ time })(signature, credential);
      const bundle: Bundle = {
        version: "0.3",
        signer: { kind: "certificate", certificate: signed.certificate, chain: [] },
        content: { kind: "message-signature", digest, signature },
        entries: [entry],
        timestamps: [response.der],
      };
      const now = new Date("2025-06-02T00:00:00Z");
      await rejectionAt(8, "CERTIFICATE_INVALID", verify(bundle, { now }));
    }
  });
});

suite("an envelope", () => {
  const logs = [logTo(v1)];
  const sign = (value: unknown, type?: string): Promise<Bundle> =>
    makeBundle({ logs }, payloadOf(value, type));

  test("holds an in-toto statement and nothing else", async () => {
    for (const bundle of [
      await sign(statement, "application/json"),
      await sign(statement, "application/vnd.in-toto+json; charset=utf-8"),
      await sign(statement, ""),
      await sign({ ...statement, _type: "https://in-toto.io/Statement/v2" }),
      await sign({ ...statement, subject: [] }),
      await sign("text"),
    ]) {
      await rejectionAt(12, "STATEMENT_INVALID", verify(bundle));
    }
  });

  test("with another payload or payload type than was logged is refused", async () => {
    const bundle = await sign(statement);
    assert.ok(bundle.content.kind === "dsse-envelope");
    const payload = payloadOf({ ...statement, predicate: { more: 1 } });
    const changed = { ...bundle, content: { ...bundle.content, ...payload } };
    await rejectionAt(5, "LOG_ENTRY_INVALID", verify(changed));
    const typed = { ...bundle, content: { ...bundle.content, payloadType: "text/plain" } };
    await rejectionAt(11, "SIGNATURE_INVALID", verify(typed));
  });

  test("is of a predicate type that the policy names, when it names some", async () => {
    const bundle = await sign(statement);
    const { predicateType } = statement;
    const asking = (...predicateTypes: readonly string[]): { policy: Policy } => ({
      policy: { ...question.policy, predicateTypes },
    });
    await verify(bundle, asking("https://example.com/other", predicateType));
    for (const policy of [asking("https://example.com/other"), asking(`${predicateType}/`)]) {
      await rejectionAt(12, "POLICY_NOT_SATISFIED", verify(bundle, policy));
    }
    const message = await makeBundle({ logs });
    const error = await rejectionAt(
      12,
      "POLICY_NOT_SATISFIED",
      verify(message, asking(predicateType)),
    );
    assert.match(error.message, /asks for an attestation/);
  });
});

suite("a bundle of v0.1 or v0.2", () => {
  const [ca] = trustedRoot.certificateAuthorities[0]?.certificates ?? [];
  assert.ok(ca !== undefined);

  for (const version of ["0.1", "0.2"] as const) {
    test(`${version} may have its chain up to the root, in order`, async () => {
      const bundle = await makeBundle({ logs: [logTo(v1)] });
      const { signer } = bundle;
      assert.ok(signer.kind === "certificate");
      const withChain = (chain: readonly Uint8Array[]): Bundle => ({
        ...bundle,
        ...{ version, signer: { ...signer, chain } },
      });
      await verify(withChain([ca.der]));
      const stranger = await issue({ name: "root", extensions: authority });
      for (const chain of [
        [signer.certificate],
        [stranger.certificate.der],
        [signer.certificate, ca.der],
      ]) {
        await rejectionAt(8, "CERTIFICATE_INVALID", verify(withChain(chain)));
      }
    });

    test(`${version} has no anchor in its own chain`, async () => {
      const bundle = await makeBundle({ logs: [logTo(v1)] });
      const { signer } = bundle;
      assert.ok(signer.kind === "certificate");
      const given = { ...bundle, version, signer: { ...signer, chain: [ca.der] } };
      await rejectionAt(
        8,
        "CERTIFICATE_INVALID",
        verify(given, under({ certificateAuthorities: [] })),
      );
    });
  }

  test("with a promise alone is accepted by its time", async () => {
    const bundle = await makeBundle({ logs: [logTo(v1)], timestamps: [] });
    const entries = bundle.entries.map((entry) => ({ ...entry, inclusionProof: undefined }));
    const { times } = await verify({ ...bundle, version: "0.1", entries });
    assert.deepEqual(
      times.map((time) => time.toISOString()),
      ["2025-06-01T12:00:00.000Z"],
    );
  });
});

/** Paths to every text in a JSON value. */
function pathsOf(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value === "string") return [path];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => pathsOf(inner, [...path, name]));
}

/** Without its last four characters: base64 stays base64. */
function cut(text: string): string {
  return /^\d+$/.test(text) ? String(BigInt(text) + 1n) : text.slice(0, -4);
}

/** With a character in its middle changed; in base64 that is one bit or more. */
function flip(text: string): string {
  const middle = Math.floor(text.length / 2);
  const other = text[middle] === "A" ? "B" : "A";
  return text.slice(0, middle) + other + text.slice(middle + 1);
}
