// Other people's signatures of images before our verifier: by cosign 3, which stores bundles, and by cosign 2,
// whose layers and tags many images still have; in a registry with the referrers API and in one without.
import assert from "node:assert/strict";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test, type TestContext } from "node:test";
import { addLegacy, legacyTag, readLegacy } from "../../src/registry/legacy.ts";
import { getManifest, putManifest } from "../../src/registry/client.ts";
import { imageIndexType, parseManifest } from "../../src/registry/manifest.ts";
import { run } from "../commands/verify-run.ts";
import { openHttp } from "../commands/stored-images.ts";
import { cosignSigner } from "../policy/image-signers.ts";
import { aboutImage, attachBundles, bundlesOf, pushImage, type Image } from "../policy/images.ts";
import { startRegistries, type Registry } from "../policy/registries.ts";
import { openClient } from "../registry/fake-registry.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { emptyEnvironment, runOk } from "./run.ts";
import { startStack, type Stack } from "./start.ts";
import { ensureTools, type Tools } from "./tools.ts";

const identity = "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0";
const signType = "https://sigstore.dev/cosign/sign/v1";
const spdx = "https://spdx.dev/Document";
const cleanup = new AsyncDisposableStack();

let stack: Stack;
let folder: string;
let predicate: string;
let tools: Tools<"cosign" | "cosign2">;
let registries: ReadonlyMap<string, Registry>;

before(async () => {
  tools = await ensureTools(["cosign", "cosign2"]);
  stack = await startStack();
  cleanup.defer(() => stack.stop());
  folder = await mkdtemp(join(stack.directory, "images-"));
  const started = await startRegistries(folder, cleanup);
  registries = new Map(started.map((registry) => [registry.name, registry]));
  predicate = join(folder, "predicate.json");
  await writeFile(predicate, JSON.stringify({ spdxVersion: "SPDX-2.3", name: "app" }));
});
after(() => cleanup.disposeAsync());

/** A new image in a repository of its own. */
function push(t: TestContext, registry: string, name: string): Promise<Image> {
  return pushImage(t, `${registries.get(registry)?.host ?? ""}/acme/${name}`);
}

interface Wish {
  readonly identity?: string;
  readonly issuer?: string;
  readonly trustedRoot?: string;
}

interface Answer {
  readonly code: number;
  readonly log: string;
  readonly results: readonly unknown[];
}

/** What `sigstep verify --image` says. */
async function ask(
  reference: string,
  args: readonly string[] = [],
  wish: Wish = {},
): Promise<Answer> {
  const { code, log, stdout } = await run(
    [
      ...["verify", "--json", "--image", reference],
      ...["--certificate-identity", wish.identity ?? identity],
      ...["--certificate-oidc-issuer", wish.issuer ?? stack.urls.github],
      ...["--trusted-root", wish.trustedRoot ?? stack.trust.trustedRoot, ...args],
    ],
    { openHttp, now: () => new Date() },
  );
  return { code, log, results: list(at(JSON.parse(stdout), "results")) };
}

async function assertAccepted(reference: string, args: readonly string[] = []): Promise<unknown> {
  const { code, log, results } = await ask(reference, args);
  assert.equal(code, 0, log);
  const [bundle] = list(at(results[0], "bundles"));
  return bundle;
}

async function assertRefused(
  reference: string,
  step: number,
  { args = [], ...wish }: Wish & { readonly args?: readonly string[] } = {},
): Promise<string> {
  const { code, log, results } = await ask(reference, args, wish);
  assert.equal(code, 1, log);
  assert.equal(dig(results[0], "error", "step", "number"), step, log);
  return text(dig(results[0], "error", "message"));
}

async function assertRefusedOtherwise(image: Image, args: readonly string[] = []): Promise<void> {
  const { reference } = image;
  await assertRefused(reference, 10, { args, identity: `${identity}.1` });
  await assertRefused(reference, 10, { args, issuer: stack.urls.gitlab });
  const { trustedRoot } = await stack.foreignTrust();
  await assertRefused(reference, 2, { args, trustedRoot });
}

