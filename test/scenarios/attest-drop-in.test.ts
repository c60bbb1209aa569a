// The documented inputs of actions/attest 4.2.2, each in its own spelling and, where the command line has
// another, in that one; its rules, its files and its outputs. github.com/actions/attest, action.yml.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { cp, readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { describe } from "node:test";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { scenario, type Run, type RunOptions, type Scene } from "./harness.ts";

const sboms = join(import.meta.dirname, "../vectors/sbom");
const digest = (content: string): string => createHash("sha256").update(content).digest("hex");
const scan = "https://example.com/scan/v1";
const provenance = "https://slsa.dev/provenance/v1";

interface Statement {
  readonly type: string;
  /** Name → digests. */
  readonly subjects: readonly (readonly [name: string, digest: Readonly<Record<string, string>>])[];
  readonly predicate: unknown;
}

type Inputs = Readonly<Record<string, string>>;
/** A step with inputs, or the command line with the same. */
type Attest = (scene: Scene, inputs: Inputs, options?: RunOptions) => Promise<Run>;

async function byAction(scene: Scene, inputs: Inputs, options: RunOptions = {}): Promise<Run> {
  const env = { RUNNER_TEMP: scene.path("temp"), ...options.env };
  await scene.write("temp/.keep", "");
  return scene.action(inputs, { ...options, env });
}

async function byFlags(scene: Scene, inputs: Inputs, options: RunOptions = {}): Promise<Run> {
  const flags = Object.entries(inputs).map(([name, value]) => `--${name}=${value}`);
  return scene.attest(flags, options);
}

async function byEnvironment(scene: Scene, inputs: Inputs, options: RunOptions = {}): Promise<Run> {
  const given = Object.entries(inputs).map(
    ([name, value]) => [`SIGSTEP_${name.toUpperCase().replaceAll("-", "_")}`, value] as const,
  );
  const env: Record<string, string | undefined> = { ...options.env };
  for (const [name, value] of given) env[name] = value;
  return scene.attest([], { ...options, env });
}

const spellings: Readonly<Record<string, Attest>> = {
  "as input of the step": byAction,
  "as flag": byFlags,
  "as variable": byEnvironment,
};

async function bundlePaths(scene: Scene): Promise<string[]> {
  return scene.bundles();
}

async function statements(scene: Scene): Promise<Statement[]> {
  const bundles = await bundlePaths(scene);
  return Promise.all(bundles.map((path) => readStatement(scene.path(path))));
}

async function readStatement(path: string): Promise<Statement> {
  return parseStatement(await readFile(path, "utf8"));
}

function parseStatement(bundle: string): Statement {
  const payload = text(dig(JSON.parse(bundle), "dsseEnvelope", "payload"));
  const statement: unknown = JSON.parse(Buffer.from(payload, "base64").toString("utf8"));
  return {
    type: text(at(statement, "predicateType")),
    subjects: list(at(statement, "subject")).map((subject) => [
      text(at(subject, "name")),
      Object.fromEntries(
        Object.entries(at(subject, "digest") ?? {}).map(([name, hex]) => [name, text(hex)]),
      ),
    ]),
    predicate: at(statement, "predicate"),
  };
}

interface Row {
  readonly inputs: Inputs;
  readonly type?: string;
  readonly subjects: readonly (readonly [name: string, digest: string])[];
  readonly predicate?: unknown;
}

const app = ["app.bin", digest("app.bin\n")] as const;
const tool = ["my tool", digest("dir/my tool\n")] as const;
const hex = (digit: string, length = 64): string => digit.repeat(length);

