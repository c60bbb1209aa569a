// SCTs: real ones hold, and everything that a log signed can be changed in no way.
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { parsePublicKey } from "../../src/crypto/keys.ts";
import { encodeDer } from "../../src/encoding/der-encode.ts";
import { SigstepError } from "../../src/errors.ts";
import { type Certificate, parseCertificate } from "../../src/sigstore/certificate.ts";
import { type ProvenCertificate, verifyChain } from "../../src/sigstore/chain.ts";
import type { TransparencyLog } from "../../src/sigstore/log.ts";
import { encodeTbsWithoutScts, verifySct } from "../../src/sigstore/sct.ts";
import { parseDetachedSct, parseSctList } from "../../src/sigstore/sct-list.ts";
import { readConformanceCases } from "./conformance.ts";
import { authority, Extension, issue, signingLeaf } from "./issue.ts";

const time = Date.parse("2025-06-01T00:00:00Z");
const ecdsa = generateKeyPairSync("ec", { namedCurve: "P-256" });
const root = await issue({ name: "root", extensions: authority });

function makeLog(
  publicKey: KeyObject,
  start = "2020-01-01T00:00:00Z",
  end?: string,
): TransparencyLog {
  const key = parsePublicKey(publicKey.export({ format: "der", type: "spki" }));
  return {
    baseUrl: "https://ct.example",
    logId: createHash("sha256").update(key.spki).digest(),
    publicKey: key,
    validFor: { start: new Date(start), ...(end === undefined ? {} : { end: new Date(end) }) },
    operator: "example",
  };
}

const log = makeLog(ecdsa.publicKey);

function number(value: bigint | number, octets: number): Buffer {
  return Buffer.from(
    BigInt(value)
      .toString(16)
      .padStart(octets * 2, "0"),
    "hex",
  );
}

function vector(bytes: Uint8Array, octets: number): Buffer {
  return Buffer.concat([number(bytes.length, octets), bytes]);
}

interface Promised {
  readonly entry: Uint8Array;
  readonly extensions?: Uint8Array;
  readonly key?: KeyObject;
  readonly algorithm?: number;
}

/** What the log signs, written here a second time. */
function promise({ entry, extensions = Buffer.of(), key = ecdsa.privateKey }: Promised): Buffer {
  return sign(
    "sha256",
    Buffer.concat([Buffer.of(0, 0), number(time, 8), entry, vector(extensions, 2)]),
    key,
  );
}

function serialize(promised: Promised, id = log.logId): Buffer {
  const { extensions = Buffer.of(), algorithm = 3 } = promised;
  const signature = Buffer.concat([Buffer.of(4, algorithm), vector(promise(promised), 2)]);
  return Buffer.concat([Buffer.of(0), id, number(time, 8), vector(extensions, 2), signature]);
}

/** The leaf whose precertificate the log saw: the same, but for the list of SCTs. */
const withoutScts = await issue({ issuer: root, extensions: signingLeaf });
const precertificate = Buffer.concat([
  number(1, 2),
  createHash("sha256").update(root.certificate.spki).digest(),
  vector(withoutScts.certificate.tbs, 3),
]);

async function leafWith(...scts: readonly Uint8Array[]): Promise<ProvenCertificate> {
  const list = vector(Buffer.concat(scts.map((sct) => vector(sct, 2))), 2);
  const extension = new Extension("1.3.6.1.4.1.11129.2.4.2", false, encodeDer(4, list));
  const [first, ...others] = signingLeaf;
  const extensions = [...(first === undefined ? [] : [first]), extension, ...others];
  const { certificate } = await issue({ issuer: root, extensions, keys: withoutScts.keys });
  return prove(certificate);
}

function prove(leaf: Certificate): ProvenCertificate {
  const authorities = [{ certificates: [root.certificate], validFor: log.validFor }];
  return verifyChain({ leaf, authorities, at: [new Date(time)] });
}

function refuses(action: () => unknown, reason: RegExp): void {
  assert.throws(action, (error) => {
    assert.ok(error instanceof SigstepError);
    assert.equal(error.code, "SCT_INVALID");
    assert.match(error.message, reason);
    return true;
  });
}

const unprovable = ["bundle-from-wrong-instance_fail", "intoto-expired-certificate_fail"];

