// Bodies of hashedrekord entries against what was signed. Other kinds: entry-kinds.test.ts.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { computeDigest } from "../../src/crypto/digest.ts";
import { materialOf, verifyEntryBody } from "../../src/sigstore/entry-body.ts";
import type { LogEntry } from "../../src/sigstore/entry.ts";
import { isContained, refuses, runs } from "../refusal.ts";
import { dig, text } from "../sandbox/wire.ts";
import { bodyOf, makeEntry, makeLog } from "./own-log.ts";

const signed = {
  digest: computeDigest("sha256", Buffer.from("artifact")),
  signature: Buffer.from("signature"),
  certificate: Buffer.from("certificate, of any bytes as long as they are the same everywhere"),
};
const material = materialOf(signed);
const v1 = makeLog(1);
const v2 = makeLog(2);

for (const own of [v1, v2]) {
  const right = makeEntry(own, signed);
  const body = bodyOf(own, signed);
  const withBody = (changed: string): LogEntry => ({
    ...right,
    canonicalizedBody: Buffer.from(changed),
  });

  suite(`the body of hashedrekord ${right.version}`, () => {
    test("is about what was signed", () => verifyEntryBody(right, material));

    test("is about nothing else", () => {
      const other = Buffer.from("other");
      for (const wrong of [
        { ...signed, digest: computeDigest("sha256", other) },
        { ...signed, digest: { ...signed.digest, algorithm: "sha512" } as const },
        { ...signed, signature: other },
        { ...signed, signature: new Uint8Array() },
        { ...signed, certificate: other },
        { ...signed, certificate: new Uint8Array() },
      ]) {
        refuses("LOG_ENTRY_INVALID", () => verifyEntryBody(right, materialOf(wrong)));
      }
    });

    test("may be of another digest algorithm, when that is what was signed", () => {
      const digest = computeDigest("sha512", Buffer.from("artifact"));
      verifyEntryBody(makeEntry(own, { ...signed, digest }), materialOf({ ...signed, digest }));
    });

    test("is of the kind and version that the entry says", () => {
      for (const entry of [
        { ...right, kind: "dsse" },
        { ...right, version: "0.0.3" },
        { ...right, version: own.version === 1 ? "0.0.2" : "0.0.1" },
        { ...withBody(body.replace('"kind":"hashedrekord"', '"kind":"dsse"')), kind: "dsse" },
        { ...withBody(body.replace(right.version, "0.0.9")), version: "0.0.9" },
        withBody(body.replace('"kind":"hashedrekord"', '"kind":"dsse"')),
        withBody(body.replace(right.version, "0.0.9")),
      ]) {
        refuses("LOG_ENTRY_INVALID", () => verifyEntryBody(entry, material));
      }
    });

    test("is one JSON text without doubles", () => {
      for (const changed of [
        "",
        "null",
        "{}",
        "x",
        `${body}x`,
        body.slice(0, -1),
        body.replace('"kind"', '"kind":"hashedrekord","kind"'),
        `\uFEFF${body}`,
        " ".repeat(1 << 20) + body,
      ]) {
        refuses("LOG_ENTRY_INVALID", () => verifyEntryBody(withBody(changed), material));
      }
    });

    test("with any string in it changed is refused", () => {
      for (const [found] of body.matchAll(/"[^"]*"/g)) {
        for (const other of [`""`, `null`, `1`, `"x"`, `{}`, found.slice(0, -2) + '"']) {
          const changed = body.replace(found, other);
          if (changed === body || found === '"keyDetails"' || found.startsWith('"PKIX')) continue;
          refuses("LOG_ENTRY_INVALID", () => verifyEntryBody(withBody(changed), material));
        }
      }
    });
  });
}

suite("the body of hashedrekord 0.0.1", () => {
  const body = bodyOf(v1, signed);
  const right = makeEntry(v1, signed);
  const hex = Buffer.from(signed.digest.bytes).toString("hex");
  const judge = (from: string, to: string): void => {
    assert.ok(body.includes(from));
    const canonicalizedBody = Buffer.from(body.replace(from, to));
    refuses("LOG_ENTRY_INVALID", () => verifyEntryBody({ ...right, canonicalizedBody }, material));
  };

  test("has its digest in lower-case hexadecimal, whole", () => {
    for (const other of [
      `${hex}zz`,
      `${hex}00`,
      `${hex}z`,
      hex.toUpperCase(),
      hex.slice(2),
      ` ${hex}`,
    ]) {
      judge(`"${hex}"`, `"${other}"`);
    }
  });

  test("has one certificate, in PEM", () => {
    const content = text(dig(JSON.parse(body), "spec", "signature", "publicKey", "content"));
    const pem = Buffer.from(content, "base64").toString();
    const encode = (changed: string): string => Buffer.from(changed).toString("base64");
    for (const other of [
      encode(pem + pem),
      encode(""),
      encode(pem.replaceAll("CERTIFICATE", "PUBLIC KEY")),
      encode(`${pem}x`),
      encode(`\n${pem.slice(0, 40)}`),
      encode("x"),
      signed.certificate.toString("base64"),
    ]) {
      judge(`"${content}"`, `"${other}"`);
    }
  });
});

test("any bytes as body give a verdict", () => {
  const entry = makeEntry(v1, signed);
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 100 }),
    fc.json().map((json) => Buffer.from(json)),
  );
  fc.assert(
    fc.property(bytes, (canonicalizedBody) =>
      isContained(() => verifyEntryBody({ ...entry, canonicalizedBody }, material)),
    ),
    { numRuns: runs },
  );
});
