// Bundles that real signers have made in earlier years: accepted, under the root of their instance.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { suite, test } from "node:test";
import { computeDigest, type Digests, isDigestAlgorithm } from "../../src/crypto/digest.ts";
import { parsePublicKey, type PublicKey } from "../../src/crypto/keys.ts";
import { parsePem } from "../../src/encoding/pem.ts";
import type { ErrorCode, SigstepError } from "../../src/errors.ts";
import { type Bundle, parseBundle } from "../../src/sigstore/bundle.ts";
import { chooseTrustedRoot } from "../../src/sigstore/choose-root.ts";
import { neededDigests } from "../../src/sigstore/message.ts";
import { exactly } from "../../src/sigstore/matcher.ts";
import type { Policy } from "../../src/sigstore/policy.ts";
import { publicGood } from "../../src/sigstore/public-good/embedded.ts";
import { parseStatement } from "../../src/sigstore/statement.ts";
import { parseTrustedRoot, type TrustedRoot } from "../../src/sigstore/trust.ts";
import { type VerifiedBundle, verifyBundle } from "../../src/sigstore/verify.ts";
import { refuses, rejection } from "../refusal.ts";

const vectors = new URL("../vectors/", import.meta.url);
const now = new Date("2026-11-01T00:00:00Z");
const github = "https://token.actions.githubusercontent.com";
const sigstoreJs =
  "https://github.com/sigstore/sigstore-js/.github/workflows/release.yml@refs/heads/main";

const read = (file: string, folder = "sigstore-go"): Buffer =>
  readFileSync(new URL(`${folder}/${file}`, vectors));
const roots: readonly TrustedRoot[] = [
  parseTrustedRoot(publicGood.trustedRoot, "public good"),
  ...["scaffolding", "public-key-validity"].map((name) =>
    parseTrustedRoot(read(`${name}.trusted_root.json`), name),
  ),
];

/** A bundle, and by what it is verified. */
interface Case {
  readonly bundle: Bundle;
  readonly artifact: Digests;
  readonly trustedRoot: TrustedRoot;
  readonly policy: Policy;
  readonly key?: PublicKey;
}

/** The digests of the one subject that its statement has. */
function subjectOf({ content }: Bundle): Digests {
  assert.ok(content.kind === "dsse-envelope");
  const [subject, ...more] = parseStatement(content.payload).subjects;
  assert.ok(subject !== undefined && more.length === 0);
  return new Map(
    [...subject.digests].map(([name, hex]) => {
      assert.ok(isDigestAlgorithm(name));
      return [name, Buffer.from(hex, "hex")];
    }),
  );
}

function readKey(file: string): PublicKey {
  const [der] = parsePem(read(file).toString(), "PUBLIC KEY");
  assert.ok(der !== undefined);
  return parsePublicKey(der);
}

function signedBy(identity: string, issuer: string): Policy {
  return {
    identities: [
      {
        identity: exactly(identity, "identity"),
        issuer: exactly(issuer, "issuer"),
        extensions: {},
      },
    ],
  };
}

/** A case whose artifact is the statement's subject and whose root is chosen as `verify` chooses it. */
function attested(file: string, by: Policy | PublicKey, folder?: string): Case {
  const bundle = parseBundle(read(file, folder), file);
  const trustedRoot = chooseTrustedRoot(bundle, roots);
  const artifact = subjectOf(bundle);
  return "identities" in by
    ? { bundle, artifact, trustedRoot, policy: by }
    : { bundle, artifact, trustedRoot, policy: { identities: [] }, key: by };
}

function verify({ artifact: digests, ...rest }: Case, root?: TrustedRoot): Promise<VerifiedBundle> {
  return verifyBundle({
    ...rest,
    artifact: { digests },
    trustedRoot: root ?? rest.trustedRoot,
    now,
  });
}

const npm = readKey("publish_key.pub");
const cases: Readonly<
  Record<string, { make: () => Case; root: string; times: readonly string[] }>
