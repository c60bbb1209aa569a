// `attest` in this process, against the sandbox: what stops a run before anything of it is public, and which
// earlier attestation serves.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, beforeEach, suite, test } from "node:test";
import { runAction } from "../../src/commands/main.ts";
import { rootAction } from "../../src/commands/root-action.ts";
import { startSandbox, type Sandbox } from "../../src/sandbox/sandbox.ts";
import { readJob } from "../../src/runner/job.ts";
import { createHttp } from "../../src/services/door.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { serve } from "../services/servers.ts";
import { makeWorld } from "./own-run.ts";
import { Folder, run, type Ended } from "./verify-run.ts";

const custom = ["--predicate-type=https://example.com/scan/v1"];
const ownProvenance = {
  buildDefinition: {
    buildType: "https://actions.github.io/buildtypes/workflow/v1",
    externalParameters: {},
  },
  runDetails: { builder: { id: "https://github.com/evil/x/.github/workflows/x.yml@refs/heads/x" } },
};

let folder: Folder;
let sandbox: Sandbox;
let trust: Readonly<Record<string, string>>;
before(async () => {
  folder = await Folder.make();
  sandbox = await startSandbox();
  trust = {
    "signing-config": await folder.write("config.json", sandbox.signingConfig.v1),
    "trusted-root": await folder.write("root.json", sandbox.trustedRoot),
  };
});
after(async () => {
  await sandbox.close();
  await folder.remove();
});

/** Whose token a run gets; a GitHub job's unless said. */
interface Identity {
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly kind?: "github" | "email";
}

function openWorld(
  { claims = {}, kind = "github" }: Identity,
  input: (name: string) => string = () => "",
): ReturnType<typeof makeWorld> {
  const now = (): Date => new Date();
  const identityToken = (): Promise<string> => sandbox.issuers[kind].token(claims);
  const { world, told } = makeWorld({ identityToken, input });
  const http = createHttp({ budgetMs: 20_000, now });
  return { world: { ...world, now, openHttp: () => Promise.resolve(http) }, told };
}

async function attest(args: readonly string[], identity: Identity = {}): Promise<Ended> {
  const flags = Object.entries(trust).map(([name, value]) => `--${name}=${value}`);
  const { world, told } = openWorld(identity);
  const ended = await run(["attest", "--json", ...flags, ...args], world);
  return { ...ended, told, log: [...told.infos, ...told.failures].join("\n") };
}

/** Runs the action with these inputs, in a job whose folder is `temp`. */
async function act(inputs: Readonly<Record<string, string>>): Promise<Ended> {
  const { world, told } = openWorld({}, (name) => ({ ...trust, ...inputs })[name] ?? "");
  await folder.write("temp/.keep", "");
  const code = await runAction(rootAction, { ...world, temporaryDirectory: folder.at("temp") });
  return { code, stdout: "", told, log: [...told.infos, ...told.failures].join("\n") };
}

function refusedAs(ended: Ended): unknown {
  return dig(JSON.parse(ended.stdout), "error", "code");
}

/** Requests that leave something public. */
function publicRequests(): number {
  const { requests } = sandbox;
  return requests.count("fulcio", "POST") + requests.count("rekor1", "POST");
}

async function payloadAt(path: string): Promise<string> {
  const bundle: unknown = JSON.parse(await readFile(path, "utf8"));
  const payload = text(dig(bundle, "dsseEnvelope", "payload"));
  return Buffer.from(payload, "base64").toString("utf8");
}

