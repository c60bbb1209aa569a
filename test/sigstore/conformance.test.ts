// Every case of the conformance suite: the verdict and, of refusals, the step and the code.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { computeDigest } from "../../src/crypto/digest.ts";
import { parsePublicKey, type PublicKey } from "../../src/crypto/keys.ts";
import { parsePem } from "../../src/encoding/pem.ts";
import { type ErrorCode, SigstepError } from "../../src/errors.ts";
import { parseBundle } from "../../src/sigstore/bundle.ts";
import { exactly } from "../../src/sigstore/matcher.ts";
import type { ArtifactDigests } from "../../src/sigstore/message.ts";
import type { Policy } from "../../src/sigstore/policy.ts";
import { parseTrustedRoot } from "../../src/sigstore/trust.ts";
import { type VerifiedBundle, verifyBundle } from "../../src/sigstore/verify.ts";

const folder = new URL("../vectors/sigstore-conformance/", import.meta.url);
const publicGood = new URL("../../src/sigstore/public-good/trusted_root.json", import.meta.url);
const beacon =
  "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const issuer = "https://token.actions.githubusercontent.com";
const now = new Date("2026-11-01T00:00:00Z");

/** A refusal at a step; at step 0 before there is anything to verify. */
type Verdict = "accepted" | readonly [step: number, code: ErrorCode];

const entry = [5, "LOG_ENTRY_INVALID"] as const;
const inclusion = [4, "LOG_ENTRY_INVALID"] as const;
const time = [7, "TIMESTAMP_INVALID"] as const;
const certificate = [8, "CERTIFICATE_INVALID"] as const;
const shape = [1, "BUNDLE_INVALID"] as const;

const verdicts: Readonly<Record<string, Verdict>> = {
  "bundle-empty-certificate-chain_fail": shape,
  "bundle-from-wrong-instance_fail": [2, "LOG_ENTRY_INVALID"],
  "bundle-invalid-base64-signature_fail": shape,
  "bundle-malformed-json_fail": shape,
  "bundle-unknown-version_fail": shape,
  // The root stands where the issuer should.
  "bundle-with-root-cert_fail": certificate,
  "bundle-with-sct-with-extensions": "accepted",
  "checkpoint-wrong-roothash_fail": inclusion,
  "dsse-invalid-sig_fail": entry,
  "dsse-mismatch-envelope_fail": entry,
  "happy-path-intoto-in-dsse-v3": "accepted",
  "happy-path-v0.1": "accepted",
  "happy-path-v0.3": "accepted",
  "happy-path-v0.3-new-mediaType": "accepted",
  "inclusion-proof-corrupted-hash_fail": inclusion,
  // In the future of its certificate, by now not in ours.
  "integrated-time-in-future_fail": certificate,
  "intoto-expired-certificate_fail": certificate,
  "intoto-missing-inclusion-proof_fail": shape,
  "intoto-set-outside-signing-cert-validity_fail": certificate,
  "intoto-with-custom-trust-root": "accepted",
  "invalid-checkpoint-signature_fail": inclusion,
  // A proof of v0.2 without the checkpoint that would prove it.
  "invalid-inclusion-proof_fail": shape,
  "managed-key-and-trusted-root": "accepted",
  "managed-key-happy-path": "accepted",
  // Its key is no key at all; keys of others are in key-bundles.test.ts.
  "managed-key-wrong-key_fail": [0, "ENCODING_INVALID"],
  "message-digest-mismatch_fail": [5, "BUNDLE_INVALID"],
  "rekor2-checkpoint-cosigned": "accepted",
  "rekor2-checkpoint-missing-log-signature_fail": inclusion,
  "rekor2-checkpoint-missing-origin_fail": inclusion,
  "rekor2-checkpoint-missing-root-hash_fail": inclusion,
  "rekor2-checkpoint-multiple-cosigs": "accepted",
  "rekor2-checkpoint-no-matching-signature_fail": inclusion,
  "rekor2-checkpoint-two-sigs-cosigned": "accepted",
  "rekor2-dsse-happy-path": "accepted",
  "rekor2-dsse-invalid-sig_fail": entry,
  "rekor2-dsse-mismatch-envelope_fail": entry,
  "rekor2-happy-path": "accepted",
  "rekor2-no-inclusion-proof_fail": shape,
  "rekor2-no-timestamp_fail": time,
  "rekor2-timestamp-outside-trust-root-tsa-validity_fail": [6, "TIMESTAMP_INVALID"],
  "rekor2-timestamp-outside-tsa-cert-validity_fail": [6, "TIMESTAMP_INVALID"],
  "rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail": time,
  "rekor2-timestamp-with-embedded-cert": "accepted",
  // Its base64 has line breaks; without them the time is wrong, see below.
  "rekor2-timestamp-with-incorrect-time_fail": shape,
  "rekor2-timestamp-without-embedded-cert": "accepted",
  "signature-mismatch_fail": entry,
  "trust-root-tlog-missing-validity-start_fail": [0, "TRUSTED_ROOT_INVALID"],
  "trust-root-tsa-validity-end-inclusive": "accepted",
  "wrong-hashedrekord-artifact_fail": entry,
  "wrong-hashedrekord-entry_fail": entry,
};

