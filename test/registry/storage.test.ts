// What refers to an image: stored by the API or at the fallback tag, complete, and never lost to others.
import assert from "node:assert/strict";
import type http from "node:http";
import { suite, test, type TestContext } from "node:test";
import { addToFallback, repairIndex, storeReferrers } from "../../src/registry/add-referrers.ts";
import { bundleType, encodeBundleArtifact } from "../../src/registry/bundle-artifact.ts";
import { getManifest } from "../../src/registry/client.ts";
import type { Descriptor } from "../../src/registry/descriptor.ts";
import { storeOf } from "../../src/registry/image-store.ts";
import { readBundles } from "../../src/registry/read-bundles.ts";
import { fallbackTag, listReferrers } from "../../src/registry/referrers.ts";
import type { Repository } from "../../src/registry/transport.ts";
import { rejection } from "../refusal.ts";
import {
  digestOf,
  entryOf,
  imageIndex,
  imageManifest,
  openClient,
  serveRegistry,
  type Behaviour,
  type FakeRegistry,
} from "./fake-registry.ts";

const predicateType = "https://slsa.dev/provenance/v1";
const quick = { settleMs: 20 };

async function start(
  t: TestContext,
  behaviour: Behaviour,
): Promise<{ registry: FakeRegistry; repository: Repository; subject: Descriptor }> {
  const registry = await serveRegistry(t, behaviour);
  const digest = registry.put(imageManifest(), ["v1"]);
  const repository = openClient(t).open(`${registry.host}/acme/app`);
  const { descriptor } = await getManifest(repository, digest);
  return { registry, repository, subject: descriptor };
}

function artifactOf(subject: Descriptor, number: number): ReturnType<typeof encodeBundleArtifact> {
  const created = new Date("2026-11-20T12:00:00.123Z");
  const bundle = Buffer.from(JSON.stringify({ number }));
  return encodeBundleArtifact({
    bundle,
    subject,
    content: "dsse-envelope",
    predicateType,
    created,
  });
}

test("a bundle's manifest is cosign 3's, member by member", () => {
  const subject = {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    digest: digestOf(Buffer.from("x")),
    size: 1,
  };
  const { manifest, blobs } = artifactOf({ ...subject, annotations: { dropped: "yes" } }, 1);
  const layer = Buffer.from('{"number":1}');
  assert.deepEqual(JSON.parse(Buffer.from(manifest.bytes).toString()), {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    artifactType: bundleType,
    config: {
      mediaType: "application/vnd.oci.empty.v1+json",
      digest: "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
      size: 2,
    },
    layers: [{ mediaType: bundleType, digest: digestOf(layer), size: layer.length }],
    subject,
    annotations: {
      "org.opencontainers.image.created": "2026-11-20T12:00:00Z",
      "dev.sigstore.bundle.content": "dsse-envelope",
      "dev.sigstore.bundle.predicateType": predicateType,
    },
  });
  assert.deepEqual(
    blobs.map(({ bytes }) => Buffer.from(bytes).toString()),
    ["{}", '{"number":1}'],
  );
});

suite("where it is listed", () => {
  const table = [
    ["api", "api"],
    ["api-without-header", "api"],
    ["header-only", "fallback"],
    ["none", "fallback"],
  ] as const;
  for (const [referrers, listedBy] of table) {
    test(`${referrers}: ${listedBy}`, async (t) => {
      const { registry, repository, subject } = await start(t, { referrers, pageSize: 1 });
      const artifacts = [artifactOf(subject, 1), artifactOf(subject, 2)];
      const stored = await storeReferrers(repository, { subject, artifacts }, quick);
      assert.equal(stored.listedBy, listedBy);
      assert.equal(registry.manifests.has(fallbackTag(subject.digest)), listedBy === "fallback");
      const listed = await listReferrers(repository, subject.digest);
      assert.equal(listed.listedBy, listedBy);
      assert.deepEqual([...listed.entries].sort(byDigest), [...stored.entries].sort(byDigest));
      for (const entry of listed.entries) {
        assert.equal(entry.artifactType, bundleType);
        assert.equal(entry.annotations?.["dev.sigstore.bundle.predicateType"], predicateType);
      }
      const none = await listReferrers(repository, subject.digest, {
        artifactType: "application/other",
      });
      assert.deepEqual(none.entries, []);
      const found = await readBundles(storeOf(repository), subject.digest);
      const texts = found.map(({ bundle }) =>
        bundle instanceof Error ? bundle.message : Buffer.from(bundle).toString(),
      );
      assert.deepEqual(texts.sort(), ['{"number":1}', '{"number":2}']);
      // Stored again: nothing twice.
      await storeReferrers(repository, { subject, artifacts }, quick);
      assert.equal((await listReferrers(repository, subject.digest)).entries.length, 2);
    });
  }
});

