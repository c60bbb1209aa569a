// An image that one job has signed is verified in the next: by digest, by tag, by platform, from a registry
// that wants a password and from a folder without any network.
import assert from "node:assert/strict";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { describe, type TestContext } from "node:test";
import { describe as describeBlob } from "../../src/registry/descriptor.ts";
import { writeLayout } from "../../src/registry/layout.ts";
import { parseManifest } from "../../src/registry/manifest.ts";
import {
  digestOf,
  entryOf,
  imageIndex,
  imageManifest,
  serveRegistry,
  type FakeRegistry,
} from "../registry/fake-registry.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { scenario, type Run, type Scene } from "./harness.ts";

const identity = "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0";
const password = "registry-geheim-4711";
const basic = `Basic ${Buffer.from(`user:${password}`).toString("base64")}`;

/** A registry with an index of two images, which wants a password for everything. */
async function serve(
  t: TestContext,
): Promise<{ registry: FakeRegistry; name: string; index: string; images: readonly string[] }> {
  const registry = await serveRegistry(t, {
    referrers: "api",
    intercept: ({ headers }, response) => {
      if (headers.authorization === basic) return false;
      response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
      return true;
    },
  });
  registry.blobs.set(digestOf(Buffer.from("{}")), Buffer.from("{}"));
  const manifests = [1, 2].map((number) => imageManifest(number));
  const images = manifests.map((manifest) => registry.put(manifest));
  const entries = manifests.map((manifest, number) =>
    entryOf(manifest, { platform: { os: "linux", architecture: ["amd64", "arm64"][number] } }),
  );
  const index = registry.put(imageIndex(entries), ["v1"]);
  return { registry, images, index, name: `${registry.host}/acme/app` };
}

function logIn(scene: Scene): void {
  scene.addSecret("registry password", password);
  const login = { SIGSTEP_REGISTRY_USERNAME: "user", SIGSTEP_REGISTRY_PASSWORD: password };
  scene.setEnvironment(login);
}

const policyOf = (scene: Scene): readonly string[] => [
  `--certificate-identity=${identity}`,
  `--certificate-oidc-issuer=${scene.sandbox.urls.github}`,
];

/** `sigstep verify --json --image REFERENCE ARGS…`, and its results. */
async function verify(
  scene: Scene,
  reference: string,
  ...args: readonly string[]
): Promise<{ run: Run; results: readonly unknown[] }> {
  const run = await scene.cli([
    "verify",
    "--json",
    ...policyOf(scene),
    "--image",
    reference,
    ...args,
  ]);
  return { run, results: list(at(JSON.parse(run.stdout), "results")) };
}

