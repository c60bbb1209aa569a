// The conformance client as the suite calls it: every case, both commands, and what it hands on.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
} from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, suite, test } from "node:test";
import { startSandbox, type Sandbox } from "../../src/sandbox/sandbox.ts";

const client = join(import.meta.dirname, "conformance");
const cases = join(import.meta.dirname, "../vectors/sigstore-conformance");
const identity =
  "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon/.github/workflows/extremely-dangerous-oidc-beacon.yml@refs/heads/main";
const issuer = "https://token.actions.githubusercontent.com";

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "sigstep-conformance-"));
});
after(() => rm(folder, { recursive: true }));

interface Outcome {
  readonly code: number;
  readonly output: string;
}

/** Runs the client in an empty environment: what the machine has set up must not matter. */
function run(args: readonly string[], program = client, path = process.env.PATH): Promise<Outcome> {
  const env = { PATH: path, HOME: folder, TMPDIR: folder };
  return new Promise((resolve) => {
    execFile(program, args, { env, timeout: 60_000 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : 99;
      resolve({ code, output: stdout + stderr });
    });
  });
}

function read(name: string, file: string): string | undefined {
  const path = join(cases, name, file);
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}

function argumentsOf(name: string): string[] {
  const path = (file: string): string => join(cases, name, file);
  const who = existsSync(path("key.pub"))
    ? ["--key", path("key.pub")]
    : [
        ...["--certificate-identity", read(name, "identity") ?? identity],
        ...["--certificate-oidc-issuer", read(name, "issuer") ?? issuer],
      ];
  const trust = existsSync(path("trusted_root.json"))
    ? ["--trusted-root", path("trusted_root.json")]
    : [];
  const artifact = existsSync(path("artifact")) ? path("artifact") : join(cases, "a.txt");
  return ["verify-bundle", "--bundle", path("bundle.sigstore.json"), ...who, ...trust, artifact];
}

test("is one executable file", () => {
  assert.equal(statSync(client).mode & 0o777, 0o755);
});

suite("every case", { concurrency: availableParallelism() }, () => {
  const names = readdirSync(cases, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of names) {
    test(`${name}: ${name.endsWith("_fail") ? "refused" : "accepted"}`, async () => {
      const { code, output } = await run(argumentsOf(name));
      assert.equal(code === 0, !name.endsWith("_fail"), output);
      // 1: refused; 2: a trusted root or key that cannot be read. Not a crash, not a missing program.
      assert.ok(code <= 2, output);
      assert.doesNotMatch(output, /conformance:|INTERNAL|Internal error/);
    });
  }
});