function read(name: string, file: string): Buffer | undefined {
  const url = new URL(`${name}/${file}`, folder);
  return existsSync(url) ? readFileSync(url) : undefined;
}

/** What a case may be asked otherwise than the suite asks. */
interface Question {
  /** The artifact's digest alone, as in `sha256:HEX`. */
  readonly byDigest?: boolean;
  readonly content?: Uint8Array;
  readonly identity?: string;
  readonly issuer?: string;
  /** Provenance must say what its certificate says, as everywhere but in the suite. */
  readonly asUsers?: boolean;
  /** Mends or breaks the text of the bundle. */
  readonly change?: (text: string) => string;
}

async function judge(name: string, question: Question = {}): Promise<VerifiedBundle> {
  const { change = (text: string) => text } = question;
  const root = parseTrustedRoot(read(name, "trusted_root.json") ?? readFileSync(publicGood), name);
  const key = readKey(name);
  const text = read(name, "bundle.sigstore.json")?.toString() ?? "";
  const bundle = parseBundle(Buffer.from(change(text)), name);
  const artifact = artifactOf(name, question);
  const policy = key === undefined ? policyOf(name, question) : { identities: [] };
  return verifyBundle({ bundle, artifact, trustedRoot: root, policy, key, now });
}

function readKey(name: string): PublicKey | undefined {
  const pem = read(name, "key.pub");
  if (pem === undefined) return undefined;
  const [der] = parsePem(pem.toString(), "PUBLIC KEY");
  assert.ok(der !== undefined);
  return parsePublicKey(der);
}

function artifactOf(name: string, { byDigest = false, content }: Question): ArtifactDigests {
  const bytes = content ?? read(name, "artifact") ?? readFileSync(new URL("a.txt", folder));
  const digests = new Map([["sha256", computeDigest("sha256", bytes).bytes] as const]);
  return byDigest ? { digests } : { digests, content: bytes };
}

function policyOf(name: string, wish: Question): Policy {
  const text = (file: string): string | undefined => read(name, file)?.toString().trim();
  const identity = exactly(wish.identity ?? text("identity") ?? beacon, "identity");
  const from = exactly(wish.issuer ?? text("issuer") ?? issuer, "issuer");
  const identities = [{ issuer: from, identity, extensions: {} }];
  // One case is signed provenance of somebody else's build, see below.
  return { identities, ...(wish.asUsers === true ? {} : { ignoresProvenanceClaims: true }) };
}

