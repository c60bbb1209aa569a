// Token and credential sources: shared by those who come together, renewed once, never given again.
import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { readJob } from "../../src/runner/job.ts";
import { createCredentialSource, type CredentialSource } from "../../src/commands/credentials.ts";
import { createTokenSource, type TokenSource } from "../../src/commands/identity.ts";
import { readInstance, type Instance } from "../../src/commands/instance.ts";
import type { World } from "../../src/commands/world.ts";
import { GenericRunner } from "../../src/runner/generic.ts";
import { Printer } from "../../src/runner/printer.ts";
import { startSandbox, type Sandbox } from "../../src/sandbox/sandbox.ts";
import type { Http } from "../../src/services/http.ts";
import { createHttp } from "../../src/services/door.ts";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { rejection } from "../refusal.ts";

interface Sources {
  readonly tokens: TokenSource;
  readonly credentials: CredentialSource;
  readonly http: Http;
}

suite("sources of tokens and credentials", () => {
  let sandbox: Sandbox;
  let directory: string;
  let instance: Instance;
  let environment: Record<string, string>;
  let offsetMs = 0;
  const now = (): Date => new Date(Date.now() + offsetMs);
  before(async () => {
    sandbox = await startSandbox({ clock: now });
    directory = await mkdtemp(join(tmpdir(), "sigstep-test-"));
    environment = await sandbox.environment(directory);
    const { SIGSTEP_SIGNING_CONFIG: signingConfig = "", SIGSTEP_TRUSTED_ROOT: trustedRoot = "" } =
      environment;
    instance = await readInstance(
      { kind: "custom", signingConfig, trustedRoot, rekorVersion: undefined },
      { ...makeWorld(), insecureHosts: [], offline: true },
    );
  });
  after(async () => {
    await sandbox.close();
    await rm(directory, { recursive: true });
  });

  /** A world with the sandbox's clock. */
  function makeWorld(): { world: World } {
    const world: World = {
      runner: new GenericRunner(environment, new Printer(() => undefined)),
      openHttp: () => Promise.resolve(createHttp({ budgetMs: 2000, now })),
      now,
      signal: new AbortController().signal,
      version: "test",
      inEnvironment: () => world,
      job: readJob({}),
    };
    return { world };
  }

  async function makeSources(): Promise<Sources> {
    const { world } = makeWorld();
    const http = await world.openHttp({ budgetMs: 2000, insecureHosts: [] });
    const tokens = createTokenSource(ambient, world, http);
    const onCertificate = (): void => undefined;
    const context = { tokens, http, instance, world, onCertificate };
    return { tokens, credentials: createCredentialSource(context), http };
  }

  const ambient = { token: { kind: "ambient" }, audience: "sigstore" } as const;

  test("32 who come together get one token and one certificate, and one renewal", async () => {
    const { credentials, http } = await makeSources();
    sandbox.requests.clear();
    const together = (): Promise<unknown[]> =>
      Promise.all(Array.from({ length: 32 }, () => credentials.get()));
    assert.equal(new Set(await together()).size, 1);
    offsetMs += 545_000;
    assert.equal(new Set(await together()).size, 1);
    assert.equal(sandbox.requests.count("fulcio"), 2);
    assert.equal(sandbox.requests.count("issuer"), 2);
    await http.close();
  });

  test("a credential that ended is replaced, also while its time is not up", async () => {
    const { credentials, http } = await makeSources();
    const first = await credentials.get();
    assert.equal(await credentials.get(), first);
    const second = await credentials.get(first);
    assert.notEqual(second, first);
    assert.equal(await credentials.get(first), second);
    await http.close();
  });

  test("a token that is spent and cannot be renewed says so", async () => {
    const { world } = makeWorld();
    const http = await world.openHttp({ budgetMs: 2000, insecureHosts: [] });
    const token = await sandbox.issuers.gitlab.token();
    const given = { token: { kind: "given", token }, audience: "sigstore" } as const;
    const tokens = createTokenSource(given, world, http);
    const held = await tokens.get();
    assert.equal(await tokens.get(), held);
    await rejection("IDENTITY_EXPIRED", tokens.get(held));
    await http.close();
  });

  test("an issued certificate that is refused is told of as public", async () => {
    const { tokens, credentials, http } = await makeSources();
    sandbox.faults.add({
      service: "fulcio",
      times: 1,
      fault: { kind: "corrupt", what: "other-public-key" },
    });
    const { published } = await rejection("CERTIFICATE_INVALID", credentials.get());
    assert.deepEqual(published, [{ kind: "certificate", what: (await tokens.get()).subject }]);
    await http.close();
  });
});