suite("what is given", { concurrency: availableParallelism() }, () => {
  const good = "rekor2-happy-path";
  const flags = argumentsOf(good).slice(1, -1);
  const [artifact = ""] = argumentsOf(good).slice(-1);

  test("flags stand in any order, also behind the artifact, also in one word", async () => {
    const pairs = flags.flatMap((flag, index) =>
      index % 2 === 0 ? [[flag, flags[index + 1] ?? ""]] : [],
    );
    const backwards = pairs.toReversed().flat();
    const joined = pairs.map(([name, value]) => `${name}=${value}`);
    const orders = [
      [...backwards, artifact],
      [artifact, ...flags],
      [...joined, artifact],
      [...flags.slice(0, 2), artifact, ...flags.slice(2)],
    ];
    for (const order of orders) {
      const { code, output } = await run(["verify-bundle", ...order]);
      assert.equal(code, 0, output);
    }
  });

  test("a digest stands for the artifact, and another digest for another", async () => {
    const digest = createHash("sha256").update(readFileSync(artifact)).digest("hex");
    const right = await run(["verify-bundle", ...flags, `sha256:${digest}`]);
    assert.equal(right.code, 0, right.output);
    const wrong = await run(["verify-bundle", ...flags, `sha256:${"0".repeat(64)}`]);
    assert.equal(wrong.code, 1, wrong.output);
  });

  test("another identity and another issuer are refused", async () => {
    for (const [flag, value] of [
      ["--certificate-identity", `${identity}x`],
      ["--certificate-oidc-issuer", `${issuer}x`],
    ] as const) {
      const changed = flags.with(flags.indexOf(flag) + 1, value);
      const { code, output } = await run(["verify-bundle", ...changed, artifact]);
      assert.equal(code, 1, output);
      assert.match(output, /step 10/);
    }
  });

  test("without an identity nobody is accepted", async () => {
    const { code } = await run(["verify-bundle", ...flags.slice(0, 2), artifact]);
    assert.equal(code, 2);
  });

  test("staging is another instance", async () => {
    const args = argumentsOf("happy-path-v0.3");
    const { code, output } = await run([...args.slice(0, 1), "--staging", ...args.slice(1)]);
    assert.equal(code, 1, output);
    assert.match(output, /step [28]/);
  });

  test("what it does not know is refused, and so is what is missing", async () => {
    for (const args of [
      [],
      ["verify"],
      ["verify-bundle"],
      ["verify-bundle", ...flags],
      ["verify-bundle", ...flags, artifact, artifact],
      ["verify-bundle", ...flags, "--unknown", "x", artifact],
      ["verify-bundle", ...flags, "--identity-token", "x", artifact],
      ["verify-bundle", "--bundle"],
      ["sign-bundle", "--bundle", "x", artifact],
      ["verify-bundle", ...flags, "--in-toto", artifact],
    ]) {
      const { code, output } = await run(args);
      assert.equal(code, 2, output);
      assert.match(output, /^conformance: /m);
    }
  });
});

suite("the programs that it needs", () => {
  /** A copy of the client in a project of its own, with this for dist/cli.js. */
  async function project(script: string): Promise<string> {
    const root = await mkdtemp(join(folder, "project-"));
    for (const name of ["test/clients", "dist", "bin"])
      mkdirSync(join(root, name), { recursive: true });
    copyFileSync(client, join(root, "test/clients/conformance"));
    await writeFile(join(root, "dist/cli.js"), script);
    return root;
  }

  test("without a new Node it says which one is needed", async () => {
    const root = await project("");
    const node = join(root, "bin/node");
    await writeFile(node, "#!/bin/sh\necho false\n");
    chmodSync(node, 0o755);
    const own = join(root, "test/clients/conformance");
    const args = ["verify-bundle", "--bundle", "b", "f"];
    const { code, output } = await run(args, own, `${join(root, "bin")}:/usr/bin:/bin`);
    assert.equal(code, 2);
    assert.match(output, /Node 24 or newer is needed/);
  });

  test("the token reaches the program in its environment alone, and no other input does", async () => {
    const script =
      "console.log(process.argv.slice(2).join(' '), process.env.SIGSTEP_IDENTITY_TOKEN, process.env.SIGSTEP_KEY)";
    const own = join(await project(script), "test/clients/conformance");
    const env = `${dirname(process.execPath)}:/usr/bin:/bin`;
    const args = ["sign-bundle", "--identity-token", "the-token", "--bundle", "b", client];
    const { output } = await run(args, own, env);
    assert.match(output, /^sign [^\n]* the-token undefined$/m);
    assert.doesNotMatch(output, /sign [^\n]*the-token[^\n]* the-token/);
  });
});

