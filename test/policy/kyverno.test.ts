// Kyverno, the engine that clusters run, judges what signers store: it admits what our policy asks for,
// and nothing else, in registries with and without the referrers API, from either version of Rekor.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test, type TestContext } from "node:test";
import {
  formatKyvernoPolicy,
  signaturePredicateType,
  type KyvernoRules,
} from "../../src/commands/kyverno-policy.ts";
import { startStack, type Stack, type Trust } from "../stack/start.ts";
import { cosignSigner, imageSigners, ownSigner, type ImageSigner } from "./image-signers.ts";
import {
  aboutImage,
  attachBundles,
  bundlesOf,
  pushImage,
  pushIndex,
  type Image,
} from "./images.ts";
import { askKyverno, type Admission } from "./kyverno.ts";
import { startRegistries, type Registry } from "./registries.ts";

const identity = "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0";
const otherIdentity =
  "https://github.com/acme/widget/.github/workflows/release.yml@refs/heads/main";
/** What Kyverno says when it finds no bundle. */
const nothing = /no matching attestations: "/;
const sbomType = "https://cyclonedx.org/bom";
const cleanup = new AsyncDisposableStack();
let directory: string;
let stack: Stack;
let registries: readonly Registry[];

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "sigstep-policy-"));
  cleanup.defer(() => rm(directory, { recursive: true, force: true, maxRetries: 3 }));
  stack = await startStack();
  cleanup.defer(() => stack.stop());
  registries = await startRegistries(directory, cleanup);
});
after(() => cleanup.disposeAsync());

/** Rules for the image that hold for what the stack's GitHub identity signs with Rekor v1. */
async function rulesFor(image: Image, changes: Partial<KyvernoRules> = {}): Promise<KyvernoRules> {
  const { repository: images } = image;
  return {
    ...{ identity, issuer: stack.urls.github, images },
    tuf: await tufOf(stack.trust),
    ...changes,
  };
}

async function tufOf(trust: Trust): Promise<NonNullable<KyvernoRules["tuf"]>> {
  return { mirror: trust.tufUrl, root: await readFile(trust.tufRoot) };
}

async function ask(image: Image, changes: Partial<KyvernoRules> = {}): Promise<Admission> {
  const policy = formatKyvernoPolicy(await rulesFor(image, changes));
  return askKyverno(directory, { policy, images: { containers: image.reference } });
}

async function admits(image: Image, changes: Partial<KyvernoRules> = {}): Promise<void> {
  const { admitted, output } = await ask(image, changes);
  assert.ok(admitted, output);
}

/** @param reason - Must be in what it says, so that it is denied for that and not for another thing */
async function denies(
  image: Image,
  reason: RegExp,
  changes: Partial<KyvernoRules> = {},
): Promise<void> {
  const { admitted, output } = await ask(image, changes);
  assert.ok(!admitted, output);
  assert.match(output, reason);
  assert.match(output, /The image (?:is not signed|has no statement)/);
}

function newImage(t: TestContext, { host }: Registry): Promise<Image> {
  return pushImage(t, `${host}/acme/app`);
}

async function signedImage(
  t: TestContext,
  registry: Registry,
  { signer = cosignSigner, ...by }: { signer?: ImageSigner; token?: string } = {},
): Promise<Image> {
  const image = await newImage(t, registry);
  await signer.sign({ stack, log: "v1", image: image.reference, ...by });
  return image;
}

function registryOf(name: Registry["name"]): Registry {
  const found = registries.find((registry) => registry.name === name);
  assert.ok(found);
  return found;
}

const cases = imageSigners.flatMap((signer) =>
  (["ocimem", "distribution"] as const).map((name) => ({ signer, name })),
);

for (const { signer, name } of cases) {
  suite(`images signed by ${signer.name}, in ${name}`, () => {
    test("signed by the identity: admitted", async (t) => {
      await admits(await signedImage(t, registryOf(name), { signer }));
    });

    test("signed with Rekor v2: admitted", async (t) => {
      const image = await newImage(t, registryOf(name));
      await signer.sign({ stack, log: "v2", image: image.reference });
      await admits(image);
    });

    test("an index of three platforms, signed as a whole: admitted", async (t) => {
      const image = await pushIndex(t, `${registryOf(name).host}/acme/app`);
      await denies(image, nothing);
      await signer.sign({ stack, log: "v1", image: image.reference });
      await admits(image);
    });

    test("what it attests: admitted where that is asked for", async (t) => {
      const image = await newImage(t, registryOf(name));
      const predicate = join(directory, "scan.json");
      await writeFile(predicate, '{"findings": []}');
      const predicateTypes = ["https://example.com/scan/v1"];
      const order = { stack, log: "v1", image: image.reference } as const;
      await signer.attest(order, predicateTypes[0] ?? "", predicate);
      await admits(image, { predicateTypes });
      await denies(image, /sign\/v1 not found, found \[https:\/\/example.com\/scan\/v1\]/);
    });

    test("unsigned: denied", async (t) => {
      await denies(await newImage(t, registryOf(name)), nothing);
    });

    test("signed by others: denied", async (t) => {
      const registry = registryOf(name);
      const ref = "refs/heads/main";
      const other = await stack.githubToken({
        ...{ ref, ref_type: "branch", sub: `repo:acme/widget:ref:${ref}` },
        job_workflow_ref: `acme/widget/.github/workflows/release.yml@${ref}`,
        workflow_ref: `acme/widget/.github/workflows/release.yml@${ref}`,
      });
      const image = await signedImage(t, registry, { signer, token: other });
      await denies(image, /expected SAN value/);
      await admits(image, { identity: otherIdentity });
      const token = await stack.gitlabToken();
      const byGitlab = await signedImage(t, registry, { signer, token });
      await denies(byGitlab, /expected SAN value/);
    });

    test("signed by the same name from another issuer: denied", async (t) => {
      const image = await signedImage(t, registryOf(name), { signer });
      await denies(image, /expected issuer value/, { issuer: stack.urls.gitlab });
    });

    test("the signature of another image, or a changed one: denied", async (t) => {
      const registry = registryOf(name);
      const bundles = await bundlesOf(t, await signedImage(t, registry, { signer }));
      assert.equal(bundles.length, 1);
      const copied = await newImage(t, registry);
      await attachBundles(t, copied, bundles);
      await denies(copied, /does not match any digest in statement/);
      const changed = await newImage(t, registry);
      await attachBundles(
        t,
        changed,
        bundles.map((text) => aboutImage(text, changed)),
      );
      await denies(changed, /does not match envelope payload hash/);
    });
  });
}

