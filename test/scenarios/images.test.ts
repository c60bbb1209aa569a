// Images: signed and attested beside themselves, in a registry in this process or a folder. What can be refused
// is refused before a token is asked for; what is there already is not made again.
import assert from "node:assert/strict";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, type TestContext } from "node:test";
import { digestOf, serveRegistry, type FakeRegistry } from "../registry/fake-registry.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { scenario, type Run, type Scene } from "./harness.ts";
import { startRecorder } from "./recorder.ts";

const sboms = join(import.meta.dirname, "../vectors/sbom");
const spdx = join(sboms, "spdx-2.3-hello-source.json");
const cyclonedx = join(sboms, "cyclonedx-saas.json");
const predicates = `
- type: provenance
- type: sbom
  path: ${spdx}
- type: sbom
  path: ${cyclonedx}
`;
const signType = "https://sigstore.dev/cosign/sign/v1";
const bundleType = "application/vnd.dev.sigstore.bundle.v0.3+json";
const types = {
  image: "application/vnd.oci.image.manifest.v1+json",
  index: "application/vnd.oci.image.index.v1+json",
};

function descriptor(mediaType: string, content: string): object {
  const bytes = Buffer.from(content);
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
}

function imageOf(content: string): object {
  return {
    schemaVersion: 2,
    mediaType: types.image,
    config: descriptor("application/vnd.oci.image.config.v1+json", `config ${content}`),
    layers: [descriptor("application/vnd.oci.image.layer.v1.tar", content)],
  };
}

const platforms = ["linux/amd64", "linux/arm64/v8", "windows/amd64"];

/** An index of three platforms and BuildKit's attestation of one. @returns its digest */
function putIndex(registry: FakeRegistry, tag: string): string {
  const entries = [...platforms, "unknown/unknown"].map((platform) => {
    const manifest = imageOf(`${tag} ${platform}`);
    const digest = registry.put(manifest);
    const [os, architecture, variant] = platform.split("/");
    const size = Buffer.byteLength(JSON.stringify(manifest));
    return { mediaType: types.image, digest, size, platform: { os, architecture, variant } };
  });
  return registry.put({ schemaVersion: 2, mediaType: types.index, manifests: entries }, [tag]);
}

/** Everything stored about `digest`, as manifests. */
function referrersOf({ manifests }: FakeRegistry, digest: string): unknown[] {
  const all = [...manifests].filter(([name]) => name.startsWith("sha256:"));
  return all
    .map(([, { bytes }]): unknown => JSON.parse(bytes.toString("utf8")))
    .filter((manifest) => JSON.stringify(manifest).includes(`"subject"`))
    .filter((manifest) => dig(manifest, "subject", "digest") === digest);
}

function predicateTypesOf(registry: FakeRegistry, digest: string): string[] {
  return referrersOf(registry, digest)
    .map((manifest) => text(dig(manifest, "annotations", "dev.sigstore.bundle.predicateType")))
    .sort();
}

/** The statement in the only bundle about `digest`. */
function statementOf(registry: FakeRegistry, digest: string): unknown {
  const [manifest] = referrersOf(registry, digest);
  const layer = text(at(list(at(manifest, "layers"))[0], "digest"));
  const bundle: unknown = JSON.parse(registry.blobs.get(layer)?.toString("utf8") ?? "");
  const payload = Buffer.from(text(dig(bundle, "dsseEnvelope", "payload")), "base64");
  return JSON.parse(payload.toString("utf8"));
}

const hex = (digest: string): string => digest.replace("sha256:", "");

function outputOf(run: Run, name: string): unknown {
  return at(JSON.parse(run.stdout), name);
}

async function serve(
  t: TestContext,
  behaviour: Parameters<typeof serveRegistry>[1] = {},
): Promise<{ registry: FakeRegistry; name: string; digest: string }> {
  const registry = await serveRegistry(t, behaviour);
  const digest = registry.put(imageOf("app"), ["v1"]);
  return { registry, name: `${registry.host}/acme/app`, digest };
}

