// Real registries: ocimem, which has the referrers API, and distribution, which has not, open, with
// htpasswd, with tokens, and with TLS of a private authority. crane and cosign are the second opinion.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { createServer } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, suite, test, type TestContext } from "node:test";
import { storeReferrers } from "../../src/registry/add-referrers.ts";
import { bundleType, encodeBundleArtifact } from "../../src/registry/bundle-artifact.ts";
import { getManifest, putManifest } from "../../src/registry/client.ts";
import { describe, type Descriptor } from "../../src/registry/descriptor.ts";
import { storeOf } from "../../src/registry/image-store.ts";
import { addLegacy, encodeSimpleSigning, readLegacy } from "../../src/registry/legacy.ts";
import { parseManifest } from "../../src/registry/manifest.ts";
import { readBundles } from "../../src/registry/read-bundles.ts";
import { fallbackTag, listReferrers } from "../../src/registry/referrers.ts";
import type { Repository } from "../../src/registry/transport.ts";
import { putBlob } from "../../src/registry/upload.ts";
import { openClient } from "../registry/fake-registry.ts";
import { rejection } from "../refusal.ts";
import { makeAuthority, type Authority } from "../services/servers.ts";
import { reservePorts, type Ports } from "./ports.ts";
import { emptyEnvironment, runOk } from "./run.ts";
import { Server } from "./server.ts";
import { ensureTools, type Tools } from "./tools.ts";

let directory: string;
let ports: Ports;
let tools: Tools<"ocimem" | "distribution" | "crane" | "cosign">;
const servers: Server[] = [];
const rounds = process.env.SLOW === "1" ? 50 : Number(process.env.ROUNDS ?? 5);
const password = "geheim-0815";

before(async () => {
  tools = await ensureTools(["ocimem", "distribution", "crane", "cosign"]);
  directory = await mkdtemp(join(tmpdir(), "sigstep-registry-"));
  ports = await reservePorts();
});
after(async () => {
  await Promise.all(servers.map((server) => server.kill()));
  await ports.release();
  await rm(directory, { recursive: true, force: true });
});

async function start(
  plan: { readonly name: string; readonly program: string; readonly args: readonly string[] },
  url: string,
): Promise<void> {
  // Any answer will do, a 401 too; but fetch does not trust a private authority.
  const answers = async (): Promise<boolean> =>
    (await fetch(`${url}/v2/`, { signal: AbortSignal.timeout(1_000) })).status > 0;
  const listens = (log: string): Promise<boolean> => Promise.resolve(log.includes("listening on"));
  const isReady = url.startsWith("https:") ? listens : answers;
  const server = new Server({ ...plan, directory, isReady });
  servers.push(server);
  await server.start();
}

async function startDistribution(name: string, more: string, port = ports.next()): Promise<string> {
  const config = join(directory, `${name}.yml`);
  await writeFile(
    config,
    `version: 0.1
storage: {filesystem: {rootdirectory: ${directory}/${name}}}
http:
  addr: 127.0.0.1:${port}
  secret: not-a-secret
${more}`,
  );
  const scheme = more.includes("  tls:") ? "https" : "http";
  const plan = { name, program: tools.distribution, args: ["serve", config] };
  await start(plan, `${scheme}://127.0.0.1:${port}`);
  return `127.0.0.1:${port}`;
}

async function startOcimem(): Promise<string> {
  const port = ports.next();
  const args = [`--address=127.0.0.1:${port}`];
  await start({ name: "ocimem", program: tools.ocimem, args }, `http://127.0.0.1:${port}`);
  return `127.0.0.1:${port}`;
}

/** Stores an image of one layer. */
async function push(repository: Repository, text: string): Promise<Descriptor> {
  const config = Buffer.from(
    JSON.stringify({
      os: "linux",
      architecture: "amd64",
      rootfs: { type: "layers", diff_ids: [] },
    }),
  );
  const layer = Buffer.from(text);
  const types = {
    config: "application/vnd.oci.image.config.v1+json",
    layer: "application/vnd.oci.image.layer.v1.tar",
  };
  const parts = [describe(types.config, config), describe(types.layer, layer)] as const;
  await putBlob(repository, parts[0], config);
  await putBlob(repository, parts[1], layer);
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const bytes = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType, config: parts[0], layers: [parts[1]] }),
  );
  const manifest = parseManifest(bytes, "image", mediaType);
  await putManifest(repository, manifest);
  return manifest.descriptor;
}

