// A registry that lies, stalls and leads astray, asked by `verify --image`: each time one clear error, soon,
// in little memory, and nothing of ours told to anyone.
import assert from "node:assert/strict";
import type http from "node:http";
import { after, before, suite, test, type TestContext } from "node:test";
import { readJob } from "../../src/runner/job.ts";
import { encodeBundle } from "../../src/sigstore/bundle.ts";
import {
  digestOf,
  entryOf,
  imageIndex,
  imageManifest,
  serveRegistry,
  type Behaviour,
  type FakeRegistry,
  type Seen,
} from "../registry/fake-registry.ts";
import { at, list, text } from "../sandbox/wire.ts";
import {
  bundleOf,
  oldSignature,
  putBundle,
  putFallback,
  putImage,
  oldTag,
  putOld,
  signStatement,
  verifyImages,
  writeRoot,
} from "./stored-images.ts";
import { Folder, type Ended } from "./verify-run.ts";

const password = "pass-geheim-4711";
const basic = Buffer.from(`user:${password}`).toString("base64");
const indexType = "application/vnd.oci.image.index.v1+json";

let folder: Folder;
let root: string;
before(async () => {
  folder = await Folder.make();
  root = await writeRoot(folder);
});
after(() => folder.remove());

type Intercept = NonNullable<Behaviour["intercept"]>;

interface Started {
  readonly registry: FakeRegistry;
  readonly digest: string;
  /** Verifies the image, or what is named instead of its digest. */
  readonly verify: (which?: string, ...args: readonly string[]) => Promise<Ended>;
}

/** A registry for which the user has a password, and that wants it first. */
async function start(
  t: TestContext,
  intercept: Intercept,
  referrers: "api" | "none" = "api",
): Promise<Started> {
  const registry = await serveRegistry(t, {
    referrers,
    intercept: (request, response) => {
      if (request.headers.authorization === `Basic ${basic}`) return intercept(request, response);
      response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
      return true;
    },
  });
  const digest = putImage(registry);
  const auths = { [registry.host]: { auth: basic } };
  const job = readJob({ DOCKER_AUTH_CONFIG: JSON.stringify({ auths }) });
  const verify = (which = `@${digest}`, ...args: readonly string[]): Promise<Ended> =>
    verifyImages(["--image", `${registry.host}/acme/app${which}`, ...args], {
      root,
      wish: { job },
    });
  return { registry, digest, verify };
}

const answering = (
  matches: (request: Seen) => boolean,
  answer: (response: http.ServerResponse, request: Seen) => void,
): Intercept => {
  return (request, response) => {
    if (!matches(request)) return false;
    answer(response, request);
    return true;
  };
};

/** One refusal, soon; neither log nor JSON holds a credential. */
async function refused(asking: Promise<Ended>, code: string, says: RegExp): Promise<void> {
  const start = performance.now();
  const ended = await asking;
  assert.ok(performance.now() - start < 20_000, "took too long");
  assert.equal(ended.code, 1, ended.log);
  const results = list(at(JSON.parse(ended.stdout), "results"));
  assert.equal(results.length, 1, ended.log);
  const error = at(results[0], "error");
  assert.equal(at(error, "code"), code, ended.log);
  assert.match(text(at(error, "message")), says);
  assertSilent(ended);
}

function assertSilent({ log, stdout, told }: Ended): void {
  const all = [log, stdout, ...told.summaries, ...told.outputs.values()].join("\n");
  assert.ok(!all.includes(password) && !all.includes(basic), "a credential was told");
}

const isManifest = ({ path }: Seen): boolean => path.includes("/manifests/");
const isReferrers = ({ path }: Seen): boolean => path.includes("/referrers/");
const isBlob = ({ path }: Seen): boolean => path.includes("/blobs/");