function byDigest(left: Descriptor, right: Descriptor): number {
  return left.digest < right.digest ? -1 : 1;
}

suite("twenty writers at once, each a client of its own", () => {
  for (const conditions of ["honoured", "ignored"] as const) {
    test(`If-Match ${conditions}: none lost, none twice`, async (t) => {
      const registry = await serveRegistry(t, { conditions, jitterMs: 8 });
      const digest = registry.put(imageManifest(), ["v1"]);
      const others = Array.from({ length: 3 }, (_, number) => entryOf(imageManifest(900 + number)));
      registry.put(imageIndex(others), [fallbackTag(digest)]);
      const entries = await Promise.all(
        Array.from({ length: 20 }, async (_, number) => {
          const repository = openClient(t).open(`${registry.host}/acme/app`);
          const { descriptor } = await getManifest(repository, digest);
          const stored = await storeReferrers(
            repository,
            { subject: descriptor, artifacts: [artifactOf(descriptor, number)] },
            { settleMs: 250 },
          );
          return stored.entries[0]?.digest ?? "";
        }),
      );
      const listed = indexAt(registry, digest);
      assert.equal(new Set(listed).size, listed.length, "an entry is there twice");
      const wanted = [...others.map((other) => JSON.stringify(other)), ...entries];
      assert.equal(listed.length, wanted.length);
      for (const entry of entries) assert.ok(listed.includes(entry), "an entry was lost");
    });
  }

  test("what another removes while we wait is put back", async (t) => {
    let undone = false;
    const registry: FakeRegistry = await serveRegistry(t, {
      conditions: "ignored",
      intercept: ({ method, path }) => {
        // Once ours is in, somebody who had read before it writes.
        if (
          method === "GET" &&
          path.includes("/manifests/sha256-") &&
          !undone &&
          writes(registry) === 1
        ) {
          undone = true;
          registry.put(imageIndex([entryOf(imageManifest(5))]), [fallbackTag(digest)]);
        }
        return false;
      },
    });
    const digest = registry.put(imageManifest(), ["v1"]);
    registry.put(imageIndex([]), [fallbackTag(digest)]);
    const repository = openClient(t).open(`${registry.host}/acme/app`);
    const { descriptor } = await getManifest(repository, digest);
    await storeReferrers(
      repository,
      { subject: descriptor, artifacts: [artifactOf(descriptor, 1)] },
      quick,
    );
    assert.equal(undone, true);
    assert.equal(indexAt(registry, digest).length, 2);
  });
});

function writes({ seen }: FakeRegistry): number {
  return seen.filter(({ method, path }) => method === "PUT" && path.includes("/manifests/sha256-"))
    .length;
}

function indexAt(registry: FakeRegistry, digest: string): readonly string[] {
  const text = registry.manifests.get(fallbackTag(digest))?.bytes.toString() ?? "{}";
  return [...text.matchAll(/"digest":"(sha256:[0-9a-f]{64})"/g)].map(([, found]) => found ?? "");
}

suite("the probe", () => {
  const probes = ({ seen }: FakeRegistry): readonly (string | undefined)[] =>
    seen
      .filter(({ method, path }) => method === "PUT" && path.includes("/manifests/sha256-"))
      .map(({ headers }) => (headers["if-none-match"] ?? headers["if-match"])?.replace(/-.*/s, ""));

  test("refused, it is followed by a write with the right condition", async (t) => {
    const { registry, repository, subject } = await start(t, { conditions: "honoured" });
    await storeReferrers(repository, { subject, artifacts: [artifactOf(subject, 1)] }, quick);
    assert.deepEqual(probes(registry), ['"sigstep', "*"]);
  });

  test("stored, it was the write itself", async (t) => {
    const { registry, repository, subject } = await start(t, { conditions: "ignored" });
    await storeReferrers(repository, { subject, artifacts: [artifactOf(subject, 1)] }, quick);
    assert.deepEqual(probes(registry), ['"sigstep']);
  });
});

