// Bundles by managed keys of every kind, over the artifact whole, over its digest, and over envelopes; and
// what of the artifact each of them takes.
import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { suite, test } from "node:test";
import { ed25519ph } from "@noble/curves/ed25519.js";
import {
  computeDigest,
  type DigestAlgorithm,
  digestAlgorithms,
  type Digests,
} from "../../src/crypto/digest.ts";
import { parsePublicKey, type PublicKey } from "../../src/crypto/keys.ts";
import type { Bundle } from "../../src/sigstore/bundle.ts";
import { preAuthEncode } from "../../src/sigstore/dsse.ts";
import { isSignedArtifact, needsContent, neededDigests } from "../../src/sigstore/message.ts";
import { rejection, rejectionAt } from "../refusal.ts";
import {
  content,
  makeBundle,
  payloadOf,
  question,
  statement,
  under,
  verify,
} from "./own-bundle.ts";
import { logTo, makeCredential, stamp, v1, v2 } from "./own-instance.ts";
import { bodyOf, makeEntry, type OwnLog, pemOf } from "./own-log.ts";

/** A key, and how its owner signs with it. */
interface Kind {
  readonly pair: { readonly publicKey: KeyObject; readonly privateKey: KeyObject };
  readonly digest: DigestAlgorithm;
  readonly sign: (message: Uint8Array, key: KeyObject) => Uint8Array;
  /** Signs the message itself, not its digest. */
  readonly plain?: boolean;
}

const by =
  (digest: DigestAlgorithm | null) =>
  (message: Uint8Array, key: KeyObject): Uint8Array =>
    sign(digest, message, key);

function signPh(message: Uint8Array, key: KeyObject): Uint8Array {
  const { d = "" } = key.export({ format: "jwk" });
  return ed25519ph.sign(message, Buffer.from(d, "base64url"));
}

const ec = (namedCurve: string): Kind["pair"] => generateKeyPairSync("ec", { namedCurve });
const rsa = (modulusLength: number): Kind["pair"] => generateKeyPairSync("rsa", { modulusLength });
const kinds: Readonly<Record<string, Kind>> = {
  "ECDSA P-256": { pair: ec("P-256"), digest: "sha256", sign: by("sha256") },
  "ECDSA P-384": { pair: ec("P-384"), digest: "sha384", sign: by("sha384") },
  "ECDSA P-384 with SHA-256, as old clients did": {
    ...{ pair: ec("P-384"), digest: "sha256", sign: by("sha256") },
  },
  "ECDSA P-521": { pair: ec("P-521"), digest: "sha512", sign: by("sha512") },
  "ECDSA P-521 with SHA-256, as old clients did": {
    ...{ pair: ec("P-521"), digest: "sha256", sign: by("sha256") },
  },
  "RSA 2048": { pair: rsa(2048), digest: "sha256", sign: by("sha256") },
  "RSA 3072": { pair: rsa(3072), digest: "sha256", sign: by("sha256") },
  Ed25519: {
    ...{ pair: generateKeyPairSync("ed25519"), digest: "sha256", sign: by(null), plain: true },
  },
  Ed25519ph: { pair: generateKeyPairSync("ed25519"), digest: "sha512", sign: signPh },
};

function digestsOf(bytes: Uint8Array, ...algorithms: readonly DigestAlgorithm[]): Digests {
  return new Map(algorithms.map((name) => [name, computeDigest(name, bytes).bytes]));
}

/** The entry of a log for a signature by a key: the body of one by a certificate, with the key in its place. */
function entryFor(
  own: OwnLog,
  signed: Parameters<typeof makeEntry>[1],
  key: PublicKey,
): Bundle["entries"] {
  const der = Buffer.from(key.spki);
  const body = bodyOf(own, { ...signed, certificate: der })
    .replace(`"x509Certificate":{"rawBytes"`, `"publicKey":{"rawBytes"`)
    .replace(pemOf(der), pemOf(der, "PUBLIC KEY"));
  return [makeEntry(own, signed, { body })];
}

/** A bundle by `kind` with an entry of `own` and a timestamp. */
async function make(kind: Kind, own: OwnLog, isEnvelope = false): Promise<Bundle> {
  const key = keyOf(kind);
  const payload = payloadOf(statement);
  const message = isEnvelope ? preAuthEncode(payload) : content;
  const signature = kind.sign(message, kind.pair.privateKey);
  const envelope = { kind: "dsse-envelope", ...payload, signature, keyId: "k" } as const;
  const digest = computeDigest(kind.digest, message);
  const { response } = await stamp()(signature, await makeCredential());
  return {
    version: "0.3",
    signer: { kind: "public-key", hint: "k" },
    content: isEnvelope ? envelope : { kind: "message-signature", digest, signature },
    entries: entryFor(
      own,
      { digest, signature, certificate: key.spki, ...(isEnvelope ? { envelope } : {}) },
      key,
    ),
    timestamps: [response.der],
  };
}