function artifactOf(subject: Descriptor, text: string): ReturnType<typeof encodeBundleArtifact> {
  const bundle = Buffer.from(JSON.stringify({ text }));
  return encodeBundleArtifact({ bundle, subject, content: "dsse-envelope", created: new Date() });
}

async function roundTrip(
  repository: Repository,
  listedBy: "api" | "fallback",
): Promise<Descriptor> {
  const subject = await push(repository, `layer ${Math.random()}`);
  const artifacts = ["one", "two"].map((text) => artifactOf(subject, text));
  const stored = await storeReferrers(repository, { subject, artifacts }, { settleMs: 50 });
  assert.equal(stored.listedBy, listedBy);
  const listed = await listReferrers(repository, subject.digest, { artifactType: bundleType });
  assert.equal(listed.listedBy, listedBy);
  assert.equal(listed.entries.length, 2);
  assert.ok(
    listed.entries.every(
      ({ annotations }) => annotations?.["dev.sigstore.bundle.content"] === "dsse-envelope",
    ),
  );
  assert.equal((await readBundles(storeOf(repository), subject.digest)).length, 2);
  return subject;
}

const crane = async (...args: readonly string[]): Promise<string> =>
  runOk(tools.crane, args, { environment: emptyEnvironment(directory) });

const cosign = async (...args: readonly string[]): Promise<string> =>
  runOk(tools.cosign, args, { environment: emptyEnvironment(directory) });

test("ocimem: the referrers API", async (t) => {
  const host = await startOcimem();
  const repository = openClient(t).open(`${host}/acme/app`);
  const subject = await roundTrip(repository, "api");
  const tree = await cosign("tree", `${host}/acme/app@${subject.digest}`);
  assert.equal(tree.match(/vnd\.dev\.sigstore\.bundle\.v0\.3\+json artifacts/g)?.length, 2);
});