suite("the fallback index", () => {
  test("keeps members of others' entries that we do not know", async (t) => {
    const { registry, repository, subject } = await start(t, {});
    const other = entryOf(imageManifest(7), {
      data: "e30=",
      urls: ["https://x.example"],
      artifactType: "a/b",
    });
    registry.put({ ...imageIndex([other]), annotations: { whose: "theirs" } }, [
      fallbackTag(subject.digest),
    ]);
    await storeReferrers(repository, { subject, artifacts: [artifactOf(subject, 1)] }, quick);
    const index: unknown = JSON.parse(
      registry.manifests.get(fallbackTag(subject.digest))?.bytes.toString() ?? "",
    );
    assert.ok(
      typeof index === "object" && index !== null && "manifests" in index && "annotations" in index,
    );
    assert.deepEqual(index.annotations, { whose: "theirs" });
    assert.ok(Array.isArray(index.manifests));
    assert.deepEqual(index.manifests[0], other);
  });

  test("is not written over an image that stands at its tag", async (t) => {
    const { registry, repository, subject } = await start(t, {});
    registry.put(imageManifest(3), [fallbackTag(subject.digest)]);
    const artifacts = [artifactOf(subject, 1)];
    await rejection("IMAGE_INVALID", storeReferrers(repository, { subject, artifacts }, quick));
    assert.equal(writes(registry), 0);
  });

  test("is repaired: types and annotations from the manifests, nothing twice", async (t) => {
    const { registry, repository, subject } = await start(t, {});
    const { manifest } = artifactOf(subject, 1);
    const kept: unknown = JSON.parse(Buffer.from(manifest.bytes).toString());
    registry.put(kept);
    const { mediaType, digest, size } = manifest.descriptor;
    const bare = { mediaType, digest, size, artifactType: "application/vnd.oci.empty.v1+json" };
    const gone = entryOf(imageManifest(44));
    registry.put(imageIndex([bare, bare, gone]), [fallbackTag(subject.digest)]);
    const repair = await repairIndex(repository, subject.digest, quick);
    assert.deepEqual(
      repair.gone.map((entry) => entry.digest),
      [digestOf(Buffer.from(JSON.stringify(imageManifest(44))))],
    );
    const { entries } = await listReferrers(repository, subject.digest);
    assert.equal(entries.length, 2);
    assert.equal(entries.find((entry) => entry.digest === digest)?.artifactType, bundleType);
  });

  for (const [status, text] of [
    [
      400,
      "tag invalid: The image tag 'sha256-1' already exists and cannot be overwritten because the tag is immutable (ImageTagAlreadyExistsException)",
    ],
    [412, "Failed to process request due to 'app:sha256-1' configured as immutable."],
  ] as const) {
    test(`an immutable tag (${status}) is explained`, async (t) => {
      const { repository, subject } = await start(t, {
        intercept: ({ method, path }, response) => {
          if (method !== "PUT" || !path.includes("/manifests/sha256-")) return false;
          response
            .writeHead(status)
            .end(JSON.stringify({ errors: [{ code: "TAG_INVALID", message: text }] }));
          return true;
        },
      });
      const entries = [artifactOf(subject, 1).manifest.descriptor];
      const adding = addToFallback(repository, { digest: subject.digest, entries }, quick);
      const error = await rejection("REGISTRY_REFUSED", adding);
      assert.match(error.hint, /immutable.*sha256-/);
    });
  }
});

suite("a write of the tag that goes wrong is read back before it is made again", () => {
  const failures: readonly (readonly [
    name: string,
    fail: (response: http.ServerResponse) => void,
  ])[] = [
    ["503", (response) => void response.writeHead(503).end()],
    [
      "429 with Retry-After",
      (response) => void response.writeHead(429, { "retry-after": "1" }).end(),
    ],
    ["the connection is cut", (response) => void response.destroy()],
  ];
  for (const [name, fail] of failures) {
    test(name, async (t) => {
      let failed = 0;
      const { registry, repository, subject } = await start(t, {
        conditions: "ignored",
        intercept: ({ method, path }, response) => {
          if (method !== "PUT" || !path.includes("/manifests/sha256-") || failed++ > 0)
            return false;
          fail(response);
          return true;
        },
      });
      await storeReferrers(repository, { subject, artifacts: [artifactOf(subject, 1)] }, quick);
      const steps = registry.seen.filter(({ path }) => path.includes("/manifests/sha256-"));
      const methods = steps.map(({ method }) => method).join(" ");
      // isListed looks at the tag once, before anything is written.
      assert.match(methods, /^(GET )+PUT GET PUT GET( GET)*$/);
      assert.equal(indexAt(registry, subject.digest).length, 1);
    });
  }
});
