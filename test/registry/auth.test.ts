// Logging in: challenges by the grammar, realms that may have our credentials and those that may not,
// tokens for one scope and as long as they hold.
import assert from "node:assert/strict";
import type http from "node:http";
import { suite, test, type TestContext } from "node:test";
import fc from "fast-check";
import { assertMayLeadTo, isRealmOf } from "../../src/registry/authority.ts";
import { parseChallenges } from "../../src/registry/challenge.ts";
import { getManifest, putManifest } from "../../src/registry/client.ts";
import type { KeychainOptions } from "../../src/registry/keychain.ts";
import { runs, rejection } from "../refusal.ts";
import { everythingIn } from "../services/servers.ts";
import {
  imageManifest,
  openClient,
  serveRegistry,
  type FakeRegistry,
  type Seen,
} from "./fake-registry.ts";

const password = "pw-geheim-12";

suite("challenges", () => {
  const read = (header: string): unknown =>
    parseChallenges(header)?.map(({ scheme, parameters }) => [
      scheme,
      Object.fromEntries(parameters),
    ]);
  const table: readonly (readonly [header: string, challenges: unknown])[] = [
    ["", []],
    ["Basic", [["basic", {}]]],
    ['Basic realm="a"', [["basic", { realm: "a" }]]],
    [
      'Bearer realm="https://a/t",service="s",scope="repository:a:pull,push"',
      [["bearer", { realm: "https://a/t", service: "s", scope: "repository:a:pull,push" }]],
    ],
    ['BEARER Realm = "a" , Service=s', [["bearer", { realm: "a", service: "s" }]]],
    [
      'Basic realm="a", Bearer realm="b"',
      [
        ["basic", { realm: "a" }],
        ["bearer", { realm: "b" }],
      ],
    ],
    [
      'Negotiate, Basic realm="a"',
      [
        ["negotiate", {}],
        ["basic", { realm: "a" }],
      ],
    ],
    [String.raw`Basic realm="a\"b\\c"`, [["basic", { realm: String.raw`a"b\c` }]]],
    ['Bearer realm="a",,service="b"', [["bearer", { realm: "a", service: "b" }]]],
    ['Bearer realm="a",realm="b"', undefined],
    ['Bearer realm="a', undefined],
    ['realm="a"', undefined],
    ["Bearer realm=a b=c", undefined],
    ['Bearer realm="a";service="b"', undefined],
    [`Bearer realm="${"a".repeat(9000)}"`, undefined],
    [Array.from({ length: 9 }, () => "Basic").join(", "), undefined],
  ];
  for (const [header, challenges] of table) {
    test(header.slice(0, 70), () => assert.deepEqual(read(header), challenges));
  }

  test("any text is read or not, soon", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z"=,\\ ;]{0,200}$/), (text) => {
        parseChallenges(text);
        return true;
      }),
      { numRuns: runs },
    );
  });
});

suite("realms that may have a registry's credentials", () => {
  const table: readonly (readonly [realm: string, registry: string, may: boolean])[] = [
    ["https://auth.docker.io/token", "https://registry-1.docker.io/", true],
    ["https://gitlab.com/jwt/auth", "https://registry.gitlab.com/", true],
    ["https://gitlab.acme.example/jwt/auth", "https://registry.acme.example/", true],
    ["https://gitlab.acme.example/jwt/auth", "https://registry.acme.example:5050/", true],
    ["https://ghcr.io/token", "https://ghcr.io/", true],
    ["https://evil.io/token", "https://ghcr.io/", false],
    ["https://evil.example/token", "https://registry.gitlab.com/", false],
    ["https://evilgitlab.com/token", "https://registry.gitlab.com/", false],
    ["https://gitlab.com.evil.example/token", "https://registry.gitlab.com/", false],
    ["https://allowed.example/token", "https://ghcr.io/", true],
    ["https://allowed.example:8443/token", "https://ghcr.io/", false],
    ["https://10.0.0.2/token", "https://10.0.0.1/", false],
    ["https://auth.acme.example/token", "http://registry.acme.example/", false],
    ["http://registry.acme.example/token", "http://registry.acme.example/", true],
  ];
  for (const [realm, registry, may] of table) {
    test(`${realm} for ${registry}: ${may}`, () => {
      assert.equal(isRealmOf(new URL(realm), new URL(registry), ["allowed.example"]), may);
    });
  }

  for (const target of [
    "http://ghcr.io/token",
    "https://127.0.0.1/token",
    "https://localhost/",
    "https://169.254.169.254/",
    "https://[fe80::1]/",
    "https://0.0.0.0/",
  ]) {
    test(`no registry leads to ${target}`, () => {
      assert.throws(
        () => assertMayLeadTo(new URL(target), new URL("https://ghcr.io/"), "its realm"),
        {
          code: "REGISTRY_ANSWER_INVALID",
        },
      );
    });
  }
});

