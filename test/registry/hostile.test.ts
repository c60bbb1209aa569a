// A registry that lies, stalls and leads astray: each time one clear error, soon, and nothing of ours told.
import assert from "node:assert/strict";
import type http from "node:http";
import { suite, test, type TestContext } from "node:test";
import { getBlob, getManifest, putManifest } from "../../src/registry/client.ts";
import { findImages } from "../../src/registry/index-walk.ts";
import { storeOf } from "../../src/registry/image-store.ts";
import { parseManifest } from "../../src/registry/manifest.ts";
import { listReferrers } from "../../src/registry/referrers.ts";
import { resolveImage } from "../../src/registry/resolve.ts";
import type { Repository } from "../../src/registry/transport.ts";
import { putBlob } from "../../src/registry/upload.ts";
import type { ErrorCode } from "../../src/errors.ts";
import { describe } from "../../src/registry/descriptor.ts";
import { everythingIn } from "../services/servers.ts";
import { rejection } from "../refusal.ts";
import {
  digestOf,
  entryOf,
  imageIndex,
  imageManifest,
  openClient,
  serveRegistry,
  type FakeRegistry,
  type Seen,
} from "./fake-registry.ts";

const password = "pass-geheim-4711";
const basic = Buffer.from(`user:${password}`).toString("base64");
const indexType = "application/vnd.oci.image.index.v1+json";
const digest = digestOf(Buffer.from(JSON.stringify(imageManifest())));

/** A client that has a log-in for this registry, and a registry that answers as told. */
async function start(
  t: TestContext,
  intercept: (request: Seen, response: http.ServerResponse) => boolean,
  world: Parameters<typeof openClient>[1] = {},
): Promise<{ registry: FakeRegistry; repository: Repository }> {
  const registry = await serveRegistry(t, { intercept, referrers: "api" });
  registry.put(imageManifest(), ["v1"]);
  const explicit = [{ registry: registry.host, username: "user", password }];
  const client = openClient(t, { keychain: { explicit }, ...world });
  return { registry, repository: client.open(`${registry.host}/acme/app`) };
}

/** Asks for a log-in with Basic first; then `next` answers. */
function afterLogin(
  next: (request: Seen, response: http.ServerResponse) => boolean,
): (request: Seen, response: http.ServerResponse) => boolean {
  return (request, response) => {
    if (request.headers.authorization === `Basic ${basic}`) return next(request, response);
    response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
    return true;
  };
}

async function refusedWithin(
  code: ErrorCode,
  promise: Promise<unknown>,
  message: RegExp,
): Promise<void> {
  const start = performance.now();
  const error = await rejection(code, promise);
  assert.match(error.message, message);
  assert.ok(performance.now() - start < 8_000, "took too long");
  const all = everythingIn(error);
  assert.ok(!all.includes(password) && !all.includes(basic), "the error holds a secret");
}

