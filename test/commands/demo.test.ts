// `demo` as a newcomer meets it: a process that prints, and the files that it leaves.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type OwnBundle, verifyOwnBundle } from "../../src/commands/own-work.ts";
import { computeDigest } from "../../src/crypto/digest.ts";
import { publicGood } from "../../src/sigstore/public-good/embedded.ts";
import type { Artifact } from "../../src/sigstore/sign.ts";
import { parseTrustedRoot, type TrustedRoot } from "../../src/sigstore/trust.ts";
import { Place, type Ended } from "./demo-process.ts";

const identities = {
  github: "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0",
  gitlab: "https://gitlab.com/acme/widget//.gitlab-ci.yml@refs/heads/main",
};
const titles = [
  "Sigstore started",
  "identity token",
  "certificate",
  "log entry",
  "timestamp",
  "bundle written",
  "bundle verified",
];

describe("demo", () => {
  for (const [rekor, runner] of [
    ["1", "github"],
    ["2", "gitlab"],
  ] as const) {
    it(`signs, shows and verifies: Rekor v${rekor}, a ${runner} job`, async () => {
      await using place = await Place.make();
      const args = ["demo", "--rekor-version", rekor, "--runner", runner];
      const ended = await place.run({ args });
      assert.equal(ended.code, 0, ended.stderr);
      assert.equal(ended.stderr, "");
      assertSteps(ended.stdout);
      assert.ok(ended.stdout.split("\n").length <= 28);
      const folder = await onlyFolder(place);
      assert.deepEqual((await readdir(folder)).toSorted(), [
        "hello.txt",
        "hello.txt.sigstore.json",
        "sandbox-trusted-root.json",
        "sigstep-manifest.json",
      ]);
      const { certificate, digest } = await verify(join(folder, "hello.txt"), folder);
      assert.equal(certificate.identity.value, identities[runner]);
      const shown = [
        identities[runner],
        Buffer.from(digest.bytes).toString("hex"),
        `rekor${rekor}.sigstep-sandbox-not-for-production.invalid`,
        "Sandbox, not for production",
      ];
      for (const text of shown) assert.ok(ended.stdout.includes(text), text);
      assertNoSecret(ended);
    });
  }

  it("makes no bundle that the real Sigstore's trusted root accepts", async () => {
    await using place = await Place.make();
    await place.run();
    const folder = await onlyFolder(place);
    const real = parseTrustedRoot(publicGood.trustedRoot, "public good");
    const bundle = await readFile(join(folder, "hello.txt.sigstore.json"));
    const artifact = await artifactOf(join(folder, "hello.txt"));
    await assert.rejects(proveBy(real, bundle, artifact), { code: "LOG_ENTRY_INVALID" });
  });

  it("prints JSON alone with --json, and steps that took no longer than the whole", async () => {
    await using place = await Place.make();
    const start = performance.now();
    const ended = await place.run({ args: ["demo", "--json"] });
    const wallMs = performance.now() - start;
    assert.equal(ended.code, 0, ended.stderr);
    assertSteps(ended.stderr);
    const json: unknown = JSON.parse(ended.stdout);
    assert.ok(isRecord(json) && Array.isArray(json.steps));
    const steps = json.steps.filter(isRecord).map(({ name, milliseconds }) => {
      assert.ok(Number.isSafeInteger(milliseconds) && Number(milliseconds) >= 0);
      return { name: String(name), ms: Number(milliseconds) };
    });
    assert.deepEqual(steps.map(({ name }) => name).toSorted(), [
      "certificate",
      "log",
      "start",
      "timestamp",
      "token",
      "verify",
      "write",
    ]);
    // Log and timestamp are asked at the same moment.
    const inTurn = steps.filter(({ name }) => name !== "timestamp");
    assert.ok(inTurn.reduce((sum, { ms }) => sum + ms, 0) <= wallMs);
    const { status, sandbox, "certificate-identity": identity, "trusted-root": root } = json;
    assert.deepEqual(
      { status, sandbox, identity },
      { status: "signed", sandbox: "not for production", identity: identities.github },
    );
    assert.equal(root, join(await onlyFolder(place), "sandbox-trusted-root.json"));
    assertNoSecret(ended);
  });

  it("signs a given file, beside which nothing changes", async () => {
    await using place = await Place.make();
    const file = join(place.directory, "own file.bin");
    await writeFile(file, "own");
    const before = (await readdir(place.directory)).toSorted();
    const ended = await place.run({ args: ["demo", "own file.bin"] });
    assert.equal(ended.code, 0, ended.stderr);
    assert.deepEqual((await readdir(place.directory)).toSorted(), before);
    await verify(file, await onlyFolder(place));
  });

  it("puts the bundle into --bundle-dir and leaves nothing else", async () => {
    await using place = await Place.make();
    await writeFile(join(place.directory, "own.bin"), "own");
    const out = join(place.directory, "out");
    const args = ["demo", "own.bin", "--bundle-dir", "out"];
    const ended = await place.run({ args });
    assert.equal(ended.code, 0, ended.stderr);
    assert.deepEqual(await place.leftovers(), []);
    assert.deepEqual((await readdir(out)).toSorted(), [
      "own.bin.sigstore.json",
      "sandbox-trusted-root.json",
    ]);
    await verify(join(place.directory, "own.bin"), out);
    const made = await place.run({ args: ["demo", "--bundle-dir", "out/made"] });
    assert.equal(made.code, 0, made.stderr);
    await verify(join(out, "made", "hello.txt"), join(out, "made"));
  });

  for (const name of ["own.bin.sigstore.json", "sandbox-trusted-root.json"]) {
    it(`overwrites no ${name}`, async () => {
      await using place = await Place.make();
      await writeFile(join(place.directory, "own.bin"), "own");
      await writeFile(join(place.directory, name), "precious");
      const ended = await place.run({ args: ["demo", "own.bin", "--bundle-dir=.", "--json"] });
      assertRefused(ended, "INPUT_NAME_CLASH");
      assert.equal(await readFile(join(place.directory, name), "utf8"), "precious");
      assert.deepEqual(await place.leftovers(), []);
    });
  }

  it("is not swayed by the variables of a job or a proxy, and prints no workflow command", async () => {
    await using place = await Place.make();
    const ended = await place.run({
      environment: {
        GITHUB_ACTIONS: "true",
        ACTIONS_ID_TOKEN_REQUEST_URL: "http://127.0.0.1:9/",
        ACTIONS_ID_TOKEN_REQUEST_TOKEN: "real-token-of-a-real-job",
        SIGSTORE_ID_TOKEN: "real-token-of-a-real-job",
        HTTP_PROXY: "http://127.0.0.1:9",
        HTTPS_PROXY: "http://127.0.0.1:9",
        SIGSTEP_DRY_RUN: "true",
        SIGSTEP_TRUSTED_ROOT: "/nowhere",
        SIGSTEP_BUNDLE_DIR: "/nowhere",
      },
    });
    assert.equal(ended.code, 0, ended.stderr);
    assertSteps(ended.stdout);
    assertNoSecret(ended);
    assert.doesNotMatch(ended.stdout, /real-token|^::/m);
  });

  it("leaves nothing when it is told to end", async () => {
    await using place = await Place.make();
    const running = place.start();
    await running.until(/Sigstore started/);
    running.kill("SIGTERM");
    const ended = await running.ended;
    assert.equal(ended.code, 1);
    assert.match(ended.stdout, /cancelled/i);
    assert.deepEqual(await place.leftovers(), []);
  });

  it("leaves nothing when it fails", async () => {
    await using place = await Place.make();
    await writeFile(join(place.directory, "taken"), "");
    const ended = await place.run({ args: ["demo", "--bundle-dir", "taken"] });
    assert.notEqual(ended.code, 0);
    assert.deepEqual(await place.leftovers(), []);
  });

  it("runs as built, and the package for certificates stays in the sandbox", async () => {
    await using place = await Place.make();
    const ended = await place.run({ program: "dist/cli.js" });
    assert.equal(ended.code, 0, ended.stderr);
    assertSteps(ended.stdout);
    const folder = await onlyFolder(place);
    await verify(join(folder, "hello.txt"), folder);
    const chunks = globSync("dist/*.js").filter((path) =>
      readFileSync(path, "utf8").includes("X509CertificateGenerator"),
    );
    assert.equal(chunks.length, 1);
    assert.match(chunks.join(), /sandbox-\w+\.js$/);
  });

  it("has help whose example runs", async () => {
    await using place = await Place.make();
    const help = await place.run({ args: ["demo", "--help"] });
    assert.equal(help.code, 0, help.stderr);
    const [, example = ""] = /Example:\n\s+sigstep (.+)\n/.exec(help.stdout) ?? [];
    assert.match(example, /^demo/);
    assert.equal((await place.run({ args: example.split(" ") })).code, 0);
  });
});

