// Certificates: ours against two other readers, then every byte of one changed.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import "reflect-metadata";
import {
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  SubjectAlternativeNameExtension,
  X509Certificate,
} from "@peculiar/x509";
import fc from "fast-check";
import { encodeHex } from "../../src/encoding/base64.ts";
import { encodeDer, encodeNull, encodeOid, encodeSequence } from "../../src/encoding/der-encode.ts";
import { parseDer } from "../../src/encoding/der.ts";
import { SigstepError } from "../../src/errors.ts";
import { type Certificate, parseCertificate } from "../../src/sigstore/certificate.ts";
import { findIssuer } from "../../src/sigstore/fulcio-extensions.ts";
import { readAllCertificates, readCase } from "./conformance.ts";

const runs = process.env.SLOW === "1" ? 50_000 : 1_500;
const all = readAllCertificates();

function leafOf(name: string): Certificate {
  return parseCertificate(readCase(name).certificates[0] ?? new Uint8Array());
}

function hexOf(bytes: ArrayBuffer): string {
  return encodeHex(new Uint8Array(bytes));
}

test("there are certificates to compare", () => assert.ok(all.length >= 25));

test("reads what @peculiar/x509 reads", () => {
  for (const der of all) {
    const ours = parseCertificate(der);
    const theirs = new X509Certificate(Buffer.from(der));
    assert.equal(encodeHex(ours.serialNumber), theirs.serialNumber.replace(/^00(?=[89a-f])/, ""));
    assert.equal(encodeHex(ours.issuer.raw), hexOf(theirs.issuerName.toArrayBuffer()));
    assert.equal(encodeHex(ours.subject.raw), hexOf(theirs.subjectName.toArrayBuffer()));
    assert.deepEqual(ours.notBefore, theirs.notBefore);
    assert.deepEqual(ours.notAfter, theirs.notAfter);
    assert.equal(encodeHex(ours.spki), hexOf(theirs.publicKey.rawData));
    assert.equal(encodeHex(ours.signature), hexOf(theirs.signature));
    const listed = [...ours.extensions].map(([oid, { critical, value }]) => [
      oid,
      critical,
      encodeHex(value),
    ]);
    const expected = Array.from(theirs.extensions, ({ type, critical, value }) => [
      type,
      critical,
      hexOf(value),
    ]);
    assert.deepEqual(listed, expected);
    compareExtensions(ours, theirs);
  }
});

function compareExtensions(ours: Certificate, theirs: X509Certificate): void {
  const constraints = theirs.getExtension(BasicConstraintsExtension);
  assert.equal(ours.basicConstraints?.isAuthority, constraints?.ca);
  assert.equal(ours.basicConstraints?.pathLength, constraints?.pathLength);
  const usages = theirs.getExtension(ExtendedKeyUsageExtension)?.usages;
  assert.deepEqual(ours.extendedKeyUsage, usages && Array.from(usages, String));
  const names = theirs.getExtension(SubjectAlternativeNameExtension)?.names.items ?? [];
  const expected = names.map(({ type, value }) => ({ type: type === "url" ? "uri" : type, value }));
  assert.deepEqual(ours.subjectAlternativeNames, expected);
}

test("reads what openssl reads", () => {
  for (const der of all) {
    const ours = parseCertificate(der);
    const fields = [
      "-serial",
      "-startdate",
      "-enddate",
      "-fingerprint",
      "-sha256",
      "-dateopt",
      "iso_8601",
    ];
    const text = execFileSync("openssl", ["x509", "-inform", "DER", "-noout", ...fields], {
      input: der,
      encoding: "utf8",
    });
    const found = new Map(
      text
        .trim()
        .split("\n")
        .map((line) => [line.split("=")[0], line.split("=")[1]]),
    );
    const iso = (date: Date): string => date.toISOString().replace("T", " ").replace(".000", "");
    assert.equal(found.get("serial")?.toLowerCase(), encodeHex(ours.serialNumber));
    assert.equal(found.get("notBefore"), iso(ours.notBefore));
    assert.equal(found.get("notAfter"), iso(ours.notAfter));
    assert.equal(
      found.get("sha256 Fingerprint")?.replaceAll(":", "").toLowerCase(),
      ours.fingerprint,
    );
  }
});

