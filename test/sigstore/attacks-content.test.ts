// Attacks by name on what is said and who says it: identities, envelopes, statements, digests.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { computeDigest } from "../../src/crypto/digest.ts";
import { encodeBundle, type Bundle } from "../../src/sigstore/bundle.ts";
import { preAuthEncode } from "../../src/sigstore/dsse.ts";
import { exactly, matching } from "../../src/sigstore/matcher.ts";
import type { Policy } from "../../src/sigstore/policy.ts";
import { artifact, artifactDigest, ask, issuer, make, refusedAt } from "./attack-bundle.ts";
import { policyOf, statementAbout } from "./mutation-bundles.ts";
import { trustedRoot, v2, workflow } from "./own-instance.ts";

const policy = policyOf(workflow, issuer);
const hex = Buffer.from(artifactDigest.bytes).toString("hex");

function identityPolicy(identity: Policy["identities"][number]["identity"]): Policy {
  return {
    identities: [
      {
        issuer: exactly(issuer, "issuer"),
        extensions: {},
        ...(identity === undefined ? {} : { identity }),
      },
    ],
  };
}

suite("identity", () => {
  const names = {
    "a longer repository": workflow.replace("acme/widget", "acme/widget-evil"),
    "a longer owner": workflow.replace("acme/widget", "evil-acme/widget"),
    "a longer workflow": `${workflow}-evil`,
    "a host before it": `https://evil.example/${workflow}`,
    "another case": workflow.replace("acme", "Acme"),
    "a Cyrillic letter": workflow.replace("acme", "\u0430cme"),
    "a full-width letter": workflow.replace("acme", "\uff41cme"),
    "a zero-width space": workflow.replace("acme", "ac\u200bme"),
    "percent encoding": workflow.replace("acme", "%61cme"),
    "a path that goes up": workflow.replace("acme/widget", "acme/evil/../widget"),
    "a query": `${workflow}?x`,
    "a space behind": `${workflow} `,
    "a line feed behind": `${workflow}\n`,
    "NUL behind": `${workflow}\0`,
  };
  const pattern = workflow.replaceAll(/[.]/g, "\\.");
  for (const [what, identity] of Object.entries(names)) {
    test(`${what}: not the one that is asked for`, async () => {
      // What no certificate can hold is asked for, of a certificate with the right name.
      const canBeHeld = /^[\x20-\x7e]*$/.test(identity);
      const { bundle } = await make(canBeHeld ? { leaf: { identity } } : {});
      const wanted = canBeHeld
        ? [exactly(workflow, "identity"), matching(pattern, "identity")]
        : [exactly(identity, "identity")];
      for (const each of wanted) {
        await refusedAt(10, "POLICY_NOT_SATISFIED", ask(bundle, { policy: identityPolicy(each) }));
      }
    });
  }

  test("a pattern is of the whole name", async () => {
    const { bundle } = await make();
    await ask(bundle, { policy: identityPolicy(matching(pattern, "identity")) });
    for (const source of [
      pattern.slice(0, -1),
      pattern.slice(1),
      "acme/widget",
      "https://.*/release",
    ]) {
      const policy = identityPolicy(matching(source, "identity"));
      await refusedAt(10, "POLICY_NOT_SATISFIED", ask(bundle, { policy }));
    }
  });

  test("another issuer, also one that begins or ends like it", async () => {
    for (const other of [
      `${issuer}.evil`,
      `${issuer}/`,
      issuer.toUpperCase(),
      issuer.slice(0, -1),
    ]) {
      const { bundle } = await make({ leaf: { fulcio: { 1: other, 8: other } } });
      await refusedAt(10, "POLICY_NOT_SATISFIED", ask(bundle));
    }
  });

  test("every extension that is asked for is asked (CVE-2026-48815)", async () => {
    const { bundle } = await make({
      leaf: { fulcio: { 15: "1", 17: "2", 12: "https://github.com/acme/widget" } },
    });
    const [identity] = policy.identities;
    assert.ok(identity !== undefined);
    const asks = (extensions: Policy["identities"][number]["extensions"]): Policy => ({
      identities: [{ ...identity, extensions }],
    });
    const right = {
      sourceRepositoryIdentifier: exactly("1", "id"),
      sourceRepositoryOwnerIdentifier: exactly("2", "id"),
    };
    await ask(bundle, { policy: asks(right) });
    for (const wrong of [
      { ...right, sourceRepositoryIdentifier: exactly("11", "id") },
      { ...right, sourceRepositoryOwnerIdentifier: exactly("3", "id") },
      { ...right, sourceRepositoryRef: exactly("refs/heads/main", "ref") },
    ]) {
      await refusedAt(10, "POLICY_NOT_SATISFIED", ask(bundle, { policy: asks(wrong) }));
    }
  });

  test("a policy of nobody", async () => {
    const { bundle } = await make();
    await refusedAt(10, "POLICY_NOT_SATISFIED", ask(bundle, { policy: { identities: [] } }));
  });
});