suite("manifests", () => {
  test("with another digest than asked for", async (t) => {
    const { repository } = await start(
      t,
      afterLogin((_, response) => {
        response.writeHead(200, { "content-type": indexType }).end(JSON.stringify(imageIndex([])));
        return true;
      }),
    );
    await refusedWithin(
      "REGISTRY_ANSWER_INVALID",
      getManifest(repository, digest),
      /do not have the digest/,
    );
  });

  test("with a Docker-Content-Digest that lies", async (t) => {
    const { repository } = await start(t, (_, response) => {
      response.setHeader("docker-content-digest", digestOf(Buffer.from("other")));
      return false;
    });
    await refusedWithin(
      "REGISTRY_ANSWER_INVALID",
      getManifest(repository, "v1"),
      /do not have the digest/,
    );
  });

  test("that are there twice, as image and as index", async (t) => {
    const { registry, repository } = await start(t, () => false);
    const both = registry.put({ ...imageIndex([]), layers: [] });
    await refusedWithin("IMAGE_INVALID", getManifest(repository, both), /manifests and layers/);
  });

  test("of another type than the header says", async (t) => {
    const { repository } = await start(t, (_, response) => {
      response.writeHead(200, { "content-type": indexType }).end(JSON.stringify(imageManifest()));
      return true;
    });
    await refusedWithin("IMAGE_INVALID", getManifest(repository, "v1"), /but it came as/);
  });

  test("of schema version 1", () => {
    const bytes = Buffer.from('{"schemaVersion":1,"name":"x"}');
    assert.throws(() => parseManifest(bytes, "m", ""), {
      code: "IMAGE_INVALID",
      message: /version 2/,
    });
  });

  test("that are not there: says that it may not have been pushed", async (t) => {
    const { repository } = await start(t, () => false);
    const error = await rejection("IMAGE_NOT_FOUND", getManifest(repository, "v2"));
    assert.match(error.hint, /Was it pushed/);
  });

  test("that change between two reads: the digest that was read first counts", async (t) => {
    let reads = 0;
    const { repository } = await start(t, ({ path }, response) => {
      if (!path.includes("/manifests/")) return false;
      reads += 1;
      response
        .writeHead(200, { "content-type": "application/vnd.oci.image.manifest.v1+json" })
        .end(JSON.stringify(imageManifest(reads)));
      return true;
    });
    const first = await resolveImage(storeOf(repository), { tag: "v1", digest: undefined });
    const again = getManifest(repository, first.descriptor.digest);
    await refusedWithin("REGISTRY_ANSWER_INVALID", again, /do not have the digest/);
  });

  test("a tag that has moved on from its digest", async (t) => {
    const { registry, repository } = await start(t, () => false);
    const other = registry.put(imageManifest(2));
    const resolving = resolveImage(storeOf(repository), { tag: "v1", digest: other });
    await refusedWithin("REFERENCE_INVALID", resolving, /is sha256:.* now, not/);
  });

  test("stored as something else", async (t) => {
    const { repository } = await start(t, ({ method }, response) => {
      if (method !== "PUT") return false;
      response.writeHead(201, { "docker-content-digest": digestOf(Buffer.from("x")) }).end();
      return true;
    });
    const bytes = Buffer.from(JSON.stringify(imageManifest()));
    const descriptor = describe("application/vnd.oci.image.manifest.v1+json", bytes);
    await refusedWithin(
      "REGISTRY_ANSWER_INVALID",
      putManifest(repository, { descriptor, bytes }),
      /stored/,
    );
  });
});

suite("sizes and times", () => {
  test("headers of 100 MB", async (t) => {
    const { repository } = await start(t, (_, response) => {
      const { socket } = response;
      socket?.write("HTTP/1.1 200 OK\r\n");
      const line = `x-a: ${"a".repeat(65_000)}\r\n`;
      let sent = 0;
      const more = (): void => {
        while (sent < 100e6 && socket?.destroyed === false) {
          sent += line.length;
          if (!socket.write(line)) {
            socket.once("drain", more);
            return;
          }
        }
      };
      more();
      return true;
    });
    await refusedWithin(
      "SERVICE_ANSWER_INVALID",
      getManifest(repository, "v1"),
      /headers are larger/,
    );
  });

  test("an index without end", async (t) => {
    const { repository } = await start(t, (_, response) => {
      response.writeHead(200, { "content-type": indexType });
      response.write('{"schemaVersion":2,"manifests":[');
      const entry = `${JSON.stringify(entryOf(imageManifest()))},`.repeat(500);
      const more = (): void => {
        while (!response.destroyed && response.write(entry));
        if (!response.destroyed) response.once("drain", more);
      };
      more();
      return true;
    });
    await refusedWithin(
      "SERVICE_ANSWER_INVALID",
      getManifest(repository, "v1"),
      /larger than 4194304/,
    );
  });

  test("chunks that never end: given up when the time is up", async (t) => {
    const { repository } = await start(
      t,
      ({ path }, response) => {
        if (path === "/v2/") return false;
        response.writeHead(200, { "content-type": indexType });
        const timer = setInterval(() => response.write(" "), 20);
        response.on("close", () => clearInterval(timer));
        return true;
      },
      { door: { signal: AbortSignal.timeout(1_500) } },
    );
    await refusedWithin("CANCELLED", getManifest(repository, "v1"), /Cancelled/);
  });

  test("a blob that is larger than its descriptor says", async (t) => {
    const { repository } = await start(t, (_, response) => {
      response.writeHead(200).end("x".repeat(100));
      return true;
    });
    const blob = { mediaType: "a/b", digest: digestOf(Buffer.from("x")), size: 1 };
    await refusedWithin(
      "SERVICE_ANSWER_INVALID",
      getBlob(repository, blob, 1000),
      /larger than 1 bytes/,
    );
    await refusedWithin(
      "REGISTRY_ANSWER_INVALID",
      getBlob(repository, { ...blob, size: 2000 }, 1000),
      /2000 bytes, more/,
    );
  });
});