suite("signing on the sandbox", () => {
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await startSandbox();
  });
  after(() => sandbox.close());

  for (const version of ["v1", "v2"] as const) {
    test(`Rekor ${version}: signed, and verified`, async () => {
      const place = await mkdtemp(join(folder, "sign-"));
      const path = (name: string): string => join(place, name);
      await writeFile(path("root.json"), sandbox.trustedRoot);
      await writeFile(path("config.json"), sandbox.signingConfig[version]);
      await writeFile(path("an artifact"), "content");
      const token = await sandbox.issuers.github.token();
      const trust = ["--trusted-root", path("root.json")];
      const signed = await run([
        ...["sign-bundle", ...trust, "--signing-config", path("config.json")],
        ...["--identity-token", token, "--bundle", path("out.json"), path("an artifact")],
      ]);
      assert.equal(signed.code, 0, signed.output);
      assert.ok(!signed.output.includes(token));
      assert.deepEqual(readdirSync(place).sort(), [
        "an artifact",
        "config.json",
        "out.json",
        "root.json",
      ]);
      const { subject } = await identityIn(path("out.json"));
      const who = [
        "--certificate-identity",
        subject,
        "--certificate-oidc-issuer",
        sandbox.urls.github,
      ];
      const verify = (file: string): Promise<Outcome> =>
        run(["verify-bundle", "--bundle", path("out.json"), ...who, ...trust, file]);
      const verified = await verify(path("an artifact"));
      assert.equal(verified.code, 0, verified.output);
      await writeFile(path("another"), "content!");
      assert.equal((await verify(path("another"))).code, 1);
    });
  }

  async function identityIn(path: string): Promise<{ subject: string }> {
    const { X509Certificate } = await import("node:crypto");
    const [, der = ""] = /"rawBytes":"([^"]+)"/.exec(readFileSync(path, "utf8")) ?? [];
    const { subjectAltName = "" } = new X509Certificate(Buffer.from(der, "base64"));
    return { subject: subjectAltName.replace(/^URI:/, "") };
  }

  test("--in-toto signs a statement byte by byte, about its subjects", async () => {
    const place = await mkdtemp(join(folder, "sign-"));
    const path = (name: string): string => join(place, name);
    const content = "of the statement";
    const digest = { sha256: createHash("sha256").update(content).digest("hex") };
    const statement = `{ "_type": "https://in-toto.io/Statement/v1",\n  "subject": [ ${JSON.stringify({ name: "a/.b c", digest })} ],\n  "predicateType": "https://example.com/x/v1", "predicate": {"a": 1.50} }\n`;
    await writeFile(path("statement.json"), statement);
    await writeFile(path("subject"), content);
    await writeFile(path("root.json"), sandbox.trustedRoot);
    await writeFile(path("config.json"), sandbox.signingConfig.v1);
    const trust = ["--trusted-root", path("root.json")];
    const { code, output } = await run([
      ...["sign-bundle", "--in-toto", "--identity-token", await sandbox.issuers.github.token()],
      ...["--bundle", path("out.json"), ...trust, "--signing-config", path("config.json")],
      path("statement.json"),
    ]);
    assert.equal(code, 0, output);
    const [, payload = ""] =
      /"payload":"([^"]+)"/.exec(readFileSync(path("out.json"), "utf8")) ?? [];
    assert.equal(Buffer.from(payload, "base64").toString(), statement);
    const { subject } = await identityIn(path("out.json"));
    const who = ["--certificate-identity", subject];
    const verified = await run([
      ...["verify-bundle", "--bundle", path("out.json"), ...who, ...trust],
      ...["--certificate-oidc-issuer", sandbox.urls.github, path("subject")],
    ]);
    assert.equal(verified.code, 0, verified.output);
  });

  test("a wrong token signs nothing and leaves nothing", async () => {
    const place = await mkdtemp(join(folder, "sign-"));
    await writeFile(join(place, "root.json"), sandbox.trustedRoot);
    await writeFile(join(place, "config.json"), sandbox.signingConfig.v1);
    const { code, output } = await run([
      ...["sign-bundle", "--trusted-root", join(place, "root.json")],
      ...["--signing-config", join(place, "config.json"), "--identity-token", "a.b.c"],
      ...["--bundle", join(place, "out.json"), client],
    ]);
    assert.notEqual(code, 0, output);
    assert.ok(!existsSync(join(place, "out.json")));
  });
});