suite("the policy", () => {
  test("trust in other keys: denied", async (t) => {
    const image = await signedImage(t, registryOf("ocimem"));
    const tuf = await tufOf(await stack.foreignTrust());
    await denies(image, /not enough verified log entries/, { tuf });
  });

  test("an SBOM alone is no signature, and what is asked for must be there", async (t) => {
    const image = await newImage(t, registryOf("distribution"));
    const predicate = join(directory, "sbom.json");
    await writeFile(predicate, JSON.stringify({ bomFormat: "CycloneDX", specVersion: "1.6" }));
    const order = { stack, log: "v1", image: image.reference } as const;
    await cosignSigner.attest(order, "cyclonedx", predicate);
    // Kyverno's own function for signatures takes it for one: the reason why we ask by type.
    const policy = formatKyvernoPolicy(await rulesFor(image));
    const byFunction = policy.replace(
      "verifyAttestationSignatures(image, attestations.statement0, ",
      "verifyImageSignatures(image, ",
    );
    assert.notEqual(byFunction, policy);
    const images = { containers: image.reference };
    assert.ok((await askKyverno(directory, { policy: byFunction, images })).admitted);
    await denies(image, /sign\/v1 not found, found \[https:\/\/cyclonedx.org\/bom\]/);
    await admits(image, { predicateTypes: [sbomType] });
    const both = { predicateTypes: [signaturePredicateType, sbomType] };
    await denies(image, /sign\/v1 not found/, both);
    await cosignSigner.sign(order);
    await admits(image, both);
    await denies(image, /provenance\/v1 not found/, {
      predicateTypes: [signaturePredicateType, "https://slsa.dev/provenance/v1"],
    });
  });

  test("what our program writes into its folder is admitted by the policy beside it", async (t) => {
    const image = await newImage(t, registryOf("distribution"));
    const folder = join(directory, "written");
    await ownSigner.sign({ stack, log: "v1", image: image.reference, folder });
    const written = await readFile(join(folder, "sigstep-kyverno-policies.yaml"), "utf8");
    const ours = formatKyvernoPolicy(await rulesFor(image));
    const tuf = / {8}tuf:[^]*?(?= {2}attestations:)/.exec(ours)?.[0] ?? "";
    // It cannot name where this instance's trust is, and says so; all else is as it would be.
    const [first = ""] = written.split("\n", 1);
    assert.match(first, /^# Add `tuf` \(mirror and root\) to the attestor/);
    assert.ok(written.endsWith(ours.replace(tuf, "")));
    await admits(image);
  });

  test("what others hang on an image does not get in the way of its signature", async (t) => {
    const image = await signedImage(t, registryOf("ocimem"));
    const others = await bundlesOf(t, await signedImage(t, registryOf("ocimem")));
    await attachBundles(t, image, [...others, "{}", others[0]?.slice(1) ?? ""]);
    await admits(image);
  });

  test("every container of a pod counts", async (t) => {
    const signed = await signedImage(t, registryOf("ocimem"));
    const unsigned = await newImage(t, registryOf("ocimem"));
    const policy = formatKyvernoPolicy(await rulesFor(signed));
    for (const kind of ["initContainers", "ephemeralContainers"]) {
      const ask = (image: Image): Promise<Admission> =>
        askKyverno(directory, {
          policy,
          images: { containers: signed.reference, [kind]: image.reference },
        });
      assert.equal((await ask(unsigned)).admitted, false, kind);
      assert.equal((await ask(signed)).admitted, true, kind);
    }
  });

  test("whatever the identity holds, it is a text to Kyverno", async (t) => {
    const image = await signedImage(t, registryOf("ocimem"));
    const texts = [
      `${identity}"\n      issuerRegExp: ".*`,
      `*`,
      `${identity}{{ request.object }}`,
      `'] + attestors.x + ['é\u2028\u{1f600}\u0000`,
    ];
    for (const text of texts) await denies(image, /expected SAN value/, { identity: text });
  });

  test("trust that cannot be loaded: no judgement", async (t) => {
    const image = await signedImage(t, registryOf("ocimem"));
    const { root } = await tufOf(stack.trust);
    const tuf = { mirror: `${stack.urls.tuf}/nowhere`, root };
    await assert.rejects(ask(image, { tuf }), /kyverno did not judge/);
  });

  test("images that it does not name are not its business", async (t) => {
    const image = await newImage(t, registryOf("ocimem"));
    const host = image.repository.split("/")[0] ?? "";
    await denies(image, nothing, { images: `${host}/acme/*` });
    await admits(image, { images: `${host}/acme/ap` });
  });
});