suite("lists of referrers", () => {
  const entries = (count: number): string =>
    JSON.stringify({
      ...imageIndex(Array.from({ length: count }, (_, number) => entryOf(imageManifest(number)))),
    });
  const listing = (
    body: string,
    link: (request: Seen) => string | undefined,
  ): ((request: Seen, response: http.ServerResponse) => boolean) => {
    return (request, response) => {
      if (!request.path.includes("/referrers/")) return false;
      const next = link(request);
      const headers = { "content-type": indexType, ...(next === undefined ? {} : { link: next }) };
      response.writeHead(200, headers).end(body);
      return true;
    };
  };

  test("10,000 of them", async (t) => {
    const { repository } = await start(
      t,
      listing(entries(10_000), () => undefined),
    );
    await refusedWithin(
      "REGISTRY_ANSWER_INVALID",
      listReferrers(repository, digest),
      /more than 1000 entries/,
    );
  });

  test("pages in a circle", async (t) => {
    const { repository } = await start(
      t,
      listing(entries(1), ({ path }) => `<${path.split("?")[0] ?? ""}?a=1>; rel="next"`),
    );
    await refusedWithin("REGISTRY_ANSWER_INVALID", listReferrers(repository, digest), /circle/);
  });

  test("pages without end", async (t) => {
    let page = 0;
    const { repository } = await start(
      t,
      listing(entries(1), ({ path }) => `<${path.split("?")[0] ?? ""}?a=${page++}>; rel="next"`),
    );
    await refusedWithin(
      "REGISTRY_ANSWER_INVALID",
      listReferrers(repository, digest),
      /more than 64 pages/,
    );
  });

  for (const target of [
    "https://evil.example/v2/acme/app/referrers/x",
    "/v2/other/secret/manifests/v1",
  ]) {
    test(`a next page at ${target}`, async (t) => {
      const { repository } = await start(
        t,
        listing(entries(1), () => `<${target}>; rel="next"`),
      );
      await refusedWithin(
        "REGISTRY_ANSWER_INVALID",
        listReferrers(repository, digest),
        /next page is said to be/,
      );
    });
  }
});

suite("indexes of indexes", () => {
  test("deeper than four", async (t) => {
    const { registry, repository } = await start(t, () => false);
    let inner: object = imageManifest(9);
    registry.put(inner);
    for (let depth = 0; depth < 6; depth++) {
      inner = imageIndex([entryOf(inner)]);
      registry.put(inner, ["deep"]);
    }
    const store = storeOf(repository);
    const walking = findImages(store, await store.readManifest("deep"), "all");
    await refusedWithin("IMAGE_INVALID", walking, /deeper than 4/);
  });

  test("that name one image many times: it is read once", async (t) => {
    const { registry, repository } = await start(t, () => false);
    registry.put(imageIndex(Array.from({ length: 1000 }, () => entryOf(imageManifest()))), [
      "many",
    ]);
    const store = storeOf(repository);
    const found = await findImages(store, await store.readManifest("many"), "all");
    assert.equal(found.length, 2);
  });

  test("with more than 500 images", async (t) => {
    const { registry, repository } = await start(t, () => false);
    const images = Array.from({ length: 501 }, (_, number) => imageManifest(number));
    for (const image of images) registry.put(image);
    registry.put(imageIndex(images.map((image) => entryOf(image))), ["wide"]);
    const store = storeOf(repository);
    const walking = findImages(store, await store.readManifest("wide"), "all");
    await refusedWithin("IMAGE_INVALID", walking, /more than 500/);
  });

  test("platforms only: no attestations of BuildKit, nothing for unknown/unknown", async (t) => {
    const { registry, repository } = await start(t, () => false);
    const images = [1, 2, 3, 4].map((number) => imageManifest(number));
    for (const image of images) registry.put(image);
    const platform = (os: string, architecture: string): object => ({
      platform: { os, architecture },
    });
    const more = [
      platform("linux", "amd64"),
      platform("linux", "arm64"),
      {
        ...platform("linux", "x"),
        annotations: { "vnd.docker.reference.type": "attestation-manifest" },
      },
      platform("unknown", "unknown"),
    ];
    registry.put(imageIndex(images.map((image, at) => entryOf(image, { ...more[at] }))), ["multi"]);
    const store = storeOf(repository);
    const root = await store.readManifest("multi");
    const names = async (recursion: "root" | "all" | "platforms"): Promise<readonly string[]> =>
      (await findImages(store, root, recursion)).map(
        ({ platform: of }) => of?.architecture ?? "root",
      );
    assert.deepEqual(await names("root"), ["root"]);
    assert.deepEqual(await names("all"), ["root", "amd64", "arm64"]);
    assert.deepEqual(await names("platforms"), ["amd64", "arm64"]);
  });

  test("whose entries lie about size", async (t) => {
    const { registry, repository } = await start(t, () => false);
    registry.put(imageIndex([{ ...entryOf(imageManifest()), size: 7 }]), ["liar"]);
    const store = storeOf(repository);
    const walking = findImages(store, await store.readManifest("liar"), "all");
    await refusedWithin("IMAGE_INVALID", walking, /size and type/);
  });
});

