// `verify --image`: what is found beside an image, in all layouts, and every way to be refused.
import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { rename } from "node:fs/promises";
import { after, before, suite, test, type TestContext } from "node:test";
import type { World } from "../../src/commands/world.ts";
import { writeLayout } from "../../src/registry/layout.ts";
import { encodeBundleArtifact } from "../../src/registry/bundle-artifact.ts";
import { describe } from "../../src/registry/descriptor.ts";
import { encodeSimpleSigning } from "../../src/registry/legacy.ts";
import { parseManifest } from "../../src/registry/manifest.ts";
import { encodeBundle } from "../../src/sigstore/bundle.ts";
import {
  digestOf,
  entryOf,
  imageIndex,
  imageManifest,
  serveRegistry,
  type FakeRegistry,
} from "../registry/fake-registry.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import {
  bundleOf,
  oldAttestation,
  oldSignature,
  openHttp,
  putBundle,
  putFallback,
  putImage,
  oldTag,
  putOld,
  signStatement,
  signType,
  verifyImages,
  writeRoot,
} from "./stored-images.ts";
import { Folder, run, type Ended } from "./verify-run.ts";

const provenance = "https://slsa.dev/provenance/v1";
const evil = "https://github.com/acme/widget-evil/.github/workflows/release.yml@refs/heads/main";

let folder: Folder;
let root: string;
before(async () => {
  folder = await Folder.make();
  root = await writeRoot(folder);
});
after(() => folder.remove());

const verify = (...args: readonly string[]): Promise<Ended> => verifyImages(args, { root });
const resultsOf = ({ stdout }: Ended): readonly unknown[] =>
  list(at(JSON.parse(stdout), "results"));
const bundlesOf = (result: unknown): readonly unknown[] => list(at(result, "bundles"));

/** The one refusal of a run. */
function errorOf(ended: Ended): { code: string; message: string; hint: string; step: unknown } {
  assert.equal(ended.code, 1, ended.log);
  const refused = resultsOf(ended).filter((result) => at(result, "verified") === false);
  assert.equal(refused.length, 1, ended.log);
  const error = at(refused[0], "error");
  const [code, message, hint] = ["code", "message", "hint"].map((name) => text(at(error, name)));
  return { code: code ?? "", message: message ?? "", hint: hint ?? "", step: at(error, "step") };
}

/** A registry with one image, and that image's name. */
async function start(
  t: TestContext,
  referrers: "api" | "none" = "api",
): Promise<{ registry: FakeRegistry; digest: string; name: string }> {
  const registry = await serveRegistry(t, { referrers });
  const digest = putImage(registry);
  return { registry, digest, name: `${registry.host}/acme/app` };
}

