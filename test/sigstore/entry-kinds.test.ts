// Bodies of entries about envelopes, and of signers with a key: dsse 0.0.1, intoto 0.0.1 and 0.0.2, and
// hashedrekord of both versions. Each member that binds something is changed once.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { computeDigest } from "../../src/crypto/digest.ts";
import { preAuthEncode, statementType } from "../../src/sigstore/dsse.ts";
import {
  canBePromised,
  type SignedMaterial,
  verifyEntryBody,
  type Verifier,
} from "../../src/sigstore/entry-body.ts";
import type { LogEntry } from "../../src/sigstore/entry.ts";
import { verifyEntry } from "../../src/sigstore/verify-entry.ts";
import { refusal, refuses } from "../refusal.ts";
import { makeEntry, makeLog, pemOf } from "./own-log.ts";

const code = "LOG_ENTRY_INVALID";
const payload = Buffer.from('{"_type":"x"}');
const signature = Buffer.from("signature, of any bytes");
const preAuthEncoding = preAuthEncode({ payloadType: statementType, payload });
const artifact = computeDigest("sha256", Buffer.from("artifact"));
const der = Buffer.from("certificate or key, of any bytes");

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("base64");
const sha = (bytes: Uint8Array, algorithm: "sha256" | "sha512" = "sha256"): string =>
  Buffer.from(computeDigest(algorithm, bytes).bytes).toString("hex");
const hash = (value: string, algorithm = "sha256"): object => ({ algorithm, value });
const labels = { certificate: "CERTIFICATE", "public-key": "PUBLIC KEY" } as const;

/** A kind of entry, and the `spec` of its body. */
interface Kind {
  readonly name: string;
  readonly about: "envelope" | "artifact";
  readonly spec: (signer: Verifier["kind"]) => object;
  /** Texts in the body that nothing is compared with. */
  readonly free?: readonly string[];
}

const envelopeHash = sha(Buffer.from("the envelope as it was sent"));
const pem = (signer: Verifier["kind"]): string => pemOf(der, labels[signer]);
const raw = (signer: Verifier["kind"]): object =>
  signer === "certificate"
    ? { x509Certificate: { rawBytes: base64(der) }, keyDetails: "PKIX_ECDSA_P256_SHA_256" }
    : { publicKey: { rawBytes: base64(der) }, keyDetails: "PKIX_ECDSA_P256_SHA_256" };

const kinds: readonly Kind[] = [
  {
    name: "dsse 0.0.1",
    about: "envelope",
    spec: (signer) => ({
      envelopeHash: hash(envelopeHash),
      payloadHash: hash(sha(payload)),
      signatures: [{ signature: base64(signature), verifier: pem(signer) }],
    }),
    free: [envelopeHash],
  },
  {
    name: "intoto 0.0.1",
    about: "envelope",
    spec: (signer) => ({
      content: { hash: hash(envelopeHash), payloadHash: hash(sha(payload)) },
      publicKey: pem(signer),
    }),
    free: [envelopeHash],
  },
  {
    name: "intoto 0.0.2",
    about: "envelope",
    spec: (signer) => ({
      content: {
        envelope: {
          payloadType: statementType,
          signatures: [{ publicKey: pem(signer), sig: base64(Buffer.from(base64(signature))) }],
        },
        hash: hash(envelopeHash),
        payloadHash: hash(sha(payload)),
      },
    }),
    free: [envelopeHash, statementType],
  },
  {
    name: "hashedrekord 0.0.2",
    about: "envelope",
    spec: (signer) => ({
      hashedRekordV002: {
        data: {
          algorithm: "SHA2_256",
          digest: base64(computeDigest("sha256", preAuthEncoding).bytes),
        },
        signature: { content: base64(signature), verifier: raw(signer) },
      },
    }),
  },
  {
    name: "hashedrekord 0.0.1",
    about: "artifact",
    spec: (signer) => ({
      data: { hash: hash(Buffer.from(artifact.bytes).toString("hex")) },
      signature: { content: base64(signature), publicKey: { content: pem(signer) } },
    }),
  },
  {
    name: "hashedrekord 0.0.2",
    about: "artifact",
    spec: (signer) => ({
      hashedRekordV002: {
        data: { algorithm: "SHA2_256", digest: base64(artifact.bytes) },
        signature: { content: base64(signature), verifier: raw(signer) },
      },
    }),
  },
];