suite("cosign 3", () => {
  for (const name of ["ocimem", "distribution"] as const) {
    for (const log of ["v1", "v2"] as const) {
      test(`a signature and two attestations on ${name}, Rekor ${log}`, async (t) => {
        const image = await push(t, name, `bundle-${log}`);
        const order = { stack, log, image: image.reference };
        await cosignSigner.sign(order);
        const kind = name === "ocimem" ? "referrers" : "fallback-index";
        const signature = await assertAccepted(image.reference);
        assert.equal(dig(signature, "storage", "kind"), kind);
        assert.equal(dig(signature, "statement", "predicateType"), signType);
        await cosignSigner.attest(order, "spdxjson", predicate);
        await cosignSigner.attest(order, "https://example.com/x/v1", predicate);
        const attestation = await assertAccepted(image.reference, ["--predicate-type=spdxjson"]);
        assert.equal(dig(attestation, "statement", "predicateType"), spdx);
        await assertRefusedOtherwise(image);
        await assertRefused(image.reference, 12, { args: ["--predicate-type=cyclonedx"] });
      });
    }
  }

  test("a signature of another image, put beside this one, whole and changed", async (t) => {
    const [signed, other] = [await push(t, "ocimem", "mine"), await push(t, "ocimem", "other")];
    await cosignSigner.sign({ stack, log: "v1", image: signed.reference });
    const bundles = await bundlesOf(t, signed);
    await attachBundles(t, other, bundles);
    const said = await assertRefused(other.reference, 12);
    assert.match(said, /not about the artifact/);
    const changed = await push(t, "ocimem", "changed");
    await attachBundles(
      t,
      changed,
      bundles.map((bundle) => aboutImage(bundle, changed)),
    );
    await assertRefused(changed.reference, 5);
  });

  test("a bundle that was changed where the registry keeps it", async (t) => {
    const image = await push(t, "distribution", "tampered");
    await cosignSigner.sign({ stack, log: "v1", image: image.reference });
    const digest = text(dig(await assertAccepted(image.reference), "storage", "digest"));
    const { content } = await getManifest(openClient(t).open(image.repository), digest);
    const layer = content.kind === "image" ? (content.layers[0]?.digest.slice(7) ?? "") : "";
    const blobs = join(folder, "images/docker/registry/v2/blobs/sha256");
    const file = join(blobs, layer.slice(0, 2), layer, "data");
    const bytes = await readFile(file);
    bytes.writeUInt8(bytes.readUInt8(200) ^ 1, 200);
    await writeFile(file, bytes);
    assert.match(await assertRefused(image.reference, 1), /do not have the digest/);
  });

  test("an image that is not signed", async (t) => {
    for (const name of ["ocimem", "distribution"]) {
      const image = await push(t, name, "unsigned");
      assert.match(await assertRefused(image.reference, 1), /^Nothing says who made/);
    }
  });

  test("an index: signed itself, then each of its images", async (t) => {
    const images = [await push(t, "distribution", "multi"), await push(t, "distribution", "multi")];
    const index = await pushIndex(t, images);
    const order = { stack, log: "v1", image: index } as const;
    await cosignSigner.sign(order);
    await assertAccepted(index);
    const said = await assertRefused(index, 1, { args: ["--platform=linux/amd64"] });
    assert.match(said, /^Signed is the index .* alone/);
    for (const { reference } of images) await cosignSigner.sign({ ...order, image: reference });
    await assertAccepted(index, ["--platform=linux/amd64"]);
    const { code, results } = await ask(index, ["--platform=all"]);
    assert.equal(code, 0);
    assert.equal(results.length, 2);
  });

  test("with a key, in the older layout", async (t) => {
    const image = await push(t, "distribution", "keyed");
    const environment = { ...emptyEnvironment(folder), COSIGN_PASSWORD: "" };
    await runOk(tools.cosign, ["generate-key-pair"], { directory: folder, environment });
    await runOk(
      tools.cosign,
      [
        ...["sign", "-y", "--key", join(folder, "cosign.key"), "--new-bundle-format=false"],
        ...["--use-signing-config=false", "--rekor-url", stack.urls.rekor1, image.reference],
      ],
      { environment },
    );
    const key = ["--key", join(folder, "cosign.pub"), "--trusted-root", stack.trust.trustedRoot];
    const world = { openHttp, now: (): Date => new Date() };
    const ended = await run(["verify", "--image", image.reference, ...key], world);
    assert.equal(ended.code, 0, ended.log);
  });
});