describe("from one job to the next", { concurrency: 4 }, () => {
  scenario("signed by digest, verified by tag with the action", async (scene, t) => {
    const { index, name } = await serve(t);
    logIn(scene);
    const signed = await scene.sign(["--subject-images", `${name}@${index}`]);
    assert.equal(signed.code, 0, signed.log);
    await mkdir(scene.path("temp"));
    const inputs = {
      images: `${name}:v1`,
      "certificate-identity": identity,
      "certificate-oidc-issuer": scene.sandbox.urls.github,
    };
    const run = await scene.verifyAction(inputs, { env: { RUNNER_TEMP: scene.path("temp") } });
    assert.equal(run.code, 0, run.log);
    assert.match(run.log, new RegExp(`"${name}:v1" is ${index} now, and that is what is verified`));
    assert.deepEqual(scene.asked(), {}, "nobody but the registry is asked");
    assert.equal(run.outputs.get("verified"), "true");
    assert.equal(run.outputs.get("identity"), identity);
    assert.equal(run.outputs.get("images"), `${name}@${index}`);
    assert.match(run.summary, new RegExp(index.slice("sha256:".length)));
    const [file = ""] = await readdir(scene.path("temp"));
    const results: unknown = JSON.parse(await readFile(scene.path("temp", file), "utf8"));
    assert.equal(dig(list(at(results, "results"))[0], "image", "digest"), index);
  });

  scenario("another image stands at the tag now: refused", async (scene, t) => {
    const { registry, index, name } = await serve(t);
    logIn(scene);
    const signed = await scene.sign(["--subject-images", `${name}@${index}`]);
    assert.equal(signed.code, 0, signed.log);
    const other = registry.put(imageManifest(9), ["v1"]);
    const inputs = { images: `${name}:v1`, repo: "acme/widget", "show-summary": "false" };
    const { run, results } = await verify(scene, `${name}:v1`);
    assert.equal(run.code, 1);
    assert.equal(dig(results[0], "image", "digest"), other);
    assert.equal(dig(results[0], "error", "code"), "BUNDLE_MISSING");
    const action = await scene.verifyAction(inputs);
    assert.equal(action.code, 1);
    assert.equal(action.outputs.get("verified"), "false");
    assert.equal(action.outputs.get("images"), "");
    const strict = await scene.cli([
      "verify",
      "--image",
      `${name}:v1`,
      "--require-digest",
      ...policyOf(scene),
    ]);
    assert.equal(strict.code, 2, strict.log);
    assert.match(strict.log, /names no digest/);
  });

  scenario("the index is signed, then all that is in it", async (scene, t) => {
    const { index, images, name } = await serve(t);
    logIn(scene);
    const reference = `${name}@${index}`;
    assert.equal((await scene.sign(["--subject-images", reference])).code, 0);
    const one = await verify(scene, reference, "--platform=linux/amd64");
    assert.equal(one.run.code, 1);
    assert.match(text(dig(one.results[0], "error", "message")), /^Signed is the index .* alone/);
    const again = await scene.sign(["--subject-images", reference, "--recursive=platforms"]);
    assert.equal(again.code, 0, again.log);
    const all = await verify(scene, reference, "--platform=all");
    assert.equal(all.run.code, 0, all.run.log);
    assert.deepEqual(
      all.results.map((result) => dig(result, "image", "digest")),
      images,
    );
  });

  scenario("in cosign 2's layout, beside attestations", async (scene, t) => {
    const { index, name } = await serve(t);
    logIn(scene);
    const reference = `${name}@${index}`;
    const signed = await scene.sign(["--subject-images", reference, "--storage=legacy"]);
    assert.equal(signed.code, 0, signed.log);
    await scene.write("scan.json", "{}");
    const type = "https://example.com/scan/v1";
    const says = ["--predicate-type", type, "--predicate-path", "scan.json"];
    const attested = await scene.attest(["--subject-images", reference, ...says]);
    assert.equal(attested.code, 0, attested.log);
    const { run, results } = await verify(scene, reference);
    assert.equal(run.code, 0, run.log);
    const kinds = list(at(results[0], "bundles")).map((each) => text(dig(each, "storage", "kind")));
    assert.deepEqual(kinds.toSorted(), ["legacy-signature", "referrers"]);
    const scan = await verify(scene, reference, "--predicate-type", type);
    assert.equal(scan.run.code, 0, scan.run.log);
    assert.equal(list(at(scan.results[0], "refusedBundles")).length, 1);
  });

  scenario("in a folder, without any network", async (scene) => {
    const type = "application/vnd.oci.image.config.v1+json";
    const config = Buffer.from("{}");
    const manifest = parseManifest(Buffer.from(JSON.stringify(imageManifest(3))), "image", "");
    const blobs = [{ descriptor: describeBlob(type, config), bytes: config }];
    await writeLayout(scene.path("layout"), [{ manifest, blobs }]);
    const signed = await scene.sign(["--subject-images", "oci-layout:layout"]);
    assert.equal(signed.code, 0, signed.log);
    const { digest } = manifest.descriptor;
    const { run, results } = await verify(scene, `oci-layout:layout@${digest}`, "--offline");
    assert.equal(run.code, 0, run.log);
    assert.deepEqual(scene.asked(), {}, "nobody is asked");
    assert.equal(dig(results[0], "image", "name"), "oci-layout:layout");
    const [bundle] = list(at(results[0], "bundles"));
    assert.equal(dig(bundle, "storage", "kind"), "layout");
  });

  scenario("a wrong password: one error, which does not show it", async (scene, t) => {
    const { index, name } = await serve(t);
    const wrong = "wrong-geheim-0815";
    scene.addSecret("wrong password", wrong);
    scene.setEnvironment({ SIGSTEP_REGISTRY_USERNAME: "user", SIGSTEP_REGISTRY_PASSWORD: wrong });
    const { run, results } = await verify(scene, `${name}@${index}`);
    assert.equal(run.code, 1);
    assert.equal(dig(results[0], "error", "code"), "REGISTRY_REFUSED");
    assert.equal(run.errors.length, 1, run.log);
  });
});
