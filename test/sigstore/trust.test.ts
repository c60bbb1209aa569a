// Trusted roots: the real ones, v0.2 with its two new fields, and each part wrong in turn.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { suite, test } from "node:test";
import fc from "fast-check";
import { encodeBase64 } from "../../src/encoding/base64.ts";
import embedded from "../../src/sigstore/public-good/trusted_root.json" with { type: "json" };
import { publicGood } from "../../src/sigstore/public-good/embedded.ts";
import { parseTrustedRoot, type TrustedRoot } from "../../src/sigstore/trust.ts";
import { isContained, refusal, refuses, runs } from "../refusal.ts";

const code = "TRUSTED_ROOT_INVALID";
const conformance = new URL("../vectors/sigstore-conformance/", import.meta.url);

function parse(value: unknown): TrustedRoot {
  return parseTrustedRoot(Buffer.from(JSON.stringify(value)), "root.json");
}

/** In short: what is where, from when to when. */
function outline(root: TrustedRoot): Record<string, string[]> {
  const range = ({ validFor: { start, end } }: { validFor: { start: Date; end?: Date } }): string =>
    `${start.toISOString().slice(0, 10)}..${end?.toISOString().slice(0, 10) ?? ""}`;
  const logs = (all: TrustedRoot["logs"]): string[] =>
    all.map((log) => `${log.baseUrl} ${log.publicKey.keyDetails} ${range(log)}`);
  const authorities = (all: TrustedRoot["certificateAuthorities"]): string[] =>
    all.map((one) => `${one.uri} ${one.certificates.length} ${range(one)}`);
  return {
    logs: logs(root.logs),
    ctLogs: logs(root.ctLogs),
    cas: authorities(root.certificateAuthorities),
    tsas: authorities(root.timestampAuthorities),
  };
}

suite("the real ones", () => {
  test("of the public-good instance", () => {
    const root = parseTrustedRoot(publicGood.trustedRoot, "public-good");
    assert.deepEqual(outline(root), {
      logs: [
        "https://rekor.sigstore.dev PKIX_ECDSA_P256_SHA_256 2021-01-12..",
        "https://log2025-1.rekor.sigstore.dev PKIX_ED25519 2025-09-23..",
      ],
      ctLogs: [
        "https://ctfe.sigstore.dev/test PKIX_ECDSA_P256_SHA_256 2021-03-14..2022-10-31",
        "https://ctfe.sigstore.dev/2022 PKIX_ECDSA_P256_SHA_256 2022-10-20..",
      ],
      cas: [
        "https://fulcio.sigstore.dev 1 2021-03-07..2022-12-31",
        "https://fulcio.sigstore.dev 2 2022-04-13..",
      ],
      tsas: ["https://timestamp.sigstore.dev/api/v1/timestamp 2 2025-07-04.."],
    });
    assert.equal(
      encodeBase64(root.logs[0]?.logId ?? new Uint8Array()),
      "wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB0=",
    );
    assert.equal(root.label, "public-good");
  });

  test("of staging, without the log whose key is in an old form", () => {
    const file = new URL("../vectors/staging/trusted_root.json", import.meta.url);
    assert.deepEqual(outline(parseTrustedRoot(readFileSync(file), "staging")), {
      logs: [
        "https://rekor.sigstage.dev PKIX_ECDSA_P256_SHA_256 2021-01-12..",
        "https://log2025-alpha1.rekor.sigstage.dev PKIX_ED25519 2025-04-16..2025-09-04",
        "https://log2025-alpha2.rekor.sigstage.dev PKIX_ED25519 2025-08-08..2025-09-28",
        "https://log2025-alpha3.rekor.sigstage.dev PKIX_ED25519 2025-09-22..",
      ],
      ctLogs: [
        "https://ctfe.sigstage.dev/2022 PKIX_ECDSA_P256_SHA_256 2022-07-01..2022-07-31",
        "https://ctfe.sigstage.dev/2022-2 PKIX_ECDSA_P256_SHA_256 2022-07-01..",
        "https://log2026-1.ctfe.sigstage.dev PKIX_ECDSA_P256_SHA_256 2026-01-14..",
      ],
      cas: ["https://fulcio.sigstage.dev 2 2022-04-14.."],
      tsas: ["https://timestamp.sigstage.dev/api/v1/timestamp 2 2025-04-09.."],
    });
  });

  const cases = readdirSync(conformance)
    .filter((name) => !/^(README|CASES|a\.txt)/.test(name))
    .filter((name) => readdirSync(new URL(`${name}/`, conformance)).includes("trusted_root.json"));
  test("of the conformance suite are all there", () => assert.equal(cases.length, 27));
  for (const name of cases) {
    const bytes = readFileSync(new URL(`${name}/trusted_root.json`, conformance));
    if (name === "trust-root-tlog-missing-validity-start_fail") {
      test(`${name} is refused by the field that is missing`, () => {
        const error = refusal(code, () => parseTrustedRoot(bytes, name));
        assert.match(error.message, /tlogs\[1\]\.publicKey\.validFor\.start/);
      });
    } else {
      test(`${name} is read`, () => {
        const root = parseTrustedRoot(bytes, name);
        assert.ok(root.certificateAuthorities.length + root.logs.length > 0);
      });
    }
  }
});