/** Input → what it makes of which value. */
const rows: Readonly<Record<string, Row>> = {
  "subject-path": { inputs: { "subject-path": "app.bin" }, subjects: [app] },
  "subject-path, a glob": { inputs: { "subject-path": "*.bin" }, subjects: [app] },
  "subject-path, by commas": {
    inputs: { "subject-path": "app.bin, dir/*" },
    subjects: [app, tool],
  },
  "subject-path, by lines": {
    inputs: { "subject-path": "app.bin\ndir/my tool\n" },
    subjects: [app, tool],
  },
  "subject-path, each once": { inputs: { "subject-path": "app.bin,*.bin" }, subjects: [app] },
  "subject-path, without some": {
    inputs: { "subject-path": "**/*\n!dir\n!**/*.json\n!**/*.txt" },
    subjects: [app],
  },
  "subject-name": {
    inputs: { "subject-path": "app.bin", "subject-name": "release" },
    subjects: [["release", app[1]]],
  },
  "subject-digest": {
    inputs: { "subject-digest": `sha256:${hex("A")}`, "subject-name": "ghcr.io/acme/App" },
    subjects: [["ghcr.io/acme/App", hex("a")]],
  },
  "subject-checksums, a file": {
    inputs: { "subject-checksums": "sums.txt" },
    subjects: [
      ["one", hex("a")],
      ["two three", hex("b")],
    ],
  },
  "subject-checksums, text with CRLF": {
    inputs: { "subject-checksums": `${hex("a")}  one\r\n${hex("b")} *two three\r\n` },
    subjects: [
      ["one", hex("a")],
      ["two three", hex("b")],
    ],
  },
  "sbom-path": {
    inputs: { "subject-path": "app.bin", "sbom-path": "my sbom.json" },
    type: "https://spdx.dev/Document/v2.3",
    subjects: [app],
  },
  "predicate-type and predicate": {
    inputs: { "subject-path": "app.bin", "predicate-type": scan, predicate: '{"ok": true}' },
    type: scan,
    subjects: [app],
    predicate: { ok: true },
  },
  "predicate-path": {
    inputs: { "subject-path": "app.bin", "predicate-type": scan, "predicate-path": "scan it.json" },
    type: scan,
    subjects: [app],
    predicate: { ok: 1 },
  },
  "push-to-registry, off": {
    inputs: { "subject-path": "app.bin", "push-to-registry": "false" },
    subjects: [app],
  },
  "create-storage-record, off, and subject-version": {
    inputs: {
      ...{ "subject-path": "app.bin", "create-storage-record": "false" },
      "subject-version": "1.2.3",
    },
    subjects: [app],
  },
};

async function lay(scene: Scene): Promise<void> {
  await scene.write("app.bin");
  await scene.write("dir/my tool");
  await scene.write("sums.txt", `${hex("a")}  one\n${hex("b")} *two three\n`);
  await scene.write("scan it.json", '{ "ok": 1 }\n');
  await cp(join(sboms, "spdx-2.3-hello-source.json"), scene.path("my sbom.json"));
}