function keyOf({ pair }: Kind): PublicKey {
  return parsePublicKey(pair.publicKey.export({ format: "der", type: "spki" }));
}

const policy = { identities: [] };

for (const [name, kind] of Object.entries(kinds)) {
  suite(name, () => {
    const key = keyOf(kind);
    const stranger = keyOf({
      ...kind,
      pair: kinds["ECDSA P-256"] === kind ? ec("P-256") : ec("P-521"),
    });

    for (const own of [v1, v2]) {
      test(`over a file, logged by Rekor v${own.version}`, async () => {
        const bundle = await make(kind, own);
        const digests = digestsOf(content, ...neededDigests(bundle, key));
        const whole = await verify(bundle, { key, policy, artifact: { digests, content } });
        assert.equal(whole.certificate, undefined);
        assert.equal(whole.matched, undefined);
        assert.equal(whole.publicKey, key);
        assert.equal(whole.entries.length, 1);
        assert.equal(needsContent(bundle, key), kind.plain === true || kind.sign === signPh);
        const byDigest = verify(bundle, { key, policy, artifact: { digests } });
        if (kind.plain === true) {
          const error = await rejectionAt(11, "SIGNATURE_INVALID", byDigest);
          assert.match(error.message, /over the artifact itself|not over this artifact/);
        } else {
          await byDigest;
        }
      });

      test(`over a statement, logged by Rekor v${own.version}`, async () => {
        const bundle = await make(kind, own, true);
        assert.deepEqual([...neededDigests(bundle, key)], ["sha256"]);
        assert.equal(needsContent(bundle, key), false);
        const artifact = { digests: digestsOf(content, "sha256") };
        if (kind.sign === signPh) {
          // An envelope's bytes are at hand, so Ed25519 signs them and not their digest.
          await rejectionAt(11, "SIGNATURE_INVALID", verify(bundle, { key, policy, artifact }));
          return;
        }
        const proven = await verify(bundle, { key, policy, artifact });
        assert.equal(proven.statement?.predicateType, statement.predicateType);
      });
    }

    test("is not another key's", async () => {
      for (const own of [v1, v2]) {
        const bundle = await make(kind, own);
        const artifact = {
          digests: digestsOf(content, ...neededDigests(bundle, key), kind.digest),
          content,
        };
        const wrong = verify(bundle, { key: stranger, policy, artifact });
        await rejectionAt(5, "LOG_ENTRY_INVALID", wrong);
        const alone = { ...bundle, entries: [] };
        const unlogged = { ...under({ logs: [] }), policy, artifact };
        await verify(alone, { ...unlogged, key });
        await rejectionAt(11, "SIGNATURE_INVALID", verify(alone, { ...unlogged, key: stranger }));
      }
    });

    test("is not over another file", async () => {
      const bundle = await make(kind, v1);
      assert.ok(bundle.content.kind === "message-signature");
      const bytes = Buffer.from("another file");
      const all = Object.keys(digestAlgorithms).filter(
        (one): one is DigestAlgorithm => one in digestAlgorithms,
      );
      const artifact = { digests: digestsOf(bytes, ...all), content: bytes };
      await rejectionAt(5, "BUNDLE_INVALID", verify(bundle, { key, policy, artifact }));
      const hinted = { ...bundle, entries: [], content: { ...bundle.content, digest: undefined } };
      const unlogged = { ...under({ logs: [] }), key, policy };
      await rejectionAt(11, "SIGNATURE_INVALID", verify(hinted, { ...unlogged, artifact }));
      await rejectionAt(
        11,
        "SIGNATURE_INVALID",
        verify(hinted, { ...unlogged, artifact: { digests: artifact.digests } }),
      );
    });
  });
}

