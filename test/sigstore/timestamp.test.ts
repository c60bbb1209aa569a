// Timestamps: real ones hold, openssl's too, and one wrong thing at a time is refused for that reason.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { computeDigest } from "../../src/crypto/digest.ts";
import { encodeDer, encodeUnsigned } from "../../src/encoding/der-encode.ts";
import { SigstepError } from "../../src/errors.ts";
import { parseCertificate } from "../../src/sigstore/certificate.ts";
import { encodeTimestampRequest } from "../../src/sigstore/timestamp-request.ts";
import { parseTimestampResponse } from "../../src/sigstore/timestamp-response.ts";
import {
  countTimestampAuthorities,
  type TimestampAuthority,
  verifyTimestamp,
  verifyTimestamps,
} from "../../src/sigstore/timestamp.ts";
import { readCase, readConformanceCases } from "./conformance.ts";
import {
  authority,
  authorityConstraints,
  Extension,
  issue,
  type Issued,
  KeyUsageFlags,
  purposes,
  timestampLeaf,
  timeStamping,
  usage,
  codeSigning,
  type Wish,
} from "./issue.ts";
import { hash, makeTimestamp, type Parts, timestampExtension } from "./timestamp-maker.ts";

const signature = Buffer.from("the signature's bytes");
const root = await issue({ name: "TSA root", extensions: authority });
const tsa = await issue({ name: "TSA", issuer: root, extensions: timestampLeaf });
const stranger = await issue({ name: "stranger", issuer: root, extensions: timestampLeaf });
const foreign = await issue({ name: "foreign", extensions: timestampLeaf });
const strangerRoot = await issue({ name: "TSA root", extensions: authority });

function trusting(start: string, ...certificates: readonly Issued[]): TimestampAuthority {
  return {
    certificates: certificates.map(({ certificate }) => certificate),
    validFor: { start: new Date(start) },
  };
}

const trusted = trusting("2020-01-01T00:00:00Z", tsa, root);

function refuses(action: () => unknown, reason: RegExp, code = "TIMESTAMP_INVALID"): void {
  assert.throws(action, (error) => {
    assert.ok(error instanceof SigstepError);
    assert.match(error.message, reason);
    assert.equal(error.code, code);
    return true;
  });
}

interface Asked {
  readonly signer?: Issued;
  readonly authorities?: readonly TimestampAuthority[];
  readonly nonce?: Uint8Array;
}

async function ask(
  parts: Parts = {},
  { signer = tsa, authorities = [trusted], nonce }: Asked = {},
): Promise<() => Date> {
  const bytes = await makeTimestamp(signer, signature, parts);
  return () => {
    const response = parseTimestampResponse(bytes);
    const question = {
      response,
      signature,
      authorities,
      ...(nonce === undefined ? {} : { nonce }),
    };
    return verifyTimestamp(question).time;
  };
}