describe("demo refuses, before it starts anything", () => {
  const refusals = [
    [["--srve"], "INPUT_UNKNOWN"],
    [["--identity-token=x"], "INPUT_UNKNOWN"],
    [["--rekor-version", "3"], "INPUT_VALUE"],
    [["--runner=jenkins"], "INPUT_VALUE"],
    [["--serve=maybe"], "INPUT_VALUE"],
    [["--runner"], "INPUT_MISSING"],
    [["--runner=github", "--runner=gitlab"], "INPUT_CONFLICT"],
    [["--serve", "own.bin"], "INPUT_CONFLICT"],
    [["--serve", "--bundle-dir=out"], "INPUT_CONFLICT"],
    [["own.bin", "other.bin"], "INPUT_VALUE"],
    [["*.bin"], "INPUT_VALUE"],
    [["absent.bin"], "INPUT_NO_MATCH"],
    [["folder"], "INPUT_NOT_A_FILE"],
  ] as const;
  for (const [args, code] of refusals) {
    it(`${args.join(" ")}: ${code}`, async () => {
      await using place = await Place.make();
      for (const name of ["own.bin", "other.bin"]) {
        await writeFile(join(place.directory, name), name);
      }
      await mkdir(join(place.directory, "folder"));
      assertRefused(await place.run({ args: ["demo", "--json", ...args] }), code);
      assert.deepEqual(await place.leftovers(), []);
    });
  }
});

