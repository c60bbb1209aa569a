// OCI layouts: written, read back, found by crane's rules, and never a way out of the folder.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import { bundleType, encodeBundleArtifact } from "../../src/registry/bundle-artifact.ts";
import { describe } from "../../src/registry/descriptor.ts";
import { openLayout, parseLayoutReference, writeLayout } from "../../src/registry/layout.ts";
import { parseManifest } from "../../src/registry/manifest.ts";
import { readBundles } from "../../src/registry/read-bundles.ts";
import { resolveImage } from "../../src/registry/resolve.ts";
import { refuses, rejection } from "../refusal.ts";
import { imageManifest } from "./fake-registry.ts";

const imageBytes = Buffer.from(JSON.stringify(imageManifest()));
const image = parseManifest(imageBytes, "image", "");
const config = Buffer.from("{}");
const { digest } = image.descriptor;

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "sigstep-layout-"));
  t.after(() => rmSync(path, { recursive: true }));
  return join(path, "layout");
}

async function written(t: TestContext): Promise<string> {
  const path = folder(t);
  const facts = {
    subject: image.descriptor,
    content: "dsse-envelope",
    created: new Date(0),
  } as const;
  const artifacts = ["a", "b"].map((text) =>
    encodeBundleArtifact({ ...facts, bundle: Buffer.from(text) }),
  );
  const type = "application/vnd.oci.image.config.v1+json";
  const blobs = [{ descriptor: describe(type, config), bytes: config }];
  await writeLayout(path, [{ manifest: image, blobs }]);
  await writeLayout(path, artifacts);
  await writeLayout(path, artifacts);
  return path;
}

test("what is written is found again, once", async (t) => {
  const path = await written(t);
  assert.equal(readFileSync(join(path, "oci-layout"), "utf8"), '{"imageLayoutVersion":"1.0.0"}');
  const store = await openLayout(path);
  const manifest = await resolveImage(store, { tag: undefined, digest });
  assert.deepEqual(Buffer.from(manifest.bytes), imageBytes);
  const { entries } = await store.listReferrers(digest, { artifactType: bundleType });
  assert.equal(entries.length, 2);
  const found = await readBundles(store, digest);
  assert.deepEqual(
    found.map(({ bundle }) => (bundle instanceof Error ? "" : Buffer.from(bundle).toString())),
    ["a", "b"],
  );
});

test("references", () => {
  const none = { tag: undefined, digest: undefined };
  assert.equal(parseLayoutReference("ghcr.io/a/b"), undefined);
  assert.deepEqual(parseLayoutReference("oci-layout:a/b"), { path: "a/b", ...none });
  assert.deepEqual(parseLayoutReference("oci-layout:a/b:v1"), { ...none, path: "a/b", tag: "v1" });
  assert.deepEqual(parseLayoutReference(`oci-layout:a/b@${digest}`), {
    ...none,
    path: "a/b",
    digest,
  });
  for (const text of ["oci-layout:", "oci-layout:a@sha256:12", `oci-layout:@${digest}`]) {
    refuses("REFERENCE_INVALID", () => parseLayoutReference(text));
  }
});

suite("refused", () => {
  test("no layout", async (t) => {
    await rejection("IMAGE_INVALID", openLayout(folder(t)));
  });

  test("another version", async (t) => {
    const path = await written(t);
    writeFileSync(join(path, "oci-layout"), '{"imageLayoutVersion":"2.0.0"}');
    await rejection("IMAGE_INVALID", openLayout(path));
  });

  test("a digest that is a path", async (t) => {
    const store = await openLayout(await written(t));
    for (const which of [
      "sha256:../../../etc/passwd",
      "../index.json",
      `sha256:${"0".repeat(64)}`,
    ]) {
      await rejection("IMAGE_NOT_FOUND", store.readManifest(which));
    }
    const blob = { mediaType: "a/b", digest: "sha256:../../index.json", size: 10 };
    await rejection("IMAGE_INVALID", store.readBlob(blob, 100));
  });

  test("a blob that is a link, in a folder that is a link, or has other bytes", async (t) => {
    const path = await written(t);
    const store = await openLayout(path);
    const file = join(path, "blobs", ...digest.split(":"));
    rmSync(file);
    writeFileSync(join(path, "outside"), imageBytes);
    symlinkSync(join(path, "outside"), file);
    await rejection("INPUT_UNREADABLE", store.readManifest(digest));
    rmSync(file);
    writeFileSync(file, "other");
    await rejection("IMAGE_INVALID", store.readManifest(digest));
    rmSync(join(path, "blobs"), { recursive: true });
    mkdirSync(join(path, "real", "sha256"), { recursive: true });
    writeFileSync(join(path, "real", ...digest.split(":")), imageBytes);
    symlinkSync(join(path, "real"), join(path, "blobs"));
    await rejection("INPUT_UNREADABLE", store.readManifest(digest));
    await rejection("WRITE_FAILED", writeLayout(path, [{ manifest: image, blobs: [] }]));
  });

  test("a folder that cannot be made", async (t) => {
    const path = await written(t);
    await rejection("WRITE_FAILED", writeLayout(join(path, "oci-layout", "x"), []));
  });
});
