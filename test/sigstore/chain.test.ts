// Chains: real ones hold at their times, and one wrong thing at a time makes them fail for that reason.
import assert from "node:assert/strict";
import { test } from "node:test";
import { SigstepError } from "../../src/errors.ts";
import { type Certificate, parseCertificate } from "../../src/sigstore/certificate.ts";
import {
  type CertificateAuthority,
  type ChainQuestion,
  verifyChain,
} from "../../src/sigstore/chain.ts";
import { readConformanceCases } from "./conformance.ts";
import {
  authority,
  authorityConstraints,
  codeSigning,
  identity,
  issue,
  type Issued,
  KeyUsageFlags,
  names,
  purposes,
  signingLeaf,
  timeStamping,
  unknown,
  usage,
  type Wish,
} from "./issue.ts";

const now = new Date("2025-06-01T00:00:00Z");
const always = { start: new Date("2000-01-01T00:00:00Z") };

function refuses(question: ChainQuestion, reason: RegExp): void {
  assert.throws(
    () => verifyChain(question),
    (error) => {
      assert.ok(error instanceof SigstepError);
      assert.equal(error.code, "CERTIFICATE_INVALID");
      assert.match(error.message, reason);
      return true;
    },
  );
}

function trusting(...certificates: readonly Issued[]): CertificateAuthority {
  return { certificates: certificates.map(({ certificate }) => certificate), validFor: always };
}

const root = await issue({ name: "root", extensions: authority });
const intermediate = await issue({
  name: "intermediate",
  issuer: root,
  extensions: [...authority, purposes(false, codeSigning)],
});
const leaf = await issue({ issuer: intermediate, extensions: signingLeaf });

function ask(change: Partial<ChainQuestion> = {}): ChainQuestion {
  return {
    leaf: leaf.certificate,
    authorities: [trusting(intermediate, root)],
    at: [now],
    ...change,
  };
}

async function askWithLeaf(change: Partial<Wish>): Promise<ChainQuestion> {
  const { certificate } = await issue({ issuer: intermediate, extensions: signingLeaf, ...change });
  return ask({ leaf: certificate });
}

async function askWithIntermediate(change: Partial<Wish>): Promise<ChainQuestion> {
  const changed = await issue({ name: "changed", issuer: root, extensions: authority, ...change });
  const { certificate } = await issue({ issuer: changed, extensions: signingLeaf });
  return ask({ leaf: certificate, authorities: [trusting(changed, root)] });
}

test("proves every chain of the conformance cases, at the times they claim", () => {
  const outside = [
    "integrated-time-in-future_fail",
    "intoto-expired-certificate_fail",
    "intoto-set-outside-signing-cert-validity_fail",
  ];
  let proven = 0;
  for (const found of readConformanceCases()) {
    const [own, ...intermediates] = found.certificates.map(parseCertificate);
    if (own === undefined) continue;
    const at = found.integratedTimes.length > 0 ? found.integratedTimes : [own.notBefore];
    const question = { leaf: own, intermediates, authorities: found.certificateAuthorities, at };
    if (outside.includes(found.name)) refuses(question, /valid from .* not at/);
    else if (found.name === "bundle-from-wrong-instance_fail")
      refuses(question, /is not signed by/);
    else {
      const { issuers, certificate } = verifyChain(question);
      assert.equal(certificate, own);
      assert.ok(
        found.certificateAuthorities.some(
          ({ certificates }) => certificates.at(-1) === issuers.at(-1),
        ),
      );
      proven++;
    }
  }
  assert.ok(proven >= 35);
});

test("gives the identity, the issuers and the times", () => {
  const proven = verifyChain(ask());
  assert.deepEqual(proven.identity, { type: "uri", value: identity });
  assert.deepEqual(proven.issuers, [intermediate.certificate, root.certificate]);
  assert.deepEqual(proven.times, [now]);
});

test("an anchor may be an intermediate", () => {
  const proven = verifyChain(ask({ authorities: [trusting(intermediate)] }));
  assert.deepEqual(proven.issuers, [intermediate.certificate]);
});

test("a bundle's certificates bridge to the anchor, but are never one", async () => {
  const intermediates = [leaf.certificate, root.certificate, intermediate.certificate];
  const proven = verifyChain(ask({ intermediates, authorities: [trusting(root)] }));
  assert.deepEqual(proven.issuers, [intermediate.certificate, root.certificate]);
  const stranger = await issue({ name: "stranger", extensions: authority });
  refuses(
    ask({ intermediates, authorities: [trusting(stranger)] }),
    /leads to "CN=intermediate", but not to a trusted anchor/,
  );
  refuses(ask({ intermediates, authorities: [] }), /trusted root has no authority/);
});

