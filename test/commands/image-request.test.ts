// Inputs about images: what is read, and what is refused before anybody is asked.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { parseImageAttestation, parseImageSigning } from "../../src/commands/image-run-request.ts";
import { pushedImage } from "../../src/commands/image-request.ts";
import { refuses } from "../refusal.ts";

type Inputs = Readonly<Record<string, string>>;
const around = { paths: [], artifactsList: undefined, jobFolder: undefined };
const attest = (inputs: Inputs): ReturnType<typeof parseImageAttestation> =>
  parseImageAttestation((name) => inputs[name], around);
const sign = (inputs: Inputs): ReturnType<typeof parseImageSigning> =>
  parseImageSigning((name) => inputs[name], around);
const digest = `sha256:${"a".repeat(64)}`;
const image = { "subject-images": `ghcr.io/acme/app@${digest}` };

suite("images that are asked for", () => {
  test("none: then it is about files", () => {
    assert.equal(attest({ "subject-path": "x" }), undefined);
    assert.equal(sign({ inputs: "x" }), undefined);
  });

  test("several, in registries and folders", () => {
    const texts = "ghcr.io/acme/app:v1 localhost:5000/app oci-layout:out:v2";
    const request = attest({ "subject-images": texts, recursive: "platforms" });
    assert.deepEqual(
      request?.images.images.map(({ kind, text }) => [kind, text]),
      [
        ["registry", "ghcr.io/acme/app:v1"],
        ["registry", "localhost:5000/app"],
        ["layout", "oci-layout:out:v2"],
      ],
    );
    assert.equal(request.images.recursion, "platforms");
    assert.equal(request.images.storage, "referrers");
    assert.equal(request.saying, "attestations");
  });

  test("signatures alone, or beside attestations", () => {
    assert.equal(sign(image)?.saying, "signature");
    assert.equal(attest({ ...image, "sign-images": "only" })?.saying, "signature");
    assert.equal(attest({ ...image, "sign-images": "true" })?.saying, "both");
    assert.equal(attest({ ...image, "sign-images": "only" })?.attestations, "never");
  });

  test("push-to-registry names it in lower case, without tag, by one sha256", () => {
    const pushed = pushedImage("GHCR.io/Acme/App:v1", digest.toUpperCase());
    assert.equal(pushed.text, `ghcr.io/acme/app@${digest}`);
    refuses("INPUT_VALUE", () => pushedImage("ghcr.io/acme/app", `sha512:${"a".repeat(128)}`));
    refuses("INPUT_MISSING", () => pushedImage(undefined, digest));
    refuses("INPUT_MISSING", () => pushedImage("ghcr.io/acme/app", undefined));
  });

  test("a password is for one registry", () => {
    const login = { "registry-username": "me", "registry-password": "secret" };
    const request = sign({ ...image, ...login, registry: "index.docker.io" });
    assert.equal(request?.images.registries.registry, "docker.io");
    refuses("INPUT_VALUE", () => sign({ ...image, ...login, registry: "https://ghcr.io" }));
    refuses("INPUT_VALUE", () => sign({ ...image, ...login, registry: "acme" }));
    refuses("INPUT_MISSING", () => sign({ ...image, "registry-password": "secret" }));
  });
});

suite("inputs about images that contradict", () => {
  const cases: readonly (readonly [string, Inputs, Parameters<typeof refuses>[0]])[] = [
    ["files as well", { ...image, "subject-path": "x" }, "INPUT_CONFLICT"],
    ["a digest without push", { ...image, "subject-digest": digest }, "INPUT_CONFLICT"],
    ["a statement as well", { ...image, "statement-path": "x" }, "INPUT_CONFLICT"],
    ["storage without image", { storage: "both" }, "INPUT_CONFLICT"],
    ["a signature without image", { "sign-images": "only" }, "INPUT_MISSING"],
    [
      "predicates that would be ignored",
      { ...image, "sign-images": "only", "sbom-path": "x" },
      "INPUT_CONFLICT",
    ],
    ["no digest where one is required", tagOnly({ "require-digest": "true" }), "REFERENCE_INVALID"],
    ["nowhere to store", { ...image, storage: "none" }, "INPUT_MISSING"],
    ["an artifact without files", { ...image, "upload-artifact": "x" }, "INPUT_MISSING"],
    [
      "cosign 2's tags in a folder",
      { "subject-images": "oci-layout:x", storage: "legacy" },
      "INPUT_CONFLICT",
    ],
    ["no such storage", { ...image, storage: "tags" }, "INPUT_VALUE"],
  ];
  for (const [name, inputs, code] of cases) test(name, () => refuses(code, () => attest(inputs)));
});

function tagOnly(inputs: Inputs): Inputs {
  return { "subject-images": "ghcr.io/acme/app:v1", ...inputs };
}