suite("the image", () => {
  test("with another digest than asked for", async (t) => {
    const { verify } = await start(
      t,
      answering(isManifest, (response) => {
        response.writeHead(200, { "content-type": indexType }).end(JSON.stringify(imageIndex([])));
      }),
    );
    await refused(verify(), "REGISTRY_ANSWER_INVALID", /do not have the digest/);
  });

  test("with a Docker-Content-Digest that lies", async (t) => {
    const { verify } = await start(t, (_, response) => {
      response.setHeader("docker-content-digest", digestOf(Buffer.from("other")));
      return false;
    });
    await refused(verify(":v1"), "REGISTRY_ANSWER_INVALID", /do not have the digest/);
  });

  test("a tag that leads to another image each time: what is verified is what was shown", async (t) => {
    let count = 0;
    const images = [1, 2].map((number) => imageManifest(number));
    const { registry, verify } = await start(
      t,
      answering(
        ({ path }) => path.endsWith("/manifests/v1"),
        (response) => {
          const bytes = JSON.stringify(images[count++ % 2]);
          response
            .writeHead(200, { "content-type": "application/vnd.oci.image.manifest.v1+json" })
            .end(bytes);
        },
      ),
    );
    const [first = "", second = ""] = images.map((image) => registry.put(image));
    putBundle(registry, first, bundleOf(await signStatement(first)));
    const ended = await verify(":v1");
    assert.equal(ended.code, 0, ended.log);
    assert.ok(ended.log.includes(first) && !ended.log.includes(second));
    assert.equal(count, 1);
  });

  test("chunks that never end, and a header of 100 MB", async (t) => {
    const endless = await start(
      t,
      answering(isManifest, (response) => {
        const chunk = Buffer.alloc(1024 * 1024, 0x20);
        const write = (): void => {
          while (!response.destroyed && response.write(chunk));
          if (!response.destroyed) response.once("drain", write);
        };
        write();
      }),
    );
    await refused(endless.verify(), "SERVICE_ANSWER_INVALID", /larger than/);
    const header = await start(
      t,
      answering(isManifest, (response) => {
        response.socket?.on("error", () => undefined);
        const line = `x-long: ${"a".repeat(1024 * 1024)}\r\n`;
        response.socket?.write("HTTP/1.1 200 OK\r\n");
        for (let count = 0; count < 100; count++) response.socket?.write(line);
        response.socket?.end("\r\n");
      }),
    );
    await refused(header.verify(), "SERVICE_ANSWER_INVALID", /headers are larger/);
  });

  test("indexes in a circle cannot be; deep and wide ones end", async (t) => {
    const { registry, verify } = await start(t, () => false);
    let inner: object = imageManifest(9);
    registry.put(inner);
    for (let depth = 0; depth < 6; depth++) {
      inner = imageIndex([entryOf(inner)]);
      registry.put(inner, ["deep"]);
    }
    await refused(verify(":deep", "--platform=all"), "IMAGE_INVALID", /deeper than 4/);
    const images = Array.from({ length: 501 }, (_, number) => imageManifest(number));
    for (const image of images) registry.put(image);
    registry.put(imageIndex(images.map((image) => entryOf(image))), ["wide"]);
    await refused(verify(":wide", "--platform=all"), "IMAGE_INVALID", /more than 500/);
  });
});

test("a platform that is meant to be read by a terminal", async (t) => {
  const { registry, verify } = await start(t, () => false);
  const image = imageManifest(4);
  registry.put(image);
  const platform = { os: "linux", architecture: "amd64", variant: "\u001b[2K\u202e\nverified" };
  registry.put(imageIndex([entryOf(image, { platform })]), ["evil"]);
  const ended = await verify(":evil", "--platform=all");
  assert.equal(ended.code, 1);
  assert.doesNotMatch(ended.log, /\u001b|\u202e|^verified/m);
});