test("Fulcio's extensions have names, old certificates only the first six", () => {
  const { fulcio } = leafOf("rekor2-happy-path");
  const repository =
    "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon";
  assert.equal(findIssuer(fulcio), "https://token.actions.githubusercontent.com");
  assert.equal(fulcio.named.issuerV1, fulcio.named.issuer);
  assert.equal(fulcio.named.sourceRepositoryUri, repository);
  assert.equal(fulcio.named.sourceRepositoryVisibilityAtSigning, "public");
  assert.equal(Object.keys(fulcio.named).length, 21);
  assert.equal(fulcio.others.size, 0);
  const old = leafOf("intoto-with-custom-trust-root").fulcio;
  assert.equal(findIssuer(old), "https://token.actions.githubusercontent.com");
});

/** A change that leaves DER intact as far as possible: one primitive's contents replaced. */
function changeLeaf(der: Uint8Array, oid: string, value: Uint8Array): Uint8Array {
  const change = (bytes: Uint8Array): Uint8Array => {
    const element = parseDer(bytes, "test");
    const [first, ...rest] = element.children;
    if (first !== undefined && encodeHex(first.raw) === oid) {
      return encodeSequence(
        first.raw,
        ...rest.slice(0, -1).map(({ raw }) => raw),
        encodeDer(4, value),
      );
    }
    if (element.children.length === 0) return bytes;
    return encodeDer(element.tag, ...element.children.map(({ raw }) => change(raw)));
  };
  return change(der);
}

const oids = {
  issuer: "060a2b0601040183bf300108",
  issuerV1: "060a2b0601040183bf300101",
  keyUsage: "0603551d0f",
  extendedKeyUsage: "0603551d25",
  alternativeName: "0603551d11",
};

test("refuses known extensions whose contents are something else", () => {
  const der = leafOf("rekor2-happy-path").der;
  assert.deepEqual(Buffer.from(changeLeaf(der, "00", new Uint8Array())), Buffer.from(der));
  const wrong: readonly (readonly [string, Uint8Array])[] = [
    [oids.issuer, Buffer.from("https://plain.example")],
    [oids.issuer, encodeDer(0x16, Buffer.from("https://ia5.example"))],
    [oids.issuer, encodeDer(0x0c, Uint8Array.of(0xff))],
    [oids.issuer, new Uint8Array([...encodeDer(0x0c, Uint8Array.of(0x61)), 0])],
    [oids.issuerV1, Uint8Array.of(0xff)],
    [oids.keyUsage, encodeDer(3, Uint8Array.of(8, 0x80))],
    [oids.extendedKeyUsage, encodeSequence()],
    [oids.alternativeName, encodeSequence()],
    [oids.alternativeName, encodeSequence(encodeDer(0x86, Buffer.from("https://é.example")))],
    [oids.alternativeName, encodeSequence(encodeDer(0x86, Buffer.from("https://a\0.example")))],
  ];
  for (const [oid, value] of wrong) {
    const changed = changeLeaf(der, oid, value);
    assert.notDeepEqual(changed, der);
    assert.throws(
      () => parseCertificate(changed),
      (error) => error instanceof SigstepError && error.code === "ENCODING_INVALID",
    );
  }
});

test("reads every kind of name", () => {
  const der = leafOf("rekor2-happy-path").der;
  const names = encodeSequence(
    encodeDer(0x81, Buffer.from("a@b.example")),
    encodeDer(0x82, Buffer.from("b.example")),
    encodeDer(0x86, Buffer.from("https://b.example")),
    encodeDer(
      0xa0,
      Buffer.from("060a2b0601040183bf300107", "hex"),
      encodeDer(0xa0, encodeDer(0x0c, Buffer.from("ann!b.example"))),
    ),
    encodeDer(0x87, Uint8Array.of(127, 0, 0, 1)),
  );
  const { subjectAlternativeNames } = parseCertificate(
    changeLeaf(der, oids.alternativeName, names),
  );
  assert.deepEqual(subjectAlternativeNames, [
    { type: "email", value: "a@b.example" },
    { type: "dns", value: "b.example" },
    { type: "uri", value: "https://b.example" },
    { type: "otherName", oid: "1.3.6.1.4.1.57264.1.7", value: "ann!b.example" },
    { type: "other", value: "hex:87047f000001" },
  ]);
});