function materialOf(about: Kind["about"], signer: Verifier["kind"]): SignedMaterial {
  return {
    content:
      about === "envelope"
        ? { kind: "envelope", payload, preAuthEncoding }
        : { kind: "artifact", digests: new Map([[artifact.algorithm, artifact.bytes]]) },
    signature,
    verifier: { kind: signer, der },
  };
}

function entryOf(
  { name, spec }: Kind,
  signer: Verifier["kind"],
  change?: (text: string) => string,
): LogEntry {
  const [kind = "", apiVersion = ""] = name.split(" ");
  const text = JSON.stringify({ apiVersion, kind, spec: spec(signer) });
  const signed = { digest: artifact, signature, certificate: der };
  const body = change?.(text) ?? text;
  return { ...makeEntry(makeLog(1), signed, { body }), kind, version: apiVersion };
}

const other = Buffer.from("other");

for (const kind of kinds) {
  for (const signer of ["certificate", "public-key"] as const) {
    suite(`${kind.name} about an ${kind.about} by a ${signer}`, () => {
      const material = materialOf(kind.about, signer);
      const entry = entryOf(kind, signer);

      test("is about what was signed", () => verifyEntryBody(entry, material));

      test("is about nothing else", () => {
        const content: SignedMaterial["content"] =
          kind.about === "envelope"
            ? { kind: "envelope", payload: other, preAuthEncoding: other }
            : {
                kind: "artifact",
                digests: new Map([["sha256", computeDigest("sha256", other).bytes]]),
              };
        const wrong: SignedMaterial[] = [
          { ...material, content },
          { ...material, verifier: { kind: signer, der: other } },
          { ...material, verifier: { kind: signer, der: new Uint8Array() } },
        ];
        if (kind.name !== "intoto 0.0.1") wrong.push({ ...material, signature: other });
        for (const each of wrong) refuses(code, () => verifyEntryBody(entry, each));
      });

      test("does not take a certificate for a key with the same bytes, nor a key for one", () => {
        const wrong = signer === "certificate" ? "public-key" : "certificate";
        const verifier = { kind: wrong, der } as const;
        const error = refusal(code, () => verifyEntryBody(entry, { ...material, verifier }));
        assert.match(error.message, /another signer/);
      });

      test("is not about the other kind of content", () => {
        const wrong = materialOf(kind.about === "envelope" ? "artifact" : "envelope", signer);
        refuses(code, () => verifyEntryBody(entry, wrong));
      });

      test("with any text in it changed is refused, but for what binds nothing", () => {
        const text = Buffer.from(entry.canonicalizedBody).toString();
        const values = [...text.matchAll(/:"([^"]*)"/g)].map(([, value = ""]) => value);
        const free = [...(kind.free ?? []), "PKIX_ECDSA_P256_SHA_256"];
        let judged = 0;
        for (const value of values) {
          if (free.includes(value)) continue;
          const at = text.lastIndexOf(`:"${value}"`);
          for (const to of ["", value.slice(0, -8), `${value}AAAA`, `A${value.slice(1)}`]) {
            if (to === value) continue;
            judged++;
            const changed = `${text.slice(0, at)}:"${to}"${text.slice(at + value.length + 3)}`;
            // Of two hashes the last one is the payload's; the envelope's binds nothing.
            refuses(code, () =>
              verifyEntryBody(
                entryOf(kind, signer, () => changed),
                material,
              ),
            );
          }
        }
        assert.ok(judged >= 16);
      });
    });
  }
}

