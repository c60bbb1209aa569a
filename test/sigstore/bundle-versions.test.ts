// Versions of the bundle and what each of them must hold: who signed, how entries are proven, one content.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { computeDigest } from "../../src/crypto/digest.ts";
import { type Bundle, parseBundle } from "../../src/sigstore/bundle.ts";
import { encodeLogEntry } from "../../src/sigstore/entry.ts";
import { refusal, refuses } from "../refusal.ts";
import { makeEntry, makeLog } from "./own-log.ts";

const code = "BUNDLE_INVALID";
const types = {
  "0.1": "application/vnd.dev.sigstore.bundle+json;version=0.1",
  "0.2": "application/vnd.dev.sigstore.bundle+json;version=0.2",
  "0.3": "application/vnd.dev.sigstore.bundle.v0.3+json",
} as const;
const versions = ["0.1", "0.2", "0.3"] as const;

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const certificate = { rawBytes: base64("leaf") };
const chain = (...names: readonly string[]): object => ({
  x509CertificateChain: { certificates: names.map((name) => ({ rawBytes: base64(name) })) },
});
const right = encodeLogEntry(
  makeEntry(makeLog(1), {
    digest: computeDigest("sha256", Buffer.from("artifact")),
    signature: Buffer.from("signature"),
    certificate: Buffer.from("leaf"),
  }),
);
const messageSignature = { signature: base64("signature") };
const dsseEnvelope = {
  payload: base64("{}"),
  payloadType: "application/vnd.in-toto+json",
  signatures: [{ sig: base64("signature"), keyid: "" }],
};

/** What may differ from a bundle that can be read. */
interface Wish {
  readonly signer?: object;
  readonly entry?: object;
  readonly content?: object;
}

function read(version: keyof typeof types, wish: Wish = {}): Bundle {
  const signer = version === "0.3" ? { certificate } : chain("leaf");
  const value = {
    mediaType: types[version],
    verificationMaterial: {
      ...(wish.signer ?? signer),
      tlogEntries: [{ ...right, ...wish.entry }],
    },
    ...(wish.content ?? { messageSignature }),
  };
  return parseBundle(Buffer.from(JSON.stringify(value)), "bundle");
}

for (const version of versions) {
  suite(`a bundle v${version}`, () => {
    test("is read", () => {
      const bundle = read(version);
      assert.equal(bundle.version, version);
      assert.equal(bundle.signer.kind, "certificate");
      assert.equal(bundle.entries.length, 1);
    });

    test("may name a key instead of a certificate", () => {
      const { signer } = read(version, { signer: { publicKey: { hint: "k" } } });
      assert.deepEqual(signer, { kind: "public-key", hint: "k" });
    });

    test("names one signer, not two and not none", () => {
      const publicKey = { hint: "k" };
      for (const signer of [
        {},
        { certificate: null },
        { certificate, publicKey },
        { ...chain("leaf"), publicKey },
        { certificate, ...chain("leaf") },
        { certificate, ...chain("leaf"), publicKey },
      ]) {
        const error = refusal(code, () => read(version, { signer }));
        assert.match(error.message, /exactly one of certificate, x509CertificateChain, publicKey/);
      }
    });

    test("has a signature over the artifact or an envelope, not both and not none", () => {
      assert.equal(read(version, { content: { dsseEnvelope } }).content.kind, "dsse-envelope");
      for (const content of [
        {},
        { messageSignature: null },
        { messageSignature, dsseEnvelope },
        { message: messageSignature },
      ]) {
        refuses(code, () => read(version, { content }));
      }
    });

    test("has no entry without proof and promise", () => {
      refuses(code, () =>
        read(version, { entry: { inclusionProof: null, inclusionPromise: null } }),
      );
    });
  });
}

suite("certificates", () => {
  test("of v0.1 and v0.2 are a chain, the signer's first", () => {
    for (const version of ["0.1", "0.2"] as const) {
      const { signer } = read(version, { signer: chain("leaf", "issuer", "root") });
      assert.ok(signer.kind === "certificate");
      assert.equal(Buffer.from(signer.certificate).toString(), "leaf");
      assert.deepEqual(
        signer.chain.map((der) => Buffer.from(der).toString()),
        ["issuer", "root"],
      );
      refuses(code, () => read(version, { signer: { certificate } }));
    }
  });

  test("of v0.3 are one, without a chain", () => {
    const error = refusal(code, () => read("0.3", { signer: chain("leaf") }));
    assert.match(error.message, /x509CertificateChain.*has no place in a bundle of version 0\.3/);
    const older = types["0.1"].replace("0.1", "0.3");
    const value = {
      mediaType: older,
      verificationMaterial: { ...chain("leaf", "issuer") },
      messageSignature,
    };
    refuses(code, () => parseBundle(Buffer.from(JSON.stringify(value)), "bundle"));
  });

  test("are one at least, ten at most, each with its bytes", () => {
    const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `c${i}`);
    const { signer } = read("0.2", { signer: chain(...names(10)) });
    assert.equal(signer.kind === "certificate" && signer.chain.length, 9);
    for (const wrong of [
      chain(),
      chain(...names(11)),
      { x509CertificateChain: {} },
      { x509CertificateChain: { certificates: null } },
      { x509CertificateChain: { certificates: [{}] } },
      { x509CertificateChain: { certificates: ["AAAA"] } },
      { x509CertificateChain: { certificates: { rawBytes: "AAAA" } } },
    ]) {
      refuses(code, () => read("0.2", { signer: wrong }));
    }
  });
});

