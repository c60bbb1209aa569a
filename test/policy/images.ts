// Images for policy engines to judge, and what is done to them so that they must be refused.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import type { TestContext } from "node:test";
import { storeReferrers } from "../../src/registry/add-referrers.ts";
import { encodeBundleArtifact } from "../../src/registry/bundle-artifact.ts";
import { putManifest } from "../../src/registry/client.ts";
import { describe, type Descriptor } from "../../src/registry/descriptor.ts";
import { storeOf } from "../../src/registry/image-store.ts";
import { imageIndexType, imageManifestType, parseManifest } from "../../src/registry/manifest.ts";
import { readBundles } from "../../src/registry/read-bundles.ts";
import { putBlob } from "../../src/registry/upload.ts";
import { openClient } from "../registry/fake-registry.ts";

export interface Image {
  /** `host/repository`, without tag. */
  readonly repository: string;
  readonly subject: Descriptor;
  /** `host/repository@sha256:…` */
  readonly reference: string;
}

/** Stores an image of one layer, unlike any other. */
export async function pushImage(t: TestContext, repository: string): Promise<Image> {
  const target = openClient(t).open(repository);
  const store = async (type: string, text: string): Promise<Descriptor> => {
    const bytes = Buffer.from(text);
    const descriptor = describe(`application/vnd.oci.image.${type}`, bytes);
    await putBlob(target, descriptor, bytes);
    return descriptor;
  };
  const rootfs = { type: "layers", diff_ids: [] };
  const [config, layer] = await Promise.all([
    store("config.v1+json", JSON.stringify({ os: "linux", architecture: "amd64", rootfs })),
    store("layer.v1.tar", randomUUID()),
  ]);
  return putImage(t, repository, {
    type: imageManifestType,
    content: { schemaVersion: 2, mediaType: imageManifestType, config, layers: [layer] },
  });
}

/** Stores an index of three platforms. */
export async function pushIndex(t: TestContext, repository: string): Promise<Image> {
  const manifests = await Promise.all(
    ["amd64", "arm64", "s390x"].map(async (architecture) => {
      const { subject } = await pushImage(t, repository);
      return { ...subject, platform: { os: "linux", architecture } };
    }),
  );
  return putImage(t, repository, {
    type: imageIndexType,
    content: { schemaVersion: 2, mediaType: imageIndexType, manifests },
  });
}

async function putImage(
  t: TestContext,
  repository: string,
  { type, content }: { readonly type: string; readonly content: object },
): Promise<Image> {
  const parsed = parseManifest(Buffer.from(JSON.stringify(content)), "image", type);
  await putManifest(openClient(t).open(repository), parsed);
  const subject = parsed.descriptor;
  return { repository, subject, reference: `${repository}@${subject.digest}` };
}

/** The bundles of an image, as text. */
export async function bundlesOf(t: TestContext, image: Image): Promise<readonly string[]> {
  const store = storeOf(openClient(t).open(image.repository));
  const found = await readBundles(store, image.subject.digest);
  return found.map(({ bundle }) => {
    if (bundle instanceof Error) throw bundle;
    return Buffer.from(bundle).toString("utf8");
  });
}

/** Hangs bundles on an image, whatever they are about. */
export async function attachBundles(
  t: TestContext,
  image: Image,
  bundles: readonly string[],
): Promise<void> {
  const { subject } = image;
  const artifacts = bundles.map((bundle) =>
    encodeBundleArtifact({
      ...{ bundle: Buffer.from(bundle), subject },
      ...{ content: "dsse-envelope", created: new Date() },
    }),
  );
  await storeReferrers(openClient(t).open(image.repository), { subject, artifacts });
}

/** The bundle with a payload that says it is about the image: what the signature no longer covers. */
export function aboutImage(text: string, { subject }: Image): string {
  const payload = /"payload": ?"([^"]*)"/.exec(text)?.[1] ?? "";
  const statement = Buffer.from(payload, "base64").toString("utf8");
  const changed = statement.replace(/[0-9a-f]{64}/, subject.digest.slice("sha256:".length));
  assert.notEqual(changed, statement);
  return text.replace(payload, Buffer.from(changed).toString("base64"));
}
