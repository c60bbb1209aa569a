// Whom to ask and whom to believe: signing configs and trusted roots, right, wrong and contradictory.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe } from "node:test";
import type { ErrorCode } from "../../src/errors.ts";
import { startSandbox, type Sandbox } from "../../src/sandbox/sandbox.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { Edited } from "./edited.ts";
import { scenario, type Run, type Scene } from "./harness.ts";

const services = ["caUrls", "rekorTlogUrls", "tsaUrls"] as const;

/** Signs with a signing config of one's own. */
async function signWithConfig(scene: Scene, config: string | Edited): Promise<Run> {
  await scene.write("app.zip");
  return scene.sign([
    "app.zip",
    "--signing-config",
    await scene.give("config.json", String(config)),
  ]);
}

/** Signs with a trusted root of one's own. */
async function signWithRoot(scene: Scene, trustedRoot: string | Edited): Promise<Run> {
  await scene.write("app.zip");
  return scene.sign([
    "app.zip",
    "--trusted-root",
    await scene.give("root.json", String(trustedRoot)),
  ]);
}

describe("signing config", { concurrency: 4 }, () => {
  for (const [name, change, says, hint] of [
    ["not JSON", () => "caUrls: []", /config\.json" is not JSON\./, /current signing config/],
    ["HTML", () => "<!doctype html>", /is not JSON but HTML\./, /current signing config/],
    ["an empty file", () => "", /config\.json" is empty\./, /current signing config/],
    ["an empty object", () => "{}", /field mediaType of signing config .* is missing/, /current/],
    ["a list", () => "[]", /signing config .* is not an object/, /current signing config/],
    [
      "too new",
      (config: Edited) =>
        config.set("application/vnd.dev.sigstore.signingconfig.v0.3+json", "mediaType"),
      /mediaType .* "application\/vnd\.dev\.sigstore\.signingconfig\.v0\.3\+json"; this version of sigstep reads .*v0\.2\+json/,
      /The file is newer: use a newer sigstep/,
    ],
    [
      "too old",
      (config: Edited) =>
        config.set("application/vnd.dev.sigstore.signingconfig.v0.1+json", "mediaType"),
      /v0\.1\+json"; this version of sigstep reads/,
      /current signing config/,
    ],
    [
      "the trusted root in its place",
      (_config: Edited, { sandbox }: Scene) => sandbox.trustedRoot,
      /"application\/vnd\.dev\.sigstore\.trustedroot\+json;version=0\.1"; this version of sigstep reads/,
      /current signing config/,
    ],
    [
      "expired",
      (config: Edited) => {
        for (const kind of services) {
          config.set(
            { start: "2024-01-01T00:00:00Z", end: "2024-02-01T00:00:00Z" },
            kind,
            0,
            "validFor",
          );
        }
        return config;
      },
      /has no certificate authority in force now: the last ended 2024-02-01T00:00:00\.000Z/,
      /current signing config/,
    ],
    [
      "a log that begins in future",
      (config: Edited) =>
        config.set({ start: "2090-01-01T00:00:00Z" }, "rekorTlogUrls", 0, "validFor"),
      /has no log in force now\./,
      /current signing config/,
    ],
    [
      "no certificate authority",
      (c: Edited) => c.drop("caUrls"),
      /lists no certificate authority \(caUrls\)/,
      /./,
    ],
    [
      "neither log nor timestamp authority",
      (config: Edited) => config.drop("rekorTlogUrls").drop("tsaUrls"),
      /lists neither a log nor a timestamp authority: nothing would prove the time/,
      /current/,
    ],
    [
      "a log of a version that we do not speak",
      (config: Edited) => config.set(3, "rekorTlogUrls", 0, "majorApiVersion"),
      /has no log of a version we speak \(1, 2; it offers 3\)/,
      /current/,
    ],
    [
      "a certificate authority of a version that we do not speak",
      (config: Edited) => config.set(2, "caUrls", 0, "majorApiVersion"),
      /has no certificate authority of a version we speak \(1; it offers 2\)/,
      /current/,
    ],
    [
      "no selector",
      (config: Edited) => config.drop("rekorTlogConfig"),
      /does not say how many of its log list to use/,
      /current/,
    ],
    [
      "an unknown selector",
      (config: Edited) => config.set("SOME", "rekorTlogConfig", "selector"),
      /field rekorTlogConfig\.selector of .* is "SOME", not ANY, ALL or EXACT/,
      /current/,
    ],
    [
      "more operators than it has",
      (config: Edited) => config.set({ selector: "EXACT", count: 2 }, "rekorTlogConfig"),
      /asks for 2 operators of a log and has 1/,
      /current/,
    ],
    [
      "an address that is none",
      (config: Edited) => config.set("rekor.example", "rekorTlogUrls", 0, "url"),
      /field rekorTlogUrls\[0\]\.url of .* is not an http or https URL/,
      /current/,
    ],
    [
      "an address with a password",
      (config: Edited) =>
        config.set("https://user:hunter2@rekor.example", "rekorTlogUrls", 0, "url"),
      /field rekorTlogUrls\[0\]\.url of .* holds a user name or password/,
      /current/,
    ],
  ] as const) {
    scenario(`bad input: ${name}`, async (scene) => {
      const config = change(new Edited(scene.sandbox.signingConfig.v1), scene);
      const run = await signWithConfig(scene, config);
      await scene.assertRefused(run, { exit: 2, code: "SIGNING_CONFIG_INVALID", says, hint });
      assert.doesNotMatch(run.log, /hunter2/);
    });
  }

  for (const input of ["signing-config", "trusted-root"]) {
    const code: ErrorCode =
      input === "signing-config" ? "SIGNING_CONFIG_INVALID" : "TRUSTED_ROOT_INVALID";
    for (const [path, why] of [
      ["nowhere.json", "ENOENT"],
      [".", "EISDIR"],
    ] as const) {
      scenario(`bad input: ${input} ${path}`, async (scene) => {
        await scene.write("app.zip");
        await scene.assertRefused(await scene.sign(["app.zip", `--${input}`, path]), {
          exit: 2,
          code,
          says: new RegExp(
            `^Input ${input}: "${path.replace(".", "\\.")}" cannot be read \\(${why}\\)\\.`,
          ),
          hint: /relative to the working directory/,
        });
      });
    }

    scenario(`bad input: ${input} without its companion`, async (scene) => {
      await scene.write("app.zip");
      const other = input === "signing-config" ? "trusted-root" : "signing-config";
      const env = { [`SIGSTEP_${other.toUpperCase().replace("-", "_")}`]: undefined };
      await scene.assertRefused(await scene.sign(["app.zip"], { env }), {
        exit: 2,
        code: "INPUT_MISSING",
        says: new RegExp(`^Input ${other} is missing\\.`),
        hint: /needs both signing-config \(whom to ask\) and trusted-root \(whom to believe\)/,
      });
    });
  }

  for (const [rekor, said] of [
    [1, 2],
    [2, 1],
  ] as const) {
    scenario(
      `bad input: rekor-version ${said}, where the file says ${rekor}`,
      async (scene) => {
        await scene.write("app.zip");
        await scene.assertRefused(await scene.sign(["app.zip", `--rekor-version=${said}`]), {
          exit: 2,
          code: "INPUT_CONFLICT",
          says: new RegExp(
            `^Input rekor-version is ${said}, but the signing config chooses Rekor v${rekor}\\.`,
          ),
          hint: /the signing config decides/,
        });
      },
      { rekor },
    );

    scenario(
      `rekor-version ${rekor} agrees with the file`,
      async (scene) => {
        await scene.write("app.zip");
        const run = await scene.sign(["app.zip", `--rekor-version=${rekor}`]);
        await scene.assertSigned(run, ["app.zip"]);
        const entry = scene.sandbox.requests.count(`rekor${rekor}`);
        assert.equal(entry, 1);
      },
      { rekor },
    );
  }

  scenario("plain http to another machine is refused before anybody is asked", async (scene) => {
    const config = new Edited(scene.sandbox.signingConfig.v1);
    config.set("http://rekor.example", "rekorTlogUrls", 0, "url");
    const run = await signWithConfig(scene, config);
    await scene.assertRefused(run, {
      exit: 2,
      code: "SIGNING_CONFIG_INVALID",
      says: /selects "http:\/\/rekor\.example\/": rekor\.example would be asked over http, not https\./,
      hint: /https address.*allow-insecure-hosts: rekor\.example/,
    });
    assert.deepEqual(scene.asked(), {});
  });

  scenario("plain http to another machine may be allowed by name", async (scene) => {
    await scene.write("app.zip");
    const config = new Edited(scene.sandbox.signingConfig.v1);
    config.set("http://rekor.invalid", "rekorTlogUrls", 0, "url");
    const path = await scene.give("config.json", String(config));
    const allowed = ["--allow-insecure-hosts", "rekor.invalid", "--retry-budget=0"];
    const run = await scene.sign(["app.zip", "--signing-config", path, ...allowed]);
    await scene.assertAllFailed(run, [
      [
        "app.zip",
        "SERVICE_UNAVAILABLE",
        /Rekor \(rekor\.invalid\) cannot be found/,
        /typing errors/,
      ],
    ]);
  });

  scenario("an instance without log has timestamps alone", async (scene) => {
    await scene.write("app.zip");
    const config = new Edited(scene.sandbox.signingConfig.v1).drop("rekorTlogUrls");
    const trustedRoot = new Edited(scene.sandbox.trustedRoot).drop("tlogs");
    scene.trustedRoot = String(trustedRoot);
    const run = await scene.sign([
      "app.zip",
      ...["--signing-config", await scene.give("config.json", String(config))],
      ...["--trusted-root", await scene.give("root.json", String(trustedRoot))],
    ]);
    await scene.assertSigned(run, ["app.zip"]);
    assert.deepEqual(scene.asked(), { token: 1, certificate: 1, timestamp: 1 });
    assert.equal(run.outputs.get("log-indexes"), "");
  });

  scenario(
    "Rekor v1 without timestamp authority is enough: its promise proves the time",
    async (scene) => {
      const config = new Edited(scene.sandbox.signingConfig.v1).drop("tsaUrls");
      await scene.assertSigned(await signWithConfig(scene, config), ["app.zip"]);
      assert.deepEqual(scene.asked(), { token: 1, certificate: 1, entry: 1 });
    },
  );

  scenario(
    "Rekor v2 without timestamp authority is bad input: nothing would prove the time",
    async (scene) => {
      const config = new Edited(scene.sandbox.signingConfig.v2).drop("tsaUrls");
      await scene.assertRefused(await signWithConfig(scene, config), {
        exit: 2,
        code: "SIGNING_CONFIG_INVALID",
        says: /lists no timestamp authority, and a Rekor v2 log proves no time/,
        hint: /current signing config/,
      });
    },
  );
});

describe("two operators", { concurrency: 4 }, () => {
  let second: Sandbox;
  before(async () => {
    second = await startSandbox();
  });
  after(() => second.close());

  /** Signs with the services of two sandboxes, of which `selector` chooses. */
  async function signWithTwo(scene: Scene, selector: unknown): Promise<Run> {
    const [one, two] = [scene.sandbox.signingConfig.v1, second.signingConfig.v1].map(
      (config) => new Edited(config),
    );
    assert.ok(one !== undefined && two !== undefined);
    for (const kind of ["rekorTlogUrls", "tsaUrls"]) {
      two
        .set("somebody else", kind, 0, "operator")
        .set({ start: "2024-01-01T00:00:00Z" }, kind, 0, "validFor");
      one.add(two.get(kind, 0), kind);
    }
    one.set(selector, "rekorTlogConfig").set(selector, "tsaConfig");
    const roots = new Edited(scene.sandbox.trustedRoot);
    const other: unknown = JSON.parse(second.trustedRoot);
    for (const kind of ["tlogs", "timestampAuthorities"]) {
      for (const item of list(at(other, kind))) roots.add(item, kind);
    }
    scene.trustedRoot = String(roots);
    await scene.write("app.zip");
    return scene.sign([
      "app.zip",
      ...["--signing-config", await scene.give("config.json", String(one))],
      ...["--trusted-root", await scene.give("root.json", String(roots))],
    ]);
  }

  async function countProofs(scene: Scene): Promise<[entries: number, timestamps: number]> {
    const bundle: unknown = JSON.parse(await readFile(scene.path("app.zip.sigstore.json"), "utf8"));
    const material = at(bundle, "verificationMaterial");
    const stamps = dig(material, "timestampVerificationData", "rfc3161Timestamps");
    return [list(at(material, "tlogEntries")).length, list(stamps).length];
  }

  scenario("ANY asks one of them, the newer", async (scene) => {
    await scene.assertSigned(await signWithTwo(scene, { selector: "ANY" }), ["app.zip"]);
    assert.deepEqual(scene.asked(), { token: 1, certificate: 1, entry: 1, timestamp: 1 });
    assert.deepEqual(await countProofs(scene), [1, 1]);
  });

  scenario("ALL asks both, and the bundle holds the proofs of both", async (scene) => {
    const run = await signWithTwo(scene, { selector: "ALL" });
    await scene.assertSigned(run, ["app.zip"]);
    assert.deepEqual(scene.asked(), { token: 1, certificate: 1, entry: 1, timestamp: 1 });
    assert.deepEqual(await countProofs(scene), [2, 2]);
    assert.equal(text(run.outputs.get("log-indexes")).split(/\s/).length, 2);
  });

  scenario("EXACT asks as many as it says", async (scene) => {
    await scene.assertSigned(await signWithTwo(scene, { selector: "EXACT", count: 2 }), [
      "app.zip",
    ]);
    assert.deepEqual(await countProofs(scene), [2, 2]);
  });

  scenario("EXACT asks as many as it says, also fewer than there are", async (scene) => {
    await scene.assertSigned(await signWithTwo(scene, { selector: "EXACT", count: 1 }), [
      "app.zip",
    ]);
    assert.deepEqual(await countProofs(scene), [1, 1]);
  });

  scenario("EXACT asks for more than there are", async (scene) => {
    await scene.assertRefused(await signWithTwo(scene, { selector: "EXACT", count: 3 }), {
      exit: 2,
      code: "SIGNING_CONFIG_INVALID",
      says: /asks for 3 operators of a log and has 2/,
      hint: /current/,
    });
  });

  scenario("two services of one operator count as one", async (scene) => {
    const config = new Edited(scene.sandbox.signingConfig.v1);
    config
      .add(config.get("rekorTlogUrls", 0), "rekorTlogUrls")
      .set({ selector: "ALL" }, "rekorTlogConfig");
    await scene.assertSigned(await signWithConfig(scene, config), ["app.zip"]);
    assert.equal(scene.asked().entry, 1);
  });

  scenario(
    "one of two logs fails: no bundle, and the other's entry is listed as public",
    async (scene) => {
      scene.fault("rekor1", { kind: "status", status: 400, body: '{"message":"no"}' });
      const run = await signWithTwo(scene, { selector: "ALL" });
      await scene.assertAllFailed(run, [
        [
          "app.zip",
          "SERVICE_REFUSED",
          /Rekor \(.*\) refused the request with status 400: "no"/,
          /address/,
        ],
      ]);
      assert.match(run.errors[0] ?? "", /Already public: log entry \d+ for "app\.zip" \(https?:/);
    },
  );
});

describe("trusted root", { concurrency: 4 }, () => {
  let other: Sandbox;
  before(async () => {
    other = await startSandbox();
  });
  after(() => other.close());

  for (const [name, change, says] of [
    ["not JSON", () => "{", /root\.json" is not JSON\./],
    ["an empty file", () => "", /root\.json" is empty\./],
    [
      "the signing config in its place",
      (_root: Edited, { sandbox }: Scene) => sandbox.signingConfig.v1,
      /mediaType of trusted root .*signingconfig\.v0\.2\+json", which this version cannot read/,
    ],
    [
      "a certificate that is none",
      (root: Edited) =>
        root.set("AAAA", "certificateAuthorities", 0, "certChain", "certificates", 0, "rawBytes"),
      /field certificateAuthorities\[0\]\.certChain\.certificates\[0\]\.rawBytes of .* is not a certificate/,
    ],
    [
      "base64 that is none",
      (root: Edited) => root.set("?", "tlogs", 0, "logId", "keyId"),
      /field tlogs\[0\]\.logId\.keyId of .* is not canonical base64/,
    ],
  ] as const) {
    scenario(`bad input: ${name}`, async (scene) => {
      const run = await signWithRoot(scene, change(new Edited(scene.sandbox.trustedRoot), scene));
      await scene.assertRefused(run, {
        exit: 2,
        code: "TRUSTED_ROOT_INVALID",
        says,
        hint: /current trusted root/,
      });
    });
  }

  scenario(
    "of another instance: the chain that differs is named, and no entry is made",
    async (scene) => {
      const run = await signWithRoot(scene, other.trustedRoot);
      await scene.assertRefused(run, {
        exit: 1,
        code: "CERTIFICATE_INVALID",
        says: /^Fulcio \(127\.0\.0\.1:\d+\): the certificate leads to "O=sigstep sandbox.*", but not to a trusted anchor/,
        hint: /trusted root \(".*root\.json"\) is not this instance's present one/,
      });
      assert.deepEqual(scene.asked(), { token: 1, certificate: 1 });
    },
  );

  scenario("of the public instance: both names are told", async (scene) => {
    const { publicGood } = await import("../../src/sigstore/public-good/embedded.ts");
    const run = await signWithRoot(scene, Buffer.from(publicGood.trustedRoot).toString("utf8"));
    await scene.assertRefused(run, {
      exit: 1,
      code: "CERTIFICATE_INVALID",
      says: /^Fulcio \(.*\): the certificate .*sigstep sandbox code signing intermediate/,
      hint: /trusted root/,
    });
  });

  scenario("without authorities: says that it has none", async (scene) => {
    const root = new Edited(scene.sandbox.trustedRoot).set([], "certificateAuthorities");
    await scene.assertRefused(await signWithRoot(scene, root), {
      exit: 2,
      code: "TRUSTED_ROOT_INVALID",
      says: /has no certificate authority in force at .* lists none/,
      hint: /trusted root of the instance that the signing config is of/,
    });
    assert.deepEqual(scene.asked(), {});
  });

  scenario("with another certificate log: says that it is the log", async (scene) => {
    const root = new Edited(scene.sandbox.trustedRoot);
    root.set(at(JSON.parse(other.trustedRoot), "ctlogs"), "ctlogs");
    await scene.assertRefused(await signWithRoot(scene, root), {
      exit: 1,
      code: "SCT_INVALID",
      says: /in no certificate transparency log that the trusted root ".*root\.json" knows: it is in [0-9a-f]{64};/,
      hint: /another Sigstore instance/,
    });
    assert.equal(scene.asked().entry, undefined);
  });

  for (const rekor of [1, 2] as const) {
    scenario(
      `with another log's key: names the key, Rekor v${rekor}`,
      async (scene) => {
        const root = new Edited(scene.sandbox.trustedRoot);
        root.set(at(JSON.parse(other.trustedRoot), "tlogs"), "tlogs");
        await scene.assertAllFailed(await signWithRoot(scene, root), [
          [
            "app.zip",
            "LOG_ENTRY_INVALID",
            /Rekor \(127\.0\.0\.1:\d+\): the log entry is from log [0-9a-f]{64}, which the trusted root does not know/,
            /not this instance's present one/,
          ],
        ]);
      },
      { rekor },
    );
  }

  scenario("with another timestamp authority: names it, and what is public", async (scene) => {
    const root = new Edited(scene.sandbox.trustedRoot);
    root.set(at(JSON.parse(other.trustedRoot), "timestampAuthorities"), "timestampAuthorities");
    const run = await signWithRoot(scene, root);
    await scene.assertAllFailed(run, [
      [
        "app.zip",
        "TIMESTAMP_INVALID",
        /authority that the trusted root does not know \(issuer "O=sigstep/,
        /another/,
      ],
    ]);
    assert.match(run.errors[0] ?? "", /Already public: log entry \d+ for "app\.zip"/);
  });

  scenario("its addresses are labels: cryptography decides", async (scene) => {
    const root = new Edited(scene.sandbox.trustedRoot);
    root.set("https://elsewhere.example", "tlogs", 0, "baseUrl");
    root.set("https://elsewhere.example", "certificateAuthorities", 0, "uri");
    await scene.assertSigned(await signWithRoot(scene, root), ["app.zip"]);
  });

  scenario(
    "an instance without certificate log works",
    async (scene) => {
      await scene.write("app.zip");
      await scene.assertSigned(await scene.sign(["app.zip"]), ["app.zip"]);
    },
    { sandbox: { ctLog: false } },
  );

  scenario("other authorities beside the right one do no harm", async (scene) => {
    const root = new Edited(other.trustedRoot);
    const own: unknown = JSON.parse(scene.sandbox.trustedRoot);
    for (const kind of ["tlogs", "ctlogs", "certificateAuthorities", "timestampAuthorities"]) {
      for (const item of list(at(own, kind))) root.add(item, kind);
    }
    await scene.assertSigned(await signWithRoot(scene, root), ["app.zip"]);
  });
});