const writes = ({ seen }: FakeRegistry): string[] =>
  seen.filter(({ method }) => method === "PUT").map(({ path }) => path);

describe("images", { concurrency: 2 }, () => {
  for (const rekor of [1, 2] as const) {
    scenario(
      `an image is signed as cosign 3 signs it, once, Rekor v${rekor}`,
      async (scene, t) => {
        const { registry, name, digest } = await serve(t);
        const run = await scene.sign(["--subject-images", `${name}:v1`]);
        scene.assertRun(run, 0);
        assert.deepEqual(scene.asked(), { token: 1, certificate: 1, entry: 1, timestamp: 1 });
        assert.match(
          run.stderr,
          new RegExp(`app:v1" is ${digest} now, and that is what is signed`),
        );
        assert.deepEqual(statementOf(registry, digest), {
          _type: "https://in-toto.io/Statement/v1",
          subject: [{ digest: { sha256: hex(digest) } }],
          predicateType: signType,
          predicate: {},
        });
        const [referrer] = referrersOf(registry, digest);
        assert.equal(at(referrer, "artifactType"), bundleType);
        const stored = digestOf(Buffer.from(JSON.stringify(referrer)));
        assert.deepEqual(outputOf(run, "referrer-digests"), [stored]);
        assert.deepEqual(await scene.bundles(), [], "bundles are in the registry alone");
        const again = await scene.sign(["--subject-images", `${name}@${digest}`]);
        scene.assertRun(again, 0);
        assert.deepEqual(scene.asked(), { token: 1 }, "nothing more is public");
        assert.match(again.stderr, /Kept "https:\/\/sigstore\.dev\/cosign\/sign\/v1"/);
        assert.equal(referrersOf(registry, digest).length, 1);
        scene.assertRun(await scene.sign(["--subject-images", name + ":v1", "--force", "true"]), 0);
        assert.equal(referrersOf(registry, digest).length, 2);
      },
      { rekor },
    );
  }

  scenario("50 images and 3 predicates are one token and one certificate", async (scene, t) => {
    const { registry } = await serve(t);
    const names = Array.from({ length: 50 }, (_, number) => {
      const digest = registry.put(imageOf(`image ${number}`));
      return `${registry.host}/acme/app${number % 5}@${digest}`;
    });
    const run = await scene.attest([
      ...["--subject-images", names.join("\n"), "--predicates", predicates],
    ]);
    scene.assertRun(run, 0);
    assert.deepEqual(scene.asked(), { token: 1, certificate: 1, entry: 150, timestamp: 150 });
    const digests = list(outputOf(run, "referrer-digests")).map(text);
    assert.equal(new Set(digests).size, 150);
    for (const digest of digests) assert.ok(registry.manifests.has(digest));
    const images = list(at(await scene.manifest(), "images"));
    assert.equal(images.length, 150);
    assert.equal(at(images[0], "image"), names[0]);
    assert.ok(run.stderr.split("\n").length < 40, "not a line a statement");
  });

  scenario("signature and attestations in one step, under one certificate", async (scene, t) => {
    const { registry, name, digest } = await serve(t);
    const args = ["--subject-images", `${name}@${digest}`, "--predicates", predicates];
    const run = await scene.attest([...args, "--sign-images", "true", "--bundle-dir", "out"]);
    scene.assertRun(run, 0);
    assert.deepEqual(scene.asked(), { token: 1, certificate: 1, entry: 4, timestamp: 4 });
    assert.deepEqual(predicateTypesOf(registry, digest), [
      "https://cyclonedx.org/bom",
      signType,
      "https://slsa.dev/provenance/v1",
      "https://spdx.dev/Document/v2.3",
    ]);
    const shortTypes = ["cyclonedx", "provenance", "signature", "spdx"];
    assert.deepEqual(
      await scene.bundles(),
      shortTypes.map((shortType) => `out/app.${shortType}.sigstore.json`),
    );
    const commands = list(outputOf(run, "verify-commands")).map(text);
    assert.match(commands[0] ?? "", /^cosign verify --certificate-identity /);
    assert.match(commands[1] ?? "", /^cosign verify-attestation --type https:\/\/slsa\.dev/);
    assert.match(commands[4] ?? "", /^gh attestation verify oci:\/\/.* --bundle-from-oci /);
  });

  scenario("an index: each SBOM with its platform, provenance with all", async (scene, t) => {
    const registry = await serveRegistry(t);
    const index = putIndex(registry, "v1");
    const mapped = `
- type: provenance
- type: sbom
  path: ${spdx}
  subjects: [linux/amd64, linux/arm64]
- type: sbom
  path: ${cyclonedx}
  subjects: windows/amd64
`;
    const name = `${registry.host}/acme/app:v1`;
    const args = ["--subject-images", name, "--predicates", mapped, "--recursive", "true"];
    scene.assertRun(await scene.attest(args), 0);
    const provenance = "https://slsa.dev/provenance/v1";
    assert.deepEqual(predicateTypesOf(registry, index), [provenance]);
    const images = list(at(await scene.manifest(), "images"));
    const said = Object.groupBy(images, (image) => text(at(image, "platform") ?? "index"));
    const typesOf = (platform: string): string[] =>
      (said[platform] ?? []).map((image) => text(at(image, "predicateType")));
    assert.deepEqual(typesOf("linux/arm64/v8"), [provenance, "https://spdx.dev/Document/v2.3"]);
    assert.deepEqual(typesOf("windows/amd64"), [provenance, "https://cyclonedx.org/bom"]);
    assert.equal(images.length, 7, "BuildKit's own attestation is no image");
    const lost = await scene.attest([...args.slice(0, 4), "--force", "true"]);
    await scene.assertRefused(lost, {
      ...{ exit: 2, code: "INPUT_NO_MATCH" },
      says: /is for "linux\/amd64", and no image of this run is that/,
      hint: /recursive: true or platforms/,
    });
  });

  scenario("no referrers API: the index says what its entries are", async (scene, t) => {
    const { registry, name, digest } = await serve(t, { referrers: "none" });
    const args = ["--subject-images", `${name}@${digest}`, "--predicates", predicates];
    const run = await scene.attest(args);
    scene.assertRun(run, 0);
    assert.match(run.stderr, /has no referrers API: what is stored is listed at a tag/);
    const tag = digest.replace(":", "-");
    const index: unknown = JSON.parse(registry.manifests.get(tag)?.bytes.toString("utf8") ?? "");
    const entries = list(at(index, "manifests"));
    assert.equal(entries.length, 3);
    for (const entry of entries) {
      assert.equal(at(entry, "artifactType"), bundleType);
      assert.equal(dig(entry, "annotations", "dev.sigstore.bundle.content"), "dsse-envelope");
    }
    const count = writes(registry).filter((path) => path.endsWith(tag)).length;
    assert.ok(count <= 4, `${count} writes of the index`);
    scene.assertRun(await scene.attest(args), 0);
    assert.deepEqual(scene.asked(), { token: 1 });
  });

  scenario("repair-index: what others wrote without saying what it is", async (scene, t) => {
    const { registry, name, digest } = await serve(t, { referrers: "none" });
    const image = [`${name}@${digest}`];
    scene.assertRun(await scene.sign(["--subject-images", ...image]), 0);
    const tag = digest.replace(":", "-");
    const kept = registry.manifests.get(tag);
    assert.ok(kept);
    const bare = kept.bytes.toString("utf8").replaceAll(/"artifactType":"[^"]*",/g, "");
    assert.notEqual(bare, kept.bytes.toString("utf8"));
    registry.manifests.set(tag, { ...kept, bytes: Buffer.from(bare) });
    const run = await scene.sign(["--subject-images", ...image, "--repair-index", "true"]);
    scene.assertRun(run, 0);
    assert.match(run.stderr, /1 entries repaired/);
    assert.match(registry.manifests.get(tag)?.bytes.toString("utf8") ?? "", /"artifactType"/);
  });

  scenario("both: cosign 2's tags beside the referrers, one entry more", async (scene, t) => {
    const { registry, name, digest } = await serve(t);
    const args = ["--subject-images", `${name}@${digest}`, "--storage", "both"];
    scene.assertRun(await scene.attest([...args, "--sign-images", "true"]), 0);
    assert.deepEqual(scene.asked(), { token: 1, certificate: 1, entry: 3, timestamp: 3 });
    const layersAt = (kind: string): readonly unknown[] => {
      const kept = registry.manifests.get(`${digest.replace(":", "-")}.${kind}`);
      return list(at(JSON.parse(kept?.bytes.toString("utf8") ?? "null"), "layers"));
    };
    const [signature] = layersAt("sig");
    assert.equal(layersAt("sig").length, 1);
    assert.equal(layersAt("att").length, 1);
    const payload = registry.blobs.get(text(at(signature, "digest")))?.toString("utf8") ?? "";
    assert.deepEqual(dig(JSON.parse(payload), "critical", "identity"), {
      "docker-reference": name,
    });
    const [first] = list(at(await scene.manifest(), "images"));
    assert.equal(list(at(first, "logEntries")).length, 2, "both entries are told of");
    scene.assertRun(await scene.attest([...args, "--sign-images", "true"]), 0);
    assert.deepEqual(scene.asked(), { token: 1 });
    assert.equal(layersAt("sig").length, 1, "and none is added by a rerun");
  });

  scenario(
    "cosign 2's tags with Rekor v2 are refused before anything is public",
    async (scene, t) => {
      const { name } = await serve(t);
      const args = ["--subject-images", `${name}:v1`, "--storage", "legacy"];
      await scene.assertRefused(await scene.sign(args), {
        ...{ exit: 2, code: "INPUT_CONFLICT" },
        says: /Rekor v2 alone/,
        hint: /storage: referrers/,
      });
    },
    { rekor: 2 },
  );

  scenario("what a registry refuses costs nothing", async (scene, t) => {
    const { registry, name, digest } = await serve(t, {
      intercept: ({ method }, response) => {
        if (method !== "POST") return false;
        response.writeHead(403).end('{"errors":[{"code":"DENIED","message":"read only"}]}');
        return true;
      },
    });
    const denied = await scene.sign(["--subject-images", `${name}@${digest}`]);
    await scene.assertRefused(denied, {
      ...{ exit: 1, code: "REGISTRY_REFUSED" },
      says: /refused to take an upload without credentials: status 403, DENIED/,
      hint: /lacks the scope repository:acme\/app:pull,push/,
    });
    assert.deepEqual(scene.asked(), {}, "no token, certificate or entry");
    const absent = await scene.sign(["--subject-images", `${name}:v2`]);
    await scene.assertRefused(absent, {
      ...{ exit: 1, code: "IMAGE_NOT_FOUND" },
      says: /There is no "v2" in /,
      hint: /Was it pushed, and to this registry\?/,
    });
    assert.deepEqual(scene.asked(), {});
    const other = registry.put(imageOf("other"));
    const moved = await scene.sign(["--subject-images", `${name}:v1@${other}`]);
    await scene.assertRefused(moved, {
      ...{ exit: 2, code: "REFERENCE_INVALID" },
      says: /The tag v1 of .* is sha256:.* now, not sha256:/,
      hint: /Another push has moved the tag/,
    });
  });

  scenario("what cannot be stored is kept, and not logged twice", async (scene, t) => {
    let broken = true;
    const { registry, name, digest } = await serve(t, {
      intercept: ({ method, path }, response) => {
        if (!broken || method !== "PUT" || !path.includes("/manifests/")) return false;
        response.writeHead(403).end('{"errors":[{"code":"DENIED","message":"no manifests"}]}');
        return true;
      },
    });
    const args = ["--subject-images", `${name}@${digest}`];
    const failed = await scene.sign(args);
    scene.assertRun(failed, 1);
    assert.match(failed.stderr, /Logged as entry \d+, not stored: /);
    assert.deepEqual(await scene.bundles(), ["app.signature.sigstore.json"]);
    broken = false;
    scene.assertRun(await scene.sign(args), 0);
    assert.deepEqual(scene.asked(), { token: 1 }, "the entry is used again");
    assert.equal(referrersOf(registry, digest).length, 1);
  });

  scenario("push-to-registry, as actions/attest has it", async (scene, t) => {
    const { registry, name, digest } = await serve(t);
    const env = { RUNNER_TEMP: scene.path("temp") };
    await mkdir(env.RUNNER_TEMP);
    const named = { "subject-name": `${registry.host}/ACME/App:latest`, "subject-digest": digest };
    const run = await scene.action({ ...named, "push-to-registry": "true" }, { env });
    scene.assertRun(run, 0);
    assert.deepEqual(dig(statementOf(registry, digest), "subject"), [
      { name, digest: { sha256: hex(digest) } },
    ]);
    assert.equal(run.outputs.get("referrer-digests")?.startsWith("sha256:"), true);
    const lines = await readFile(run.outputs.get("bundle-path") ?? "", "utf8");
    assert.equal(lines.trimEnd().split("\n").length, 1);
    await rm(env.RUNNER_TEMP, { recursive: true });
    const bare = await scene.action({ "push-to-registry": "true", "subject-name": name });
    await scene.assertActionRefused(bare, {
      ...{ exit: 2, says: /subject-digest is missing/, hint: /push-to-registry is for one image/ },
    });
  });

  scenario("the action signs images where it is told to", async (scene, t) => {
    const { registry, name, digest } = await serve(t);
    const inputs = { "subject-images": `${name}@${digest}`, "sign-images": "only" };
    const run = await scene.action(inputs);
    scene.assertRun(run, 0);
    assert.deepEqual(predicateTypesOf(registry, digest), [signType]);
    assert.match(run.outputs.get("verify-commands") ?? "", /^cosign verify /);
    const both = await scene.action({ ...inputs, "sbom-path": spdx });
    await scene.assertActionRefused(both, {
      ...{
        exit: 2,
        says: /sign-images: only and sbom-path are both given/,
        hint: /sign-images: true/,
      },
    });
    const mixed = await scene.action({ ...inputs, inputs: "x" });
    await scene.assertActionRefused(mixed, {
      ...{ exit: 2, says: /inputs and subject-images are both given/, hint: /two steps/ },
    });
  });

  scenario("a private repository's images stay out of the public log", async (scene, t) => {
    const { registry, name, digest } = await serve(t);
    scene.sandbox.issuers.github.setClaims({ repository_visibility: "private" });
    const recorder = await startRecorder();
    const env = {
      ...{ SIGSTEP_SIGNING_CONFIG: undefined, SIGSTEP_TRUSTED_ROOT: undefined },
      HTTPS_PROXY: recorder.url,
    };
    const args = ["--subject-images", `${name}@${digest}`, "--retry-budget", "0"];
    const run = await scene.sign(args, { env });
    await recorder.close();
    await scene.assertRefused(run, {
      ...{ exit: 1, code: "PUBLIC_LOG_NOT_ALLOWED" },
      says: new RegExp(`digest of: "signature of ${name}@${digest}"`),
      hint: /allow-public-log: true/,
    });
    assert.ok(
      recorder.attempts.every((host) => host.includes("tuf")),
      recorder.attempts.join(),
    );
    assert.deepEqual(referrersOf(registry, digest), []);
  });

  scenario("an image in a folder is signed into the folder", async (scene) => {
    const digest = await writeLayout(scene, "image");
    const args = ["--subject-images", "oci-layout:image"];
    scene.assertRun(await scene.sign(args), 0);
    const index: unknown = JSON.parse(await readFile(scene.path("image/index.json"), "utf8"));
    const [own, referrer] = list(at(index, "manifests"));
    assert.equal(at(own, "digest"), digest);
    assert.equal(at(referrer, "artifactType"), bundleType);
    scene.assertRun(await scene.sign(args), 0);
    assert.deepEqual(scene.asked(), { token: 1 });
    const legacy = await scene.sign([...args, "--storage", "both"]);
    await scene.assertRefused(legacy, {
      ...{ exit: 2, code: "INPUT_CONFLICT" },
      says: /has no tags of cosign 2/,
      hint: /leave storage out/,
    });
  });

  scenario("a dry run asks nobody, no registry either", async (scene, t) => {
    const { registry, name } = await serve(t);
    const args = ["--subject-images", `${name}:v1`, "--storage", "both", "--dry-run", "true"];
    const run = await scene.attest([...args, "--sign-images", "true"]);
    scene.assertRun(run, 0);
    assert.deepEqual(scene.asked(), {});
    assert.deepEqual(registry.seen, []);
    assert.match(run.stderr, /app:v1" \(its digest would be looked up\)/);
    assert.match(run.stderr, /a second signature and log entry/);
    assert.deepEqual(await scene.files(), []);
  });

  scenario("bad input about images", async (scene, t) => {
    const { registry, name } = await serve(t);
    const refused = async (
      args: readonly string[],
      wanted: Pick<Parameters<Scene["assertRefused"]>[1], "code" | "says" | "hint">,
    ): Promise<void> => scene.assertRefused(await scene.sign(args), { exit: 2, ...wanted });
    const images = ["--subject-images", `${name}:v1`];
    await refused([...images, "--require-digest", "true"], {
      ...{
        code: "REFERENCE_INVALID",
        says: /names no digest/,
        hint: /Use the digest that the push/,
      },
    });
    await refused([...images, "--storage", "none"], {
      ...{ code: "INPUT_MISSING", says: /bundle-dir is missing/, hint: /storage: none/ },
    });
    await refused([...images, "--registry-username", "me"], {
      ...{ code: "INPUT_MISSING", says: /registry-password is missing/, hint: /belong together/ },
    });
    await refused([...images, "file.txt"], {
      ...{ code: "INPUT_CONFLICT", says: /inputs and subject-images/, hint: /two steps/ },
    });
    await refused(["--storage", "both"], {
      ...{ code: "INPUT_CONFLICT", says: /no image is named/, hint: /subject-images/ },
    });
    await refused(["--subject-images", "ghcr.io/Acme/app:v1"], {
      ...{ code: "REFERENCE_INVALID", says: /upper-case/, hint: /lower case/ },
    });
    assert.deepEqual(registry.seen, []);
  });
});

/** An OCI layout of one image. @returns its digest */
async function writeLayout(scene: Scene, name: string): Promise<string> {
  const folder = scene.path(name);
  await mkdir(join(folder, "blobs/sha256"), { recursive: true });
  const bytes = Buffer.from(JSON.stringify(imageOf("layout")));
  const digest = digestOf(bytes);
  await writeFile(join(folder, "blobs/sha256", hex(digest)), bytes);
  const entry = { mediaType: types.image, digest, size: bytes.byteLength };
  const index = { schemaVersion: 2, mediaType: types.index, manifests: [entry] };
  await writeFile(join(folder, "index.json"), JSON.stringify(index));
  await writeFile(join(folder, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  return digest;
}