suite("distribution", () => {
  let host: string;
  before(async () => void (host = await startDistribution("open", "")));

  test("the fallback index, as crane reads it too", async (t) => {
    const repository = openClient(t).open(`${host}/acme/app`);
    const subject = await roundTrip(repository, "fallback");
    const index = await crane(
      "manifest",
      "--insecure",
      `${host}/acme/app:${fallbackTag(subject.digest)}`,
    );
    assert.equal(
      index.match(/"artifactType":"application\/vnd.dev.sigstore.bundle.v0.3\+json"/g)?.length,
      2,
    );
    const tree = await cosign("tree", `${host}/acme/app@${subject.digest}`);
    assert.equal(tree.match(/vnd\.dev\.sigstore\.bundle\.v0\.3\+json artifacts/g)?.length, 2);
    const digest = await crane("digest", "--insecure", `${host}/acme/app@${subject.digest}`);
    assert.equal(digest.trim(), subject.digest);
  });

  test("an image that was never pushed", async (t) => {
    const repository = openClient(t).open(`${host}/acme/app`);
    await rejection("IMAGE_NOT_FOUND", getManifest(repository, "never"));
    await rejection("IMAGE_NOT_FOUND", getManifest(openClient(t).open(`${host}/acme/none`), "v1"));
  });

  test("cosign 2's layout: added to, beside what is there", async (t) => {
    const repository = openClient(t).open(`${host}/acme/legacy`);
    const { digest } = await push(repository, "legacy");
    const entryOf = (text: string): Parameters<typeof addLegacy>[1]["entries"][number] => ({
      ...{ payload: Buffer.from('{"critical":{}}'), signature: Buffer.from(text), bundle: "{}" },
      ...{ certificate: "PEM", chain: undefined, timestamp: undefined, predicateType: undefined },
    });
    const quick = { settleMs: 50 };
    await addLegacy(repository, { digest, kind: "sig", entries: [entryOf("a")] }, quick);
    await addLegacy(
      repository,
      { digest, kind: "sig", entries: [entryOf("b"), entryOf("a")] },
      quick,
    );
    const found = await readLegacy(repository, digest, "sig");
    assert.deepEqual(
      found.map(({ signature }) => Buffer.from(signature).toString()),
      ["a", "b"],
    );
    await crane(
      "validate",
      "--insecure",
      "--fast",
      "--remote",
      `${host}/acme/legacy:${fallbackTag(digest)}.sig`,
    );
  });

  test("cosign verifies what we store in its older layout, and we read what it stores", async (t) => {
    const repository = openClient(t).open(`${host}/acme/signed`);
    const { digest } = await push(repository, "signed");
    const image = `${host}/acme/signed@${digest}`;
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const pem = join(directory, "signer.pub");
    await writeFile(pem, publicKey.export({ type: "spki", format: "pem" }));
    const payload = encodeSimpleSigning(`${host}/acme/signed`, digest);
    const none = { certificate: undefined, chain: undefined, bundle: undefined };
    const entry = { ...none, payload, signature: sign("sha256", payload, privateKey) };
    const entries = [{ ...entry, timestamp: undefined, predicateType: undefined }];
    await addLegacy(repository, { digest, kind: "sig", entries }, { settleMs: 50 });
    const verify = ["verify", "--insecure-ignore-tlog=true", "--new-bundle-format=false", "--key"];
    await cosign(...verify, pem, image);
    const environment = { ...emptyEnvironment(directory), COSIGN_PASSWORD: "" };
    await runOk(tools.cosign, ["generate-key-pair"], { directory, environment });
    const key = ["--key", join(directory, "cosign.key"), "--tlog-upload=false"];
    const args = ["sign", ...key, "--new-bundle-format=false", "--use-signing-config=false", image];
    await runOk(tools.cosign, args, { environment });
    assert.equal((await readLegacy(repository, digest, "sig")).length, 2);
    await cosign(...verify, pem, image);
    await cosign(...verify, join(directory, "cosign.pub"), image);
  });

  test(
    `20 writers on one tag, ${rounds} rounds: none lost, none twice`,
    { timeout: 900_000 },
    async (t) => {
      const lost: number[] = [];
      const twice: number[] = [];
      const clients = Array.from({ length: 20 }, () => openClient(t).open(`${host}/acme/many`));
      const [first] = clients;
      assert.ok(first);
      for (let round = 0; round < rounds; round++) {
        const subject = await push(first, `round ${round}`);
        const stored = await Promise.all(
          clients.map((client, number) =>
            storeReferrers(client, {
              subject,
              artifacts: [artifactOf(subject, `${round} ${number}`)],
            }),
          ),
        );
        const { content } = await getManifest(first, fallbackTag(subject.digest));
        const digests =
          content.kind === "index" ? content.manifests.map(({ digest }) => digest) : [];
        lost.push(
          stored.filter(({ entries: [entry] }) => !digests.includes(entry?.digest ?? "")).length,
        );
        twice.push(digests.length - new Set(digests).size);
      }
      assert.deepEqual({ lost: sum(lost), twice: sum(twice) }, { lost: 0, twice: 0 });
    },
  );
});

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