interface Root {
  mediaType: unknown;
  tlogs: Log[];
  ctlogs: Log[];
  certificateAuthorities: Authority[];
  timestampAuthorities: Authority[];
}
interface Log {
  baseUrl?: unknown;
  operator?: unknown;
  publicKey: { rawBytes?: unknown; keyDetails?: unknown; validFor?: unknown };
  logId?: unknown;
  checkpointKeyId?: unknown;
}
interface Authority {
  uri?: unknown;
  certChain?: { certificates?: unknown };
  validFor?: unknown;
}

/** The embedded root, fresh, to be changed. */
function real(): Root {
  return structuredClone(embedded);
}

suite("media types", () => {
  for (const type of [
    "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "application/vnd.dev.sigstore.trustedroot.v0.1+json",
    "application/vnd.dev.sigstore.trustedroot.v0.2+json",
  ]) {
    test(`${type} is read`, () => void parse({ ...real(), mediaType: type }));
  }
  for (const type of [
    undefined,
    null,
    "",
    "application/json",
    "application/vnd.dev.sigstore.trustedroot.v0.3+json",
    "application/vnd.dev.sigstore.trustedroot+json;version=0.2",
    "application/vnd.dev.sigstore.signingconfig.v0.2+json",
    7,
  ]) {
    test(`${String(type)} is refused`, () =>
      refuses(code, () => parse({ ...real(), mediaType: type })));
  }
});

suite("what may be left out", () => {
  test("is each list, as an instance without that service does", () => {
    for (const name of [
      "tlogs",
      "ctlogs",
      "certificateAuthorities",
      "timestampAuthorities",
    ] as const) {
      const lists = outline(parse({ ...real(), [name]: undefined }));
      const empty = outline(parse({ ...real(), [name]: [] }));
      assert.deepEqual(lists, empty);
      assert.equal(Object.values(lists).filter(({ length }) => length === 0).length, 1);
    }
  });

  test("are labels: URL, URI and operator", () => {
    const root = real();
    for (const log of root.tlogs) log.baseUrl = undefined;
    for (const one of root.certificateAuthorities) one.uri = null;
    const parsed = parse(root);
    assert.equal(parsed.logs[0]?.baseUrl, "");
    assert.equal(parsed.certificateAuthorities[0]?.uri, "");
  });

  test("is the operator, for whom the URL then stands", () => {
    const root = real();
    const [first] = root.tlogs;
    assert.ok(first !== undefined);
    first.operator = "sigstore.dev";
    const [named, other] = parse(root).logs;
    assert.equal(named?.operator, "sigstore.dev");
    assert.equal(other?.operator, other?.baseUrl);
  });
});

suite("a log", () => {
  function changed(change: (log: Log) => void): Root {
    const root = real();
    for (const log of root.tlogs) change(log);
    return root;
  }

  test("is found by its checkpoint key id where the file has one (v0.2)", () => {
    const keyId = encodeBase64(new Uint8Array(32).fill(7));
    const root = parse(changed((log) => (log.checkpointKeyId = { keyId })));
    for (const { logId } of root.logs) assert.equal(encodeBase64(logId), keyId);
    const without = parse(
      changed((log) => {
        log.checkpointKeyId = log.logId;
        log.logId = undefined;
      }),
    );
    assert.equal(without.logs.length, 2);
  });

  test("with a key of a kind that we do not know is left out, the others stay", () => {
    const root = real();
    const [first] = root.tlogs;
    assert.ok(first !== undefined);
    first.publicKey.rawBytes = encodeBase64(Buffer.from("a key of the future"));
    first.publicKey.keyDetails = "PKIX_OF_THE_FUTURE";
    assert.equal(parse(root).logs.length, 1);
  });

  const wrong: Readonly<Record<string, (log: Log) => void>> = {
    "without key": (log) => Object.assign(log, { publicKey: undefined }),
    "without key bytes": (log) => (log.publicKey.rawBytes = undefined),
    "with a key that is not base64": (log) => (log.publicKey.rawBytes = "!"),
    "without validity": (log) => (log.publicKey.validFor = undefined),
    "with an empty validity": (log) => (log.publicKey.validFor = {}),
    "with an end alone": (log) => (log.publicKey.validFor = { end: "2030-01-01T00:00:00Z" }),
    "with a start that is no time": (log) => (log.publicKey.validFor = { start: "then" }),
    "that ends before it starts": (log) =>
      (log.publicKey.validFor = { start: "2030-01-01T00:00:00Z", end: "2029-01-01T00:00:00Z" }),
    "without id": (log) => (log.logId = undefined),
    "with an empty id": (log) => (log.logId = {}),
    "with an id that is not base64": (log) => (log.logId = { keyId: "zz" }),
    "with a URL that is no text": (log) => (log.baseUrl = 7),
    "with an operator that is no text": (log) => (log.operator = {}),
  };
  for (const [name, change] of Object.entries(wrong)) {
    test(`${name} makes the file refused`, () => refuses(code, () => parse(changed(change))));
    test(`${name}, of certificates, too`, () => {
      const root = real();
      for (const log of root.ctlogs) change(log);
      refuses(code, () => parse(root));
    });
  }
});