suite("what is stored beside an image", () => {
  test("a bundle that the registry lists, all of it told", async (t) => {
    const { registry, digest, name } = await start(t);
    const artifact = putBundle(registry, digest, bundleOf(await signStatement(digest)));
    const ended = await verify("--image", `${name}@${digest}`);
    assert.equal(ended.code, 0, ended.log);
    const [result] = resultsOf(ended);
    assert.equal(at(result, "name"), `${name}@${digest}`);
    assert.equal(ended.told.outputs.get("images"), `${name}@${digest}`);
    assert.deepEqual(at(result, "image"), { reference: `${name}@${digest}`, name, digest });
    const [bundle] = bundlesOf(result);
    assert.deepEqual(at(bundle, "storage"), { kind: "referrers", digest: artifact });
    assert.equal(dig(bundle, "statement", "predicateType"), signType);
    assert.equal(dig(bundle, "artifact", "sha256"), digest.slice(7));
    assert.match(ended.log, new RegExp(`^verified {2}"${name}@${digest}"`, "m"));
    assert.doesNotMatch(ended.log, /Tags move/);
  });

  test("a bundle that stands in the index at the fallback tag, without artifact type", async (t) => {
    const { registry, digest, name } = await start(t, "none");
    const artifact = putBundle(registry, digest, bundleOf(await signStatement(digest)));
    putFallback(registry, digest, [artifact]);
    const ended = await verify("--image", `${name}@${digest}`);
    assert.equal(ended.code, 0, ended.log);
    const [bundle] = bundlesOf(resultsOf(ended)[0]);
    assert.deepEqual(at(bundle, "storage"), { kind: "fallback-index", digest: artifact });
  });

  for (const stamped of [false, true]) {
    test(`a signature of cosign 2, ${stamped ? "with" : "without"} a timestamp`, async (t) => {
      const { registry, digest, name } = await start(t, "none");
      const layer = await oldSignature(digest, { stamped });
      putOld(registry, oldTag(digest, "sig"), [layer]);
      const ended = await verify("--image", `${name}@${digest}`);
      assert.equal(ended.code, 0, ended.log);
      const [bundle] = bundlesOf(resultsOf(ended)[0]);
      const tag = `${digest.replace(":", "-")}.sig`;
      const storage = { kind: "legacy-signature", tag, digest: digestOf(layer.payload) };
      assert.deepEqual(at(bundle, "storage"), storage);
      assert.equal(dig(bundle, "artifact", "sha256"), digest.slice(7));
      assert.equal(list(at(bundle, "timestamps")).length, stamped ? 1 : 0);
    });

    test(`an attestation of cosign 2, ${stamped ? "with" : "without"} a timestamp`, async (t) => {
      const { registry, digest, name } = await start(t, "none");
      putOld(registry, oldTag(digest, "att"), [
        await oldAttestation(digest, provenance, { stamped }),
      ]);
      const ended = await verify(
        "--image",
        `${name}@${digest}`,
        "--predicate-type=slsaprovenance1",
      );
      assert.equal(ended.code, 0, ended.log);
      const [bundle] = bundlesOf(resultsOf(ended)[0]);
      assert.equal(dig(bundle, "storage", "kind"), "legacy-attestation");
      assert.equal(list(at(bundle, "timestamps")).length, stamped ? 1 : 0);
    });
  }

  test("of all that is there, what satisfies the policy counts, and the others have their reasons", async (t) => {
    const { registry, digest, name } = await start(t);
    putBundle(registry, digest, bundleOf(await signStatement(digest)));
    putBundle(registry, digest, bundleOf(await signStatement(digest, provenance)));
    putBundle(
      registry,
      digest,
      bundleOf(await signStatement(digest, provenance, { identity: evil })),
    );
    putBundle(registry, digest, Buffer.from("rubbish"));
    putOld(registry, oldTag(digest, "sig"), [await oldSignature(digest)]);
    const ended = await verify("--image", `${name}@${digest}`, "--predicate-type=slsaprovenance1");
    assert.equal(ended.code, 0, ended.log);
    const [result] = resultsOf(ended);
    assert.equal(bundlesOf(result).length, 1);
    const reasons = list(at(result, "refusedBundles")).map((each) =>
      text(dig(each, "error", "message")),
    );
    assert.equal(reasons.length, 4);
    for (const says of [
      /predicate type/,
      /identity/,
      /is not JSON/,
      /a signature over the artifact/,
    ]) {
      assert.ok(
        reasons.some((reason) => says.test(reason)),
        `${String(says)} ${reasons.join("\n")}`,
      );
    }
  });

  test("who asks for signatures gets cosign 2's too", async (t) => {
    const { registry, digest, name } = await start(t);
    putOld(registry, oldTag(digest, "sig"), [await oldSignature(digest)]);
    const ended = await verify("--image", `${name}@${digest}`, `--predicate-type=${signType}`);
    assert.equal(ended.code, 0, ended.log);
  });

  test("several attestations, each of which must be there, in whatever layout", async (t) => {
    const { registry, digest, name } = await start(t);
    const spdx = "https://spdx.dev/Document";
    putBundle(registry, digest, bundleOf(await signStatement(digest, provenance)));
    const args = ["--image", `${name}@${digest}`, "--require-predicate=slsaprovenance1,spdx"];
    const { code, message } = errorOf(await verify(...args));
    assert.equal(code, "POLICY_NOT_SATISFIED");
    assert.match(message, /"spdx" is missing \("slsaprovenance1" is there\)/);
    putOld(registry, oldTag(digest, "att"), [await oldAttestation(digest, spdx)]);
    const ended = await verify(...args);
    assert.equal(ended.code, 0, ended.log);
  });

  test("with a managed key", async (t) => {
    const { registry, digest, name } = await start(t);
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const payload = encodeSimpleSigning(name, digest);
    const signature = sign("sha256", payload, privateKey).toString("base64");
    const annotations = { "dev.cosignproject.cosign/signature": signature };
    putOld(registry, oldTag(digest, "sig"), [{ payload, annotations }]);
    const pem = await folder.write("key.pub", publicKey.export({ type: "spki", format: "pem" }));
    const policy = await folder.write(
      "key-policy.yml",
      "version: 1\nrequire: { log: 0, timestamp: 0 }\n",
    );
    const args = [
      "--json",
      "--image",
      `${name}@${digest}`,
      "--policy",
      policy,
      `--trusted-root=${root}`,
    ];
    const ended = await run(["verify", ...args, "--key", pem], { openHttp });
    assert.equal(ended.code, 0, ended.log);
    const other = generateKeyPairSync("ec", { namedCurve: "P-256" }).publicKey;
    const wrong = await folder.write("other.pub", other.export({ type: "spki", format: "pem" }));
    const refused = await run(["verify", ...args, "--key", wrong], { openHttp });
    assert.deepEqual(errorOf(refused).step, { number: 11, name: "signature" });
  });
});