suite("envelopes and statements", () => {
  const stamped = { log: null, isStamped: true } as const;
  const withoutLogs = { trustedRoot: { ...trustedRoot, logs: [] } };

  test("two signatures in one envelope", async () => {
    const text = encodeBundle((await make({ ...stamped, envelope: {} })).bundle);
    const twice = text.replace(/"signatures":\[(\{[^}]*\})\]/, '"signatures":[$1,$1]');
    assert.notEqual(twice, text);
    await refusedAt(1, "BUNDLE_INVALID", ask(twice, withoutLogs));
    const none = text.replace(/"signatures":\[(\{[^}]*\})\]/, '"signatures":[]');
    await refusedAt(1, "BUNDLE_INVALID", ask(none, withoutLogs));
  });

  test("a payload type that was not signed", async () => {
    const { bundle } = await make({ ...stamped, envelope: { payloadType: "text/plain" } });
    const text = encodeBundle(bundle).replace("text/plain", "application/vnd.in-toto+json");
    await refusedAt(11, "SIGNATURE_INVALID", ask(text, withoutLogs));
    const logged = await make({
      log: v2,
      isStamped: true,
      envelope: { payloadType: "text/plain" },
    });
    const changed = encodeBundle(logged.bundle).replace(
      "text/plain",
      "application/vnd.in-toto+json",
    );
    await refusedAt(5, "LOG_ENTRY_INVALID", ask(changed));
  });

  test("a signed payload that is no statement by its type", async () => {
    for (const payloadType of [
      "text/plain",
      "application/vnd.in-toto+json;v=1",
      "APPLICATION/vnd.in-toto+json",
      "",
    ]) {
      const { bundle } = await make({ ...stamped, envelope: { payloadType } });
      await refusedAt(12, "STATEMENT_INVALID", ask(bundle, withoutLogs));
    }
  });

  test("bytes moved between payload type and payload", async () => {
    const { bundle } = await make({ ...stamped, envelope: {} });
    assert.ok(bundle.content.kind === "dsse-envelope");
    const { payload, payloadType } = bundle.content;
    const moved: Bundle = {
      ...bundle,
      content: {
        ...bundle.content,
        payloadType: `${payloadType} ${payload.byteLength} `,
      },
    };
    await refusedAt(11, "SIGNATURE_INVALID", ask(moved, withoutLogs));
    // Lengths are of bytes: two characters here are three.
    const encoded = Buffer.from(preAuthEncode({ payloadType: "\u00e9x", payload: Buffer.of(1) }));
    assert.equal(encoded.subarray(0, 9).toString(), "DSSEv1 3 ");
  });

  const malformed: Readonly<Record<string, string>> = {
    nothing: "",
    "no JSON": "{",
    "another document": '{"subject":[]}',
    "no subject": statementAbout(hex)
      .toString()
      .replace(/"subject":\[[^\]]*\]/, '"subject":[]'),
    "another type": statementAbout(hex).toString().replace("Statement/v1", "Statement/v2"),
    "a name twice": statementAbout(hex).toString().replace('"subject"', '"subject":[],"subject"'),
    "another artifact": statementAbout("0".repeat(64)).toString(),
    "a longer digest": statementAbout(`${hex}00`).toString(),
    "a shorter digest": statementAbout(hex.slice(2)).toString(),
    "an empty digest": statementAbout("").toString(),
    "the digest as another algorithm's": statementAbout(hex)
      .toString()
      .replace('"sha256"', '"sha512"'),
    "the digest as an unknown algorithm's": statementAbout(hex)
      .toString()
      .replace('"sha256"', '"sha1"'),
    "the digest as a name": statementAbout("0".repeat(64))
      .toString()
      .replace('"artifact"', `"sha256:${hex}"`),
    "a right digest that another contradicts": statementAbout(hex)
      .toString()
      .replace('"sha256"', `"sha512":"${"0".repeat(128)}","sha256"`),
  };
  for (const [what, payload] of Object.entries(malformed)) {
    test(`a signed statement with ${what} (CVE-2026-39395)`, async () => {
      const order = { ...stamped, envelope: { payload: Buffer.from(payload) } };
      const sha512 = computeDigest("sha512", artifact).bytes;
      const digests = new Map([
        ["sha256", artifactDigest.bytes],
        ["sha512", sha512],
      ] as const);
      const asked = { ...withoutLogs, artifact: { digests } };
      await refusedAt(12, "STATEMENT_INVALID", ask((await make(order)).bundle, asked));
    });
  }

  test("another predicate type than is asked for, or none at all", async () => {
    const asked = {
      ...withoutLogs,
      policy: { ...policy, predicateTypes: ["https://cyclonedx.org/bom"] },
    };
    const { bundle } = await make({ ...stamped, envelope: {} });
    await refusedAt(12, "POLICY_NOT_SATISFIED", ask(bundle, asked));
    await refusedAt(12, "POLICY_NOT_SATISFIED", ask((await make(stamped)).bundle, asked));
  });

  test("the digest in the bundle under another algorithm", async () => {
    const text = encodeBundle((await make()).bundle);
    await refusedAt(1, "BUNDLE_INVALID", ask(text.replace("SHA2_256", "SHA2_512")));
    await refusedAt(1, "BUNDLE_INVALID", ask(text.replace("SHA2_256", "SHA1")));
    const { bundle } = await make();
    const sha512 = computeDigest("sha512", artifact);
    assert.ok(bundle.content.kind === "message-signature");
    const other = { ...bundle, content: { ...bundle.content, digest: sha512 } };
    const digests = new Map([
      ["sha256", artifactDigest.bytes],
      ["sha512", sha512.bytes],
    ] as const);
    // Right, but not what was signed: the hint decides nothing.
    await refusedAt(
      11,
      "SIGNATURE_INVALID",
      ask(other, { artifact: { digests, content: artifact } }),
    );
  });

  test("names twice in one object", async () => {
    const text = encodeBundle((await make()).bundle);
    const attacks = [
      text.replace('"mediaType"', '"mediaType":"x","mediaType"'),
      text.replace('"messageSignature":{', '"messageSignature":{},"messageSignature":{'),
      text.replace('"logIndex"', '"log\\u0049ndex":"1","logIndex"'),
      text.replace('"signature"', '"signature":"AAAA","signature"'),
    ];
    for (const attack of attacks) {
      assert.notEqual(attack, text);
      await refusedAt(1, "BUNDLE_INVALID", ask(attack));
    }
  });
});