suite("what is stored beside it", () => {
  const listed = (count: number): string =>
    JSON.stringify(
      imageIndex(Array.from({ length: count }, (_, number) => entryOf(imageManifest(number)))),
    );

  test("10,000 referrers", async (t) => {
    const { verify } = await start(
      t,
      answering(isReferrers, (response) => {
        response.writeHead(200, { "content-type": indexType }).end(listed(10_000));
      }),
    );
    await refused(verify(), "REGISTRY_ANSWER_INVALID", /more than 1000 entries/);
  });

  test("pages of referrers in a circle, without end, and of somebody else", async (t) => {
    let page = 0;
    const nexts: readonly (readonly [(path: string) => string, RegExp])[] = [
      [(path) => `${path}?a=1`, /circle/],
      [(path) => `${path}?a=${page++}`, /more than 64 pages/],
      [() => "https://evil.example/v2/x", /next page is said to be/],
      [() => "/v2/other/secret/manifests/v1", /next page is said to be/],
    ];
    for (const [next, says] of nexts) {
      const { verify } = await start(
        t,
        answering(isReferrers, (response, { path }) => {
          const link = `<${next(path.split("?")[0] ?? "")}>; rel="next"`;
          response.writeHead(200, { "content-type": indexType, link }).end(listed(1));
        }),
      );
      await refused(verify(), "REGISTRY_ANSWER_INVALID", says);
    }
  });

  test("more bundles than are read", async (t) => {
    const { registry, digest, verify } = await start(t, () => false);
    for (let count = 0; count < 101; count++) {
      putBundle(registry, digest, Buffer.from(`rubbish ${count}`));
    }
    await refused(verify(), "REGISTRY_ANSWER_INVALID", /more than 100 bundles/);
  });

  test("more of cosign 2's layers than are read, and larger ones", async (t) => {
    const { registry, digest, verify } = await start(t, () => false);
    const layer = await oldSignature(digest);
    putOld(
      registry,
      oldTag(digest, "sig"),
      Array.from({ length: 101 }, () => layer),
    );
    await refused(verify(), "REGISTRY_ANSWER_INVALID", /more than 100 layers/);
    const type = "application/vnd.dsse.envelope.v1+json";
    const one = { mediaType: type, digest, size: 70 * 1024 * 1024 };
    registry.manifests.delete(`${digest.replace(":", "-")}.sig`);
    registry.put(imageManifest(0, { layers: [one] }), [`${digest.replace(":", "-")}.att`]);
    await refused(verify(), "REGISTRY_ANSWER_INVALID", /more than \d+ bytes/);
    assert.ok(
      registry.seen.every(({ path }) => !path.includes(`/blobs/${digest}`)),
      "was fetched",
    );
  });

  test("rubbish in every place does not keep the good one from being found", async (t) => {
    const { registry, digest, verify } = await start(t, () => false, "none");
    const good = putBundle(registry, digest, bundleOf(await signStatement(digest)));
    const rubbish = putBundle(registry, digest, Buffer.from("[".repeat(100_000)));
    const gone = digestOf(Buffer.from("gone"));
    putFallback(registry, digest, [rubbish, good]);
    const layer = await oldSignature(digest);
    const annotations = { ...layer.annotations, "dev.sigstore.cosign/bundle": "{".repeat(1000) };
    putOld(registry, oldTag(digest, "sig"), [{ payload: layer.payload, annotations }]);
    registry.put(
      imageManifest(0, {
        layers: [{ mediaType: "application/vnd.dsse.envelope.v1+json", digest: gone, size: 3 }],
      }),
      [`${digest.replace(":", "-")}.att`],
    );
    const ended = await verify();
    assert.equal(ended.code, 0, ended.log);
    const [result] = list(at(JSON.parse(ended.stdout), "results"));
    assert.equal(list(at(result, "refusedBundles")).length, 3);
    assertSilent(ended);
  });

  test("a bundle's blob that is longer than its description", async (t) => {
    const { registry, digest, verify } = await start(
      t,
      answering(isBlob, (response) => response.end("x".repeat(1024 * 1024))),
    );
    putBundle(registry, digest, Buffer.from(encodeBundle(bundleOf(await signStatement(digest)))));
    await refused(verify(), "SERVICE_ANSWER_INVALID", /larger than/);
  });
});