/** Fails unless `promise` is refused so. */
async function refused(
  promise: Promise<unknown>,
  [step, code]: Exclude<Verdict, string>,
): Promise<void> {
  await assert.rejects(promise, (error) => {
    if (!(error instanceof SigstepError)) return false;
    const { code: found, message } = error;
    assert.deepEqual([error.step?.number ?? 0, found], [step, code], message);
    return true;
  });
}

test("every case has its verdict here, and the right one", () => {
  const cases = readdirSync(folder, { withFileTypes: true }).filter((each) => each.isDirectory());
  assert.deepEqual(cases.map(({ name }) => name).toSorted(), Object.keys(verdicts).toSorted());
  for (const [name, verdict] of Object.entries(verdicts)) {
    assert.equal(name.endsWith("_fail"), verdict !== "accepted", name);
  }
});

const accepted = Object.keys(verdicts).filter((name) => verdicts[name] === "accepted");
const withCertificate = accepted.filter((name) => !name.startsWith("managed-key"));

for (const [name, verdict] of Object.entries(verdicts)) {
  for (const byDigest of [false, true]) {
    const what = verdict === "accepted" ? verdict : `step ${verdict[0]}, ${verdict[1]}`;
    test(`${name}: ${what}${byDigest ? ", by digest" : ""}`, async () => {
      if (verdict !== "accepted") {
        await refused(judge(name, { byDigest }), verdict);
        return;
      }
      const {
        certificate: proven,
        entries,
        times,
        matched,
        digest,
      } = await judge(name, { byDigest });
      assert.equal(digest.algorithm, "sha256");
      assert.equal(entries.length, 1);
      assert.ok(times.length > 0);
      const isKey = name.startsWith("managed-key");
      const identity = read(name, "identity")?.toString().trim() ?? beacon;
      assert.equal(proven?.identity.value, isKey ? undefined : identity);
      assert.equal(matched === undefined, isKey);
    });
  }
}

suite("an accepted case", () => {
  for (const name of accepted) {
    test(`${name} is refused for another artifact, also where the bundle has no digest`, async () => {
      const content = Buffer.from("another artifact");
      const withoutHint = (text: string): string =>
        text.replace(/"messageDigest": *\{[^}]*\},?/, "");
      for (const byDigest of [false, true]) {
        const isDsse = read(name, "bundle.sigstore.json")?.includes("dsseEnvelope") === true;
        const verdict = isDsse
          ? ([12, "STATEMENT_INVALID"] as const)
          : ([5, "BUNDLE_INVALID"] as const);
        await refused(judge(name, { byDigest, content }), verdict);
        const question = { byDigest, content, change: withoutHint };
        await refused(judge(name, question), isDsse ? verdict : entry);
        await judge(name, { byDigest, change: withoutHint });
      }
    });
  }

  for (const name of withCertificate) {
    test(`${name} is refused for another identity or issuer`, async () => {
      const identity = read(name, "identity")?.toString().trim() ?? beacon;
      for (const question of [
        { identity: `${identity}x` },
        { identity: identity.slice(0, -1) },
        { identity: identity.toUpperCase() },
        { issuer: "https://gitlab.com" },
        { issuer: `${issuer}/` },
      ]) {
        await refused(judge(name, question), [10, "POLICY_NOT_SATISFIED"]);
      }
    });
  }
});

test("a timestamp with line breaks in its base64 has the wrong time, without them", async () => {
  const change = (text: string): string =>
    text.replace(/"signedTimestamp": *"[^"]*"/, (found) => found.replaceAll("\\n", ""));
  const name = "rekor2-timestamp-with-incorrect-time_fail";
  await refused(judge(name, { change }), certificate);
});

test("provenance of another repository's build is taken as a signature only, and refused to users", async () => {
  const name = "happy-path-intoto-in-dsse-v3";
  assert.equal((await judge(name)).statement?.predicateType, "https://slsa.dev/provenance/v1");
  await refused(judge(name, { asUsers: true }), [12, "STATEMENT_INVALID"]);
  for (const other of withCertificate.filter((each) => each !== name)) {
    await judge(other, { asUsers: true });
  }
});