test("offline a registry is asked all the same, for it alone has the image", async (t) => {
  const { registry, digest, name } = await start(t);
  putBundle(registry, digest, bundleOf(await signStatement(digest)));
  const asked: string[] = [];
  const wish: Partial<World> = {
    openHttp: async (settings) => {
      const http = await openHttp(settings);
      const request: typeof http.request = (one) => {
        asked.push(one.url.host);
        return http.request(one);
      };
      return { ...http, request, close: () => http.close() };
    },
  };
  const ended = await verifyImages(["--offline", "--image", `${name}@${digest}`], { root, wish });
  assert.equal(ended.code, 0, ended.log);
  assert.deepEqual([...new Set(asked)], [registry.host]);
});

suite("refused, with the reason", () => {
  test("an image that nobody has signed", async (t) => {
    const { digest, name } = await start(t);
    const { code, message, step } = errorOf(await verify("--image", `${name}@${digest}`));
    assert.equal(code, "BUNDLE_MISSING");
    assert.match(message, /^Nothing says who made/);
    assert.deepEqual(step, { number: 1, name: "bundle" });
  });

  test("an image that is not there", async (t) => {
    const { name } = await start(t);
    assert.equal(errorOf(await verify("--image", `${name}:v2`)).code, "IMAGE_NOT_FOUND");
  });

  test("a tag that has moved on from the digest beside it", async (t) => {
    const { registry, digest, name } = await start(t);
    putImage(registry, 2, ["v1"]);
    const { code, message } = errorOf(await verify("--image", `${name}:v1@${digest}`));
    assert.equal(code, "REFERENCE_INVALID");
    assert.match(message, /is sha256:.* now, not sha256:/);
  });

  test("somebody else's signature", async (t) => {
    const { registry, digest, name } = await start(t);
    putBundle(
      registry,
      digest,
      bundleOf(await signStatement(digest, signType, { identity: evil })),
    );
    const { step } = errorOf(await verify("--image", `${name}@${digest}`));
    assert.deepEqual(step, { number: 10, name: "identity" });
  });

  test("another image's bundle, put beside this one", async (t) => {
    const { registry, digest, name } = await start(t);
    const other = putImage(registry, 2, []);
    putBundle(registry, digest, bundleOf(await signStatement(other)));
    const { step, message } = errorOf(await verify("--image", `${name}@${digest}`));
    assert.deepEqual(step, { number: 12, name: "statement" });
    assert.match(message, /not about the artifact/);
  });

  test("another image's artifact, listed for this one", async (t) => {
    const { registry, digest, name } = await start(t, "none");
    const other = putImage(registry, 2, []);
    const artifact = putBundle(registry, other, bundleOf(await signStatement(other)));
    putFallback(registry, digest, [artifact]);
    const ended = await verify("--image", `${name}@${digest}`);
    assert.equal(errorOf(ended).code, "BUNDLE_MISSING");
  });

  test("another image's signature at cosign 2's tag of this one", async (t) => {
    const { registry, digest, name } = await start(t);
    const other = putImage(registry, 2, []);
    putOld(registry, oldTag(digest, "sig"), [await oldSignature(other)]);
    const { step, message } = errorOf(await verify("--image", `${name}@${digest}`));
    assert.deepEqual(step, { number: 12, name: "statement" });
    assert.ok(message.includes(`is for the image "${other}", not for ${digest}`), message);
  });

  test("a payload at cosign 2's tag that is no signature of an image", async (t) => {
    const { registry, digest, name } = await start(t);
    const image = { "docker-manifest-digest": digest };
    const critical = { image, type: "atomic container signature" };
    const payloads = [JSON.stringify({ critical }), "{}", "[]", "payload"];
    for (const each of payloads) {
      const layer = await oldSignature(digest, { payload: Buffer.from(each) });
      putOld(registry, oldTag(digest, "sig"), [layer]);
      const { step, code } = errorOf(await verify("--image", `${name}@${digest}`));
      assert.equal(code, "STATEMENT_INVALID", each);
      assert.deepEqual(step, { number: 12, name: "statement" });
    }
  });

  test("a payload that was changed after it was signed", async (t) => {
    const { registry, digest, name } = await start(t);
    const other = putImage(registry, 2, []);
    const { annotations } = await oldSignature(other);
    const payload = encodeSimpleSigning("registry.example/acme/app", digest);
    putOld(registry, oldTag(digest, "sig"), [{ payload, annotations }]);
    const { step } = errorOf(await verify("--image", `${name}@${digest}`));
    assert.deepEqual(step, { number: 5, name: "entry" });
  });

  const spoilt: readonly (readonly [string, Readonly<Record<string, string>>, number])[] = [
    ["certificate", { "dev.sigstore.cosign/certificate": "PEM" }, 1],
    ["chain", { "dev.sigstore.cosign/chain": "-----BEGIN" }, 1],
    ["log entry", { "dev.sigstore.cosign/bundle": "{}" }, 1],
    [
      "timestamp",
      { "dev.sigstore.cosign/rfc3161timestamp": '{"SignedRFC3161Timestamp":"AAAA"}' },
      6,
    ],
    ["signature", { "dev.cosignproject.cosign/signature": "" }, 1],
    ["base64 of the signature", { "dev.cosignproject.cosign/signature": "!" }, 1],
    ["promise", { "dev.sigstore.cosign/bundle": "" }, 7],
  ];
  for (const [what, change, number] of spoilt) {
    test(`a signature of cosign 2 without a usable ${what}`, async (t) => {
      const { registry, digest, name } = await start(t);
      const { payload, annotations } = await oldSignature(digest);
      putOld(registry, oldTag(digest, "sig"), [
        { payload, annotations: { ...annotations, ...change } },
      ]);
      const { step, message } = errorOf(await verify("--image", `${name}@${digest}`));
      assert.equal(at(step, "number"), number, message);
    });
  }

  test("the timestamp of another attestation", async (t) => {
    const { registry, digest, name } = await start(t);
    const [one, two] = [
      await oldAttestation(digest, provenance),
      await oldAttestation(digest, provenance, { stamped: true }),
    ];
    const stampName = "dev.sigstore.cosign/rfc3161timestamp";
    const annotations = { ...one.annotations, [stampName]: two.annotations[stampName] ?? "" };
    putOld(registry, oldTag(digest, "att"), [{ payload: one.payload, annotations }]);
    const { step } = errorOf(await verify("--image", `${name}@${digest}`));
    assert.deepEqual(step, { number: 6, name: "timestamps" });
  });

  test("an index at cosign 2's tag", async (t) => {
    const { registry, digest, name } = await start(t);
    registry.put(imageIndex([]), [`${digest.replace(":", "-")}.sig`]);
    const { message } = errorOf(await verify("--image", `${name}@${digest}`));
    assert.match(message, /is an index, and holds no signatures/);
  });

  test("a blob that was changed in the registry", async (t) => {
    const { registry, digest, name } = await start(t);
    const bytes = Buffer.from(encodeBundle(bundleOf(await signStatement(digest))));
    putBundle(registry, digest, bytes);
    const spoiled = Buffer.from(bytes);
    spoiled.write("X", 40);
    registry.blobs.set(digestOf(bytes), spoiled);
    const { message } = errorOf(await verify("--image", `${name}@${digest}`));
    assert.match(message, /do not have the digest/);
  });
});