test("an authority of the same name with another key is another one", async () => {
  const same = await issue({ name: "intermediate", extensions: authority });
  refuses(ask({ authorities: [trusting(same)] }), /is not signed by "CN=intermediate"/);
  verifyChain(ask({ authorities: [trusting(same), trusting(intermediate, root)] }));
  verifyChain(ask({ authorities: [trusting(root), trusting(same), trusting(intermediate, root)] }));
});

test("names the issuer that it does not know", async () => {
  const stranger = await issue({ name: "stranger", extensions: authority });
  refuses(
    ask({ authorities: [trusting(stranger)] }),
    /issued by "CN=intermediate"; the trusted root has "CN=stranger"/,
  );
});

test("every time must lie within every certificate and the authority's entry", async () => {
  const late = new Date("2026-01-01T00:00:00.001Z");
  refuses(
    ask({ at: [now, late] }),
    /The certificate is valid from .* not at 2026-01-01T00:00:00.001Z/,
  );
  refuses(ask({ at: [new Date("2024-12-31T23:59:59Z"), now] }), /The certificate is valid from/);
  verifyChain(ask({ at: [new Date("2025-01-01T00:00:00Z"), new Date("2026-01-01T00:00:00Z")] }));
  // GHSA-wfqv-66vq-46rm: an issuer that had expired.
  refuses(
    await askWithIntermediate({ notAfter: "2025-05-31T00:00:00Z" }),
    /issuer "CN=changed", which is valid from/,
  );
  const oldRoot = await issue({
    name: "old",
    notAfter: "2025-05-31T00:00:00Z",
    extensions: authority,
  });
  const below = await issue({ issuer: oldRoot, extensions: signingLeaf });
  refuses(
    ask({ leaf: below.certificate, authorities: [trusting(oldRoot)] }),
    /issuer "CN=old", which is valid from/,
  );
});

test("the authority's entry counts with both its ends", () => {
  const entry = (start: string, end?: string): CertificateAuthority => ({
    ...trusting(intermediate, root),
    validFor: { start: new Date(start), ...(end === undefined ? {} : { end: new Date(end) }) },
  });
  verifyChain(ask({ authorities: [entry("2025-06-01T00:00:00Z", "2025-06-01T00:00:00Z")] }));
  refuses(ask({ authorities: [entry("2025-06-01T00:00:00.001Z")] }), /trusts from/);
  refuses(
    ask({ authorities: [entry("2025-01-01T00:00:00Z", "2025-05-31T23:59:59.999Z")] }),
    /trusts from .* to /,
  );
  const proven = verifyChain(
    ask({ authorities: [entry("2030-01-01T00:00:00Z"), entry("2020-01-01T00:00:00Z")] }),
  );
  assert.equal(proven.authority.validFor.start.getUTCFullYear(), 2020);
});

test("a chain is proven at a time or not at all", () => {
  assert.throws(() => verifyChain(ask({ at: [] })), TypeError);
  refuses(ask({ at: [new Date(Number.NaN)] }), /not at no time at all/);
});