suite("leading elsewhere", () => {
  test("a redirect is followed without our header, also when it comes back", async (t) => {
    const elsewhere = await serveRegistry(t, {
      intercept: (_, response) => {
        response.end("blob");
        return true;
      },
    });
    const { registry, repository } = await start(
      t,
      afterLogin(({ path }, response) => {
        if (!path.includes("/blobs/")) return false;
        response.writeHead(307, { location: `${elsewhere.url.href}data?signature=x` }).end();
        return true;
      }),
    );
    const blob = { mediaType: "a/b", digest: digestOf(Buffer.from("blob")), size: 4 };
    assert.equal(Buffer.from(await getBlob(repository, blob, 100)).toString(), "blob");
    assert.ok(registry.seen.some(({ headers }) => headers.authorization !== undefined));
    assert.equal(elsewhere.seen.length, 1);
    assert.equal(elsewhere.seen[0]?.headers.authorization, undefined);
  });

  test("redirects in a circle", async (t) => {
    const { registry, repository } = await start(t, ({ path }, response) => {
      if (path === "/v2/") return false;
      response.writeHead(302, { location: path }).end();
      return true;
    });
    await refusedWithin(
      "REGISTRY_ANSWER_INVALID",
      getManifest(repository, "v1"),
      /redirects more than 3/,
    );
    assert.ok(registry.seen.length < 8);
  });

  for (const location of [
    "http://169.254.169.254/latest/meta-data",
    "http://[fe80::1]/",
    "http://metadata.google.internal/",
    "http://[::ffff:169.254.169.254]/",
    "ftp://x.example/",
    "https://user:pw@x.example/",
  ]) {
    test(`to ${location}: by a redirect, and as a place for uploads`, async (t) => {
      const { repository } = await start(t, ({ method, path }, response) => {
        if (path === "/v2/" || method === "HEAD") return false;
        response.writeHead(method === "POST" ? 202 : 307, { location }).end();
        return true;
      });
      await refusedWithin(
        "REGISTRY_ANSWER_INVALID",
        getManifest(repository, "v1"),
        /was not asked/,
      );
      const bytes = Buffer.from("x");
      const putting = putBlob(repository, describe("a/b", bytes), bytes);
      await refusedWithin("REGISTRY_ANSWER_INVALID", putting, /was not asked/);
    });
  }

  test("an upload to another host is not sent, unless that host is allowed: then without our header", async (t) => {
    const elsewhere = await serveRegistry(t, {
      intercept: (_, response) => {
        response.writeHead(201).end();
        return true;
      },
    });
    const intercept = afterLogin(({ method }, response) => {
      if (method !== "POST") return false;
      response.writeHead(202, { location: `${elsewhere.url.href}put?a=b` }).end();
      return true;
    });
    const bytes = Buffer.from("x");
    const { repository } = await start(t, intercept);
    await refusedWithin(
      "REGISTRY_ANSWER_INVALID",
      putBlob(repository, describe("a/b", bytes), bytes),
      /not on its own host/,
    );
    assert.equal(elsewhere.seen.length, 0);
    const allowed = await start(t, intercept, { world: { uploadHosts: [elsewhere.host] } });
    assert.equal(await putBlob(allowed.repository, describe("a/b", bytes), bytes), true);
    const [put] = elsewhere.seen;
    assert.equal(put?.path, `/put?a=b&digest=${encodeURIComponent(digestOf(bytes))}`);
    assert.equal(put.headers.authorization, undefined);
  });
});

suite("uploads that break", () => {
  test("the answer is lost, the blob is there: not sent again to another place", async (t) => {
    let lost = 0;
    const { registry, repository } = await start(t, ({ method, path, body }, response) => {
      if (method !== "PUT" || !path.includes("/uploads/")) return false;
      if (lost++ > 0) {
        response.writeHead(404).end('{"errors":[{"code":"BLOB_UPLOAD_UNKNOWN"}]}');
      } else {
        registry.blobs.set(digestOf(body), body);
        response.destroy();
      }
      return true;
    });
    const bytes = Buffer.from("x");
    assert.equal(await putBlob(repository, describe("a/b", bytes), bytes), true);
    assert.equal(registry.seen.filter(({ method }) => method === "POST").length, 1);
  });
});