suite("indexes and platforms", () => {
  const platforms = [
    { os: "linux", architecture: "amd64" },
    { os: "linux", architecture: "arm64", variant: "v8" },
    { os: "linux", architecture: "arm", variant: "v6" },
    { os: "linux", architecture: "arm", variant: "v7" },
  ];

  async function startIndex(
    t: TestContext,
  ): Promise<{ registry: FakeRegistry; name: string; index: string; images: readonly string[] }> {
    const registry = await serveRegistry(t, { referrers: "api" });
    const manifests = platforms.map((_, number) => imageManifest(number));
    const images = manifests.map((manifest) => registry.put(manifest));
    const entries = manifests.map((manifest, number) =>
      entryOf(manifest, { platform: platforms[number] }),
    );
    const index = registry.put(imageIndex(entries), ["v1"]);
    return { registry, index, images, name: `${registry.host}/acme/app` };
  }

  test("the index itself; a tag is shown with its digest", async (t) => {
    const { registry, index, name } = await startIndex(t);
    putBundle(registry, index, bundleOf(await signStatement(index)));
    const ended = await verify("--image", `${name}:v1`);
    assert.equal(ended.code, 0, ended.log);
    assert.equal(at(resultsOf(ended)[0], "name"), `${name}@${index}`);
    assert.match(ended.log, new RegExp(`"${name}:v1" is ${index} now, .* Tags move`));
  });

  test("signed is the index alone, and a platform is asked for", async (t) => {
    const { registry, index, images, name } = await startIndex(t);
    putBundle(registry, index, bundleOf(await signStatement(index)));
    const { code, message, hint } = errorOf(
      await verify("--image", `${name}@${index}`, "--platform=linux/amd64"),
    );
    assert.equal(code, "BUNDLE_MISSING");
    assert.match(
      message,
      new RegExp(`^Signed is the index ${index} alone; .*${images[0] ?? "?"} \\(linux/amd64\\)`),
    );
    assert.match(hint, /recursive: platforms/);
  });

  test("one platform, with and without its variant", async (t) => {
    const { registry, index, images, name } = await startIndex(t);
    const [, arm64 = ""] = images;
    putBundle(registry, arm64, bundleOf(await signStatement(arm64)));
    for (const platform of ["linux/arm64", "linux/arm64/v8"]) {
      const ended = await verify("--image", `${name}@${index}`, `--platform=${platform}`);
      assert.equal(ended.code, 0, ended.log);
      assert.equal(dig(resultsOf(ended)[0], "image", "platform"), "linux/arm64/v8");
      assert.equal(dig(resultsOf(ended)[0], "image", "digest"), arm64);
    }
    const none = errorOf(await verify("--image", `${name}@${index}`, "--platform=linux/s390x"));
    assert.equal(none.code, "IMAGE_NOT_FOUND");
    assert.match(none.message, /has no image for linux\/s390x: it is for "linux\/amd64"/);
    const several = errorOf(await verify("--image", `${name}@${index}`, "--platform=linux/arm"));
    assert.equal(several.code, "IMAGE_INVALID");
    assert.match(several.hint, /"linux\/arm\/v6", "linux\/arm\/v7"/);
  });

  test("all of them: each must be signed", async (t) => {
    const { registry, index, images, name } = await startIndex(t);
    for (const digest of images.slice(1)) {
      putBundle(registry, digest, bundleOf(await signStatement(digest)));
    }
    const ended = await verify("--image", `${name}@${index}`, "--platform=all");
    assert.equal(resultsOf(ended).length, 4);
    assert.equal(errorOf(ended).code, "BUNDLE_MISSING");
    const [first = ""] = images;
    putBundle(registry, first, bundleOf(await signStatement(first)));
    assert.equal((await verify("--image", `${name}@${index}`, "--platform=all")).code, 0);
  });

  test("of a single image, what its configuration says", async (t) => {
    const { registry, name } = await start(t);
    const config = Buffer.from('{"os":"linux","architecture":"amd64"}');
    registry.blobs.set(digestOf(config), config);
    const type = "application/vnd.oci.image.config.v1+json";
    const digest = registry.put(imageManifest(7, { config: describe(type, config) }));
    putBundle(registry, digest, bundleOf(await signStatement(digest)));
    assert.equal((await verify("--image", `${name}@${digest}`, "--platform=linux/amd64")).code, 0);
    const { code } = errorOf(
      await verify("--image", `${name}@${digest}`, "--platform=linux/arm64"),
    );
    assert.equal(code, "IMAGE_NOT_FOUND");
  });
});