/** An index of two images, for two platforms. @returns its reference */
async function pushIndex(t: TestContext, images: readonly Image[]): Promise<string> {
  const platforms = ["amd64", "arm64"];
  const manifests = images.map(({ subject }, number) => ({
    ...subject,
    platform: { os: "linux", architecture: platforms[number] },
  }));
  const json = { schemaVersion: 2, mediaType: imageIndexType, manifests };
  const index = parseManifest(Buffer.from(JSON.stringify(json)), "index", imageIndexType);
  const repository = images[0]?.repository ?? "";
  await putManifest(openClient(t).open(repository), index);
  return `${repository}@${index.descriptor.digest}`;
}

suite("cosign 2", () => {
  /** The options of cosign 2 on this stack: no signing config, and every server by its address. */
  async function options(): Promise<readonly string[]> {
    const { fulcio, rekor1 } = stack.urls;
    return [
      ...["-y", "--fulcio-url", fulcio, "--rekor-url", rekor1],
      ...["--trusted-root", stack.trust.trustedRoot],
      ...["--identity-token", await stack.githubToken()],
    ];
  }
  const cosign2 = async (command: readonly string[], { reference }: Image): Promise<void> => {
    const environment = emptyEnvironment(await mkdtemp(join(folder, "cosign2-")));
    await runOk(tools.cosign2, [...command, ...(await options()), reference], { environment });
  };
  const stamp = (): readonly string[] => [
    "--timestamp-server-url",
    `${stack.urls.tsa}/api/v1/timestamp`,
  ];

  for (const name of ["ocimem", "distribution"] as const) {
    test(`a signature on ${name}, then another with a timestamp`, async (t) => {
      const image = await push(t, name, "old-signature");
      await cosign2(["sign"], image);
      const bundle = await assertAccepted(image.reference);
      assert.equal(dig(bundle, "storage", "kind"), "legacy-signature");
      assert.equal(dig(bundle, "storage", "tag"), legacyTag(image.subject.digest, "sig"));
      assert.equal(dig(bundle, "artifact", "sha256"), image.subject.digest.slice(7));
      await assertAccepted(image.reference, [`--predicate-type=${signType}`]);
      await assertRefusedOtherwise(image);
      await assertRefused(image.reference, 12, { args: ["--predicate-type=spdxjson"] });
      await cosign2(["sign", ...stamp()], image);
      const { results } = await ask(image.reference);
      const stamps = list(at(results[0], "bundles")).map(
        (each) => list(at(each, "timestamps")).length,
      );
      assert.deepEqual(stamps.toSorted(), [0, 1]);
    });

    test(`attestations on ${name}: logged as dsse and as intoto, with a timestamp`, async (t) => {
      const image = await push(t, name, "old-attestation");
      const attest = ["attest", "--predicate", predicate];
      await cosign2([...attest, "--type=spdxjson", ...stamp()], image);
      await cosign2(
        [...attest, "--type=https://example.com/x/v1", "--rekor-entry-type=intoto"],
        image,
      );
      const bundle = await assertAccepted(image.reference, ["--predicate-type=spdxjson"]);
      assert.equal(dig(bundle, "storage", "kind"), "legacy-attestation");
      assert.equal(list(at(bundle, "timestamps")).length, 1);
      const { results, log } = await ask(image.reference);
      const kinds = list(at(results[0], "bundles")).flatMap((each) =>
        list(at(each, "logEntries")).map((entry) => text(at(entry, "kind"))),
      );
      assert.deepEqual(kinds.toSorted(), ["dsse", "intoto"], log);
      await assertRefusedOtherwise(image);
    });
  }

  test("another image's signature at this one's tag", async (t) => {
    const image = await push(t, "ocimem", "old-other");
    await cosign2(["sign"], image);
    const target = openClient(t).open(image.repository);
    const other = await pushImage(t, image.repository);
    const entries = await readLegacy(target, image.subject.digest, "sig");
    await addLegacy(target, { digest: other.subject.digest, kind: "sig", entries });
    const said = await assertRefused(other.reference, 12);
    assert.ok(said.includes(image.subject.digest), said);
    const [entry] = entries;
    assert.ok(entry);
    const third = await pushImage(t, image.repository);
    const payload = Buffer.from(entry.payload).toString();
    const changed = payload.replace(image.subject.digest, third.subject.digest);
    await addLegacy(target, {
      ...{ digest: third.subject.digest, kind: "sig" },
      entries: [{ ...entry, payload: Buffer.from(changed) }],
    });
    await assertRefused(third.reference, 5);
  });

  test("as bundles, which the newest of it can store", async (t) => {
    const image = await push(t, "distribution", "old-bundle");
    const environment = emptyEnvironment(await mkdtemp(join(folder, "cosign2-")));
    const trust = [
      "--signing-config",
      stack.trust.signingConfigV1,
      "--trusted-root",
      stack.trust.trustedRoot,
    ];
    const token = ["--identity-token", await stack.githubToken()];
    const args = [
      "attest",
      "-y",
      "--new-bundle-format",
      "--predicate",
      predicate,
      "--type=spdxjson",
    ];
    await runOk(tools.cosign2, [...args, ...trust, ...token, image.reference], { environment });
    const bundle = await assertAccepted(image.reference, ["--predicate-type=spdxjson"]);
    assert.equal(dig(bundle, "storage", "kind"), "fallback-index");
  });
});

