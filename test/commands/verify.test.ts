// `verify`: which bundle is taken for an artifact, what is said of it, and every way to be refused.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { appendFile, mkdir, open, readFile, readdir, symlink } from "node:fs/promises";
import { after, before, suite, test } from "node:test";
import { at, dig, list, text } from "../sandbox/wire.ts";
import {
  act,
  caseFile,
  Folder,
  identity,
  issuer,
  policy,
  publicGoodRoot,
  run,
  sha256,
  stagingRoot,
  type Ended,
} from "./verify-run.ts";

let folder: Folder;
before(async () => {
  folder = await Folder.make();
});
after(() => folder.remove());

const verify = (...args: readonly string[]): Promise<Ended> => run(["verify", ...policy, ...args]);
const json = async (...args: readonly string[]): Promise<{ ended: Ended; json: unknown }> => {
  const ended = await verify("--json", ...args);
  return { ended, json: JSON.parse(ended.stdout) };
};

/** The one error of a refused artifact, as JSON has it. */
async function refusal(...args: readonly string[]): Promise<{ ended: Ended; error: unknown }> {
  const { ended, json: all } = await json(...args);
  assert.equal(ended.code, 1, ended.log);
  assert.equal(at(all, "verified"), false);
  const refused = list(at(all, "results")).filter((result) => at(result, "verified") === false);
  assert.equal(refused.length, 1, ended.log);
  return { ended, error: at(refused[0], "error") };
}