suite("distribution with a log-in", () => {
  test("htpasswd: the right password, the wrong one, none", async (t) => {
    const hashed = execFileSync("python3", ["-c", bcryptByCrypt, password], {
      encoding: "utf8",
    }).trim();
    const file = join(directory, "htpasswd");
    await writeFile(file, `user:${hashed}\n`);
    const host = await startDistribution(
      "basic",
      `auth: {htpasswd: {realm: test, path: ${file}}}\n`,
    );
    const as = (given: string): Repository =>
      openClient(t, {
        keychain: { explicit: [{ registry: host, username: "user", password: given }] },
      }).open(`${host}/acme/app`);
    await roundTrip(as(password), "fallback");
    const wrong = await rejection("REGISTRY_REFUSED", getManifest(as("wrong"), "v1"));
    assert.match(wrong.message, /credentials of inputs.*401/);
    const none = await rejection(
      "REGISTRY_REFUSED",
      getManifest(openClient(t).open(`${host}/acme/app`), "v1"),
    );
    assert.match(none.hint, /docker login/);
  });

  test("tokens: one for each scope, none for writing without the right", async (t) => {
    const issuer = await startTokenService(t);
    const more = `auth: {token: {realm: "${issuer.realm}", service: registry, issuer: test, rootcertbundle: ${issuer.certificate}}}\n`;
    const host = await startDistribution("token", more);
    const as = (username: string): Repository =>
      openClient(t, { keychain: { explicit: [{ registry: host, username, password }] } }).open(
        `${host}/acme/app`,
      );
    const subject = await roundTrip(as("writer"), "fallback");
    assert.deepEqual([...new Set(issuer.scopes)].sort(), [
      "repository:acme/app:pull",
      "repository:acme/app:pull,push",
    ]);
    assert.equal(issuer.scopes.length, 2);
    await getManifest(as("reader"), subject.digest);
    const bytes = Buffer.from("new");
    const error = await rejection(
      "REGISTRY_REFUSED",
      putBlob(as("reader"), describe("a/b", bytes), bytes),
    );
    assert.ok(!`${error.message}${error.hint}`.includes(password));
  });

  test("TLS of a private authority: with it, and without", async (t) => {
    const authority: Authority = makeAuthority();
    const [key, cert] = [join(directory, "tls.key"), join(directory, "tls.pem")];
    await Promise.all([writeFile(key, authority.good.key), writeFile(cert, authority.good.cert)]);
    const port = ports.next();
    await startDistribution("tls", `  tls: {certificate: ${cert}, key: ${key}}\n`, port);
    const trusting = openClient(t, { door: { caPem: authority.ca } }).open(
      `localhost:${port}/acme/app`,
    );
    await roundTrip(trusting, "fallback");
    const error = await rejection(
      "SERVICE_UNAVAILABLE",
      getManifest(openClient(t).open(`localhost:${port}/acme/app`), "v1"),
    );
    assert.match(error.hint, /ca-file/);
  });
});

/** Python's ctypes over libcrypt: no package needed. */
const bcryptByCrypt = `
import ctypes, ctypes.util, sys
c = ctypes.CDLL(ctypes.util.find_library("crypt") or "libcrypt.so.1")
c.crypt.restype = ctypes.c_char_p
print(c.crypt(sys.argv[1].encode(), b"$2b$05$abcdefghijklmnopqrstuu").decode())
`;

/** A token service as distribution trusts it: ES256, named by the certificate in \`x5c\`. */
async function startTokenService(
  t: TestContext,
): Promise<{ realm: string; certificate: string; scopes: string[] }> {
  const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const [keyFile, certificate] = [join(directory, "token.key"), join(directory, "token.pem")];
  await writeFile(keyFile, privateKey.export({ type: "pkcs8", format: "pem" }));
  execFileSync(
    "openssl",
    ["req", "-x509", "-key", keyFile, "-out", certificate, "-days", "1", "-subj", "/CN=test"],
    { stdio: "pipe" },
  );
  const der = execFileSync("openssl", ["x509", "-in", certificate, "-outform", "der"]);
  const scopes: string[] = [];
  const encode = (value: object): string =>
    Buffer.from(JSON.stringify(value)).toString("base64url");
  const server = createServer((request, response) => {
    const scope = new URL(request.url ?? "", "http://x").searchParams.get("scope") ?? "";
    scopes.push(scope);
    const [user] = Buffer.from(request.headers.authorization?.slice(6) ?? "", "base64")
      .toString()
      .split(":");
    const [type, name, wanted = ""] = scope.split(":");
    const actions = wanted.split(",").filter((action) => user === "writer" || action === "pull");
    const now = Math.floor(Date.now() / 1000);
    const claims = {
      iss: "test",
      sub: user,
      aud: "registry",
      exp: now + 300,
      nbf: now - 10,
      iat: now,
      jti: createHash("sha1").update(scope).digest("hex"),
      access: [{ type, name, actions }],
    };
    const input = `${encode({ typ: "JWT", alg: "ES256", x5c: [der.toString("base64")] })}.${encode(claims)}`;
    const signature = sign("sha256", Buffer.from(input), {
      key: privateKey,
      dsaEncoding: "ieee-p1363",
    });
    response.end(
      JSON.stringify({ token: `${input}.${signature.toString("base64url")}`, expires_in: 300 }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { realm: `http://127.0.0.1:${address.port}/token`, certificate, scopes };
}