suite("a folder instead of a registry", () => {
  async function writeImage(
    name: string,
    referenced: string,
  ): Promise<{ path: string; digest: string }> {
    const bytes = Buffer.from(JSON.stringify(imageManifest(referenced.length)));
    const image = parseManifest(bytes, "image", "");
    const { digest } = image.descriptor;
    const path = folder.at(name);
    const type = "application/vnd.oci.image.config.v1+json";
    const config = Buffer.from("{}");
    await writeLayout(path, [
      { manifest: image, blobs: [{ descriptor: describe(type, config), bytes: config }] },
    ]);
    const bundle = Buffer.from(encodeBundle(bundleOf(await signStatement(digest))));
    const artifact = encodeBundleArtifact({
      ...{ bundle, subject: image.descriptor, content: "dsse-envelope", created: new Date(0) },
    });
    await writeLayout(path, [artifact]);
    return { path, digest };
  }

  test("asks nobody, online and offline", async () => {
    const { path, digest } = await writeImage("layout", "x");
    for (const reference of [`oci-layout:${path}`, `oci-layout:${path}@${digest}`]) {
      const wish = { openHttp: (): never => assert.fail("the network") };
      const ended = await verifyImages(["--offline", "--image", reference], { root, wish });
      assert.equal(ended.code, 0, ended.log);
      const [result] = resultsOf(ended);
      assert.equal(dig(bundlesOf(result)[0], "storage", "kind"), "layout");
      assert.equal(dig(result, "image", "digest"), digest);
    }
  });

  test("that is none, or has lost what it lists", async () => {
    assert.equal(
      errorOf(await verify("--image", `oci-layout:${folder.at("none")}`)).code,
      "IMAGE_INVALID",
    );
    const { path, digest } = await writeImage("lossy", "xy");
    const file = `${path}/blobs/sha256/${digest.slice(7)}`;
    await rename(file, `${file}.away`);
    assert.equal(
      errorOf(await verify("--image", `oci-layout:${path}@${digest}`)).code,
      "IMAGE_NOT_FOUND",
    );
  });
});