suite("a run that would overwrite what it reads is refused before anything is public", () => {
  const rows = [
    ["a subject called as the manifest", "a/sigstep-manifest.json", []],
    [
      "a subject called as a bundle",
      "b/b.provenance.sigstore.json",
      ["b/b", "--single-subject-attestations"],
    ],
    ["a subject called as the file with all", "c/c.sigstore.jsonl", ["c/c", "--bundle-name=c"]],
  ] as const;
  for (const [what, name, others] of rows) {
    test(what, async () => {
      const before = publicRequests();
      const path = await folder.write(name, "mine");
      const more = others.map((each) => (each.startsWith("-") ? each : folder.at(each)));
      for (const each of others) if (!each.startsWith("-")) await folder.write(each, "x");
      const ended = await attest([path, ...more]);
      assert.equal(ended.code, 2, ended.log);
      assert.equal(refusedAs(ended), "INPUT_NAME_CLASH");
      assert.equal(await readFile(path, "utf8"), "mine");
      assert.equal(publicRequests(), before);
    });
  }

  test("a predicate called as the file of actions/attest", async () => {
    const app = await folder.write("d/app", "app");
    const predicate = await folder.write("d/attestation.json", '{"mine":1}');
    const ended = await act({
      ...{ "subject-path": app, "bundle-dir": folder.at("d") },
      ...{ "predicate-type": "https://example.com/x", "predicate-path": predicate },
    });
    assert.equal(ended.code, 2, ended.log);
    assert.match(ended.log, /attestation\.json" is read by this run/);
    assert.equal(await readFile(predicate, "utf8"), '{"mine":1}');
  });

  test("a manifest whose subjects are attested", async () => {
    const signed = { name: "app", digest: { sha256: "a".repeat(64) } };
    const manifest = JSON.stringify({ schemaVersion: 1, subjects: [signed] });
    const path = await folder.write("e/sigstep-manifest.json", manifest);
    const ended = await attest([`--subject-manifest=${path}`, `--bundle-dir=${folder.at("e")}`]);
    assert.equal(refusedAs(ended), "INPUT_NAME_CLASH", ended.log);
  });

  test("a folder where the file with all bundles goes", async () => {
    const before = publicRequests();
    const app = await folder.write("f/app", "app");
    await folder.write("f/app.sigstore.jsonl/x", "x");
    const ended = await attest([app]);
    assert.equal(refusedAs(ended), "INPUT_NOT_WRITABLE", ended.log);
    assert.equal(publicRequests(), before);
  });
});

suite("an earlier attestation", () => {
  let number = 0;
  let args: readonly string[];
  beforeEach(async () => {
    const app = await folder.write(`kept-${number++}/app`, "app");
    args = [app, ...custom];
  });

  test("of another run does not serve, of another attempt it does", async () => {
    const predicate = '--predicate={"a":1}';
    assert.equal((await attest([...args, predicate])).code, 0);
    const entries = sandbox.requests.count("rekor1", "POST");
    await attest([...args, predicate], { claims: { run_attempt: "2" } });
    assert.equal(sandbox.requests.count("rekor1", "POST"), entries);
    await attest([...args, predicate], { claims: { run_id: "40044" } });
    assert.equal(sandbox.requests.count("rekor1", "POST"), entries + 1);
  });

  test("does not serve where it differs by an attempt that the user wrote", async () => {
    const predicate = (attempt: number): string =>
      `--predicate={"a":{"b":{"c":"https://x.example/actions/runs/1/attempts/${attempt}"}}}`;
    assert.equal((await attest([...args, predicate(1)])).code, 0);
    assert.equal((await attest([...args, predicate(2)])).code, 0);
    const [app = ""] = args;
    assert.match(await payloadAt(`${app}.scan-v1.sigstore.json`), /attempts\/2/);
  });
});

suite("provenance", () => {
  test("that the token cannot make is refused before there is a certificate", async () => {
    const before = publicRequests();
    const app = await folder.write("g/app", "app");
    for (const identity of [{ kind: "email" }, { claims: { repository_owner_id: "" } }] as const) {
      const ended = await attest([app], identity);
      assert.equal(ended.code, 1, ended.log);
      assert.equal(refusedAs(ended), "IDENTITY_INVALID");
    }
    assert.equal(publicRequests(), before);
  });

  test("of another build is refused before it is in the log", async () => {
    const app = await folder.write("h/app", "app");
    const entries = sandbox.requests.count("rekor1", "POST");
    const predicate = `--predicate=${JSON.stringify(ownProvenance)}`;
    const ended = await attest([app, "--predicate-type=slsaprovenance1", predicate]);
    assert.equal(ended.code, 1, ended.log);
    const [failure] = list(at(JSON.parse(ended.stdout), "failures"));
    assert.equal(at(failure, "code"), "PREDICATE_INVALID", ended.log);
    assert.match(text(at(failure, "message")), /its certificate says/);
    assert.equal(sandbox.requests.count("rekor1", "POST"), entries);
  });
});

suite("a predicate that is signed by reference", () => {
  test("is called so by plan, manifest and the command that verifies it", async () => {
    const reference = "https://in-toto.io/attestation/reference/v0.1";
    const app = await folder.write("l/app", "app");
    const args = [
      ...[app, ...custom, `--predicate={"a":"${"x".repeat(2000)}"}`, "--max-envelope-size=1000"],
      ...["--oversize=reference", "--oversize-location=https://example.com/predicate.json"],
    ];
    const plan = await attest([...args, "--dry-run"]);
    const described = `(${reference}, a reference to https://example.com/scan/v1)`;
    assert.ok(plan.log.includes(described), plan.log);
    const ended = await attest(args);
    assert.equal(ended.code, 0, ended.log);
    const signed: unknown = JSON.parse(await payloadAt(`${app}.scan-v1.sigstore.json`));
    assert.equal(at(signed, "predicateType"), reference);
    const manifest: unknown = JSON.parse(
      await readFile(folder.at("l", "sigstep-manifest.json"), "utf8"),
    );
    assert.equal(at(list(at(manifest, "attestations"))[0], "predicateType"), reference);
    const [command] = list(at(JSON.parse(ended.stdout), "verify-commands"));
    assert.ok(text(command).includes(`--type ${reference}`), text(command));
  });
});

suite("a run that is cancelled while it makes the storage record", () => {
  test("reports what it has signed", async (t) => {
    const stop = new AbortController();
    const api = await serve(t, (response, _, request) => {
      if (request.method === "POST") stop.abort();
      else response.end('{"private":false,"owner":{"type":"Organization"}}');
    });
    const { world, told } = openWorld({});
    const job = readJob({ GITHUB_REPOSITORY: "acme/widget", GITHUB_API_URL: api.url.origin });
    const image = [`--subject-digest=sha256:${"a".repeat(64)}`, "--subject-name=ghcr.io/acme/app"];
    const flags = Object.entries(trust).map(([name, value]) => `--${name}=${value}`);
    const input = (name: string): string => (name === "github-token" ? "ghs_of_the_test" : "");
    const ended = await run(
      [
        ...["attest", "--json", ...flags, ...image, `--bundle-dir=${folder.at("m")}`],
        ...["--create-storage-record", "--github-attestations=never"],
      ],
      { ...world, job, signal: stop.signal, runner: { ...world.runner, input } },
    );
    assert.equal(ended.code, 1, told.failures.join());
    const report: unknown = JSON.parse(ended.stdout);
    assert.equal(list(at(report, "bundle-paths")).length, 1);
    assert.equal(dig(report, "error", "code"), "CANCELLED");
    await readFile(folder.at("m", "sigstep-manifest.json"));
  });
});

suite("inputs of a step", () => {
  test("are read without the line break that ends a block", async () => {
    const predicate = await folder.write("i/p.json", '{"a":1}');
    const digest = `sha256:${"a".repeat(64)}`;
    const ended = await act({
      ...{ "subject-digest": `${digest}\n`, "subject-name": " app \n" },
      ...{ "predicate-type": "https://example.com/scan/v1\n", "predicate-path": `${predicate}\n` },
      "bundle-dir": `${folder.at("i")}\n`,
    });
    assert.equal(ended.code, 0, ended.log);
    assert.match(await payloadAt(folder.at("i", "app.scan-v1.sigstore.json")), /"name":"app"/);
  });

  test("a file of checksums as well; a list in YAML keeps its indent", async () => {
    const sums = await folder.write("j/sums", `${"a".repeat(64)}  app\n`);
    const ended = await act({
      ...{ "subject-checksums": `${sums}\n`, "bundle-dir": folder.at("j") },
      predicates: "  - type: provenance\n  - {type: custom, predicate: {a: 1}}\n",
    });
    assert.equal(ended.code, 0, ended.log);
  });
});

suite("private-signing", () => {
  for (const other of ["--instance=public-good", "--instance=staging", "--rekor-version=2"]) {
    test(`contradicts ${other}`, async () => {
      const app = await folder.write("k/app", "app");
      const args = ["attest", "--json", "--dry-run", "--private-signing", other, app];
      const ended = await run(args);
      assert.equal(ended.code, 2, ended.log);
      assert.equal(refusedAs(ended), "INPUT_CONFLICT");
    });
  }
});
