// The order of verification: every conformance case that concerns us, and every field of a bundle changed.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { computeDigest } from "../../src/crypto/digest.ts";
import { type ErrorCode, SigstepError } from "../../src/errors.ts";
import { encodeBundle, parseBundle, type Bundle } from "../../src/sigstore/bundle.ts";
import { parseTrustedRoot, type TrustedRoot } from "../../src/sigstore/trust.ts";
import { type Artifact, signArtifact, type SignedArtifact } from "../../src/sigstore/sign.ts";
import { verifyBundle } from "../../src/sigstore/verify.ts";
import { rejection } from "../refusal.ts";
import { at } from "../sandbox/wire.ts";
import { logTo, makeCredential, stamp, trustedRoot, v1, v2, workflow } from "./own-instance.ts";
import { makeEntry } from "./own-log.ts";

const conformance = new URL("../vectors/sigstore-conformance/", import.meta.url);
const publicGood = new URL("../../src/sigstore/public-good/trusted_root.json", import.meta.url);
const identity =
  "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";

function readCase(name: string, file: string): Buffer | undefined {
  const url = new URL(`${name}/${file}`, conformance);
  return existsSync(url) ? readFileSync(url) : undefined;
}

/** The artifact of a case, whole or by its digest alone. */
function artifactOf(name: string, whole: boolean): Artifact {
  const content = readCase(name, "artifact") ?? readFileSync(new URL("a.txt", conformance));
  const digest = computeDigest("sha256", content);
  return whole ? { digest, content } : { digest };
}

/** The verdict on a case; `change` may mend or break the text of its bundle. */
async function judge(
  name: string,
  whole = true,
  change = (text: string): string => text,
): Promise<SignedArtifact> {
  const root = readCase(name, "trusted_root.json") ?? readFileSync(publicGood);
  const text = (readCase(name, "bundle.sigstore.json") ?? Buffer.alloc(0)).toString();
  const bundle = parseBundle(Buffer.from(change(text)), name);
  return verifyBundle(bundle, artifactOf(name, whole), parseTrustedRoot(root, name));
}

suite("the conformance suite", () => {
  // Every case with a bundle v0.3 that holds a certificate and a message signature: our kind.
  const verdicts: Readonly<Record<string, "accepted" | ErrorCode>> = {
    "bundle-with-sct-with-extensions": "accepted",
    "happy-path-v0.3": "accepted",
    "happy-path-v0.3-new-mediaType": "accepted",
    "inclusion-proof-corrupted-hash_fail": "LOG_ENTRY_INVALID",
    "integrated-time-in-future_fail": "CERTIFICATE_INVALID",
    "message-digest-mismatch_fail": "BUNDLE_INVALID",
    "rekor2-checkpoint-cosigned": "accepted",
    "rekor2-checkpoint-missing-log-signature_fail": "LOG_ENTRY_INVALID",
    "rekor2-checkpoint-missing-origin_fail": "LOG_ENTRY_INVALID",
    "rekor2-checkpoint-missing-root-hash_fail": "LOG_ENTRY_INVALID",
    "rekor2-checkpoint-multiple-cosigs": "accepted",
    "rekor2-checkpoint-no-matching-signature_fail": "LOG_ENTRY_INVALID",
    "rekor2-checkpoint-two-sigs-cosigned": "accepted",
    "rekor2-happy-path": "accepted",
    "rekor2-no-inclusion-proof_fail": "LOG_ENTRY_INVALID",
    "rekor2-no-timestamp_fail": "BUNDLE_INVALID",
    "rekor2-timestamp-outside-trust-root-tsa-validity_fail": "TIMESTAMP_INVALID",
    "rekor2-timestamp-outside-tsa-cert-validity_fail": "TIMESTAMP_INVALID",
    "rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail": "BUNDLE_INVALID",
    "rekor2-timestamp-with-embedded-cert": "accepted",
    "rekor2-timestamp-with-incorrect-time_fail": "BUNDLE_INVALID",
    "rekor2-timestamp-without-embedded-cert": "accepted",
    "trust-root-tlog-missing-validity-start_fail": "TRUSTED_ROOT_INVALID",
    "trust-root-tsa-validity-end-inclusive": "accepted",
    "wrong-hashedrekord-artifact_fail": "LOG_ENTRY_INVALID",
    "wrong-hashedrekord-entry_fail": "LOG_ENTRY_INVALID",
  };

  test("has these cases of our kind and no other", () => {
    const ours = readdirSync(conformance).filter((name) => {
      const text = readCase(name, "bundle.sigstore.json")?.toString() ?? "";
      return (
        /"application\/vnd\.dev\.sigstore\.bundle(\.v0\.3\+json|\+json;version=0\.3)"/.test(text) &&
        text.includes('"certificate"') &&
        text.includes('"messageSignature"')
      );
    });
    assert.deepEqual(ours.toSorted(), Object.keys(verdicts).toSorted());
  });

  // The same bundle under the older spelling of v0.3, which we neither write nor read.
  const respell = (text: string): string =>
    text.replace(
      "application/vnd.dev.sigstore.bundle+json;version=0.3",
      "application/vnd.dev.sigstore.bundle.v0.3+json",
    );
  for (const [name, verdict] of Object.entries(verdicts)) {
    for (const whole of [true, false]) {
      test(`${name}: ${verdict}${whole ? "" : ", by digest"}`, async () => {
        assert.equal(name.endsWith("_fail"), verdict !== "accepted");
        const promise = judge(name, whole, respell);
        if (verdict !== "accepted") {
          await rejection(verdict, promise);
          return;
        }
        const { certificate, entries, timestamps } = await promise;
        assert.equal(certificate.identity.value, identity);
        assert.equal(entries.length, 1);
        assert.equal(timestamps.length, name.startsWith("happy-path") ? 0 : 1);
      });
    }
  }

  test("has a timestamp in base64 with line breaks; without them it is the time that is wrong", async () => {
    const name = "rekor2-timestamp-with-incorrect-time_fail";
    const mend = (text: string): string =>
      text.replace(/"signedTimestamp": *"[^"]*"/, (found) => found.replaceAll("\\n", ""));
    await rejection("CERTIFICATE_INVALID", judge(name, true, mend));
  });

  test("has no case of our kind that passes for another artifact", async () => {
    const accepted = Object.keys(verdicts).filter((name) => verdicts[name] === "accepted");
    const other = Buffer.from("another artifact");
    for (const name of accepted) {
      const root = readCase(name, "trusted_root.json") ?? readFileSync(publicGood);
      const text = respell((readCase(name, "bundle.sigstore.json") ?? Buffer.alloc(0)).toString());
      const bundle = parseBundle(Buffer.from(text), name);
      const digest = computeDigest("sha256", other);
      const trusted = parseTrustedRoot(root, name);
      for (const artifact of [{ digest, content: other }, { digest }]) {
        await rejection("BUNDLE_INVALID", verifyBundle(bundle, artifact, trusted));
        // Not even when the bundle says so.
        await rejection(
          "LOG_ENTRY_INVALID",
          verifyBundle({ ...bundle, digest }, artifact, trusted),
        );
      }
    }
  });
});