suite("leading elsewhere", () => {
  test("a realm on another host, or on http: our password is not sent", async (t) => {
    const elsewhere = await serveRegistry(t);
    for (const realm of ["https://evil.example/token", "http://169.254.169.254/token"]) {
      const registry = await serveRegistry(t, {
        intercept: (_, response) => {
          response
            .writeHead(401, { "www-authenticate": `Bearer realm="${realm}",service="x"` })
            .end();
          return true;
        },
      });
      const auths = { [registry.host]: { auth: basic }, [elsewhere.host]: { auth: basic } };
      const job = readJob({ DOCKER_AUTH_CONFIG: JSON.stringify({ auths }) });
      const asking = verifyImages(["--image", `${registry.host}/acme/app:v1`], {
        root,
        wish: { job },
      });
      await refused(asking, "REGISTRY_ANSWER_INVALID", /not sent|not asked/);
      assert.ok(registry.seen.every(({ headers }) => headers.authorization === undefined));
    }
    assert.equal(elsewhere.seen.length, 0);
  });

  test("a redirect is followed without our header", async (t) => {
    const elsewhere = await serveRegistry(t);
    const { registry, digest, verify } = await start(
      t,
      answering(isBlob, (response, { path }) => {
        response.writeHead(307, { location: `${elsewhere.url.href.slice(0, -1)}${path}` }).end();
      }),
    );
    putBundle(registry, digest, bundleOf(await signStatement(digest)));
    for (const [name, blob] of registry.blobs) elsewhere.blobs.set(name, blob);
    const ended = await verify();
    assert.equal(ended.code, 0, ended.log);
    assert.ok(elsewhere.seen.length > 0);
    assert.ok(elsewhere.seen.every(({ headers }) => headers.authorization === undefined));
    assertSilent(ended);
  });

  for (const location of [
    "http://169.254.169.254/latest/meta-data",
    "https://user:pw@x.example/",
    "ftp://x.example/",
  ]) {
    test(`a redirect to ${location}`, async (t) => {
      const { verify } = await start(
        t,
        answering(isManifest, (response) => response.writeHead(307, { location }).end()),
      );
      await refused(verify(), "REGISTRY_ANSWER_INVALID", /was not asked/);
    });
  }
});

suite("credentials", () => {
  test("that cannot be read end the run once a registry asks for them: exit code 2", async (t) => {
    const registry = await serveRegistry(t, { referrers: "api" });
    const digest = putImage(registry);
    putBundle(registry, digest, bundleOf(await signStatement(digest)));
    const job = readJob({ DOCKER_AUTH_CONFIG: "{" });
    const reference = `${registry.host}/acme/app@${digest}`;
    const open = await verifyImages(["--image", reference], { root, wish: { job } });
    assert.equal(open.code, 0, open.log);
    const asking = await serveRegistry(t, {
      intercept: (_, response) => {
        response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
        return true;
      },
    });
    const second = await verifyImages(["--image", `${asking.host}/acme/app:v1`], {
      root,
      wish: { job },
    });
    assert.equal(second.code, 2, second.log);
    assert.equal(at(at(JSON.parse(second.stdout), "error"), "code"), "CREDENTIALS_INVALID");
  });

  test("for which of several registries has to be said, before any is asked", async (t) => {
    const [one, other] = [await serveRegistry(t), await serveRegistry(t)];
    const images = [one, other].flatMap(({ host }) => ["--image", `${host}/acme/app:v1`]);
    const inputs: Readonly<Record<string, string>> = {
      "registry-username": "user",
      "registry-password": password,
    };
    const ended = await verifyImages(images, { root, inputs: (name) => inputs[name] ?? "" });
    assert.equal(ended.code, 2, ended.log);
    assert.match(ended.log, /registry is missing/);
    assert.equal(one.seen.length + other.seen.length, 0);
    assertSilent(ended);
  });

  test("by inputs; a wrong one is refused and not shown", async (t) => {
    const { registry, digest } = await start(t, () => false);
    putBundle(registry, digest, bundleOf(await signStatement(digest)));
    const withPassword = (given: string): Promise<Ended> => {
      const inputs: Readonly<Record<string, string>> = {
        "registry-username": "user",
        "registry-password": given,
      };
      return verifyImages(["--image", `${registry.host}/acme/app@${digest}`], {
        root,
        inputs: (name) => inputs[name] ?? "",
      });
    };
    const ended = await withPassword(password);
    assert.equal(ended.code, 0, ended.log);
    const wrong = "wrong-geheim-0815";
    const said = await withPassword(wrong);
    assert.equal(said.code, 1, said.log);
    assert.match(said.log, /refused to read .* with the credentials of inputs: status 401/);
    assert.ok(!said.log.includes(wrong) && !said.stdout.includes(wrong));
  });
});
