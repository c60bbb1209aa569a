// Attacks on certificates by name: who issued them, when that was allowed, what they are for, and what
// their log has promised.
import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign, webcrypto } from "node:crypto";
import { suite, test } from "node:test";
import { parsePublicKey } from "../../src/crypto/keys.ts";
import { createEphemeralSigner } from "../../src/crypto/signer.ts";
import { encodeDer } from "../../src/encoding/der-encode.ts";
import { tags } from "../../src/encoding/der.ts";
import type { Certificate } from "../../src/sigstore/certificate.ts";
import type { TransparencyLog } from "../../src/sigstore/log.ts";
import { encodeTbsWithoutScts } from "../../src/sigstore/sct.ts";
import type { TrustedRoot } from "../../src/sigstore/trust.ts";
import { artifact, artifactDigest, ask, issuer, make, refusedAt } from "./attack-bundle.ts";
import {
  authority,
  codeSigning,
  Extension,
  issue,
  type Issued,
  KeyUsageFlags,
  names,
  purposes,
  timeStamping,
  usage,
} from "./issue.ts";
import { stamp, trustedRoot, v1, workflow } from "./own-instance.ts";
import { makeEntry } from "./own-log.ts";
import type { Bundle } from "../../src/sigstore/bundle.ts";

const signer = createEphemeralSigner();
const publicKey = await webcrypto.subtle.importKey(
  "spki",
  Buffer.from(signer.spki),
  { name: "ECDSA", namedCurve: "P-256" },
  true,
  ["verify"],
);
const root = await issue({ name: "a root", extensions: authority });
const saysIssuer = new Extension(
  "1.3.6.1.4.1.57264.1.8",
  false,
  encodeDer(tags.utf8String, Buffer.from(issuer)),
);
const profile = [
  usage(KeyUsageFlags.digitalSignature),
  purposes(false, codeSigning),
  names(true, workflow),
  saysIssuer,
];

interface LeafOrder {
  readonly issuer?: Issued;
  readonly extensions?: readonly Extension[];
  readonly notAfter?: string;
  readonly name?: string;
}

/** A certificate for the one key here, good from 11:55 to 12:05 unless it is to be otherwise. */
async function leafOf(order: LeafOrder = {}): Promise<Certificate> {
  const { issuer: by = root, extensions = profile, notAfter = "2025-06-01T12:05:00Z" } = order;
  const keys = { publicKey, privateKey: by.keys.privateKey };
  const dates = { notBefore: "2025-06-01T11:55:00Z", notAfter };
  return (await issue({ issuer: by, keys, ...dates, extensions })).certificate;
}

/** A bundle over the artifact under `leaf`, by the log's promise at 12:00. */
async function bundleOf(leaf: Certificate, time?: Date): Promise<Bundle> {
  const signature = await signer.sign(artifactDigest, artifact);
  const signed = { digest: artifactDigest, signature, certificate: leaf.der };
  return {
    version: "0.3",
    signer: { kind: "certificate", certificate: leaf.der, chain: [] },
    entries: [makeEntry(v1, signed, time === undefined ? {} : { time })],
    timestamps: [],
    content: { kind: "message-signature", digest: artifactDigest, signature },
  };
}

function trusting(...chain: readonly Issued[]): { readonly trustedRoot: TrustedRoot } {
  const certificates = chain.map(({ certificate }) => certificate);
  const validFor = { start: new Date("2025-01-01T00:00:00Z") };
  const certificateAuthorities = [{ uri: "", operator: "own", certificates, validFor }];
  return { trustedRoot: { ...trustedRoot, certificateAuthorities } };
}

test("without an attack it is accepted", async () => {
  await ask(await bundleOf(await leafOf()), trusting(root));
});