test("proves the SCTs of every conformance case whose chain holds", () => {
  let proven = 0;
  for (const found of readConformanceCases()) {
    const [leaf] = found.certificates.map(parseCertificate);
    if (leaf === undefined || unprovable.includes(found.name)) continue;
    const certificate = verifyChain({
      leaf,
      authorities: found.certificateAuthorities,
      at: [leaf.notBefore],
    });
    const [sct] = verifySct({ certificate, ctLogs: found.ctLogs });
    assert.ok(Math.abs((sct?.time.getTime() ?? 0) - leaf.notBefore.getTime()) < 60_000, found.name);
    refuses(() => verifySct({ certificate, ctLogs: [] }), /no certificate transparency log/);
    proven++;
  }
  assert.ok(proven >= 38);
});

test("the precertificate is the certificate without its list, byte for byte", async () => {
  const { certificate } = await leafWith(serialize({ entry: precertificate }));
  assert.deepEqual(
    Buffer.from(encodeTbsWithoutScts(certificate.tbs)),
    Buffer.from(withoutScts.certificate.tbs),
  );
  const untouched = withoutScts.certificate.tbs;
  assert.deepEqual(Buffer.from(encodeTbsWithoutScts(untouched)), Buffer.from(untouched));
});

test("proves an embedded SCT, extensions verbatim", async () => {
  for (const extensions of [Buffer.of(), Buffer.of(0, 0, 5, 1, 2, 3, 4, 5), Buffer.alloc(300, 7)]) {
    const certificate = await leafWith(serialize({ entry: precertificate, extensions }));
    const proven = verifySct({ certificate, ctLogs: [log] });
    assert.deepEqual(
      proven.map((sct) => sct.time.getTime()),
      [time],
    );
    assert.equal(proven[0]?.log, log);
  }
});

test("RSA logs are proven with RSA", async () => {
  const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const rsaLog = makeLog(rsa.publicKey);
  const promised = { entry: precertificate, key: rsa.privateKey, algorithm: 1 };
  const certificate = await leafWith(serialize(promised, rsaLog.logId));
  verifySct({ certificate, ctLogs: [log, rsaLog] });
  const wrong = await leafWith(serialize({ ...promised, algorithm: 3 }, rsaLog.logId));
  refuses(() => verifySct({ certificate: wrong, ctLogs: [rsaLog] }), /another algorithm/);
});

test("an unknown log says nothing, a known log's bad promise refuses", async () => {
  const good = serialize({ entry: precertificate });
  const unknown = serialize({ entry: precertificate }, Buffer.alloc(32));
  const bad = serialize({ entry: Buffer.concat([precertificate, Buffer.of(0)]) });
  assert.equal(verifySct({ certificate: await leafWith(unknown, good), ctLogs: [log] }).length, 1);
  const onlyUnknown = await leafWith(unknown);
  refuses(
    () => verifySct({ certificate: onlyUnknown, ctLogs: [log] }),
    /no certificate transparency log/,
  );
  const mixed = await leafWith(good, bad);
  refuses(() => verifySct({ certificate: mixed, ctLogs: [log] }), /has not signed/);
});

test("refuses an SCT of another certificate, and of another issuer", async () => {
  const other = await issue({ issuer: root, extensions: signingLeaf });
  const foreign = vector(other.certificate.tbs, 3);
  const swapped = await leafWith(
    serialize({ entry: Buffer.concat([precertificate.subarray(0, 34), foreign]) }),
  );
  refuses(() => verifySct({ certificate: swapped, ctLogs: [log] }), /has not signed/);
  const issuer = Buffer.from(precertificate);
  issuer.fill(0, 2, 34);
  const wrongIssuer = await leafWith(serialize({ entry: issuer }));
  refuses(() => verifySct({ certificate: wrongIssuer, ctLogs: [log] }), /has not signed/);
});

test("the log must be trusted at the time of its promise, both ends included", async () => {
  const certificate = await leafWith(serialize({ entry: precertificate }));
  const at = new Date(time).toISOString();
  const before = makeLog(ecdsa.publicKey, "2020-01-01T00:00:00Z", "2025-05-31T23:59:59.999Z");
  refuses(() => verifySct({ certificate, ctLogs: [before] }), /not trusted/);
  refuses(
    () =>
      verifySct({ certificate, ctLogs: [makeLog(ecdsa.publicKey, "2025-06-01T00:00:00.001Z")] }),
    /not trusted/,
  );
  verifySct({ certificate, ctLogs: [before, makeLog(ecdsa.publicKey, at, at)] });
});