suite("our own signatures, before us, cosign 3 and cosign 2", () => {
  const cli = join(import.meta.dirname, "../../dist/cli.js");

  async function sign(image: Image, rekor: 1 | 2, args: readonly string[]): Promise<void> {
    const { trustedRoot, signingConfigV1, signingConfigV2 } = stack.trust;
    const home = await mkdtemp(join(folder, "ours-"));
    const config = rekor === 1 ? signingConfigV1 : signingConfigV2;
    const trust = ["--trusted-root", trustedRoot, "--signing-config", config];
    await runOk(process.execPath, [cli, ...args, ...trust, "--subject-images", image.reference], {
      directory: home,
      environment: { ...emptyEnvironment(home), ...stack.environment },
    });
  }

  async function judge(
    name: "cosign" | "cosign2",
    { reference }: Image,
    args: readonly string[],
  ): Promise<void> {
    const home = await mkdtemp(join(folder, "judge-"));
    await runOk(
      tools[name],
      [
        ...args,
        ...["--certificate-identity", identity, "--certificate-oidc-issuer", stack.urls.github],
        ...["--trusted-root", stack.trust.trustedRoot, reference],
      ],
      { environment: emptyEnvironment(home) },
    );
  }

  for (const name of ["ocimem", "distribution"] as const) {
    for (const rekor of [1, 2] as const) {
      test(`as a bundle on ${name}, Rekor v${rekor}`, async (t) => {
        const image = await push(t, name, `ours-${rekor}`);
        await sign(image, rekor, ["sign"]);
        const bundle = await assertAccepted(image.reference);
        assert.equal(dig(bundle, "statement", "predicateType"), signType);
        await assertRefusedOtherwise(image);
        await judge("cosign", image, ["verify"]);
      });
    }

    test(`in cosign 2's layout on ${name}`, async (t) => {
      const image = await push(t, name, "ours-old");
      await sign(image, 1, ["sign", "--storage=legacy"]);
      const bundle = await assertAccepted(image.reference);
      assert.equal(dig(bundle, "storage", "kind"), "legacy-signature");
      await assertRefusedOtherwise(image);
      await judge("cosign2", image, ["verify"]);
      await judge("cosign", image, ["verify", "--new-bundle-format=false"]);
    });

    test(`an attestation in both layouts on ${name}`, async (t) => {
      const image = await push(t, name, "ours-attested");
      const type = "https://example.com/x/v1";
      const says = ["--predicate-type", type, "--predicate-path", predicate];
      await sign(image, 1, ["attest", "--storage=both", ...says]);
      const { results, log } = await ask(image.reference, [`--predicate-type=${type}`]);
      const kinds = list(at(results[0], "bundles")).map((each) =>
        text(dig(each, "storage", "kind")),
      );
      const listed = name === "ocimem" ? "referrers" : "fallback-index";
      assert.deepEqual(kinds.toSorted(), [listed, "legacy-attestation"].toSorted(), log);
      await judge("cosign2", image, ["verify-attestation", "--type", type]);
      await judge("cosign", image, ["verify-attestation", "--type", type]);
    });
  }
});