function assertRefused({ code, stdout, stderr }: Ended, wanted: string): void {
  assert.equal(code, 2, stderr);
  const json: unknown = JSON.parse(stdout);
  assert.ok(isRecord(json) && isRecord(json.error));
  assert.equal(json.error.code, wanted);
  assert.doesNotMatch(stderr, /Sigstore started/);
}

/** Every step once, each with a time; the log and the timestamp may come in either order. */
function assertSteps(output: string): void {
  const found = [...output.matchAll(/^ +\d+ ms {2}([A-Za-z ]+?) {2}/gm)].map(([, title]) => title);
  const order = found[3] === "timestamp" ? [0, 1, 2, 4, 3, 5, 6] : [0, 1, 2, 3, 4, 5, 6];
  assert.deepEqual(
    found,
    order.map((index) => titles[index]),
  );
}

/** Neither a token nor the credential for one, nor a command that masks them. */
function assertNoSecret({ stdout, stderr }: Ended): void {
  assert.doesNotMatch(stdout + stderr, /eyJ[\w-]{8}|sandbox-request-|add-mask|Bearer/);
}

async function onlyFolder(place: Place): Promise<string> {
  const [name = "", ...more] = await place.leftovers();
  assert.equal(more.length, 0);
  return join(place.temporary, name);
}

async function artifactOf(path: string): Promise<Artifact> {
  const content = await readFile(path);
  return { digest: computeDigest("sha256", content), content };
}

/** Proves the bundle in `folder` over the file at `path` by the trusted root that lies beside it. */
async function verify(path: string, folder: string): Promise<OwnBundle> {
  const [name = ""] = (await readdir(folder)).filter((each) => each.endsWith(".sigstore.json"));
  const root = await readFile(join(folder, "sandbox-trusted-root.json"));
  return proveBy(
    parseTrustedRoot(root, "sandbox"),
    await readFile(join(folder, name)),
    await artifactOf(path),
  );
}

/** Proves a bundle under whatever identity it has. */
function proveBy(trustedRoot: TrustedRoot, bytes: Buffer, artifact: Artifact): Promise<OwnBundle> {
  return verifyOwnBundle(bytes, { artifact, trustedRoot, required: {}, now: new Date() });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
