// The keychain: each place that may know, their order, exact hosts, helpers that fail, and no secret told.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { suite, test, type TestContext } from "node:test";
import type { FoundCredentials } from "../../src/registry/credentials.ts";
import { createKeychain, type KeychainOptions } from "../../src/registry/keychain.ts";
import { parseReference } from "../../src/registry/reference.ts";
import { everythingIn } from "../services/servers.ts";
import { rejection } from "../refusal.ts";

const marked = "pw-geheim";
const auth = (user: string): string => Buffer.from(`${user}:${marked}`).toString("base64");

interface Site {
  readonly home: string;
  readonly secrets: string[];
  /** Writes JSON, or text, below the home. @returns its path */
  readonly write: (path: string, content: unknown) => string;
  /** Puts a helper on PATH that runs this shell text. */
  readonly helper: (name: string, script: string) => void;
  readonly find: (reference: string, more?: Partial<KeychainOptions>) => Promise<FoundCredentials>;
}

function site(t: TestContext): Site {
  const home = mkdtempSync(join(tmpdir(), "sigstep-keychain-"));
  t.after(() => rmSync(home, { recursive: true }));
  const secrets: string[] = [];
  const write = (path: string, content: unknown): string => {
    const file = join(home, path);
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, typeof content === "string" ? content : JSON.stringify(content));
    return file;
  };
  return {
    home,
    secrets,
    write,
    helper: (name, script) => {
      chmodSync(write(`bin/docker-credential-${name}`, `#!/bin/sh\n${script}\n`), 0o755);
    },
    find: (reference, { environment, ...more } = {}) =>
      createKeychain({
        ...{ home, secret: (value) => secrets.push(value), helperTimeoutMs: 3_000, ...more },
        environment: { PATH: `${join(home, "bin")}:/usr/bin:/bin`, ...environment },
      }).find(parseReference(reference)),
  };
}

function userOf({ credentials }: FoundCredentials): string {
  return credentials.kind === "basic" ? credentials.username : credentials.kind;
}

suite("the order of places", () => {
  const steps = [
    "inputs",
    "variable",
    "named",
    "docker",
    "runtime",
    "config",
    "gitlab",
    "anonymous",
  ] as const;
  for (const [at, winner] of steps.entries()) {
    test(winner, async (t) => {
      const { write, find } = site(t);
      const has = (step: string): boolean => steps.findIndex((name) => name === step) >= at;
      const file = (user: string): object => ({ auths: { "r.example": { auth: auth(user) } } });
      const environment: Record<string, string> = {};
      if (has("variable") && at <= 1)
        environment.DOCKER_AUTH_CONFIG = JSON.stringify(file("variable"));
      if (at <= 2) environment.REGISTRY_AUTH_FILE = write("named.json", file("named"));
      if (at <= 3) write(".docker/config.json", file("docker"));
      if (at <= 4)
        environment.XDG_RUNTIME_DIR = join(
          write("run/containers/auth.json", file("runtime")),
          "../..",
        );
      if (at <= 5) write(".config/containers/auth.json", file("config"));
      if (at <= 6)
        Object.assign(environment, {
          CI_REGISTRY: "r.example",
          CI_REGISTRY_USER: "gitlab",
          CI_REGISTRY_PASSWORD: marked,
        });
      const explicit =
        at === 0 ? [{ registry: "r.example", username: "inputs", password: marked }] : [];
      assert.equal(userOf(await find("r.example/a/b", { environment, explicit })), winner);
    });
  }
});

suite("hosts are compared exactly", () => {
  const config = {
    auths: {
      "ghcr.io": { auth: auth("ghcr") },
      "https://index.docker.io/v1/": { auth: auth("hub") },
      "r.example:5000": { auth: auth("port") },
      "https://scheme.example/v2/": { auth: auth("scheme") },
      "https://path.example/secret/": { auth: auth("path") },
      "pod.example/team": { auth: auth("team") },
      "pod.example/team/app": { auth: auth("app") },
      "pod.example": { auth: auth("pod") },
    },
  };
  const table: readonly (readonly [reference: string, user: string])[] = [
    ["ghcr.io/a/b", "ghcr"],
    ["ghcr.io.evil.example/a/b", "anonymous"],
    ["evil-ghcr.io/a/b", "anonymous"],
    ["hcr.io/a/b", "anonymous"],
    ["ghcr.io:444/a/b", "anonymous"],
    ["alpine", "hub"],
    ["docker.io/a/b", "hub"],
    ["registry-1.docker.io/a/b", "anonymous"],
    ["r.example/a", "anonymous"],
    ["r.example:5000/a", "port"],
    ["scheme.example/a", "scheme"],
    ["path.example/secret", "anonymous"],
    ["pod.example/team/app", "app"],
    ["pod.example/team/app/deep", "app"],
    ["pod.example/team/application", "team"],
    ["pod.example/teams/app", "pod"],
  ];
  for (const [reference, user] of table) {
    test(`${reference}: ${user}`, async (t) => {
      const { write, find } = site(t);
      write(".docker/config.json", config);
      assert.equal(userOf(await find(reference)), user);
    });
  }
});