test("proves every conformance case's timestamps, but those that are meant to fail", () => {
  const wrong: Readonly<Record<string, RegExp>> = {
    "rekor2-timestamp-outside-trust-root-tsa-validity_fail": /trusts from/,
    "rekor2-timestamp-outside-tsa-cert-validity_fail": /authority's certificate is valid from/,
    "rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail":
      /does not know \(issuer "O=Free TSA/,
  };
  let proven = 0;
  for (const found of readConformanceCases()) {
    for (const bytes of found.timestamps) {
      const response = parseTimestampResponse(bytes);
      const question = {
        response,
        signature: found.signature,
        authorities: found.timestampAuthorities,
      };
      const reason = wrong[found.name];
      if (reason !== undefined) refuses(() => verifyTimestamp(question), reason);
      else proven += verifyTimestamp(question).time.getUTCFullYear() > 2020 ? 1 : 0;
    }
  }
  assert.ok(proven >= 19);
});

test("gives the time, the authority and its certificate", async () => {
  const response = parseTimestampResponse(await makeTimestamp(tsa, signature));
  const proven = verifyTimestamp({ response, signature, authorities: [trusted] });
  assert.equal(proven.time.toISOString(), "2025-06-01T00:00:00.000Z");
  assert.equal(proven.authority, trusted);
  assert.equal(proven.certificate, tsa.certificate);
  assert.equal(proven.info.policy, "1.3.6.1.4.1.57264.2");
});

test("a fraction of a second counts", async () => {
  const time = await ask({ time: "20250601000000.25Z" });
  assert.equal(time().toISOString(), "2025-06-01T00:00:00.250Z");
});

const nothing = Uint8Array.of();
const wrongParts: readonly (readonly [string, RegExp, Parts])[] = [
  ["1: a refusal", /not granted \(status 2/, { status: 2, withToken: false }],
  ["1: a refusal with a token", /not granted \(status 5/, { status: 5 }],
  ["1: a grant without a token", /is missing/, { withToken: false }],
  ["2: another kind of CMS", /not signed data/, { contentInfoType: "1.2.840.113549.1.7.1" }],
  ["2: another content", /something else/, { contentType: "1.2.840.113549.1.7.1" }],
  ["2: no signer", /no signers/, { signers: () => [] }],
  ["2: two signers", /2 signers/, { signers: (good) => [good, good] }],
  ["3: another signed type", /another type/, { typeAttribute: "1.2.840.113549.1.7.1" }],
  ["3: another digest", /did not sign/, { digestAttribute: new Uint8Array(32) }],
  ["3: no signed type", /another type/, { attributes: (good) => good.slice(1) }],
  [
    "3: no digest",
    /without its content's digest/,
    { attributes: (good) => good.filter((_, index) => index !== 1) },
  ],
  ["4: another imprint", /another signature/, { imprint: new Uint8Array(32) }],
  [
    "4: an imprint of another algorithm",
    /another signature/,
    { imprintOid: "2.16.840.1.101.3.4.2.2" },
  ],
  [
    "4: an imprint by SHA-1",
    /unsupported digest/,
    { imprintOid: "1.3.14.3.2.26", imprint: hash("sha1", signature) },
  ],
  ["6: no ESSCertID", /does not say by which/, { attributes: (good) => good.slice(0, 2) }],
  [
    "6: another certificate's ESSCertIDv2",
    /another certificate/,
    { named: stranger.certificate.der },
  ],
  [
    "6: another certificate's ESSCertID",
    /another certificate/,
    { named: stranger.certificate.der, essVersion: 1 },
  ],
  ["6: another's name", /does not know/, { claimed: foreign }],
  [
    "7: a wrong signature",
    /not by its authority/,
    { signature: (good) => good.with(20, (good[20] ?? 0) ^ 1) },
  ],
  ["7: no signature", /not by its authority/, { signature: () => nothing }],
  ["another version", /version 2/, { version: 2 }],
  ["a critical extension", /critical extension 1\.2\.3\.4/, { tail: [timestampExtension(true)] }],
];

for (const [name, reason, parts] of wrongParts) {
  test(`refuses ${name}`, async () => refuses(await ask(parts), reason));
}

test("takes both versions of ESSCertID, and what else a TSTInfo may hold", async () => {
  (await ask({ essVersion: 1 }))();
  (await ask({ status: 1 }))();
  const accuracy = encodeDer(0x30, encodeUnsigned(Uint8Array.of(1)));
  const name = encodeDer(0xa0, encodeDer(0x86, Buffer.from("https://tsa.example")));
  const nonce = encodeDer(2, Uint8Array.of(0xff));
  (
    await ask({
      tail: [accuracy, Uint8Array.of(1, 1, 0xff), nonce, name, timestampExtension(false)],
    })
  )();
});

test("an attribute may not occur twice, nor have two values", async () => {
  const twice = await ask({ attributes: (good) => [...good, ...good.slice(0, 1)] });
  refuses(twice, /occurs twice/, "ENCODING_INVALID");
});

test("5: the nonce is compared as a number", async () => {
  const nonce = Uint8Array.of(0, 0, 0x81, 2, 3, 4, 5, 6);
  (await ask({ nonce: nonce.subarray(2) }, { nonce }))();
  refuses(await ask({ nonce: nonce.subarray(3) }, { nonce }), /nonce/);
  refuses(await ask({}, { nonce }), /nonce/);
  refuses(await ask({ tail: [encodeDer(2, nonce.subarray(2))] }, { nonce }), /nonce/);
  (await ask({ nonce }))();
});

test("7: the same name and serial number with another key is not the authority", async () => {
  const impostor = await issue({ name: "TSA", issuer: root, extensions: timestampLeaf });
  refuses(await ask({ named: tsa.certificate.der }, { signer: impostor }), /not by its authority/);
  refuses(
    await ask({ embedded: [impostor.certificate.der] }, { signer: impostor }),
    /another certificate/,
  );
});

test("a key identifier names the signer as well", async () => {
  const own = Uint8Array.of(1, 2, 3);
  const extensions = [...timestampLeaf, new Extension("2.5.29.14", false, encodeDer(4, own))];
  const signer = await issue({ name: "TSA", issuer: root, extensions });
  const authorities = [trusting("2020-01-01T00:00:00Z", signer, root)];
  (await ask({ byKeyIdentifier: own }, { signer, authorities }))();
  refuses(
    await ask({ byKeyIdentifier: Uint8Array.of(1) }, { signer, authorities }),
    /does not know/,
  );
  refuses(await ask({ byKeyIdentifier: own }), /does not know/);
});

const sign = usage(KeyUsageFlags.digitalSignature);
const wrongLeaves: readonly (readonly [string, RegExp, Wish["extensions"]])[] = [
  ["without purpose", /timestamps alone/, [sign]],
  ["for code signing", /timestamps alone/, [sign, purposes(true, codeSigning)]],
  [
    "for timestamps and more",
    /timestamps alone/,
    [sign, purposes(true, timeStamping, codeSigning)],
  ],
  ["with a purpose that is not critical", /not critical/, [sign, purposes(false, timeStamping)]],
  [
    "for other key usage",
    /not for signatures/,
    [usage(KeyUsageFlags.keyAgreement), purposes(true, timeStamping)],
  ],
];

for (const [name, reason, extensions] of wrongLeaves) {
  test(`8: refuses an authority's certificate ${name}`, async () => {
    const signer = await issue({ name: "TSA", issuer: root, extensions });
    const authorities = [trusting("2020-01-01T00:00:00Z", signer, root)];
    refuses(await ask({}, { signer, authorities }), reason);
  });
}

test("9: the chain must hold at the time of the timestamp", async () => {
  refuses(await ask({ time: "20260101000001Z" }), /authority's certificate is valid from/);
  (await ask({ time: "20260101000000Z" }))();
  refuses(
    await ask({}, { authorities: [trusting("2020-01-01T00:00:00Z", tsa, strangerRoot)] }),
    /is not signed by/,
  );
  const old = await issue({ name: "old", notAfter: "2025-05-31T00:00:00Z", extensions: authority });
  const below = await issue({ name: "TSA", issuer: old, extensions: timestampLeaf });
  const expired = { signer: below, authorities: [trusting("2020-01-01T00:00:00Z", below, old)] };
  refuses(await ask({}, expired), /issuer "CN=old", which is valid from/);
  const narrow = await issue({
    name: "narrow",
    extensions: [...authority, purposes(false, codeSigning)],
  });
  const misused = await issue({ name: "TSA", issuer: narrow, extensions: timestampLeaf });
  const wrongPurpose = {
    signer: misused,
    authorities: [trusting("2020-01-01T00:00:00Z", misused, narrow)],
  };
  refuses(await ask({}, wrongPurpose), /may not issue for timeStamping/);
});

test("10: the trusted root must trust it then; of several entries one is enough", async () => {
  const late = trusting("2025-06-01T00:00:00.001Z", tsa, root);
  refuses(await ask({}, { authorities: [late] }), /trusts from/);
  (await ask({}, { authorities: [late, trusted] }))();
  (await ask({}, { authorities: [trusting("2025-06-01T00:00:00Z", tsa, root)] }))();
});

test("embedded certificates are never anchors, and replace none that the trusted root has", async () => {
  const foreignRoot = await issue({ name: "foreign", extensions: authority });
  const foreignLeaf = await issue({
    name: "TSA",
    issuer: foreignRoot,
    extensions: timestampLeaf,
  });
  const embedded = [foreignLeaf.certificate.der, foreignRoot.certificate.der];
  refuses(await ask({ embedded }, { signer: foreignLeaf }), /does not know/);
  (await ask({ embedded: [tsa.certificate.der, root.certificate.der] }))();
  refuses(await ask({ embedded: [foreignRoot.certificate.der] }), /not among those sent along/);
  (await ask({ embedded: [] }))();
});

test("where the trusted root has only issuers, the certificate sent along is proven by them", async () => {
  const authorities = [trusting("2020-01-01T00:00:00Z", root)];
  refuses(await ask({}, { authorities }), /does not know/);
  (await ask({ embedded: [tsa.certificate.der] }, { authorities }))();
  const impostor = await issue({ name: "TSA", issuer: strangerRoot, extensions: timestampLeaf });
  const embedded = [impostor.certificate.der];
  refuses(await ask({ embedded }, { signer: impostor, authorities }), /is not signed by/);
  const ca = await issue({
    name: "CA",
    issuer: root,
    extensions: [...timestampLeaf, authorityConstraints()],
  });
  refuses(
    await ask({ embedded: [ca.certificate.der] }, { signer: ca, authorities }),
    /authority's/,
  );
});

test("of several timestamps the unknown are passed over, a known authority's must hold", async () => {
  const good = parseTimestampResponse(await makeTimestamp(tsa, signature));
  const foreign = await issue({
    name: "TSA",
    issuer: await issue({ name: "foreign", extensions: authority }),
    extensions: timestampLeaf,
  });
  const unknown = parseTimestampResponse(await makeTimestamp(foreign, signature));
  const bad = parseTimestampResponse(await makeTimestamp(tsa, Buffer.from("another")));
  const verify = (...responses: readonly (typeof good)[]): ReturnType<typeof verifyTimestamps> =>
    verifyTimestamps({ responses, signature, authorities: [trusted] });
  assert.equal(verify(unknown, good, good).length, 2);
  assert.equal(countTimestampAuthorities(verify(unknown, good, good)), 1);
  assert.equal(verify(unknown).length, 0);
  refuses(() => verify(good, bad), /another signature/);
  refuses(() => verify(...Array.from({ length: 33 }, () => good)), /more than 32/);
});

test("every changed byte of a real response is refused, or changes only what nobody signs", () => {
  const {
    timestamps,
    timestampAuthorities: authorities,
    signature: signed,
  } = readCase("rekor2-happy-path");
  const bytes = timestamps[0] ?? nothing;
  const harmless: number[] = [];
  for (let at = 0; at < bytes.length; at++) {
    for (const mask of [0x01, 0x80, 0x20]) {
      const changed = new Uint8Array(bytes).with(at, (bytes[at] ?? 0) ^ mask);
      try {
        verifyTimestamp({
          response: parseTimestampResponse(changed),
          signature: signed,
          authorities,
        });
        harmless.push(at);
      } catch (error) {
        assert.ok(error instanceof SigstepError, `byte ${at}: ${String(error)}`);
      }
    }
  }
  // PKIStatus 1 means granted as well, and the certificates sent along become revocation lists: nobody
  // signs either, and nothing is believed because of them.
  assert.deepEqual(harmless, [8, 247]);
});

test("any bytes are a response or an error of ours", () => {
  const good = readCase("rekor2-happy-path").timestamps[0] ?? nothing;
  const changed = fc
    .array(fc.tuple(fc.nat(good.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 })
    .map((changes) =>
      changes.reduce((bytes, [at, byte]) => bytes.with(at, byte), new Uint8Array(good)),
    );
  fc.assert(
    fc.property(fc.oneof(changed, fc.uint8Array({ maxLength: 300 })), (bytes) => {
      try {
        verifyTimestamp({
          response: parseTimestampResponse(bytes),
          signature,
          authorities: [trusted],
        });
      } catch (error) {
        assert.ok(error instanceof SigstepError);
      }
    }),
    { numRuns: process.env.SLOW === "1" ? 50_000 : 1_500 },
  );
});

function openssl(folder: string, ...args: readonly string[]): string {
  return execFileSync("openssl", [...args], { cwd: folder, encoding: "utf8", stdio: "pipe" });
}

/** An authority run by openssl: its files in `folder`, its answers to our requests. */
function startAuthority(folder: string, key: readonly string[], ess: string): TimestampAuthority {
  const leaf =
    "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=critical,timeStamping\nsubjectKeyIdentifier=hash\n";
  writeFileSync(join(folder, "leaf.cnf"), leaf);
  writeFileSync(
    join(folder, "tsa.cnf"),
    `[tsa]\ndefault_tsa=t\n[t]\nserial=serial\ndefault_policy=1.3.6.1.4.1.57264.2\ndigests=sha256,sha384,sha512\nordering=yes\naccuracy=secs:1\ness_cert_id_alg=${ess}\nsigner_digest=sha512\n`,
  );
  openssl(
    folder,
    "req",
    "-x509",
    ...key,
    "-noenc",
    "-keyout",
    "root.key",
    "-out",
    "root.pem",
    "-subj",
    "/O=openssl/CN=root",
    "-days",
    "2",
    "-addext",
    "keyUsage=critical,keyCertSign",
  );
  openssl(
    folder,
    "req",
    "-new",
    ...key,
    "-noenc",
    "-keyout",
    "tsa.key",
    "-out",
    "tsa.csr",
    "-subj",
    "/O=openssl/CN=tsa",
  );
  openssl(
    folder,
    "x509",
    "-req",
    "-in",
    "tsa.csr",
    "-CA",
    "root.pem",
    "-CAkey",
    "root.key",
    "-CAcreateserial",
    "-out",
    "tsa.pem",
    "-days",
    "1",
    "-extfile",
    "leaf.cnf",
  );
  const certificates = ["tsa.pem", "root.pem"].map((file) => {
    openssl(folder, "x509", "-in", file, "-outform", "DER", "-out", `${file}.der`);
    return parseCertificate(readFileSync(join(folder, `${file}.der`)));
  });
  return { certificates, validFor: { start: new Date("2020-01-01T00:00:00Z") } };
}

for (const [name, key, ess] of [
  ["RSA and ESSCertID", ["-newkey", "rsa:2048"], "sha1"],
  ["RSA and ESSCertIDv2", ["-newkey", "rsa:3072"], "sha512"],
  ["P-384 and ESSCertIDv2", ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-384"], "sha256"],
] as const) {
  test(`openssl answers our request with ${name}, and we prove it`, () => {
    const folder = mkdtempSync(join(tmpdir(), "sigstep-tsa-"));
    try {
      const authorities = [startAuthority(folder, key, ess)];
      for (const algorithm of ["sha256", "sha384", "sha512"] as const) {
        for (const certificates of [false, true]) {
          const nonce = Uint8Array.of(0x80, 1, 2, 3, 4, 5, 6, 7);
          const digest = computeDigest(algorithm, signature);
          writeFileSync(
            join(folder, "request.tsq"),
            encodeTimestampRequest({ digest, nonce, certificates }),
          );
          assert.match(
            openssl(folder, "ts", "-query", "-in", "request.tsq", "-text"),
            /Nonce: 0x8001020304050607/,
          );
          openssl(
            folder,
            "ts",
            "-reply",
            "-config",
            "tsa.cnf",
            "-section",
            "t",
            "-queryfile",
            "request.tsq",
            "-signer",
            "tsa.pem",
            "-inkey",
            "tsa.key",
            "-chain",
            "root.pem",
            "-out",
            "response.tsr",
          );
          const response = parseTimestampResponse(readFileSync(join(folder, "response.tsr")));
          assert.equal(response.token?.certificates.length, certificates ? 2 : 0);
          const { time } = verifyTimestamp({ response, signature, authorities, nonce });
          assert.ok(Math.abs(time.getTime() - Date.now()) < 60_000);
        }
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
}

test("openssl accepts what the maker of these tests makes", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sigstep-tsa-"));
  try {
    writeFileSync(join(folder, "root.der"), root.certificate.der);
    writeFileSync(join(folder, "tsa.der"), tsa.certificate.der);
    for (const file of ["root", "tsa"])
      openssl(folder, "x509", "-inform", "DER", "-in", `${file}.der`, "-out", `${file}.pem`);
    writeFileSync(join(folder, "data"), signature);
    writeFileSync(
      join(folder, "response.tsr"),
      await makeTimestamp(tsa, signature, { time: "20250601000000Z" }),
    );
    const time = String(Date.parse("2025-06-01T00:00:00Z") / 1000);
    const said = openssl(
      folder,
      "ts",
      "-verify",
      "-data",
      "data",
      "-in",
      "response.tsr",
      "-CAfile",
      "root.pem",
      "-untrusted",
      "tsa.pem",
      "-attime",
      time,
    );
    assert.match(said, /Verification: OK/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("a request needs a nonce of 8 bytes", () => {
  const digest = computeDigest("sha256", signature);
  assert.throws(
    () => encodeTimestampRequest({ digest, nonce: new Uint8Array(7), certificates: false }),
    TypeError,
  );
});