suite("time", () => {
  test("an issuing CA that had ended, though leaf and root had not (CVE-2026-24122)", async () => {
    for (const [notAfter, isGood] of [
      ["2025-06-01T11:59:59Z", false],
      ["2025-06-01T12:00:00Z", true],
    ] as const) {
      const middle = await issue({ name: "middle", issuer: root, notAfter, extensions: authority });
      const bundle = await bundleOf(await leafOf({ issuer: middle }));
      if (isGood) await ask(bundle, trusting(middle, root));
      else await refusedAt(8, "CERTIFICATE_INVALID", ask(bundle, trusting(middle, root)));
    }
  });

  test("a root that had ended", async () => {
    const old = await issue({
      name: "old",
      notAfter: "2025-06-01T11:59:00Z",
      extensions: authority,
    });
    const bundle = await bundleOf(await leafOf({ issuer: old }));
    await refusedAt(8, "CERTIFICATE_INVALID", ask(bundle, trusting(old)));
  });

  test("a certificate used after its end, with a fresh entry", async () => {
    const leaf = await leafOf();
    const late = await bundleOf(leaf, new Date("2025-06-01T12:05:01Z"));
    await refusedAt(8, "CERTIFICATE_INVALID", ask(late, trusting(root)));
    const early = await bundleOf(leaf, new Date("2025-06-01T11:54:59Z"));
    await refusedAt(8, "CERTIFICATE_INVALID", ask(early, trusting(root)));
    await ask(await bundleOf(leaf, new Date("2025-06-01T12:05:00Z")), trusting(root));
  });

  test("an authority and a log outside the time for which they are trusted", async () => {
    const bundle = await bundleOf(await leafOf());
    const { trustedRoot: good } = trusting(root);
    const validFor = {
      start: new Date("2025-01-01T00:00:00Z"),
      end: new Date("2025-06-01T11:59:59Z"),
    };
    const authorities = good.certificateAuthorities.map((each) => ({ ...each, validFor }));
    const cas = { ...good, certificateAuthorities: authorities };
    await refusedAt(8, "CERTIFICATE_INVALID", ask(bundle, { trustedRoot: cas }));
    const logs = { ...good, logs: [{ ...v1.log, validFor }] };
    await refusedAt(8, "LOG_ENTRY_INVALID", ask(bundle, { trustedRoot: logs }));
  });
});

suite("who issued it", () => {
  test("another authority of the same name", async () => {
    const namesake = await issue({ name: "a root", extensions: authority });
    const bundle = await bundleOf(await leafOf({ issuer: namesake }));
    await refusedAt(8, "CERTIFICATE_INVALID", ask(bundle, trusting(root)));
  });

  test("an anchor of the attacker's own in the bundle's chain", async () => {
    const own = await issue({ name: "own root", extensions: authority });
    const bundle = await bundleOf(await leafOf({ issuer: own }));
    const { signer: who } = bundle;
    assert.ok(who.kind === "certificate");
    const text = {
      mediaType: "application/vnd.dev.sigstore.bundle+json;version=0.2",
      chain: [who.certificate, own.certificate.der],
    };
    await refusedAt(8, "CERTIFICATE_INVALID", ask(await asOld(bundle, text.chain), trusting(root)));
    // The same chain is accepted where that root is trusted.
    await ask(await asOld(bundle, text.chain), trusting(own));
  });

  test("a signer's certificate as an authority", async () => {
    const signers = await issue({
      name: "signer",
      issuer: root,
      extensions: profile,
    });
    const leaf = await leafOf({ issuer: signers });
    const text = await asOld(await bundleOf(leaf), [leaf.der, signers.certificate.der]);
    await refusedAt(8, "CERTIFICATE_INVALID", ask(text, trusting(root)));
  });

  test("a chain in another order than the signer wrote it", async () => {
    const middle = await issue({ name: "middle", issuer: root, extensions: authority });
    const leaf = await leafOf({ issuer: middle });
    const good = [leaf.der, middle.certificate.der, root.certificate.der];
    const bundle = await bundleOf(leaf);
    await ask(await asOld(bundle, good), trusting(root));
    const [first = leaf.der, second = leaf.der, third = leaf.der] = good;
    await refusedAt(
      8,
      "CERTIFICATE_INVALID",
      ask(await asOld(bundle, [first, third, second]), trusting(root)),
    );
  });
});

/** The bundle as v0.2 writes it. */
async function asOld(bundle: Bundle, chain: readonly Uint8Array[]): Promise<string> {
  const { encodeBundle } = await import("../../src/sigstore/bundle.ts");
  const certificates = chain.map((der) => ({ rawBytes: Buffer.from(der).toString("base64") }));
  return encodeBundle(bundle)
    .replace(
      /"mediaType":"[^"]*"/,
      '"mediaType":"application/vnd.dev.sigstore.bundle+json;version=0.2"',
    )
    .replace(
      /"certificate":\{[^}]*\}/,
      `"x509CertificateChain":${JSON.stringify({ certificates })}`,
    );
}

suite("what it is for", () => {
  const wrong: Readonly<Record<string, readonly Extension[]>> = {
    "no purpose": [usage(KeyUsageFlags.digitalSignature), names(true, workflow), saysIssuer],
    timestamps: [
      usage(KeyUsageFlags.digitalSignature),
      purposes(false, timeStamping),
      names(true, workflow),
      saysIssuer,
    ],
    "no signatures": [
      usage(KeyUsageFlags.keyEncipherment),
      purposes(false, codeSigning),
      names(true, workflow),
      saysIssuer,
    ],
    "an authority": [...authority, purposes(false, codeSigning), names(true, workflow), saysIssuer],
    nobody: [usage(KeyUsageFlags.digitalSignature), purposes(false, codeSigning), saysIssuer],
    "two names": [
      usage(KeyUsageFlags.digitalSignature),
      purposes(false, codeSigning),
      names(true, workflow, "https://github.com/evil/evil/.github/workflows/x.yml@refs/heads/main"),
      saysIssuer,
    ],
    "an unknown critical extension": [...profile, new Extension("1.2.3.4", true, Buffer.of(5, 0))],
  };
  for (const [what, extensions] of Object.entries(wrong)) {
    test(`a certificate for ${what}`, async () => {
      const bundle = await bundleOf(await leafOf({ extensions }));
      await refusedAt(8, "CERTIFICATE_INVALID", ask(bundle, trusting(root)));
    });
  }
});

