// policy-controller, Sigstore's own engine, judges what signers store. It knows bundles of Rekor v1 alone,
// and takes signatures in them only as statements of their predicate type.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test, type TestContext } from "node:test";
import { signaturePredicateType } from "../../src/commands/kyverno-policy.ts";
import { startStack, type Stack, type Trust } from "../stack/start.ts";
import { imageSigners } from "./image-signers.ts";
import {
  aboutImage,
  attachBundles,
  bundlesOf,
  pushImage,
  pushIndex,
  type Image,
} from "./images.ts";
import { askController, type ControllerRules } from "./policy-controller.ts";
import { startRegistries, type Registry } from "./registries.ts";

const identity = "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0";
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

interface Changes extends Partial<ControllerRules> {
  readonly trust?: Trust;
}

async function admits(image: Image, changes: Changes = {}): Promise<void> {
  const { admitted, output } = await ask(image, changes);
  assert.ok(admitted, output);
}

/** @param reason - Must be in what it says, so that it is denied for that and not for another thing */
async function denies(image: Image, reason: RegExp, changes: Changes = {}): Promise<void> {
  const { admitted, output } = await ask(image, changes);
  assert.ok(!admitted, output);
  assert.match(output, reason);
}

function ask(
  image: Image,
  { trust = stack.trust, ...changes }: Changes,
): ReturnType<typeof askController> {
  const usual = { identity, issuer: stack.urls.github, predicateType: signaturePredicateType };
  return askController(directory, {
    ...{ rules: { ...usual, ...changes }, trust },
    image: image.reference,
  });
}

const cases = imageSigners.flatMap((signer) =>
  (["ocimem", "distribution"] as const).map((name) => ({ signer, name })),
);

for (const { signer, name } of cases) {
  suite(`images signed by ${signer.name}, in ${name}`, () => {
    let registry: Registry;
    before(() => {
      const found = registries.find((one) => one.name === name);
      assert.ok(found);
      registry = found;
    });

    async function signedImage(t: TestContext, log: "v1" | "v2" = "v1"): Promise<Image> {
      const image = await pushImage(t, `${registry.host}/acme/app`);
      await signer.sign({ stack, log, image: image.reference });
      return image;
    }

    test("signed by the identity: admitted", async (t) => {
      await admits(await signedImage(t));
    });

    test("an index of three platforms, signed as a whole: admitted", async (t) => {
      const image = await pushIndex(t, `${registry.host}/acme/app`);
      await signer.sign({ stack, log: "v1", image: image.reference });
      await admits(image);
    });

    test("what it attests: admitted where that is asked for", async (t) => {
      const image = await pushImage(t, `${registry.host}/acme/app`);
      const predicate = join(directory, "scan.json");
      await writeFile(predicate, '{"findings": []}');
      const predicateType = "https://example.com/scan/v1";
      await signer.attest({ stack, log: "v1", image: image.reference }, predicateType, predicate);
      await admits(image, { predicateType });
      await denies(image, /checked the following predicateTypes/);
    });

    test("unsigned: denied", async (t) => {
      const image = await pushImage(t, `${registry.host}/acme/app`);
      await denies(image, /no valid bundles exist in registry/);
    });

    test("signed by others, or by other trust: denied", async (t) => {
      const image = await signedImage(t);
      await denies(image, /expected SAN value/, { identity: `${identity}x` });
      await denies(image, /expected issuer value/, { issuer: stack.urls.gitlab });
      await denies(image, /not enough verified log entries/, { trust: await stack.foreignTrust() });
      await denies(image, /checked the following predicateTypes/, {
        predicateType: "https://slsa.dev/provenance/v1",
      });
    });

    test("the signature of another image, or a changed one: denied", async (t) => {
      const bundles = await bundlesOf(t, await signedImage(t));
      assert.equal(bundles.length, 1);
      const copied = await pushImage(t, `${registry.host}/acme/app`);
      await attachBundles(t, copied, bundles);
      await denies(copied, /does not match any digest in statement/);
      const changed = await pushImage(t, `${registry.host}/acme/app`);
      await attachBundles(
        t,
        changed,
        bundles.map((text) => aboutImage(text, changed)),
      );
      await denies(changed, /signatures do not match threshold/);
    });

    test("what others hang on an image does not get in the way of its signature", async (t) => {
      const image = await signedImage(t);
      const others = await bundlesOf(t, await signedImage(t));
      await attachBundles(t, image, [...others, "{}"]);
      await admits(image);
    });

    test("signed with Rekor v2: denied, since it cannot read such a bundle", async (t) => {
      await denies(await signedImage(t, "v2"), /no valid bundles exist in registry/);
    });
  });
}