suite("forms of an entry", () => {
  const table: readonly (readonly [entry: object, credentials: object])[] = [
    [{ auth: auth("u") }, { kind: "basic", username: "u", password: marked }],
    [
      { username: "u", password: "a:b" },
      { kind: "basic", username: "u", password: "a:b" },
    ],
    [
      { auth: Buffer.from("u:a:b").toString("base64") },
      { kind: "basic", username: "u", password: "a:b" },
    ],
    [
      { auth: auth("u"), identitytoken: marked },
      { kind: "identity-token", token: marked },
    ],
    [{ registrytoken: marked }, { kind: "registry-token", token: marked }],
    [{}, { kind: "anonymous" }],
    [{ auth: "" }, { kind: "anonymous" }],
  ];
  for (const [entry, credentials] of table) {
    test(JSON.stringify(credentials), async (t) => {
      const { write, find, secrets } = site(t);
      write(".docker/config.json", { auths: { "r.example": entry }, HttpHeaders: {} });
      const found = await find("r.example/a");
      assert.deepEqual(found.credentials, credentials);
      for (const value of Object.values(credentials).slice(1)) {
        if (value !== "u") assert.ok(secrets.includes(String(value)), "was not announced");
      }
    });
  }
});

suite("CI", () => {
  const gitlab = { CI_REGISTRY: "registry.gitlab.com", CI_JOB_TOKEN: marked };
  test("GitLab's job token", async (t) => {
    const { find } = site(t);
    assert.equal(
      userOf(await find("registry.gitlab.com/a/b", { environment: gitlab })),
      "gitlab-ci-token",
    );
    assert.equal(
      userOf(await find("registry.gitlab.com:5050/a/b", { environment: gitlab })),
      "anonymous",
    );
    assert.equal(
      userOf(await find("evil.example/a", { environment: { ...gitlab, CI_REGISTRY: "" } })),
      "anonymous",
    );
  });

  test("GitHub's token for ghcr.io, and nowhere else", async (t) => {
    const { find, secrets } = site(t);
    const more = { githubToken: marked, environment: { GITHUB_ACTOR: "octo" } };
    assert.equal(userOf(await find("ghcr.io/a/b", more)), "octo");
    assert.ok(secrets.includes(marked) && secrets.includes(auth("octo")));
    assert.equal(userOf(await find("docker.io/a/b", more)), "anonymous");
  });

  test("DOCKER_CONFIG names another folder", async (t) => {
    const { write, find, home } = site(t);
    write("other/config.json", { auths: { "r.example": { auth: auth("other") } } });
    const environment = { DOCKER_CONFIG: join(home, "other") };
    assert.equal(userOf(await find("r.example/a", { environment })), "other");
  });
});