suite("several at once", () => {
  test("images and files; one that is refused does not keep the others back", async (t) => {
    const { registry, digest, name } = await start(t);
    putBundle(registry, digest, bundleOf(await signStatement(digest)));
    const other = putImage(registry, 2, []);
    const ended = await verify(
      "--image",
      `${name}@${digest}`,
      "--image",
      `${name}@${other}`,
      "--image",
      `${name}@${digest}`,
    );
    assert.equal(resultsOf(ended).length, 2);
    assert.equal(errorOf(ended).code, "BUNDLE_MISSING");
    const both = await verify(`--images=${name}@${digest} ${name}:v1`);
    assert.equal(both.code, 0, both.log);
    assert.equal(resultsOf(both).length, 2);
  });
});

suite("bad input ends the run before anybody is asked", () => {
  const digest = `sha256:${"ab".repeat(32)}`;
  const table: readonly (readonly [readonly string[], string, RegExp])[] = [
    [["--image", "Ghcr.io/Acme/App"], "REFERENCE_INVALID", /upper-case/],
    [["--image", "ghcr.io/acme/app@sha256:12"], "REFERENCE_INVALID", /has 2 digits/],
    [["--image", "oci-layout:"], "REFERENCE_INVALID", /names no OCI layout/],
    [["--image", ""], "INPUT_VALUE", /--image is empty/],
    [["--image", "a/b", "--images", "a/c"], "INPUT_CONFLICT", /given twice/],
    [
      ["--image", "ghcr.io/acme/app:v1", "--require-digest"],
      "REFERENCE_INVALID",
      /names no digest/,
    ],
    [["--image", "oci-layout:a:v1", "--require-digest"], "REFERENCE_INVALID", /names no digest/],
    [
      ["--image", `ghcr.io/acme/app@${digest}`, "--platform=amd64"],
      "INPUT_VALUE",
      /not a platform/,
    ],
    [["--platform=linux/amd64", "file"], "INPUT_CONFLICT", /no images/],
    [["--image", "a/b", "--bundle=b.json"], "INPUT_CONFLICT", /bundle and images/],
    [["--image", "a/b", "--bundle-dir=b"], "INPUT_CONFLICT", /bundle-dir and images/],
    [["--image", "a/b", "--manifest=m.json"], "INPUT_CONFLICT", /manifest and images/],
    [["--image", "a/b", "--registry-username=u"], "INPUT_MISSING", /registry-password/],
    [["--image", "a/b", "--registry-password=p"], "INPUT_VALUE", /never given as a flag/],
  ];
  for (const [args, code, says] of table) {
    test(args.join(" "), async () => {
      const ended = await verify(...args);
      assert.equal(ended.code, 2, ended.log);
      const error = at(JSON.parse(ended.stdout), "error");
      assert.equal(at(error, "code"), code);
      assert.match(text(at(error, "message")), says);
    });
  }

  test("no policy: nobody's signature counts", async () => {
    const ended = await run(["verify", "--image", `a/b@${digest}`, `--trusted-root=${root}`]);
    assert.equal(ended.code, 2, ended.log);
  });

  test("help tells of it", async () => {
    const { stdout } = await run(["verify", "--help"]);
    assert.match(stdout, /--images REFERENCES, or --image for each/);
  });
});
