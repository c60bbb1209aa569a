// Bundles that are kept: what this run would write itself, and nothing less.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test } from "node:test";
import type { Instance } from "../../src/commands/instance.ts";
import { findKeptBundle } from "../../src/commands/kept.ts";
import { computeDigest } from "../../src/crypto/digest.ts";
import { encodeBundle } from "../../src/sigstore/bundle.ts";
import {
  type Log,
  signArtifact,
  type SignedArtifact,
  signPayload,
  type SigningSteps,
  type Timestamp,
} from "../../src/sigstore/sign.ts";
import type { Service } from "../../src/sigstore/signing-config.ts";
import { parseIdentityToken } from "../../src/sigstore/token.ts";
import type { TrustedRoot } from "../../src/sigstore/trust.ts";
import {
  type LeafWish,
  logTo,
  makeCredential,
  otherTsa,
  stamp,
  trustedRoot as ownRoot,
  v1,
  v2,
  workflow,
} from "../sigstore/own-instance.ts";
import { makeLog } from "../sigstore/own-log.ts";

const now = new Date("2025-06-01T12:00:00Z");
const content = Buffer.from("artifact");
const artifact = { digest: computeDigest("sha256", content), content };
const iss = "https://token.actions.githubusercontent.com";
const sha = "0123456789abcdef0123456789abcdef01234567";
const github = {
  iss,
  ...{ sub: "repo:acme/widget:ref:refs/heads/main", sha, repository: "acme/widget" },
  job_workflow_ref: "acme/widget/.github/workflows/release.yml@refs/heads/main",
};
const fulcio = { 8: iss, 9: workflow, 13: sha, 24: github.sub };

/** What a bundle is made with, and by what it is judged. */
interface Case {
  readonly logs?: readonly Log[];
  readonly timestamps?: readonly Timestamp[];
  readonly leaf?: LeafWish;
  readonly claims?: Readonly<Record<string, unknown>>;
  /** Versions of the logs that are selected. */
  readonly wantsLogs?: readonly number[];
  readonly wantsTimestamps?: number;
  readonly root?: Partial<TrustedRoot>;
  /** By this machine's clock. */
  readonly now?: Date;
  /** Signs something else than the file. */
  readonly sign?: (steps: SigningSteps) => Promise<SignedArtifact>;
}