suite("an entry about an envelope", () => {
  const find = (name: string): Kind => {
    const kind = kinds.find((each) => each.name === name);
    assert.ok(kind !== undefined);
    return kind;
  };
  const material = materialOf("envelope", "certificate");

  for (const name of ["dsse 0.0.1", "intoto 0.0.2"]) {
    test(`of ${name} has one signature`, () => {
      const list = /"signatures":\[(\{[^}]*\})\]/;
      for (const to of [
        '"signatures":[]',
        '"signatures":[$1,$1]',
        '"signatures":null',
        '"x":[$1]',
      ]) {
        const entry = entryOf(find(name), "certificate", (text) => text.replace(list, to));
        refuses(code, () => verifyEntryBody(entry, material));
      }
    });
  }

  test("of intoto 0.0.2 has its signature in base64 twice, and not once or three times", () => {
    const twice = base64(Buffer.from(base64(signature)));
    for (const to of [base64(signature), base64(Buffer.from(twice)), base64(Buffer.from("!"))]) {
      const entry = entryOf(find("intoto 0.0.2"), "certificate", (text) => text.replace(twice, to));
      refuses(code, () => verifyEntryBody(entry, material));
    }
  });

  test("may have its payload's digest by another algorithm that we compute, and no other", () => {
    const from = `"payloadHash":{"algorithm":"sha256","value":"${sha(payload)}"}`;
    for (const name of ["dsse 0.0.1", "intoto 0.0.1", "intoto 0.0.2"]) {
      const judge = (algorithm: string, value: string): void => {
        const to = `"payloadHash":{"algorithm":"${algorithm}","value":"${value}"}`;
        const entry = entryOf(find(name), "certificate", (text) => text.replace(from, to));
        verifyEntryBody(entry, material);
      };
      judge("sha512", sha(payload, "sha512"));
      refuses(code, () => judge("sha512", sha(payload)));
      refuses(code, () => judge("sha1", sha(payload)));
      refuses(code, () => judge("SHA256", sha(payload)));
      refuses(code, () => judge("sha256", sha(payload).toUpperCase()));
      refuses(code, () => judge("sha256", sha(preAuthEncoding)));
    }
  });

  test("of hashedrekord 0.0.2 is by the encoding's digest, not by the payload's", () => {
    const own = base64(computeDigest("sha256", preAuthEncoding).bytes);
    const wrong = base64(computeDigest("sha256", payload).bytes);
    const entry = entryOf(find("hashedrekord 0.0.2"), "certificate", (text) =>
      text.replace(own, wrong),
    );
    refuses(code, () => verifyEntryBody(entry, material));
  });

  test("of hashedrekord 0.0.2 has one verifier", () => {
    const two = (text: string): string =>
      text.replace('"verifier":{', `"verifier":{"publicKey":{"rawBytes":"${base64(der)}"},`);
    const none = (text: string): string => text.replace("x509Certificate", "other");
    for (const change of [two, none]) {
      const entry = entryOf(find("hashedrekord 0.0.2"), "certificate", change);
      refuses(code, () => verifyEntryBody(entry, material));
    }
  });
});

suite("a kind", () => {
  const kindOf = (kind: string, version: string): LogEntry => {
    const signed = { digest: artifact, signature, certificate: der };
    return { ...makeEntry(makeLog(1), signed), kind, version };
  };

  test("of Rekor v1 can be promised, and no other can", () => {
    for (const [kind, version, can] of [
      ["hashedrekord", "0.0.1", true],
      ["dsse", "0.0.1", true],
      ["intoto", "0.0.1", true],
      ["intoto", "0.0.2", true],
      ["hashedrekord", "0.0.2", false],
      ["dsse", "0.0.2", false],
      ["rekord", "0.0.1", false],
      ["hashedrekord 0.0.1", "", false],
      ["", "hashedrekord 0.0.1", false],
    ] as const) {
      assert.equal(canBePromised(kindOf(kind, version)), can, `${kind} ${version}`);
    }
  });

  test("that cannot be promised is refused with a promise, even by its own log", () => {
    const own = makeLog(1);
    const signed = { digest: artifact, signature, certificate: der };
    const material = materialOf("artifact", "certificate");
    const entry = makeEntry(own, signed, { kind: "hashedrekord", version: "0.0.2" });
    const error = refusal(code, () => verifyEntry(entry, material, { logs: [own.log] }));
    assert.equal(error.step?.number, 3);
    assert.match(error.message, /a promise, which no entry of its kind has/);
  });
});