const wrongLeaves: readonly (readonly [string, RegExp, readonly Wish["extensions"][number][]])[] = [
  ["without key usage", /key usage/, signingLeaf.slice(1)],
  [
    "for other key usage",
    /key usage/,
    [usage(KeyUsageFlags.keyAgreement), ...signingLeaf.slice(1)],
  ],
  ["without purpose", /code signing/, [...signingLeaf.slice(0, 1), names(true, identity)]],
  [
    "for timestamps",
    /code signing/,
    [...signingLeaf.slice(0, 1), purposes(false, timeStamping), names(true, identity)],
  ],
  [
    "for any purpose",
    /code signing/,
    [...signingLeaf.slice(0, 1), purposes(false, "2.5.29.37.0"), names(true, identity)],
  ],
  ["of an authority", /authority's/, [...signingLeaf, authorityConstraints()]],
  ["without a name", /0 names/, signingLeaf.slice(0, 2)],
  [
    "with two names",
    /2 names/,
    [...signingLeaf.slice(0, 2), names(true, identity, "https://b.example")],
  ],
  [
    "with a name that is not critical",
    /not critical/,
    [...signingLeaf.slice(0, 2), names(false, identity)],
  ],
  ["with an empty name", /empty name/, [...signingLeaf.slice(0, 2), names(true, "")]],
  [
    "with an unknown critical extension",
    /critical extension 1\.2\.3\.4/,
    [...signingLeaf, unknown(true)],
  ],
];

for (const [name, reason, extensions] of wrongLeaves) {
  test(`refuses a leaf ${name}`, async () => refuses(await askWithLeaf({ extensions }), reason));
}

test("takes a leaf with an unknown extension that is not critical", async () => {
  verifyChain(await askWithLeaf({ extensions: [...signingLeaf, unknown(false)] }));
});

const sign = usage(KeyUsageFlags.keyCertSign);
const wrongIssuers: readonly (readonly [string, RegExp, readonly Wish["extensions"][number][]])[] =
  [
    ["that is no authority", /is no authority/, [sign]],
    [
      "that may not sign certificates",
      /may not sign/,
      [authorityConstraints(), usage(KeyUsageFlags.cRLSign)],
    ],
    ["without key usage", /may not sign/, [authorityConstraints()]],
    [
      "for timestamps",
      /may not issue for codeSigning/,
      [...authority, purposes(false, timeStamping)],
    ],
    ["with name constraints", /name constraints/, [...authority, unknown(false, "2.5.29.30")]],
    ["with an unknown critical extension", /critical extension/, [...authority, unknown(true)]],
  ];

for (const [name, reason, extensions] of wrongIssuers) {
  test(`refuses an issuer ${name}`, async () =>
    refuses(await askWithIntermediate({ extensions }), reason));
  test(`refuses an anchor ${name}`, async () => {
    const anchor = await issue({ name: "anchor", extensions });
    const { certificate } = await issue({ issuer: anchor, extensions: signingLeaf });
    refuses(ask({ leaf: certificate, authorities: [trusting(anchor)] }), reason);
  });
}

test("an issuer for any purpose will do", async () => {
  verifyChain(
    await askWithIntermediate({ extensions: [...authority, purposes(false, "2.5.29.37.0")] }),
  );
});

test("path lengths count the intermediates below", async () => {
  const narrow = await issue({ name: "narrow", extensions: [authorityConstraints(0), sign] });
  const direct = await issue({ issuer: narrow, extensions: signingLeaf });
  verifyChain(ask({ leaf: direct.certificate, authorities: [trusting(narrow)] }));
  const between = await issue({ name: "between", issuer: narrow, extensions: authority });
  const far = await issue({ issuer: between, extensions: signingLeaf });
  refuses(
    ask({ leaf: far.certificate, authorities: [trusting(between, narrow)] }),
    /allows 0 intermediates, not 1/,
  );
});

test("refuses a changed leaf, byte by byte of its signed part", () => {
  const { der } = leaf.certificate;
  let read = 0;
  for (let at = 4; at < der.length; at += 3) {
    const changed = new Uint8Array(der).with(at, (der[at] ?? 0) ^ 0x01);
    let certificate: Certificate;
    try {
      certificate = parseCertificate(changed);
    } catch (error) {
      assert.ok(error instanceof SigstepError);
      continue;
    }
    read++;
    assert.throws(() => verifyChain(ask({ leaf: certificate })), SigstepError);
  }
  assert.ok(read > 50);
});

test("a leaf signed with another digest is fine, one with another key type is not", async () => {
  verifyChain(await askWithLeaf({ hash: "SHA-256" }));
});

test("many certificates of the right name cost a bounded search", async () => {
  const many = await Promise.all(
    Array.from({ length: 40 }, () =>
      issue({ name: "root", issuer: root, keys: root.keys, extensions: authority }),
    ),
  );
  const intermediates = many.map(({ certificate }) => certificate);
  const stranger = await issue({ name: "root", extensions: authority });
  refuses(
    ask({ intermediates, authorities: [trusting(intermediate, stranger)] }),
    /too many issuers/,
  );
});

test("a proof is remembered, a refusal is not forgotten", async () => {
  const other = await issue({ name: "intermediate", extensions: authority });
  for (let round = 0; round < 3; round++) {
    verifyChain(ask({ leaf: parseCertificate(leaf.certificate.der) }));
    refuses(ask({ authorities: [trusting(other)] }), /is not signed by/);
  }
});