test("names the logs of a certificate that are unknown, and the trusted root that does not know them", async () => {
  const unknown = Buffer.alloc(32, 0xab);
  const certificate = await leafWith(
    serialize({ entry: precertificate }, unknown),
    serialize({ entry: precertificate }, Buffer.alloc(32, 0xcd)),
  );
  const question = { certificate, ctLogs: [log], label: "prod.json" };
  refuses(() => verifySct(question), /root "prod\.json" knows: it is in (ab){32}, (cd){32}; /);
  refuses(() => verifySct(question), /has [0-9a-f]{64} \("https:\/\/ct\.example"\)/);
});

test("refuses a certificate without any", () => {
  refuses(
    () => verifySct({ certificate: prove(withoutScts.certificate), ctLogs: [log] }),
    /has no signed/,
  );
});

function detached(change: Readonly<Record<string, unknown>> = {}): Uint8Array {
  const entry = Buffer.concat([number(0, 2), vector(withoutScts.certificate.der, 3)]);
  const signature = Buffer.concat([Buffer.of(4, 3), vector(promise({ entry }), 2)]);
  const answer = {
    sct_version: 0,
    id: Buffer.from(log.logId).toString("base64"),
    timestamp: time,
    extensions: "",
    signature: signature.toString("base64"),
    ...change,
  };
  return Buffer.from(JSON.stringify(answer));
}

test("proves a detached SCT over the certificate itself", () => {
  const certificate = prove(withoutScts.certificate);
  const sct = parseDetachedSct(detached());
  assert.ok(sct !== undefined);
  assert.equal(verifySct({ certificate, ctLogs: [log], detached: sct }).length, 1);
  const later = parseDetachedSct(detached({ timestamp: time + 1 }));
  assert.ok(later !== undefined);
  refuses(() => verifySct({ certificate, ctLogs: [log], detached: later }), /has not signed/);
  assert.equal(parseDetachedSct(new Uint8Array()), undefined);
});

test("refuses detached SCTs that are something else", () => {
  const changes = [
    { sct_version: 1 },
    { id: "AAAA" },
    { timestamp: -1 },
    { signature: "BAMA" },
    { signature: 5 },
  ];
  for (const change of changes) {
    refuses(() => parseDetachedSct(detached(change)), /./);
  }
  refuses(() => parseDetachedSct(Buffer.from("<html>")), /./);
});

test("refuses lists that are not written whole", () => {
  const sct = serialize({ entry: precertificate });
  const list = (...scts: readonly Uint8Array[]): Buffer => {
    return vector(Buffer.concat(scts.map((one) => vector(one, 2))), 2);
  };
  assert.equal(parseSctList(list(sct, sct)).length, 2);
  const wrong = [
    Buffer.of(),
    list(),
    list(sct).subarray(0, -1),
    Buffer.concat([list(sct), Buffer.of(0)]),
    list(Buffer.concat([sct, Buffer.of(0)])),
    list(Buffer.concat([Buffer.of(1), sct.subarray(1)])),
    list(sct.subarray(0, 40)),
    list(...Array.from({ length: 33 }, () => sct)),
  ];
  for (const bytes of wrong) refuses(() => parseSctList(bytes), /./);
});

test("every changed byte of the list is noticed", async () => {
  const sct = serialize({ entry: precertificate, extensions: Buffer.of(1, 2, 3) });
  for (let at = 0; at < sct.length; at++) {
    const changed = Buffer.from(sct);
    changed[at] = (changed[at] ?? 0) ^ 0x01;
    const certificate = await leafWith(changed);
    assert.throws(() => verifySct({ certificate, ctLogs: [log] }), SigstepError, `byte ${at}`);
  }
});

test("any bytes are a list or an error of ours", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      for (const parse of [parseSctList, parseDetachedSct, encodeTbsWithoutScts]) {
        try {
          parse(bytes);
        } catch (error) {
          const code = parse === encodeTbsWithoutScts ? "ENCODING_INVALID" : "SCT_INVALID";
          assert.ok(error instanceof SigstepError && error.code === code);
        }
      }
    }),
    { numRuns: process.env.SLOW === "1" ? 50_000 : 1_000 },
  );
});