suite("what of an artifact is needed", () => {
  const unhinted = (bundle: Bundle): Bundle =>
    bundle.content.kind === "message-signature"
      ? { ...bundle, content: { ...bundle.content, digest: undefined } }
      : bundle;
  const p384 = kinds["ECDSA P-384"];
  const p256 = kinds["ECDSA P-256"];
  assert.ok(p384 !== undefined && p256 !== undefined);

  test("is the digest that the bundle names", async () => {
    const bundle = await make(p384, v1);
    assert.deepEqual([...neededDigests(bundle, keyOf(p384))], ["sha384"]);
  });

  test("is every digest that the key may have signed, where the bundle names none", async () => {
    const bundle = unhinted(await make(p384, v1));
    assert.deepEqual([...neededDigests(bundle, keyOf(p384))].toSorted(), ["sha256", "sha384"]);
    const small = unhinted(await make(p256, v1));
    assert.deepEqual([...neededDigests(small, keyOf(p256))], ["sha256"]);
  });

  test("is the certificate's key's, when there is a certificate", async () => {
    const bundle = unhinted(await makeBundle({ logs: [logTo(v1)] }));
    assert.deepEqual([...neededDigests(bundle)], ["sha256"]);
    assert.equal(needsContent(bundle), false);
  });

  test("is what a statement names its subjects by", async () => {
    const about = (...digests: readonly object[]): Promise<Bundle> =>
      makeBundle(
        { logs: [logTo(v1)] },
        payloadOf({ ...statement, subject: digests.map((digest) => ({ digest })) }),
      );
    const hex = (algorithm: DigestAlgorithm): string =>
      Buffer.from(computeDigest(algorithm, content).bytes).toString("hex");
    const bundle = await about({ sha512: hex("sha512") }, { sha384: hex("sha384"), sha1: "0" });
    assert.deepEqual([...neededDigests(bundle)].toSorted(), ["sha384", "sha512"]);
    const none = await about({ sha1: "0" }, { gitCommit: "0" });
    const error = await rejection(
      "STATEMENT_INVALID",
      Promise.resolve().then(() => neededDigests(none)),
    );
    assert.match(error.message, /no digest that we compute \(sha256, sha384, sha512\)/);
    await rejectionAt(12, "STATEMENT_INVALID", verify(none));
  });

  test("is said when it is not given", async () => {
    const bundle = await make(p384, v1);
    const artifact = { digests: digestsOf(content, "sha256") };
    const given = { key: keyOf(p384), policy, artifact };
    const error = await rejectionAt(5, "BUNDLE_INVALID", verify(bundle, given));
    assert.match(
      error.message,
      /is for sha384:[0-9a-f]{96}, and the artifact is known by sha256 only/,
    );
    const unlogged = { ...unhinted(bundle), entries: [] };
    const digests = { digests: digestsOf(content, "sha512") };
    const unknown = verify(unlogged, { ...given, ...under({ logs: [] }), artifact: digests });
    const { message, hint } = await rejectionAt(11, "SIGNATURE_INVALID", unknown);
    assert.match(message, /artifact's sha384 or sha256 digest, which is not given/);
    assert.match(hint, /Give the file itself/);
  });
});

suite("a key", () => {
  const p256 = kinds["ECDSA P-256"];
  assert.ok(p256 !== undefined);
  const key = keyOf(p256);
  const artifact = question.artifact;

  test("needs a log entry or timestamp as a certificate does, unless the policy asks for none", async () => {
    const bundle = { ...(await make(p256, v1)), entries: [], timestamps: [] };
    const given = { key, artifact };
    await rejectionAt(7, "TIMESTAMP_INVALID", verify(bundle, { ...given, policy }));
    const stamped = { ...(await make(p256, v1)), entries: [] };
    await rejectionAt(13, "LOG_ENTRY_INVALID", verify(stamped, { ...given, policy }));
    const required = { logs: 0, timestamps: 0 };
    const proven = await verify(bundle, { ...given, policy: { ...policy, required } });
    assert.deepEqual(proven.times, []);
    assert.deepEqual(proven.thresholds, { logs: 0, timestamps: 0, scts: 0 });
  });

  test("is asked for no SCT", async () => {
    const bundle = await make(p256, v1);
    const proven = await verify(bundle, { key, policy, artifact, ...under({ ctLogs: [v1.log] }) });
    assert.deepEqual(proven.scts, []);
  });
});

test("a wrong Ed25519 signature over an artifact at hand is wrong, not unknown", async () => {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const key = parsePublicKey(publicKey.export({ type: "spki", format: "der" }));
  const signature = sign(null, Buffer.from("another"), privateKey);
  const message = { kind: "message-signature", digest: undefined, signature } as const;
  const digests = digestsOf(content, "sha256");
  assert.equal(await isSignedArtifact(key, message, { digests, content }), false);
  const { hint } = await rejection(
    "SIGNATURE_INVALID",
    isSignedArtifact(key, message, { digests }),
  );
  assert.equal(hint, "Give the file itself.");
});
