// Trusted roots by choice: known instances as they are embedded, mirrors by TUF, files; and what is said.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, suite, test } from "node:test";
import { readInstance } from "../../src/commands/instance.ts";
import { readMaterial, requireFile } from "../../src/commands/trust-material.ts";
import { knownSource } from "../../src/commands/trust-sources.ts";
import { readTrustedRoots, type TrustChoice } from "../../src/commands/trust.ts";
import type { World } from "../../src/commands/world.ts";
import { SigstepError, type ErrorCode } from "../../src/errors.ts";
import { startSandbox, type Sandbox } from "../../src/sandbox/sandbox.ts";
import { createHttp } from "../../src/services/door.ts";
import type { Http, HttpRequest } from "../../src/services/http.ts";
import { refusal, rejection } from "../refusal.ts";
import { makeWorld, type Told } from "./own-run.ts";

/** When what is embedded is three months old. */
const autumn = new Date("2026-11-21T00:00:00Z");

suite("trusted roots of known instances", () => {
  /** A world whose door fails every request with `code`. */
  function closedWorld(
    code: ErrorCode,
    now = autumn,
  ): { world: World; told: Told; asked: string[] } {
    const asked: string[] = [];
    const http: Http = {
      request: ({ url }: HttpRequest) => {
        asked.push(url.href);
        return Promise.reject(new SigstepError(code, `${url.host} is closed.`));
      },
      close: () => Promise.resolve(),
    };
    const { world, told } = makeWorld();
    const openHttp = (): Promise<Http> => Promise.resolve(http);
    return { world: { ...world, openHttp, now: () => now }, told, asked };
  }

  test("offline: embedded, with its age, and nobody is asked", async () => {
    const { world, told, asked } = closedWorld("INTERNAL");
    const [root] = await readTrustedRoots({ kind: "public-good" }, { world, offline: true });
    assert.equal(root?.logs.length, 2);
    assert.deepEqual(told.infos, [
      "Offline: trust of the public-good Sigstore instance as embedded on 2026-08-21, 92 days ago.",
    ]);
    const [staging] = await readTrustedRoots({ kind: "staging" }, { world, offline: true });
    assert.ok((staging?.certificateAuthorities.length ?? 0) > 0);
    assert.match(told.infos[1] ?? "", /staging instance as embedded on 2026-04-17, 218 days ago/);
    assert.deepEqual(asked, []);
  });

  test("offline: at any age", async () => {
    const { world } = closedWorld("INTERNAL", new Date("2036-01-01T00:00:00Z"));
    const roots = await readTrustedRoots({ kind: "public-good" }, { world, offline: true });
    assert.equal(roots.length, 1);
  });

  test("nobody answers: embedded, with one line that says why", async () => {
    const { world, told, asked } = closedWorld("SERVICE_UNAVAILABLE");
    const roots = await readTrustedRoots({ kind: "public-good" }, { world, offline: false });
    assert.equal(roots.length, 1);
    assert.deepEqual(asked, ["https://tuf-repo-cdn.sigstore.dev/17.root.json"]);
    assert.deepEqual(told.infos, [
      "tuf-repo-cdn.sigstore.dev is closed. Trust of the public-good Sigstore instance is taken as embedded on 2026-08-21, 92 days ago.",
    ]);
  });

  test("nobody answers, and the embedded root has expired: closed, with the date", async () => {
    const late = closedWorld("SERVICE_UNAVAILABLE", new Date("2027-04-23T00:00:00Z"));
    const error = await rejection(
      "TRUST_UNAVAILABLE",
      readTrustedRoots({ kind: "public-good" }, { world: late.world, offline: false }),
    );
    assert.match(error.message, /embedded in this version expired at 2027-04-22T/);
    const staging = closedWorld("SERVICE_UNAVAILABLE");
    const terms = { world: staging.world, offline: false };
    const expired = await rejection(
      "TRUST_UNAVAILABLE",
      readTrustedRoots({ kind: "staging" }, terms),
    );
    assert.match(expired.message, /expired at 2026-10-16T/);
    assert.match(expired.hint, /offline/);
  });

  for (const code of ["SERVICE_ANSWER_INVALID", "CANCELLED", "INSECURE_URL"] as const) {
    test(`nothing stands in for ${code}`, async () => {
      const { world } = closedWorld(code);
      const expected = code === "SERVICE_ANSWER_INVALID" ? "TRUST_INVALID" : code;
      await rejection(expected, readTrustedRoots({ kind: "default" }, { world, offline: false }));
    });
  }

  test("GitHub's is asked for from its old root, and is never embedded", async () => {
    const { world, asked } = closedWorld("SERVICE_UNAVAILABLE");
    await rejection(
      "TRUST_UNAVAILABLE",
      readTrustedRoots({ kind: "github" }, { world, offline: false }),
    );
    assert.deepEqual(asked, ["https://tuf-repo.github.com/4.root.json"]);
    const error = await rejection(
      "TRUST_UNAVAILABLE",
      readTrustedRoots({ kind: "github" }, { world, offline: true }),
    );
    assert.match(error.message, /Nothing of GitHub's Sigstore instance is cached here/);
  });

  test("the default is both, less the one that cannot be had, or those that are named", async () => {
    const { world, told, asked } = closedWorld("SERVICE_UNAVAILABLE");
    const roots = await readTrustedRoots({ kind: "default" }, { world, offline: true });
    assert.equal(roots.length, 1);
    assert.match(told.infos.join("\n"), /GitHub's .* cannot be verified in this run/);
    told.infos.length = 0;
    const of = new Set(["public-good"] as const);
    await readTrustedRoots({ kind: "default", of }, { world, offline: true });
    assert.equal(told.infos.length, 1);
    const github = { kind: "default", of: new Set(["github"] as const) } as const;
    await rejection("TRUST_UNAVAILABLE", readTrustedRoots(github, { world, offline: true }));
    assert.deepEqual(asked, []);
  });

  test("each begins from its own root", async () => {
    for (const [instance, host] of [
      ["public-good", "tuf-repo-cdn.sigstore.dev"],
      ["staging", "tuf-repo-cdn.sigstage.dev"],
      ["github", "tuf-repo.github.com"],
    ] as const) {
      const source = await knownSource(instance);
      assert.equal(source.url.host, host);
    }
  });

  test("what is embedded signs", async () => {
    const { world } = closedWorld("INTERNAL");
    const terms = { world, insecureHosts: [], offline: true };
    const one = await readInstance({ kind: "public-good", rekorVersion: 1 }, terms);
    assert.deepEqual(
      one.services.logs.map(({ version }) => version),
      [1],
    );
    const staging = await readInstance({ kind: "staging", rekorVersion: undefined }, terms);
    assert.deepEqual(
      staging.services.logs.map(({ version }) => version),
      [2],
    );
    for (const { isPublicGood } of [one, staging]) assert.ok(isPublicGood);
    const error = await rejection(
      "INPUT_CONFLICT",
      readInstance({ kind: "staging", rekorVersion: 1 }, terms),
    );
    assert.match(error.message, /chooses Rekor v2/);
  });
});

suite("trusted roots of a mirror and of a file", () => {
  let sandbox: Sandbox;
  let directory: string;
  let mirror: Extract<TrustChoice, { kind: "mirror" }>;
  const { world: bare, told } = makeWorld();
  const now = (): Date => new Date();
  const openHttp: World["openHttp"] = (settings) =>
    Promise.resolve(createHttp({ ...settings, now }));
  const world: World = { ...bare, now, openHttp };
  before(async () => {
    sandbox = await startSandbox();
    directory = await mkdtemp(join(tmpdir(), "sigstep-test-"));
    const root = join(directory, "root.json");
    await writeFile(root, sandbox.tuf.root);
    mirror = { kind: "mirror", url: new URL(sandbox.urls.tuf), root };
  });
  after(async () => {
    await sandbox.close();
    await rm(directory, { recursive: true });
  });
  beforeEach(() => {
    sandbox.faults.clear();
    sandbox.requests.clear();
    told.infos.length = 0;
  });

  test("a mirror: by TUF, and only that host is asked", async () => {
    const roots = await readTrustedRoots(mirror, { world, offline: false });
    assert.equal(roots[0]?.logs.length, 2);
    assert.match(roots[0].label, /^the TUF mirror 127\.0\.0\.1:\d+, by TUF$/);
    assert.deepEqual(
      new Set(sandbox.requests.list().map(({ service }) => service)),
      new Set(["tuf"]),
    );
    assert.deepEqual(told.infos, []);
  });

  test("a mirror through a door that is given, which stays open", async () => {
    const http = createHttp({ budgetMs: 0, now });
    for (let run = 0; run < 2; run++) {
      assert.equal((await readTrustedRoots(mirror, { world, http, offline: false })).length, 1);
    }
    await http.close();
  });

  test("a mirror that is down, or offline without a cache: closed", async () => {
    sandbox.faults.add({ service: "tuf", fault: { kind: "status", status: 500 } });
    const network = { budgetMs: 0 };
    await rejection(
      "TRUST_UNAVAILABLE",
      readTrustedRoots(mirror, { world, network, offline: false }),
    );
    await rejection("TRUST_UNAVAILABLE", readTrustedRoots(mirror, { world, offline: true }));
  });

  test("a mirror over plain http, or with a wrong root", async () => {
    const plain = { ...mirror, url: new URL("http://mirror.example/") };
    await rejection("INSECURE_URL", readTrustedRoots(plain, { world, offline: false }));
    const none = { ...mirror, root: join(directory, "none.json") };
    const missing = await rejection(
      "TUF_ROOT_INVALID",
      readTrustedRoots(none, { world, offline: false }),
    );
    assert.match(missing.message, /^Input tuf-root: .* cannot be read \(ENOENT\)\.$/);
    const other = { ...mirror, root: join(directory, "other.json") };
    await writeFile(other.root, (await knownSource("public-good")).root);
    await rejection("TRUST_INVALID", readTrustedRoots(other, { world, offline: false }));
  });

  test("a mirror signs by its signing config", async () => {
    const choice = { ...mirror, rekorVersion: undefined };
    const terms = { world, insecureHosts: [], offline: false };
    const instance = await readInstance(choice, terms);
    assert.equal(instance.services.ca.url.href, `${sandbox.urls.fulcio}/`);
    assert.match(instance.name, /^the TUF mirror/);
    assert.ok(!instance.isPublicGood);
    await rejection("INPUT_CONFLICT", readInstance({ ...choice, rekorVersion: 2 }, terms));
  });

  test("a file that the repository does not have is named", () => {
    const material = { label: "the test's", files: new Map() };
    const error = refusal("TRUST_UNAVAILABLE", () => requireFile(material, "trusted_root.json"));
    assert.match(error.message, /no trusted_root\.json of the test's/);
  });

  test("a file: asked of nobody", async () => {
    const path = join(directory, "trusted.json");
    await writeFile(path, sandbox.trustedRoot);
    const [root] = await readTrustedRoots({ kind: "file", path }, { world, offline: false });
    assert.equal(root?.label, path);
    assert.deepEqual(sandbox.requests.list(), []);
    const none = { kind: "file", path: `${path}.none` } as const;
    await rejection("TRUSTED_ROOT_INVALID", readTrustedRoots(none, { world, offline: false }));
  });

  test("GitHub's kind of instance: its authorities alone", async () => {
    const github = await startSandbox({ instance: "github" });
    const root = join(directory, "github.json");
    await writeFile(root, github.tuf.root);
    const source = {
      ...(await knownSource("github")),
      ...{ url: new URL(github.urls.tuf), root: Buffer.from(github.tuf.root) },
    };
    const { files } = await readMaterial(source, { world, offline: false });
    assert.equal(String(files.get("trusted_root.json")), github.trustedRoot);
    const choice = { ...mirror, url: source.url, root, rekorVersion: undefined };
    const instance = await readInstance(choice, { world, insecureHosts: [], offline: false });
    assert.deepEqual(instance.services.logs, []);
    assert.equal(instance.services.tsas.length, 1);
    assert.deepEqual(instance.trustedRoot.ctLogs, []);
    assert.match(github.trustedRoot, /"organization": "GitHub, Inc\."/);
    await github.close();
  });
});