/** A registry that wants a token of its realm, by default its own `/token`. */
async function start(
  t: TestContext,
  options: {
    readonly realm?: (host: string) => string;
    readonly answer?: (request: Seen, count: number) => unknown;
    readonly keychain?: Partial<KeychainOptions>;
    readonly now?: () => Date;
    readonly status?: number;
  } = {},
): Promise<{ registry: FakeRegistry; client: ReturnType<typeof openClient>; asked: Seen[] }> {
  const asked: Seen[] = [];
  const intercept = (request: Seen, response: http.ServerResponse): boolean => {
    if (request.path === "/v2/") return false;
    if (request.path.startsWith("/token")) {
      asked.push(request);
      const answer = options.answer?.(request, asked.length) ?? {
        token: `t${asked.length}`,
        expires_in: 300,
      };
      response
        .writeHead(options.status ?? 200)
        .end(typeof answer === "string" ? answer : JSON.stringify(answer));
      return true;
    }
    if (request.headers.authorization === `Bearer t${asked.length}`) return false;
    const realm = options.realm?.(registry.host) ?? `http://${registry.host}/token`;
    response
      .writeHead(401, {
        "www-authenticate": `Bearer realm="${realm}",service="s",scope="repository:evil/all:*"`,
      })
      .end();
    return true;
  };
  const registry: FakeRegistry = await serveRegistry(t, { intercept });
  registry.put(imageManifest(), ["v1"]);
  const explicit = [{ registry: registry.host, username: "user", password }];
  const client = openClient(t, {
    keychain: { explicit, ...options.keychain },
    ...(options.now === undefined ? {} : { world: { now: options.now } }),
  });
  return { registry, client, asked };
}

suite("tokens", () => {
  test("are asked for our own scope, not the one that the registry names, and kept", async (t) => {
    const { registry, client, asked } = await start(t);
    const repository = client.open(`${registry.host}/acme/app`);
    await Promise.all([1, 2, 3].map(() => getManifest(repository, "v1")));
    await getManifest(repository, "v1");
    const scopes = asked.map(({ path }) => new URL(path, "http://x").searchParams.get("scope"));
    assert.deepEqual([...new Set(scopes)], ["repository:acme/app:pull"]);
    assert.equal(asked.length, 1);
    await putManifest(repository, await getManifest(repository, "v1")).catch(() => undefined);
    const last = new URL(asked.at(-1)?.path ?? "", "http://x").searchParams;
    assert.equal(last.get("scope"), "repository:acme/app:pull,push");
    assert.equal(last.get("service"), "s");
    assert.ok(client.secrets.includes("t1") && client.secrets.includes(password));
  });

  test("are asked for anew when they end", async (t) => {
    let now = Date.parse("2026-11-20T12:00:00Z");
    const { registry, client, asked } = await start(t, { now: () => new Date(now) });
    const repository = client.open(`${registry.host}/acme/app`);
    await getManifest(repository, "v1");
    now += 280_000;
    await getManifest(repository, "v1");
    assert.equal(asked.length, 1);
    now += 15_000;
    await getManifest(repository, "v1");
    assert.equal(asked.length, 2);
  });

  test("by OAuth2 from an identity token, in the body alone", async (t) => {
    const secret = "identity-geheim";
    const { registry, client, asked } = await start(t, {
      answer: () => ({ access_token: "t1" }),
      keychain: {
        explicit: [],
        environment: { DOCKER_AUTH_CONFIG: "" },
      },
    });
    const auths = { [registry.host]: { identitytoken: secret } };
    const other = openClient(t, {
      keychain: { environment: { DOCKER_AUTH_CONFIG: JSON.stringify({ auths }) } },
    });
    await getManifest(other.open(`${registry.host}/acme/app`), "v1");
    const [request] = asked;
    assert.equal(request?.method, "POST");
    const form = new URLSearchParams(request.body.toString());
    assert.equal(form.get("grant_type"), "refresh_token");
    assert.equal(form.get("refresh_token"), secret);
    assert.equal(form.get("scope"), "repository:acme/app:pull");
    assert.ok(!request.path.includes(secret));
    assert.ok(client.secrets.every((value) => value !== secret) && other.secrets.includes(secret));
  });

  test("of a realm elsewhere: the credentials are not sent", async (t) => {
    const { registry, client } = await start(t, { realm: () => "https://evil.example/token" });
    const error = await rejection(
      "REGISTRY_ANSWER_INVALID",
      getManifest(client.open(`${registry.host}/acme/app`), "v1"),
    );
    assert.match(error.message, /evil\.example.*were not sent/);
    assert.match(error.hint, /registry-realms/);
  });

  for (const realm of ["http://evil.example/token", "", "nonsense", "https://169.254.169.254/"]) {
    test(`of the realm ${JSON.stringify(realm)}`, async (t) => {
      const { registry, client } = await start(t, { realm: () => realm });
      await rejection(
        "REGISTRY_ANSWER_INVALID",
        getManifest(client.open(`${registry.host}/acme/app`), "v1"),
      );
    });
  }

  for (const answer of [
    "no",
    {},
    { token: "" },
    { token: "a b" },
    { token: "a\nb" },
    { token: 5 },
  ]) {
    test(`a realm that answers ${JSON.stringify(answer)}`, async (t) => {
      const { registry, client } = await start(t, { answer: () => answer });
      await rejection(
        "REGISTRY_ANSWER_INVALID",
        getManifest(client.open(`${registry.host}/acme/app`), "v1"),
      );
    });
  }

  test("refused: says whose credentials, and none of them", async (t) => {
    const { registry, client } = await start(t, {
      status: 403,
      answer: ({ headers }) => JSON.stringify(headers),
    });
    const error = await rejection(
      "REGISTRY_REFUSED",
      getManifest(client.open(`${registry.host}/acme/app`), "v1"),
    );
    assert.match(error.message, /credentials of inputs with status 403/);
    const all = everythingIn(error);
    assert.ok(
      !all.includes(password) && !all.includes(Buffer.from(`user:${password}`).toString("base64")),
    );
  });
});