test("an extension newer than the table is shown by its number", () => {
  const der = Buffer.from(leafOf("rekor2-happy-path").der);
  const known = Buffer.from(oids.issuer, "hex");
  const at = der.indexOf(known);
  der[at + known.length - 1] = 99;
  const { fulcio } = parseCertificate(der);
  assert.equal(fulcio.named.issuer, undefined);
  assert.equal(
    fulcio.others.get("1.3.6.1.4.1.57264.1.99"),
    "https://token.actions.githubusercontent.com",
  );
});

test("refuses an extension that occurs twice", () => {
  const der = Buffer.from(leafOf("rekor2-happy-path").der);
  const [first, second] = ["060a2b0601040183bf300109", "060a2b0601040183bf30010a"].map((hex) =>
    Buffer.from(hex, "hex"),
  );
  second?.copy(der, der.indexOf(first ?? ""));
  assert.throws(() => parseCertificate(der), { code: "ENCODING_INVALID" });
});

test("keeps a copy: what the caller does with the bytes later changes nothing", () => {
  const bytes = new Uint8Array(leafOf("rekor2-happy-path").der);
  const certificate = parseCertificate(bytes);
  const { fingerprint } = parseCertificate(bytes);
  bytes.fill(0);
  assert.equal(certificate.fingerprint, fingerprint);
});

test("any bytes, and any change of a certificate, are a certificate or an error of ours", () => {
  const index = fc.nat(all.length - 1);
  const changed = fc.tuple(index, fc.nat(2000), fc.nat(255)).map(([which, at, byte]) => {
    const der = all[which] ?? new Uint8Array();
    return new Uint8Array(der).with(at % der.length, byte);
  });
  const cut = fc
    .tuple(index, fc.nat(2000))
    .map(([which, at]) => (all[which] ?? new Uint8Array()).slice(0, at));
  fc.assert(
    fc.property(fc.oneof(changed, cut, fc.uint8Array({ maxLength: 400 })), (bytes) => {
      try {
        assert.ok(parseCertificate(bytes).fingerprint.length === 64);
      } catch (error) {
        assert.ok(error instanceof SigstepError && error.code === "ENCODING_INVALID");
      }
    }),
    { numRuns: runs },
  );
});

/** The certificate with both its signature algorithms replaced. */
function withAlgorithm(der: Uint8Array, algorithm: Uint8Array): Uint8Array {
  const [tbs, , signature] = parseDer(der, "test").children;
  assert.ok(tbs !== undefined && signature !== undefined);
  const fields = tbs.children.map(({ raw }, index) => (index === 2 ? algorithm : raw));
  return encodeSequence(encodeSequence(...fields), algorithm, signature.raw);
}

test("signature algorithms: RSA with or without NULL, ECDSA without, others read but nameless", () => {
  const { der } = leafOf("rekor2-happy-path");
  const rsa = encodeOid("1.2.840.113549.1.1.11");
  const ecdsa = encodeOid("1.2.840.10045.4.3.2");
  const read = (...parts: readonly Uint8Array[]): unknown => {
    return parseCertificate(withAlgorithm(der, encodeSequence(...parts))).signatureAlgorithm;
  };
  assert.deepEqual(read(rsa), { type: "rsa", digest: "sha256" });
  assert.deepEqual(read(rsa, encodeNull()), { type: "rsa", digest: "sha256" });
  assert.deepEqual(read(ecdsa), { type: "ecdsa", digest: "sha256" });
  assert.equal(read(encodeOid("1.2.840.113549.1.1.5"), encodeNull()), undefined);
  assert.throws(() => read(ecdsa, encodeNull()), { code: "ENCODING_INVALID" });
  assert.throws(() => read(rsa, encodeSequence()), { code: "ENCODING_INVALID" });
});