suite("files that cannot be used", () => {
  const table: readonly (readonly [content: string, why: RegExp])[] = [
    ["", /empty/],
    [`{"auths": ${marked}`, /not JSON/],
    ["[]", /not an object/],
    ['{"auths":{"r.example":{"auth":"%%%"}}}', /not base64 of user:password/],
    [
      `{"auths":{"r.example":{"auth":"${Buffer.from(marked).toString("base64")}"}}}`,
      /not base64 of user:password/,
    ],
    ['{"auths":{"r.example":{"auth":5}}}', /not a string/],
    ['{"credsStore":"../evil"}', /no name of a helper/],
    ['{"credHelpers":{"r.example":"a/b"}}', /no name of a helper/],
    ['{"credsStore":"a b"}', /no name of a helper/],
    ['{"auths":{"a":{},"a":{}}}', /twice/],
    [`"${"x".repeat(1024 * 1024)}"`, /more than 1048576/],
  ];
  for (const [content, why] of table) {
    test(content.slice(0, 60), async (t) => {
      const { write, find } = site(t);
      const path = write(".docker/config.json", content);
      const error = await rejection("CREDENTIALS_INVALID", find("r.example/a"));
      assert.match(error.message, why);
      assert.ok(error.message.includes(path) || error.where.includes(path));
      assert.ok(!everythingIn(error).includes(marked), "the error holds a secret");
    });
  }

  test("a directory in its place", async (t) => {
    const { write, find } = site(t);
    write(".docker/config.json/x", "");
    assert.match((await rejection("CREDENTIALS_INVALID", find("r.example/a"))).message, /EISDIR/);
  });

  test("named, and not there", async (t) => {
    const { find } = site(t);
    const environment = { REGISTRY_AUTH_FILE: "/nonexistent/auth.json" };
    assert.match(
      (await rejection("CREDENTIALS_INVALID", find("r.example/a", { environment }))).message,
      /ENOENT/,
    );
  });
});

suite("helpers", () => {
  const good = `read host; printf '{"ServerURL":"%s","Username":"%s","Secret":"${marked}"}' "$host" "$host"`;

  test("are asked for the host; docker.io by its old address", async (t) => {
    const { write, helper, find, secrets } = site(t);
    helper("good", good);
    write(".docker/config.json", { credsStore: "good" });
    assert.equal(userOf(await find("r.example:5000/a")), "r.example:5000");
    assert.equal(userOf(await find("alpine")), "https://index.docker.io/v1/");
    assert.ok(secrets.includes(marked));
  });

  test("of one registry go before the store, and are not run for others", async (t) => {
    const { write, helper, find } = site(t);
    helper("one", good.replace('"$host" "$host"', '"$host" one'));
    helper("store", good.replace('"$host" "$host"', '"$host" store'));
    write(".docker/config.json", { credHelpers: { "r.example": "one" }, credsStore: "store" });
    assert.equal(userOf(await find("r.example/a")), "one");
    assert.equal(userOf(await find("other.example/a")), "store");
  });

  test("that know nothing leave it to the file", async (t) => {
    const { write, helper, find } = site(t);
    helper("empty", 'echo "credentials not found in native keychain"; exit 1');
    write(".docker/config.json", {
      credsStore: "empty",
      auths: { "r.example": { auth: auth("file") } },
    });
    assert.equal(userOf(await find("r.example/a")), "file");
    assert.equal(userOf(await find("other.example/a")), "anonymous");
  });

  test("that give an identity token", async (t) => {
    const { write, helper, find } = site(t);
    helper("token", `printf '{"Username":"<token>","Secret":"${marked}"}'`);
    write(".docker/config.json", { credsStore: "token" });
    assert.deepEqual((await find("r.example/a")).credentials, {
      kind: "identity-token",
      token: marked,
    });
  });

  const broken: readonly (readonly [name: string, script: string, why: RegExp])[] = [
    ["rubbish", `echo ${marked}`, /printed something that is not an answer/],
    ["failing", `echo ${marked}; exit 3`, /exit code 3/],
    ["endless", `while :; do echo ${marked}; done`, /more than 65536 bytes/],
    ["slow", "sleep 30", /gave no answer in 1 s/],
    ["nothing", `printf '{"Username":"u","Secret":""}'`, /not an answer/],
  ];
  for (const [name, script, why] of broken) {
    test(`${name}: refused, and nothing of its output is told`, async (t) => {
      const { write, helper, find } = site(t);
      helper(name, script);
      write(".docker/config.json", { credsStore: name });
      const finding = find("r.example/a", { helperTimeoutMs: name === "slow" ? 1_000 : 10_000 });
      const error = await rejection("CREDENTIALS_INVALID", finding);
      assert.match(error.message, why);
      assert.ok(!everythingIn(error).includes(marked), "the error holds a secret");
    });
  }

  test("missing: says which, and what names it", async (t) => {
    const { write, find } = site(t);
    const path = write(".docker/config.json", { credsStore: "none" });
    const error = await rejection("CREDENTIALS_INVALID", find("r.example/a"));
    assert.match(error.message, /docker-credential-none cannot be run \(ENOENT\)/);
    assert.ok(error.message.includes(path));
  });
});