const content = Buffer.from("artifact");
const artifact = { digest: computeDigest("sha256", content), content };

async function sign(
  own: typeof v1,
  steps: Partial<Parameters<typeof signArtifact>[1]> = {},
): Promise<Bundle> {
  const credential = await makeCredential();
  const { signed, entries, timestamps } = await signArtifact(artifact, {
    certify: () => Promise.resolve(credential),
    logs: [logTo(own)],
    timestamps: [stamp()],
    trustedRoot,
    onPublished: () => undefined,
    hasEnded: () => true,
    ...steps,
  });
  return {
    ...signed,
    entries: entries.map(({ entry }) => entry),
    timestamps: timestamps.map(({ response }) => response.der),
  };
}

for (const own of [v1, v2]) {
  const bundle = await sign(own);

  suite(`a bundle of our own with Rekor v${own.version}`, () => {
    test("is accepted, whole or by digest, also when it was written and read", async () => {
      const again = parseBundle(Buffer.from(encodeBundle(bundle)), "b");
      for (const given of [bundle, again]) {
        for (const what of [artifact, { digest: artifact.digest }]) {
          const { certificate, entries, timestamps } = await verifyBundle(given, what, trustedRoot);
          assert.equal(certificate.identity.value, workflow);
          assert.deepEqual([entries.length, timestamps.length], [1, 1]);
        }
      }
    });

    test("is refused when any text in it is another", async () => {
      const line = encodeBundle(bundle);
      const paths = pathsOf(JSON.parse(line));
      assert.ok(paths.length >= 16);
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
            async () =>
              verifyBundle(
                parseBundle(Buffer.from(JSON.stringify(value)), "b"),
                artifact,
                trustedRoot,
              ),
            (error) => error instanceof SigstepError && error.code !== "INTERNAL",
            `${path.join(".")} became ${after.slice(0, 60)}`,
          );
        }
      }
    });

    const roots: Readonly<Record<string, readonly [ErrorCode, Partial<TrustedRoot>]>> = {
      "without the log": ["LOG_ENTRY_INVALID", { logs: [] }],
      "with the other log alone": ["LOG_ENTRY_INVALID", { logs: [own === v1 ? v2.log : v1.log] }],
      "without the authority": ["CERTIFICATE_INVALID", { certificateAuthorities: [] }],
      "with a log of certificates": ["SCT_INVALID", { ctLogs: [v1.log] }],
      "with an authority that is over": [
        "CERTIFICATE_INVALID",
        {
          certificateAuthorities: trustedRoot.certificateAuthorities.map((one) => ({
            ...one,
            validFor: { start: new Date("2024-01-01"), end: new Date("2025-01-01") },
          })),
        },
      ],
      "with a log that is over": [
        "LOG_ENTRY_INVALID",
        {
          logs: [
            {
              ...own.log,
              validFor: { start: new Date("2024-01-01"), end: new Date("2025-01-01") },
            },
          ],
        },
      ],
      "with a timestamp authority that is over": [
        "TIMESTAMP_INVALID",
        {
          timestampAuthorities: trustedRoot.timestampAuthorities.map((one) => ({
            ...one,
            validFor: { start: new Date("2024-01-01"), end: new Date("2025-01-01") },
          })),
        },
      ],
    };
    for (const [name, [code, change]] of Object.entries(roots)) {
      test(`is refused by a trusted root ${name}`, async () => {
        const root = { ...trustedRoot, ...change };
        await rejection(code, verifyBundle(bundle, artifact, root));
      });
    }

    test("needs a log entry where the trusted root has a log", async () => {
      const bare = { ...bundle, entries: [] };
      await rejection("BUNDLE_INVALID", verifyBundle(bare, artifact, trustedRoot));
      await verifyBundle(bare, artifact, { ...trustedRoot, logs: [] });
    });

    test("needs a proven time", async () => {
      const bare = { ...bundle, timestamps: [] };
      const root = { ...trustedRoot, timestampAuthorities: [] };
      if (own === v1) {
        await verifyBundle(bare, artifact, trustedRoot);
        await verifyBundle(bundle, artifact, root);
      } else {
        await rejection("BUNDLE_INVALID", verifyBundle(bare, artifact, trustedRoot));
        await rejection("BUNDLE_INVALID", verifyBundle(bundle, artifact, root));
      }
    });

    test("has no entry and no timestamp of another bundle", async () => {
      const other = await sign(own);
      const mixed = { ...bundle, entries: other.entries };
      await rejection("LOG_ENTRY_INVALID", verifyBundle(mixed, artifact, trustedRoot));
      const stamped = { ...bundle, timestamps: other.timestamps };
      await rejection("TIMESTAMP_INVALID", verifyBundle(stamped, artifact, trustedRoot));
      const certified = { ...bundle, certificate: other.certificate };
      await rejection("LOG_ENTRY_INVALID", verifyBundle(certified, artifact, trustedRoot));
    });

    test("is refused when one of two entries or timestamps is wrong", async () => {
      const other = await sign(own);
      await rejection(
        "LOG_ENTRY_INVALID",
        verifyBundle(
          { ...bundle, entries: [...bundle.entries, ...other.entries] },
          artifact,
          trustedRoot,
        ),
      );
      await rejection(
        "TIMESTAMP_INVALID",
        verifyBundle(
          { ...bundle, timestamps: [...bundle.timestamps, ...other.timestamps] },
          artifact,
          trustedRoot,
        ),
      );
    });

    test("is refused when its certificate is none", async () => {
      const none = { ...bundle, certificate: Buffer.from("none") };
      await assert.rejects(verifyBundle(none, artifact, trustedRoot), SigstepError);
    });
  });
}