suite("an authority", () => {
  const certificates = real().certificateAuthorities[1]?.certChain?.certificates;
  const wrong: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
    "without chain": { certChain: undefined },
    "without certificates": { certChain: {} },
    "with an empty chain": { certChain: { certificates: [] } },
    "with a chain of 11": { certChain: { certificates: Array(11).fill({ rawBytes: "AA==" }) } },
    "with a certificate that is none": { certChain: { certificates: [{ rawBytes: "AAAA" }] } },
    "with a certificate in PEM": { certChain: { certificates: [{ rawBytes: "-----BEGIN" }] } },
    "with a certificate that is missing": { certChain: { certificates: [{}] } },
    "with certificates that are text": { certChain: { certificates: ["AAAA"] } },
    "without validity": { validFor: undefined },
    "without start": { validFor: { end: "2030-01-01T00:00:00Z" } },
    "with a URI that is no text": { uri: [] },
  };
  for (const [name, change] of Object.entries(wrong)) {
    for (const list of ["certificateAuthorities", "timestampAuthorities"] as const) {
      test(`${name} makes the file refused (${list})`, () => {
        const root = real();
        root[list] = root[list].map((one) => ({ ...one, ...change }));
        refuses(code, () => parse(root));
      });
    }
  }

  test("may be there many times, overlapping or in the future", () => {
    const root = real();
    const one = {
      uri: "x",
      certChain: { certificates },
      validFor: { start: "2099-01-01T00:00:00Z" },
    };
    root.certificateAuthorities.push(one, one);
    assert.equal(parse(root).certificateAuthorities.length, 4);
  });
});

suite("limits", () => {
  test("256 instances of a kind, and no more", () => {
    const root = real();
    const [log] = root.tlogs;
    assert.equal(parse({ ...root, tlogs: Array(256).fill(log) }).logs.length, 256);
    refuses(code, () => parse({ ...root, tlogs: Array(257).fill(log) }));
    const [one] = root.timestampAuthorities;
    refuses(code, () => parse({ ...root, timestampAuthorities: Array(257).fill(one) }));
  });

  test("4 MiB", () => {
    const text = JSON.stringify(real());
    const padded = (size: number): Buffer => Buffer.from(text.padEnd(size));
    parseTrustedRoot(padded(4 << 20), "f");
    refuses(code, () => parseTrustedRoot(padded((4 << 20) + 1), "f"));
  });

  test("one JSON text", () => {
    for (const text of ["", "{", "[]", "null", "7", "<html>"]) {
      refuses(code, () => parseTrustedRoot(Buffer.from(text), "f"));
    }
  });
});

test("any JSON gives a root or our error", () => {
  const leaves = fc.constantFrom<unknown>(
    null,
    "",
    "AAAA",
    7,
    {},
    [],
    { start: "2025-01-01T00:00:00Z" },
    { keyId: "AAAA" },
  );
  const names = [
    ...["tlogs", "ctlogs", "certificateAuthorities", "timestampAuthorities", "certChain"],
    ...["publicKey", "rawBytes", "validFor", "logId", "baseUrl", "uri", "certificates"],
  ];
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof({ maxDepth: 4 }, leaves, tie("list"), tie("object")),
    list: fc.array(tie("value"), { maxLength: 3 }),
    object: fc.dictionary(fc.constantFrom(...names), tie("value"), { maxKeys: 4 }),
  }));
  const roots = fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 4 });
  fc.assert(
    fc.property(roots, (root) =>
      isContained(() => parse({ ...root, mediaType: real().mediaType })),
    ),
    { numRuns: runs },
  );
});
