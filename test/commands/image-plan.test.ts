// Which statements are planned for which images, and what their files are called.
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { AttestShape } from "../../src/commands/attest-plan.ts";
import type { PlannedPredicate } from "../../src/commands/attest-predicates.ts";
import {
  planImages,
  signaturePredicate,
  type PlannedImages,
} from "../../src/commands/image-plan.ts";
import type { ImageTarget } from "../../src/commands/image-targets.ts";
import { imageManifestType, parseManifest } from "../../src/registry/manifest.ts";
import { predicateTypeOf } from "../../src/predicates/predicate-types.ts";
import { refusal } from "../refusal.ts";

const shape: AttestShape = {
  ...{ bundleName: "attestation", singleSubject: false, oversize: "fail" },
  ...{ maxEnvelopeBytes: 1024, concurrency: undefined },
};

function target(number: number, platform?: string): ImageTarget {
  const config = { mediaType: "a/b", digest: `sha256:${"0".repeat(64)}`, size: number };
  const text = JSON.stringify({ schemaVersion: 2, config, layers: [] });
  const manifest = parseManifest(Buffer.from(text), "image", imageManifestType);
  const { digest } = manifest.descriptor;
  const subjectName = "ghcr.io/acme/app";
  const notAsked = (): Promise<never> => Promise.reject(new Error("not asked"));
  const asked = { readManifest: notAsked, findManifest: notAsked, readBlob: notAsked };
  const store = { ...asked, name: subjectName, listReferrers: notAsked };
  const place = { kind: "layout", folder: "x", store } as const;
  return { name: `${subjectName}@${digest}`, subjectName, digest, manifest, platform, place };
}

function predicate(subjects?: readonly string[]): PlannedPredicate {
  const type = predicateTypeOf("https://slsa.dev/provenance/v1");
  return { kind: "provenance", label: "predicates line 1", type, subjects };
}

const index = target(1);
const images = ["linux/amd64", "linux/arm64/v8"].map((platform, at) => target(at + 2, platform));
const targets = [index, ...images];

function plan(predicates: readonly PlannedPredicate[], keepsFiles = true): PlannedImages {
  return planImages({ targets, predicates, bundleDir: "out", keepsFiles }, shape);
}

suite("statements about images", () => {
  test("each predicate for each image, with a file of its own", () => {
    assert.deepEqual(
      plan([predicate()]).files.map(({ bundlePath }) => bundlePath),
      [
        "out/app.provenance.sigstore.json",
        "out/app-linux-amd64.provenance.sigstore.json",
        "out/app-linux-arm64-v8.provenance.sigstore.json",
      ],
    );
    assert.ok(plan([predicate()], false).files.every(({ isUnwritten }) => isUnwritten === true));
  });

  test("by platform, whatever its variant, by digest, by name", () => {
    const numbers = (...subjects: string[]): number[] =>
      plan([predicate(subjects)]).files.map(({ image }) => targets.indexOf(image));
    assert.deepEqual(numbers("linux/arm64"), [2]);
    assert.deepEqual(numbers("linux/arm64/v8"), [2]);
    assert.deepEqual(numbers("linux/amd64", index.digest), [0, 1]);
    assert.deepEqual(numbers("ghcr.io/acme/*"), [0, 1, 2]);
    assert.deepEqual(numbers(images[0]?.name ?? ""), [1]);
  });

  test("for nothing of this run is a mistake", () => {
    for (const wanted of ["linux/arm", "linux", "windows/amd64", `sha256:${"f".repeat(64)}`]) {
      const { hint } = refusal("INPUT_NO_MATCH", () => plan([predicate([wanted])]));
      assert.match(hint, /recursive: true or platforms/, wanted);
    }
  });

  test("a signature names its image by digest alone", () => {
    const [file] = plan([signaturePredicate()]).files;
    assert.equal(file?.isSignature, true);
    assert.deepEqual(file.subjects, [
      { name: "", digests: new Map([["sha256", index.digest.replace("sha256:", "")]]) },
    ]);
  });
});