test("what log and time vouch for is still not signed without a signature", async () => {
  // Log and authority take any bytes as signature here: only the last step sees that they are none.
  const { certificate } = await makeCredential();
  const signed = {
    digest: artifact.digest,
    signature: Buffer.from("3006020101020101", "hex"),
    certificate: certificate.certificate.der,
  };
  const credential = { ...(await makeCredential()), certificate };
  const timestamp = await stamp()(signed.signature, credential);
  const bundle = {
    ...signed,
    entries: [makeEntry(v1, signed)],
    timestamps: [timestamp.response.der],
  };
  for (const what of [artifact, { digest: artifact.digest }]) {
    await rejection("SIGNATURE_INVALID", verifyBundle(bundle, what, trustedRoot));
  }
});

test("times of entry and timestamp must both lie in the certificate", async () => {
  const credential = await makeCredential();
  const { signer, certificate } = credential;
  const signature = await signer.sign(artifact.digest, content);
  const signed = { digest: artifact.digest, signature, certificate: certificate.certificate.der };
  const late = new Date("2025-06-01T12:05:01Z");
  const cases = [
    [makeEntry(v1, signed, { time: late }), "20250601120000Z"],
    [makeEntry(v1, signed), "20250601120501Z"],
    [makeEntry(v2, signed), "20250601120501Z"],
    [makeEntry(v2, signed), "20250601115459Z"],
  ] as const;
  for (const [entry, time] of cases) {
    const { response } = await stamp({ time })(signature, credential);
    const bundle = { ...signed, entries: [entry], timestamps: [response.der] };
    await rejection("CERTIFICATE_INVALID", verifyBundle(bundle, artifact, trustedRoot));
  }
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