suite("its own log", () => {
  const ct = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = parsePublicKey(ct.publicKey.export({ format: "der", type: "spki" }));
  const log: TransparencyLog = {
    baseUrl: "https://ct.example",
    logId: createHash("sha256").update(key.spki).digest(),
    publicKey: key,
    validFor: { start: new Date("2025-01-01T00:00:00Z") },
    operator: "ct",
  };

  interface SctWish {
    readonly signedExtensions?: Buffer;
    readonly extensions?: Buffer;
    readonly by?: Issued;
    readonly time?: Date;
  }

  /** A certificate with an SCT over itself, or over something near it. */
  async function withSct({
    signedExtensions,
    extensions,
    by = root,
    time,
  }: SctWish): Promise<Certificate> {
    const tbs = encodeTbsWithoutScts((await leafOf()).tbs);
    const said = extensions ?? Buffer.of(0, 0, 5, 0, 0, 0, 0, 7);
    const when = uint(BigInt((time ?? new Date("2025-06-01T11:55:01Z")).getTime()), 8);
    const entry = [uint(1n, 2), by.certificate.publicKey.keyId, uint(BigInt(tbs.length), 3), tbs];
    const signedBytes = [Buffer.of(0, 0), when, ...entry, prefixed(signedExtensions ?? said)];
    const signature = sign("sha256", Buffer.concat(signedBytes), ct.privateKey);
    const sct = Buffer.concat([
      Buffer.of(0),
      log.logId,
      when,
      prefixed(said),
      Buffer.of(4, 3),
      prefixed(signature),
    ]);
    const list = encodeDer(tags.octetString, prefixed(prefixed(sct)));
    return leafOf({
      extensions: [...profile, new Extension("1.3.6.1.4.1.11129.2.4.2", false, list)],
    });
  }

  const asked = { trustedRoot: { ...trusting(root).trustedRoot, ctLogs: [log] } };

  test("an SCT with its extensions is accepted, and no other", async () => {
    await ask(await bundleOf(await withSct({})), asked);
    const lies: readonly SctWish[] = [
      { signedExtensions: Buffer.of(), extensions: Buffer.of(0, 0, 5, 0, 0, 0, 0, 7) },
      { extensions: Buffer.of(), signedExtensions: Buffer.of(0, 0, 5, 0, 0, 0, 0, 7) },
      { by: await issue({ name: "a root", extensions: authority }) },
      { time: new Date("2024-12-31T23:59:59Z") },
    ];
    for (const lie of lies) {
      await refusedAt(9, "SCT_INVALID", ask(await bundleOf(await withSct(lie)), asked));
    }
  });

  test("no SCT, or one of an unknown log", async () => {
    await refusedAt(9, "SCT_INVALID", ask(await bundleOf(await leafOf()), asked));
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
    const publicKeyOfOther = parsePublicKey(other.export({ format: "der", type: "spki" }));
    const ctLogs = [{ ...log, publicKey: publicKeyOfOther }];
    const bundle = await bundleOf(await withSct({}));
    await refusedAt(
      9,
      "SCT_INVALID",
      ask(bundle, { trustedRoot: { ...asked.trustedRoot, ctLogs } }),
    );
  });
});

function uint(value: bigint, octets: number): Buffer {
  return Buffer.from(value.toString(16).padStart(2 * octets, "0"), "hex");
}

function prefixed(bytes: Uint8Array): Buffer {
  return Buffer.concat([uint(BigInt(bytes.length), 2), bytes]);
}

test("an instance of the attacker's own, with all the names of the trusted one", async () => {
  const namesake = await issue({ name: "a root", extensions: authority });
  const leaf = await leafOf({ issuer: namesake });
  const bundle = await bundleOf(leaf);
  assert.ok(bundle.content.kind === "message-signature");
  const { credential } = await make();
  const timestamp = (await stamp()(bundle.content.signature, credential)).response.der;
  const stamped = { ...bundle, entries: [], timestamps: [timestamp] };
  const { trustedRoot: good } = trusting(root);
  await refusedAt(8, "CERTIFICATE_INVALID", ask(stamped, { trustedRoot: { ...good, logs: [] } }));
});