> = {
  "npm's provenance with a promise only": {
    make: () => attested("bundle-provenance.json", signedBy(sigstoreJs, github)),
    root: "public good",
    times: ["2023-04-18T17:45:12.000Z"],
  },
  "npm's provenance with a proof, too": {
    make: () =>
      attested("sigstore-js-2.0.0-provenance.sigstore.json", signedBy(sigstoreJs, github)),
    root: "public good",
    times: ["2023-08-18T16:05:35.000Z"],
  },
  "npm's publish attestation by its key": {
    make: () => attested("bundle-publish.json", npm),
    root: "public good",
    times: ["2023-04-18T17:45:16.000Z"],
  },
  "a person's attestation": {
    make: () =>
      attested(
        "dsse.sigstore.json",
        signedBy("brian@dehamer.com", "https://github.com/login/oauth"),
      ),
    root: "public good",
    times: ["2022-11-09T23:00:36.000Z"],
  },
  "npm's provenance of a later year": {
    make: () =>
      attested("sigstore-js-2.1.0-bundle-v0.1.json", signedBy(sigstoreJs, github), "github-cli"),
    root: "public good",
    times: ["2023-08-29T15:40:23.000Z"],
  },
  "npm's provenance, rewritten as v0.3": {
    make: () =>
      attested("sigstore-js-2.1.0-bundle.json", signedBy(sigstoreJs, github), "github-cli"),
    root: "public good",
    times: ["2023-08-29T15:40:23.000Z"],
  },
  "GitHub's provenance by a reusable workflow": {
    make: () =>
      attested(
        "reusable-workflow-attestation.sigstore.json",
        signedBy(
          "https://github.com/github/artifact-attestations-workflows/.github/workflows/attest.yml@09b495c3f12c7881b3cc17209a327792065c1a1d",
          github,
        ),
        "github-cli",
      ),
    root: "public good",
    times: ["2024-05-24T19:14:24.000Z"],
  },
  "GitHub's provenance by an enterprise's issuer": {
    make: () =>
      attested(
        "custom-issuer.sigstore.json",
        signedBy(
          "https://github.com/too-legit/attest/.github/workflows/integration.yml@refs/heads/main",
          `${github}/hammer-time`,
        ),
        "github-cli",
      ),
    root: "public good",
    times: ["2024-09-11T19:19:03.000Z"],
  },
  "a file of an instance with othernames": {
    make: () => {
      const bundle = parseBundle(read("othername.sigstore.json"), "othername");
      assert.ok(bundle.content.kind === "message-signature" && bundle.content.digest !== undefined);
      const { algorithm, bytes } = bundle.content.digest;
      const artifact = new Map([[algorithm, bytes]]);
      const policy = signedBy("foo!oidc.local", "http://oidc.local:8080");
      return { bundle, artifact, policy, trustedRoot: chooseTrustedRoot(bundle, roots) };
    },
    root: "scaffolding",
    times: ["2024-07-12T19:06:29.000Z"],
  },
  "a file by a key with a timestamp and no log": {
    make: () => {
      const bundle = parseBundle(read("public-key-validity.sigstore.json"), "key");
      const { algorithm, bytes } = computeDigest("sha256", Buffer.from("test content"));
      const trustedRoot = roots[2];
      assert.ok(trustedRoot !== undefined);
      const [artifact, policy] = [new Map([[algorithm, bytes]]), { identities: [] }];
      return { bundle, artifact, policy, trustedRoot, key: readKey("public-key-validity.pem") };
    },
    root: "public-key-validity",
    times: ["2026-06-04T17:43:29.000Z"],
  },
};

for (const [name, { make, root, times }] of Object.entries(cases)) {
  suite(name, () => {
    const given = make();

    test("is accepted, at its time and under its instance's root", async () => {
      assert.equal(given.trustedRoot.label, root);
      const proven = await verify(given);
      assert.deepEqual(
        proven.times.map((time) => time.toISOString()),
        times,
      );
      assert.ok(
        [...neededDigests(given.bundle, given.key)].every((one) => given.artifact.has(one)),
      );
    });

    test("is of no other instance", async () => {
      for (const other of roots.filter((each) => each !== given.trustedRoot)) {
        await assert.rejects(verify(given, other), { name: "SigstepError" });
      }
    });

    test("is about nothing else", async () => {
      const artifact: Digests = new Map(
        [...given.artifact.keys()].map((algorithm) => {
          return [algorithm, computeDigest(algorithm, Buffer.from("another")).bytes];
        }),
      );
      const step = given.bundle.content.kind === "dsse-envelope" ? 12 : 5;
      await assert.rejects(
        verify({ ...given, artifact }),
        ({ step: found }: SigstepError) => found?.number === step,
      );
    });
  });
}

test("npm's statements, by sha512 alone, are not found by sha256", async () => {
  const given = attested("bundle-provenance.json", signedBy(sigstoreJs, github));
  const sha256 = computeDigest("sha256", Buffer.from("sigstore-1.3.0.tgz"));
  const artifact = new Map([[sha256.algorithm, sha256.bytes]]);
  const error = await rejection("STATEMENT_INVALID", verify({ ...given, artifact }));
  assert.match(error.message, /names its subjects by "sha512" only/);
  assert.deepEqual([...neededDigests(given.bundle)], ["sha512"]);
});

test("an envelope with a second signature is refused", () => {
  refuses("BUNDLE_INVALID", () => parseBundle(read("dsse-2sigs.sigstore.json"), "two"));
});

test("npm's provenance is not npm's key's, nor its publish attestation another key's", async () => {
  const provenance = attested("bundle-provenance.json", npm);
  await rejection("BUNDLE_INVALID", verify(provenance));
  const code: ErrorCode = "LOG_ENTRY_INVALID";
  const publish = attested("bundle-publish.json", readKey("public-key-validity.pem"));
  const error = await rejection(code, verify(publish));
  assert.equal(error.step?.number, 5);
  await rejection("BUNDLE_INVALID", verify(attested("bundle-publish.json", signedBy("a", "b"))));
});