suite("a bundle that is already there", () => {
  let directory: string;
  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "sigstep-test-"));
  });
  after(async () => {
    await rm(directory, { recursive: true });
  });

  async function isKept(wish: Case, change = (text: string): string => text): Promise<boolean> {
    const credential = await makeCredential({ fulcio, ...wish.leaf });
    const sign = wish.sign ?? ((steps: SigningSteps) => signArtifact(artifact, steps));
    const made = await sign({
      logs: wish.logs ?? [logTo(v1)],
      timestamps: wish.timestamps ?? [stamp()],
      trustedRoot: ownRoot,
      certify: () => Promise.resolve(credential),
      onPublished: () => undefined,
      hasEnded: () => false,
    });
    const text = encodeBundle({
      version: "0.3",
      signer: { kind: "certificate", certificate: made.signed.certificate, chain: [] },
      content: made.signed.envelope ?? { kind: "message-signature", ...made.signed },
      entries: made.entries.map(({ entry }) => entry),
      timestamps: made.timestamps.map(({ response }) => response.der),
    });
    const bundlePath = join(directory, "a.sigstore.json");
    await writeFile(bundlePath, change(text));
    const file = { path: "a", name: "a", size: content.length, bundlePath };
    const kept = await findKeptBundle(file, artifact, {
      instance: instanceOf(wish),
      tokens: { get: () => Promise.resolve(tokenOf(wish.claims ?? github)) },
      now: () => wish.now ?? now,
    });
    return kept !== undefined;
  }

  test("is kept when it is what would be written", async () => {
    assert.ok(await isKept({}));
    assert.ok(await isKept({ logs: [logTo(v2)], wantsLogs: [2] }));
    const two = [stamp(), stamp({}, otherTsa)];
    assert.ok(await isKept({ timestamps: two, wantsTimestamps: 2 }));
    assert.ok(!(await isKept({}, (text) => text.replace("}", "}}"))));
  });

  const incomplete: Readonly<Record<string, Case>> = {
    "of another version of the log": { logs: [logTo(v2)] },
    "of the other version of the log": { wantsLogs: [2] },
    "with an entry too few": { wantsLogs: [1, 1] },
    "with an entry too many": { logs: [logTo(v1), logTo(v2)], wantsLogs: [1] },
    "without entry": { logs: [] },
    "without timestamp": { timestamps: [] },
    "with a timestamp too few": { wantsTimestamps: 2 },
    "with a timestamp too many": { timestamps: [stamp(), stamp({}, otherTsa)] },
    "with a timestamp where none is selected": { wantsTimestamps: 0 },
    "with an entry where no log is selected": { wantsLogs: [] },
  };
  for (const [name, wish] of Object.entries(incomplete)) {
    test(`${name} is replaced`, async () => assert.ok(!(await isKept(wish))));
  }

  test("twice with the same entry or the same timestamp is replaced", async () => {
    const twice = (list: string) => (text: string) => {
      const json: unknown = JSON.parse(text, (name, value: unknown) =>
        name === list && Array.isArray(value) ? [value[0], value[0]] : value,
      );
      return JSON.stringify(json);
    };
    assert.ok(!(await isKept({ wantsLogs: [1, 1] }, twice("tlogEntries"))));
    assert.ok(!(await isKept({ wantsTimestamps: 2 }, twice("rfc3161Timestamps"))));
  });

  test("without entry is kept where the config selects no log, though the root knows some", async () => {
    assert.ok(await isKept({ logs: [], wantsLogs: [] }));
  });

  test("without timestamp is kept where the config selects no authority", async () => {
    assert.ok(await isKept({ timestamps: [], wantsTimestamps: 0 }));
  });

  test("without an embedded SCT is replaced where the root has certificate logs", async () => {
    assert.ok(!(await isKept({ root: { ctLogs: [makeLog(1).log] } })));
  });

  test("from the future of our clock is replaced", async () => {
    assert.ok(await isKept({ now: new Date("2025-06-01T11:56:00Z") }));
    assert.ok(!(await isKept({ now: new Date("2025-06-01T11:54:59Z") })));
  });

  test("of an older version of the format is replaced", async () => {
    const older = (text: string): string =>
      text
        .replace(".v0.3+json", "+json;version=0.2")
        .replace(/"certificate":(\{[^}]*\})/, '"x509CertificateChain":{"certificates":[$1]}');
    assert.ok(!(await isKept({}, older)));
  });

  test("that is an attestation about the file is replaced", async () => {
    const statement = {
      _type: "https://in-toto.io/Statement/v1",
      subject: [{ digest: { sha256: Buffer.from(artifact.digest.bytes).toString("hex") } }],
      predicateType: "https://example.com/predicate/v1",
    };
    const payload = {
      payloadType: "application/vnd.in-toto+json",
      payload: Buffer.from(JSON.stringify(statement)),
    };
    for (const [log, version] of [
      [v1, 1],
      [v2, 2],
    ] as const) {
      const sign = (steps: SigningSteps): Promise<SignedArtifact> => signPayload(payload, steps);
      assert.ok(!(await isKept({ sign, logs: [logTo(log)], wantsLogs: [version] })));
    }
  });

  test("of another identity is replaced, with or without the extensions that would tell", async () => {
    const other = workflow.replace("widget", "gadget");
    assert.ok(!(await isKept({ leaf: { identity: other } })));
    assert.ok(!(await isKept({ leaf: { identity: other, fulcio: { ...fulcio, 9: other } } })));
    assert.ok(!(await isKept({ leaf: { identity: other, fulcio: { 8: iss, 13: sha } } })));
    assert.ok(await isKept({ leaf: { fulcio: { 8: iss, 13: sha } } }));
  });

  test("of another commit, or of none, is replaced; another run is not", async () => {
    const commit = sha.replace("0", "f");
    assert.ok(!(await isKept({ leaf: { fulcio: { ...fulcio, 13: commit } } })));
    assert.ok(!(await isKept({ leaf: { fulcio: { 8: iss, 9: workflow } } })));
    const run = "https://github.com/acme/widget/actions/runs/1/attempts/1";
    const claims = { ...github, run_id: "1", run_attempt: "2" };
    assert.ok(await isKept({ claims, leaf: { fulcio: { ...fulcio, 21: run } } }));
  });

  test("of a GitLab is judged by its name alone too", async () => {
    const uri = "git.example.com/acme/widget//.gitlab-ci.yml@refs/heads/main";
    const claims = { iss: "https://git.example.com", sub: "x", ci_config_ref_uri: uri };
    const leaf = { identity: `https://${uri}`, fulcio: { 8: "https://git.example.com" } };
    assert.ok(await isKept({ claims, leaf }));
    const other = { ...leaf, identity: `https://${uri.replace("acme", "evil/acme")}` };
    assert.ok(!(await isKept({ claims, leaf: other })));
  });

  test("of a CI without rules is kept when it names the token's subject", async () => {
    const claims = { iss: "https://ci.example", sub: "pipeline:7" };
    const leaf = (subject: Readonly<Record<number, string>>): LeafWish => ({
      identity: "https://ci.example/any",
      fulcio: { 8: "https://ci.example", ...subject },
    });
    assert.ok(await isKept({ claims, leaf: leaf({ 24: "pipeline:7" }) }));
    assert.ok(!(await isKept({ claims, leaf: leaf({ 24: "pipeline:8" }) })));
    assert.ok(!(await isKept({ claims, leaf: leaf({}) })));
  });
});

function tokenOf(claims: Readonly<Record<string, unknown>>): ReturnType<typeof parseIdentityToken> {
  const all = { aud: "sigstore", exp: now.getTime() / 1000 + 300, ...claims };
  const payload = Buffer.from(JSON.stringify(all)).toString("base64url");
  return parseIdentityToken(`e30.${payload}.x`, "sigstore", now);
}

function instanceOf({ wantsLogs = [1], wantsTimestamps = 1, root = {} }: Case): Instance {
  const service = (version: number): Service => ({
    url: new URL("https://service.example"),
    version,
    validFor: { start: now },
    operator: "",
  });
  return {
    name: "own",
    services: {
      ca: service(1),
      logs: wantsLogs.map(service),
      tsas: Array.from({ length: wantsTimestamps }, () => service(1)),
    },
    trustedRoot: { ...ownRoot, ...root },
    isPublicGood: false,
  };
}