suite("the bundle of a file", () => {
  for (const suffix of [".sigstore.json", ".sigstore"]) {
    test(`PATH${suffix} is found beside it`, async () => {
      const path = await folder.artifact(`beside${suffix}/app`);
      await folder.bundle(`beside${suffix}/app${suffix}`);
      const { code, log } = await verify(path);
      assert.equal(code, 0, log);
      assert.match(
        log,
        /^verified {2}".*app" {2}by https:\/\/github\.com\/.* \(https:.*\) at 2024-03-19T17:26:26\.000Z, log index 79571823$/m,
      );
    });
  }

  for (const suffix of [".sigstore.jsonl", ".jsonl"]) {
    test(`PATH${suffix} is found beside it; any of its bundles counts`, async () => {
      const path = await folder.artifact(`lines${suffix}/app`);
      await folder.lines(`lines${suffix}/app${suffix}`, ["rekor2-happy-path", "happy-path-v0.3"]);
      const { ended, json: all } = await json(path);
      assert.equal(ended.code, 0, ended.log);
      const bundles = list(dig(list(at(all, "results"))[0], "bundles"));
      assert.match(text(at(bundles.at(-1), "bundle")), /app\.(sigstore\.)?jsonl:2$/);
    });
  }

  test("the first that is there is taken, in their fixed order", async () => {
    const path = await folder.artifact("order/app");
    await folder.write("order/app.sigstore.json", "{}");
    await folder.bundle("order/app.sigstore");
    const { error } = await refusal(path);
    assert.equal(at(error, "code"), "BUNDLE_INVALID");
  });

  test("of a file of many, when none is accepted, each has its reason", async () => {
    const path = await folder.artifact("none/app");
    await folder.lines(
      "none/app.jsonl",
      ["bundle-invalid-signature_fail", "happy-path-v0.3", "happy-path-v0.1"].filter(
        (name) => name !== "bundle-invalid-signature_fail",
      ),
    );
    const { code, log } = await run([
      "verify",
      `--trusted-root=${publicGoodRoot}`,
      "--certificate-identity=https://github.com/acme/widget/.github/workflows/release.yml@refs/heads/main",
      `--certificate-oidc-issuer=${issuer}`,
      path,
    ]);
    assert.equal(code, 1);
    assert.match(log, /refused {2}".*app" {2}step 10, identity: None of 2 bundles is accepted/);
    assert.match(log, /app\.jsonl:1": step 10, identity: /);
    assert.match(log, /app\.jsonl:2": step 10, identity: /);
  });

  test("in bundle-dir it is found by the file's name", async () => {
    const path = await folder.artifact("named/files/app");
    await folder.bundle("named/bundles/app.sigstore.json");
    const { code, log } = await verify(path, `--bundle-dir=${folder.at("named/bundles")}`);
    assert.equal(code, 0, log);
  });

  test("in bundle-dir attestations of the file are found, and those of others are not counted", async () => {
    const path = await folder.artifact("attested/app");
    await folder.bundle("attested/bundles/app.one.sigstore.json", "happy-path-v0.3");
    await folder.bundle("attested/bundles/app.two.sigstore.json", "happy-path-v0.1");
    const other = (await readFile(caseFile("happy-path-v0.3"), "utf8")).replace(
      /"digest":\s*"[^"]+"/,
      `"digest": "${Buffer.alloc(32).toString("base64")}"`,
    );
    await folder.write("attested/bundles/app.tar.sigstore.json", other);
    const { ended, json: all } = await json(path, `--bundle-dir=${folder.at("attested/bundles")}`);
    assert.equal(ended.code, 0, ended.log);
    const [result] = list(at(all, "results"));
    assert.equal(list(at(result, "bundles")).length, 2);
    assert.deepEqual(at(result, "refusedBundles"), []);
  });

  test("in bundle-dir it is found by what it is about, also for a digest", async () => {
    const path = await folder.artifact("about/app");
    await folder.bundle("about/bundles/of-someone.sigstore.json");
    await folder.write("about/bundles/broken.sigstore.json", "{");
    const dir = `--bundle-dir=${folder.at("about/bundles")}`;
    for (const item of [path, `sha256:${sha256}`, `sha256:${sha256.toUpperCase()}`]) {
      const { code, log } = await verify(item, dir);
      assert.equal(code, 0, log);
    }
    const other = await folder.write("about/other", "other");
    const { error } = await refusal(other, dir);
    assert.equal(at(error, "code"), "BUNDLE_MISSING");
    assert.match(text(at(error, "message")), /^No bundle there is about ".*other"\.$/);
  });

  test("globs skip bundles, the manifest, and lines beside their file", async () => {
    await folder.artifact("glob/app");
    await folder.bundle("glob/app.sigstore.json");
    await folder.bundle("glob/app.sigstore");
    await folder.lines("glob/app.jsonl", ["happy-path-v0.3"]);
    await folder.write("glob/sigstep-manifest.json", "{}");
    const { ended, json: all } = await json(folder.at("glob/*"));
    assert.equal(ended.code, 0, ended.log);
    assert.equal(list(at(all, "results")).length, 1);
  });

  test("globs skip nothing that only has a bundle's name", async () => {
    await folder.artifact("data/train");
    await folder.bundle("data/train.sigstore.json");
    await folder.write("data/train.sigstore", "not a bundle");
    const lines = await folder.lines("data/train.jsonl", ["happy-path-v0.3"]);
    await appendFile(lines, '{"data":1}\n');
    const { ended, json: all } = await json(folder.at("data/*"));
    assert.equal(ended.code, 1, ended.log);
    const found = list(at(all, "results")).map((result) => at(result, "verified"));
    assert.deepEqual(found, [true, false, false]);
  });
});

suite("a bundle that cannot be used is step 1, with what it is", () => {
  const table: readonly (readonly [
    what: string,
    make: (name: string) => Promise<unknown>,
    code: string,
    says: RegExp,
  ])[] = [
    ["missing", () => Promise.resolve(), "BUNDLE_MISSING", /^There is no bundle ".*"\.$/],
    ["empty", (name) => folder.write(name, ""), "BUNDLE_INVALID", /is empty/],
    ["not JSON", (name) => folder.write(name, "<html>"), "BUNDLE_INVALID", /is not JSON but HTML/],
    [
      "a folder",
      (name) => mkdir(folder.at(name), { recursive: true }),
      "BUNDLE_INVALID",
      /is not a regular file/,
    ],
    [
      "100 MB",
      (name) => makeLarge(folder.at(name)),
      "BUNDLE_INVALID",
      /is above \d+ bytes, more than any bundle/,
    ],
    [
      "a named pipe",
      (name) => Promise.resolve(execFileSync("mkfifo", [folder.at(name)])),
      "BUNDLE_INVALID",
      /is not a regular file/,
    ],
    [
      "a link to nothing",
      (name) => symlink("/nowhere", folder.at(name)),
      "BUNDLE_MISSING",
      /^There is no bundle/,
    ],
    [
      "an empty file of lines",
      (name) => folder.write(`${name}.jsonl`, "\n \n"),
      "BUNDLE_INVALID",
      /is empty/,
    ],
  ];
  for (const [what, make, code, says] of table) {
    test(what, async () => {
      const path = await folder.artifact("unusable/app");
      const name = `unusable/${what}`;
      await make(name);
      const bundle = what.endsWith("lines") ? `${name}.jsonl` : name;
      const { ended, error } = await refusal(path, `--bundle=${folder.at(bundle)}`);
      assert.equal(at(error, "code"), code, ended.log);
      assert.match(text(at(error, "message")), says);
      assert.deepEqual(at(error, "step"), { number: 1, name: "bundle" });
    });
  }

  async function makeLarge(path: string): Promise<void> {
    await using handle = await open(path, "w");
    await handle.truncate(100 * 1024 * 1024);
  }

  test("a file without any says which names were looked for", async () => {
    const { error, ended } = await refusal(await folder.artifact("alone/app"));
    assert.equal(at(error, "code"), "BUNDLE_MISSING");
    assert.match(
      ended.log,
      /step 1, bundle: File ".*app" has no bundle: none of "app\.sigstore\.json, app\.sigstore, app\.sigstore\.jsonl, app\.jsonl" is in its folder/,
    );
  });
});

suite("digests", () => {
  const bundle = `--bundle=${caseFile("happy-path-v0.3")}`;

  test("stand for a file", async () => {
    const { code, log } = await verify(`sha256:${sha256}`, bundle);
    assert.equal(code, 0, log);
  });

  test("of another algorithm than the bundle's are refused with that reason", async () => {
    const { error } = await refusal(`sha512:${"ab".repeat(64)}`, bundle);
    assert.match(
      text(at(error, "message")),
      /is for sha256:.*, and the artifact is known by sha512 only/,
    );
    assert.match(text(at(error, "hint")), /Give the file itself/);
  });

  test("of another artifact are refused", async () => {
    const { error } = await refusal(`sha256:${"ab".repeat(32)}`, bundle);
    assert.deepEqual(at(error, "step"), { number: 5, name: "entry" });
  });

  for (const [item, says] of [
    ["sha256:12ab", /"sha256:12ab": 4 hex digits, sha256 has 64/],
    [`sha256:${"xy".repeat(32)}`, /not 64 hex digits/],
  ] as const) {
    test(`${item.slice(0, 12)} is bad input`, async () => {
      const { code, log } = await verify(item, bundle);
      assert.equal(code, 2);
      assert.match(log, says);
    });
  }

  test("without a bundle are bad input", async () => {
    const { code, log } = await verify(`sha256:${sha256}`);
    assert.equal(code, 2);
    assert.match(log, /A digest has no bundle beside it[\s\S]*--bundle FILE or --bundle-dir DIR/);
  });
});

test("all files are tried, and each one that is refused is named", async () => {
  const good = await folder.artifact("several/good");
  await folder.bundle("several/good.sigstore.json");
  const changed = await folder.write("several/changed", "changed");
  await folder.bundle("several/changed.sigstore.json");
  const bare = await folder.artifact("several/bare");
  const { code, told, log } = await verify(changed, good, bare);
  assert.equal(code, 1);
  assert.equal(told.failures.length, 2);
  assert.match(log, /^verified {2}".*good"/m);
  assert.match(log, /^refused {2}".*changed" {2}step 5, entry: /m);
  assert.match(log, /^refused {2}".*bare" {2}step 1, bundle: /m);
  assert.match(log, /Verified 1 of 3 artifacts/);
  assert.equal(told.outputs.get("verified"), "false");
  assert.equal(told.outputs.get("identity"), "");
});

suite("what is refused tells what to do", () => {
  test("no identity is bad input", async () => {
    const path = await folder.artifact("policy/app");
    const { code, log, stdout } = await run(["verify", "--json", path]);
    assert.equal(code, 2);
    assert.match(log, /whose signatures to accept[\s\S]*--repo/);
    assert.equal(dig(JSON.parse(stdout), "error", "code"), "POLICY_INVALID");
  });

  test("a root of another instance: which instance the bundle looks like", async () => {
    const path = await folder.artifact("instance/app");
    await folder.bundle("instance/app.sigstore.json");
    const args = policy.filter((arg) => !arg.startsWith("--trusted-root"));
    const { code, log } = await run(["verify", ...args, `--trusted-root=${stagingRoot}`, path]);
    assert.equal(code, 1);
    assert.match(
      log,
      /step 2, log: .*c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d/,
    );
    assert.match(log, /looks like one of the public-good instance of Sigstore/);
  });

  test("a clock that is wrong: the time of the signature and that of the clock", async () => {
    const path = await folder.artifact("clock/app");
    await folder.bundle("clock/app.sigstore.json");
    const past = { now: () => new Date("2020-01-01T00:00:00Z") };
    const { code, log } = await run(["verify", ...policy, path], past);
    assert.equal(code, 1);
    assert.match(log, /step 7, time: .*2024-03-19.*clock says 2020-01-01/);
    assert.match(log, /Set this machine's clock/);
  });
});

suite("a managed key", () => {
  const bundle = `--bundle=${caseFile("managed-key-happy-path")}`;
  const key = caseFile("managed-key-happy-path", "key.pub");
  const args = ["verify", bundle, `--trusted-root=${publicGoodRoot}`];

  test("verifies what it has signed, and is named by its digest", async () => {
    const path = await folder.artifact("keyed/app");
    const { code, log, told } = await run([...args, `--key=${key}`, path]);
    assert.equal(code, 0, log);
    assert.match(log, /by the key SHA-256 [0-9a-f]{64}/);
    assert.equal(told.outputs.get("identity"), "");
    assert.equal(told.outputs.get("verified"), "true");
  });

  for (const [what, content, says] of [
    [
      "a private key",
      "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
      /holds a private key/,
    ],
    ["no key", "hello", /is not one public key in PEM/],
    ["two keys", "twice", /is not one public key in PEM/],
    [
      "a key of PKCS#1",
      "-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n",
      /openssl rsa -RSAPublicKey_in/,
    ],
    [
      "a certificate",
      "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
      /openssl x509 -in FILE -noout -pubkey/,
    ],
  ] as const) {
    test(`${what} is bad input`, async () => {
      const whole = content === "twice" ? (await readFile(key, "utf8")).repeat(2) : content;
      const file = await folder.write(`keys/${what}`, whole);
      const { code, log } = await run([
        ...args,
        `--key=${file}`,
        await folder.artifact("keyed/app"),
      ]);
      assert.equal(code, 2);
      assert.match(log, says);
      assert.doesNotMatch(log, /AAAA/);
    });
  }

  test("may have text before it, and the lines of Windows", async () => {
    const text = `Public-Key: (256 bit)\nASN1 OID: prime256v1\n${await readFile(key, "utf8")}\n`;
    const file = await folder.write("keys/text.pub", text.replaceAll("\n", "\r\n"));
    const { code, log } = await run([...args, `--key=${file}`, await folder.artifact("keyed/app")]);
    assert.equal(code, 0, log);
  });

  test("that is not there is bad input", async () => {
    const { code, log } = await run([
      ...args,
      "--key=none.pub",
      await folder.artifact("keyed/app"),
    ]);
    assert.equal(code, 2);
    assert.match(log, /Input key: "none\.pub" cannot be read \(ENOENT\)/);
  });
});

suite("JSON", () => {
  test("has everything that is proven, by name", async () => {
    const path = await folder.artifact("json/app");
    const bundle = `--bundle=${caseFile("rekor2-happy-path")}`;
    const root = `--trusted-root=${caseFile("rekor2-happy-path", "trusted_root.json")}`;
    const { code, stdout, log } = await run([
      ...["verify", "--json", bundle, root, path],
      `--certificate-identity=${identity}`,
      `--certificate-oidc-issuer=${issuer}`,
    ]);
    assert.equal(code, 0, log);
    const all: unknown = JSON.parse(stdout);
    assert.equal(at(all, "status"), "verified");
    const [result] = list(at(all, "results"));
    assert.deepEqual(at(result, "digests"), { sha256 });
    const [proven] = list(at(result, "bundles"));
    assert.equal(dig(proven, "certificate", "identity"), identity);
    assert.equal(dig(proven, "certificate", "issuer"), issuer);
    assert.equal(
      dig(proven, "certificate", "extensions", "sourceRepositoryUri"),
      "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon",
    );
    assert.match(text(dig(proven, "certificate", "serialNumber")), /^[0-9a-f]+$/);
    assert.match(text(dig(proven, "certificate", "sha256")), /^[0-9a-f]{64}$/);
    assert.equal(
      dig(proven, "logEntries", "0", "kind") ?? at(list(at(proven, "logEntries"))[0], "kind"),
      "hashedrekord",
    );
    assert.equal(list(at(proven, "timestamps")).length, 1);
    assert.ok(list(at(proven, "signedCertificateTimestamps")).length > 0);
    assert.deepEqual(
      list(at(proven, "steps")).map((step) => at(step, "number")),
      Array.from({ length: 13 }, (_, index) => index + 1),
    );
  });

  test("has the statement of an attestation", async () => {
    const path = await folder.artifact("json/app");
    const bundle = `--bundle=${caseFile("rekor2-dsse-happy-path")}`;
    const root = `--trusted-root=${caseFile("rekor2-dsse-happy-path", "trusted_root.json")}`;
    const { code, stdout, log } = await run(
      [
        ...["verify", "--json", bundle, root, path],
        `--certificate-identity=${identity}`,
        `--certificate-oidc-issuer=${issuer}`,
      ],
      { now: () => new Date("2026-11-01T00:00:00Z") },
    );
    assert.equal(code, 0, log);
    const [result] = list(at(JSON.parse(stdout), "results"));
    const [proven] = list(at(result, "bundles"));
    assert.match(text(dig(proven, "statement", "predicateType")), /^https?:/);
    assert.ok(list(dig(proven, "statement", "subjects")).length > 0);
    assert.notEqual(dig(proven, "statement", "predicate"), undefined);
  });
});

suite("the action", () => {
  const inputs = {
    "certificate-identity": identity,
    "certificate-oidc-issuer": issuer,
    "trusted-root": publicGoodRoot,
  };

  test("hands over who signed, and a file with all results", async () => {
    const path = await folder.artifact("action/app");
    await folder.bundle("action/app.sigstore.json");
    const wish = { temporaryDirectory: folder.at("action/temp") };
    const { code, told, log } = await act({ ...inputs, inputs: path }, wish);
    assert.equal(code, 0, log);
    const [name = ""] = await readdir(folder.at("action/temp"));
    assert.match(name, /^sigstep-verify-[0-9a-f]{16}\.json$/);
    assert.deepEqual(Object.fromEntries(told.outputs), {
      verified: "true",
      identity,
      issuer,
      repository: "https://github.com/sigstore-conformance/extremely-dangerous-public-oidc-beacon",
      commit: text(told.outputs.get("commit")),
      images: "",
      "results-path": folder.at("action/temp", name),
    });
    assert.match(text(told.outputs.get("commit")), /^[0-9a-f]{40}$/);
    const results: unknown = JSON.parse(await readFile(folder.at("action/temp", name), "utf8"));
    assert.equal(at(results, "verified"), true);
    const [summary = ""] = told.summaries;
    assert.match(summary, /^### Verified 1 artifact\n/);
    assert.match(summary, /<code>https&#58;\/\/github&#46;com\//);
    assert.match(summary, /What was checked/);
    assert.match(summary, /^13\. thresholds: /m);
  });

  test("a name cannot break its summary or log", async () => {
    const name = "a|`<img src=x>\n::error::x [y](http:z)";
    const path = await folder.artifact(`hostile/${name}`);
    await folder.bundle(`hostile/${name}.sigstore.json`);
    const { told, code, log } = await act({ ...inputs, inputs: `${folder.at("hostile")}/a*` });
    assert.equal(code, 0, log);
    assert.ok(path.includes("\n"));
    const [summary = ""] = told.summaries;
    assert.doesNotMatch(summary, /<img|\[y\]\(|`/);
    assert.equal(summary.split("\n").filter((line) => line.startsWith("| <code>")).length, 1);
    assert.equal(told.infos.find((line) => line.startsWith("verified"))?.includes("\n"), false);
  });

  test("without inputs says what is missing, and that nothing is verified", async () => {
    const { code, told } = await act(inputs);
    assert.equal(code, 2);
    assert.match(told.failures.join(), /No file to verify is given/);
    assert.deepEqual(Object.fromEntries(told.outputs), { verified: "false" });
  });

  test("results that cannot be written: not verified as far as later steps know", async () => {
    const path = await folder.artifact("unwritten/app");
    await folder.bundle("unwritten/app.sigstore.json");
    const { code, told } = await act({
      ...{ ...inputs, inputs: path },
      "results-path": `${path}/below/a/file.json`,
    });
    assert.equal(code, 1);
    assert.equal(told.outputs.get("verified"), "false");
    assert.match(told.failures.join(), /There are no results for later steps/);
  });

  test("no summary when none is wished for", async () => {
    const path = await folder.artifact("quiet/app");
    await folder.bundle("quiet/app.sigstore.json");
    const { told } = await act({ ...inputs, inputs: path, "show-summary": "false" });
    assert.deepEqual(told.summaries, []);
  });
});