for (const [spelling, attest] of Object.entries(spellings)) {
  describe(`inputs of actions/attest, ${spelling}`, { concurrency: 3 }, () => {
    for (const [name, row] of Object.entries(rows)) {
      scenario(name, async (scene) => {
        await lay(scene);
        scene.assertRun(await attest(scene, row.inputs), 0);
        const [statement, ...more] = await statements(scene);
        assert.deepEqual(more, []);
        assert.equal(statement?.type, row.type ?? provenance);
        const subjects = row.subjects.map(([subject, sha256]) => [subject, { sha256 }]);
        assert.deepEqual(statement.subjects, subjects);
        if (row.predicate !== undefined) assert.deepEqual(statement.predicate, row.predicate);
      });
    }

    scenario("show-summary", async (scene) => {
      await lay(scene);
      const shown = await attest(scene, { "subject-path": "app.bin" });
      assert.match(shown.summary, /Attested|attest/i);
      const inputs = { "subject-path": "app.bin", "show-summary": "false" };
      assert.equal((await attest(scene, inputs)).summary, "");
    });

    scenario(
      "private-signing is GitHub's own instance, of which nothing is known here",
      async (scene) => {
        await lay(scene);
        const inputs = { "subject-path": "app.bin", "private-signing": "True", "dry-run": "true" };
        const env = { SIGSTEP_SIGNING_CONFIG: undefined, SIGSTEP_TRUSTED_ROOT: undefined };
        const run = await attest(scene, inputs, { env });
        scene.assertRun(run, 1);
        assert.match(run.log, /Nothing of GitHub's Sigstore instance is cached/);
        assert.deepEqual(scene.asked(), {});
      },
    );
  });
}

describe("digests that subject-digest takes", { concurrency: 4 }, () => {
  const lengths = {
    sha224: 56,
    sha256: 64,
    sha384: 96,
    sha512: 128,
    sha512_224: 56,
    sha512_256: 64,
  };
  for (const [algorithm, length] of Object.entries(lengths)) {
    scenario(algorithm, async (scene) => {
      const inputs = { "subject-digest": `${algorithm}:${hex("c", length)}`, "subject-name": "x" };
      scene.assertRun(await byAction(scene, inputs), 0);
      const [statement] = await statements(scene);
      assert.deepEqual(statement?.subjects, [["x", { [algorithm]: hex("c", length) }]]);
    });
  }
});

describe("what actions/attest leaves", { concurrency: 3 }, () => {
  scenario("attestation.json in a fresh folder, and its path in the job's list", async (scene) => {
    await lay(scene);
    const first = await byAction(scene, { "subject-path": "app.bin" });
    const second = await byAction(scene, { "subject-path": "app.bin" });
    const paths = [first, second].map(({ outputs }) => text(outputs.get("bundle-path")));
    assert.equal(new Set(paths).size, 2, "a folder each");
    for (const path of paths) {
      assert.equal(basename(path), "attestation.json");
      assert.equal(dirname(dirname(path)), scene.path("temp"));
      const content = await readFile(path, "utf8");
      assert.match(content, /^\{[^\n]+\}\n$/, "one line");
      const bundle: unknown = JSON.parse(content);
      assert.equal(at(bundle, "mediaType"), "application/vnd.dev.sigstore.bundle.v0.3+json");
      assert.ok(dig(bundle, "verificationMaterial", "certificate", "rawBytes") !== undefined);
      assert.equal(parseStatement(content).type, provenance);
    }
    const listed = await readFile(scene.path("temp/created_attestation_paths.txt"), "utf8");
    assert.equal(listed, `${paths.join("\n")}\n`);
  });

  scenario("subjects from $GITHUB_ARTIFACTS_LIST when no input names any", async (scene) => {
    const artifacts = [
      { name: "app.bin", digest: `sha256:${hex("d")}`, kind: "file" },
      { name: "ghcr.io/acme/app", digest: `sha256:${hex("e")}`, kind: "oci" },
    ];
    const path = await scene.write(
      "list.json",
      JSON.stringify({ version: 1, subjects: artifacts }),
    );
    scene.assertRun(await byAction(scene, {}, { env: { GITHUB_ARTIFACTS_LIST: path } }), 0);
    const [statement] = await statements(scene);
    assert.deepEqual(statement?.subjects, [
      ["app.bin", { sha256: hex("d") }],
      ["ghcr.io/acme/app", { sha256: hex("e") }],
    ]);
  });

  scenario("nothing at all when signing fails: bundle-path is empty", async (scene) => {
    await lay(scene);
    scene.fault("rekor1", { kind: "status", status: 400 });
    const run = await byAction(scene, { "subject-path": "app.bin" });
    assert.equal(run.code, 1);
    assert.equal(run.outputs.get("bundle-path"), "");
  });

  scenario("provenance with the fields of actions/attest", async (scene) => {
    await lay(scene);
    scene.assertRun(await byAction(scene, { "subject-path": "app.bin" }), 0);
    const [statement] = await statements(scene);
    const definition = at(statement?.predicate, "buildDefinition");
    assert.equal(at(definition, "buildType"), "https://actions.github.io/buildtypes/workflow/v1");
    const workflow = dig(definition, "externalParameters", "workflow") ?? {};
    assert.deepEqual(Object.keys(workflow), ["ref", "repository", "path"]);
    const builder = text(dig(statement?.predicate, "runDetails", "builder", "id"));
    assert.match(builder, /^https:\/\/github\.com\/acme\/widget\/\.github\/workflows\//);
  });
});

/** Input of gh-action-sigstore-python → ours. */
describe("inputs of gh-action-sigstore-python, as sign takes them", { concurrency: 3 }, () => {
  scenario("inputs: words as in a shell, and globs", async (scene) => {
    for (const name of ["a.whl", "b one.whl", "c.tar.gz"]) await scene.write(name);
    const run = await scene.action({ inputs: "*.whl 'b one.whl' ./c.tar.gz" });
    await scene.assertSigned(run, ["a.whl", "b one.whl", "c.tar.gz"]);
  });

  scenario("identity-token", async (scene) => {
    await scene.write("a.whl");
    const token = await scene.token("github");
    const env = {
      ACTIONS_ID_TOKEN_REQUEST_URL: undefined,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: undefined,
    };
    const run = await scene.action({ inputs: "a.whl", "identity-token": token }, { env });
    await scene.assertSigned(run, ["a.whl"]);
    assert.equal(scene.asked().token, undefined);
  });

  scenario("oidc-client-id is audience", async (scene) => {
    await scene.write("a.whl");
    await scene.action({ inputs: "a.whl", audience: "my-instance" });
    const [asked] = scene.sandbox.requests.list("issuer");
    assert.match(asked?.path ?? "", /[?&]audience=my-instance(?:&|$)/);
  });

  for (const version of ["1", "2"] as const) {
    scenario(`rekor-version: ${version} is taken as it is`, async (scene) => {
      await scene.write("a.whl");
      const env = { SIGSTEP_SIGNING_CONFIG: undefined, SIGSTEP_TRUSTED_ROOT: undefined };
      const inputs = { inputs: "a.whl", "rekor-version": version, "dry-run": "true" };
      const run = await scene.action(inputs, { env });
      scene.assertRun(run, 0);
      assert.match(
        run.log,
        version === "1" ? /rekor\.sigstore\.dev/ : /log\d+-\d+\.rekor\.sigstore\.dev/,
      );
    });
  }

  scenario("staging: true is instance: staging", async (scene) => {
    await scene.write("a.whl");
    const env = { SIGSTEP_SIGNING_CONFIG: undefined, SIGSTEP_TRUSTED_ROOT: undefined };
    const run = await scene.action(
      { inputs: "a.whl", instance: "staging", "dry-run": "true" },
      { env },
    );
    scene.assertRun(run, 0);
    assert.match(run.log, /sigstage\.dev/);
  });
});