suite("entries", () => {
  const { inclusionProof: given } = right;
  assert.ok(typeof given === "object" && given !== null && "checkpoint" in given);
  const proof = { ...given, checkpoint: undefined };

  test("of v0.1 have a promise; proof and checkpoint may be absent", () => {
    for (const inclusionProof of [undefined, null, proof, { ...proof, checkpoint: null }]) {
      const [entry] = read("0.1", { entry: { inclusionProof } }).entries;
      assert.ok(entry?.inclusionPromise !== undefined);
      assert.equal(entry.inclusionProof?.checkpoint, undefined);
    }
    for (const inclusionPromise of [undefined, null]) {
      const error = refusal(code, () => read("0.1", { entry: { inclusionPromise } }));
      assert.match(error.message, /inclusionPromise.*is missing/);
    }
    refuses(code, () => read("0.1", { entry: { inclusionPromise: {} } }));
  });

  for (const version of ["0.2", "0.3"] as const) {
    test(`of v${version} have a proof with a checkpoint; a promise may be absent`, () => {
      for (const inclusionPromise of [undefined, null]) {
        const [entry] = read(version, { entry: { inclusionPromise } }).entries;
        assert.equal(entry?.inclusionPromise, undefined);
        assert.ok(entry?.inclusionProof?.checkpoint !== undefined);
      }
      for (const inclusionProof of [undefined, null]) {
        const error = refusal(code, () => read(version, { entry: { inclusionProof } }));
        assert.match(error.message, /inclusionProof.*is missing/);
      }
      for (const inclusionProof of [proof, { ...proof, checkpoint: null }]) {
        const error = refusal(code, () => read(version, { entry: { inclusionProof } }));
        assert.match(error.message, /checkpoint.*is missing/);
      }
    });
  }
});

suite("an envelope", () => {
  const of = (change: object): Wish => ({
    content: { dsseEnvelope: { ...dsseEnvelope, ...change } },
  });
  const [signature] = dsseEnvelope.signatures;

  test("has its bytes as they were signed", () => {
    const { content } = read("0.3", of({}));
    assert.ok(content.kind === "dsse-envelope");
    assert.equal(Buffer.from(content.payload).toString(), "{}");
    assert.equal(Buffer.from(content.signature).toString(), "signature");
    assert.deepEqual([content.payloadType, content.keyId], ["application/vnd.in-toto+json", ""]);
  });

  test("may lack the keyid", () => {
    for (const keyid of [undefined, null]) {
      const { content } = read("0.3", of({ signatures: [{ ...signature, keyid }] }));
      assert.equal(content.kind === "dsse-envelope" && content.keyId, "");
    }
  });

  for (const [name, change] of Object.entries({
    "no signature": { signatures: [] },
    "signatures that are none": { signatures: undefined },
    "two signatures": { signatures: [signature, signature] },
    "two signatures, one of them empty": { signatures: [signature, { sig: "", keyid: "" }] },
    "more signatures than anyone counts": { signatures: Array(33).fill(signature) },
    "a signature without bytes": { signatures: [{ keyid: "" }] },
    "a signature that is not base64": { signatures: [{ sig: "!" }] },
    "no payload": { payload: undefined },
    "a payload that is not base64": { payload: "{}" },
    "no payload type": { payloadType: undefined },
    "a keyid that is a number": { signatures: [{ ...signature, keyid: 1 }] },
  })) {
    test(`with ${name} is refused`, () => refuses(code, () => read("0.3", of(change))));
  }

  test("and the bundle's hint name the same key", () => {
    const named = (hint: string | undefined, keyid: string): Bundle =>
      read("0.3", {
        ...of({ signatures: [{ ...signature, keyid }] }),
        signer: { publicKey: { hint } },
      });
    for (const [hint, keyid] of [
      ["k", "k"],
      ["k", ""],
      ["", "k"],
      [undefined, "k"],
      ["", ""],
    ] as const) {
      assert.equal(named(hint, keyid).signer.kind, "public-key");
    }
    const error = refusal(code, () => named("k", "other"));
    assert.match(error.message, /hint.*is not the envelope's keyid/);
    // A certificate needs no hint, and npm's envelopes say what they like there.
    read("0.3", of({ signatures: [{ ...signature, keyid: "k" }] }));
  });
});
