// Images in registries that want a log-in: signed, attested and verified by dist/, as a job runs it; cosign
// is the second opinion. Who may not write is refused before anything is public.
import assert from "node:assert/strict";
import { mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test, type TestContext } from "node:test";
import { fallbackTag } from "../../src/registry/referrers.ts";
import { getManifest } from "../../src/registry/client.ts";
import { bundlesOf, pushImage, type Image } from "../policy/images.ts";
import { openClient } from "../registry/fake-registry.ts";
import {
  listen,
  password,
  startLoginRegistries,
  type LoginRegistries,
  type LoginRegistry,
} from "./login-registries.ts";
import { emptyEnvironment, run, type RunResult } from "./run.ts";
import { startStack, type Stack } from "./start.ts";
import { ensureTools, type Tools } from "./tools.ts";

const cli = join(import.meta.dirname, "../../dist/cli.js");
const identity = "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0";
const signature = "https://sigstore.dev/cosign/sign/v1";
const provenance = "https://slsa.dev/provenance/v1";
const wrongPassword = "falsch-4711-ganz";
const names = ["htpasswd", "token", "tls"] as const;

/** Who we say we are, and where we say it. */
interface Login {
  readonly by: "docker config" | "inputs";
  readonly username: "writer" | "reader";
  readonly password: string;
}

const byFile: Login = { by: "docker config", username: "writer", password };
const byInputs: Login = { by: "inputs", username: "writer", password };

const cleanup = new AsyncDisposableStack();
let stack: Stack;
let tools: Tools<"cosign">;
let registries: LoginRegistries;
let tokenUrl: string;
let tokensAsked = 0;

before(async () => {
  tools = await ensureTools(["cosign"]);
  stack = await startStack();
  cleanup.defer(() => stack.stop());
  const folder = await mkdtemp(join(stack.directory, "login-"));
  registries = await startLoginRegistries(folder, cleanup);
  tokenUrl = await countTokens();
});
after(() => cleanup.disposeAsync());

/** Stands before the issuer and counts who asks it for a token. @returns its address */
async function countTokens(): Promise<string> {
  const issuer = new URL(stack.environment.ACTIONS_ID_TOKEN_REQUEST_URL);
  const port = await listen(cleanup, (request, response) => {
    tokensAsked++;
    const headers = { authorization: request.headers.authorization ?? "" };
    void fetch(new URL(request.url ?? "", issuer), { headers }).then(async (answer) => {
      response.writeHead(answer.status, { "content-type": "application/json" });
      response.end(await answer.text());
    });
  });
  return `http://127.0.0.1:${port}${issuer.pathname}${issuer.search}`;
}

/** What a run leaves that the world sees; without a token there is no certificate. */
async function publicState(): Promise<{ tokens: number; entries: number }> {
  const log = await (await fetch(`${stack.urls.rekor1}/api/v1/log`)).text();
  const entries = Number(/"treeSize":(\d+)/.exec(log)?.[1]);
  assert.ok(Number.isInteger(entries), log);
  return { tokens: tokensAsked, entries };
}

/** Stores an image where nobody is asked who they are; the guarded registries have it too. */
function push(t: TestContext, name: string): Promise<Image> {
  return pushImage(t, `${registries.open}/acme/${name}`);
}

function referenceAt({ host }: LoginRegistry, image: Image): string {
  return image.reference.replace(registries.open, host);
}

async function dockerConfig({ host }: LoginRegistry, login: Login): Promise<string> {
  const folder = await mkdtemp(join(stack.directory, "docker-"));
  const auth = Buffer.from(`${login.username}:${login.password}`).toString("base64");
  await writeFile(join(folder, "config.json"), JSON.stringify({ auths: { [host]: { auth } } }));
  return folder;
}

async function sigstep(
  registry: LoginRegistry,
  login: Login,
  args: readonly string[],
): Promise<RunResult> {
  const home = await mkdtemp(join(stack.directory, "ours-"));
  const isFile = login.by === "docker config";
  const result = await run(
    process.execPath,
    [cli, ...args, "--json", ...(isFile ? [] : ["--registry-username", login.username])],
    {
      directory: home,
      timeoutMs: 60_000,
      environment: {
        ...emptyEnvironment(home),
        ...stack.environment,
        ACTIONS_ID_TOKEN_REQUEST_URL: tokenUrl,
        SIGSTEP_TRUSTED_ROOT: stack.trust.trustedRoot,
        SIGSTEP_SIGNING_CONFIG: stack.trust.signingConfigV1,
        ...(isFile
          ? { DOCKER_CONFIG: await dockerConfig(registry, login) }
          : { SIGSTEP_REGISTRY_PASSWORD: login.password }),
      },
    },
  );
  assertNoSecret(result, login);
  return result;
}

function assertNoSecret({ stdout, stderr }: RunResult, login: Login): void {
  const auth = Buffer.from(`${login.username}:${login.password}`).toString("base64");
  for (const secret of [login.password, auth]) assert.ok(!(stdout + stderr).includes(secret));
}

function trusting({ caFile }: LoginRegistry): string[] {
  return caFile === undefined ? [] : ["--ca-file", caFile];
}

async function makeSigned(
  command: "sign" | "attest",
  registry: LoginRegistry,
  { login, image }: { readonly login: Login; readonly image: Image },
): Promise<RunResult> {
  const args = [command, "--subject-images", referenceAt(registry, image)];
  const out = await mkdtemp(join(stack.directory, "bundles-"));
  return sigstep(registry, login, [...args, ...trusting(registry), "--bundle-dir", out]);
}

async function verify(
  registry: LoginRegistry,
  login: Login,
  { image, type }: { readonly image: Image; readonly type: string },
): Promise<RunResult> {
  return sigstep(registry, login, [
    ...["verify", "--image", referenceAt(registry, image), ...trusting(registry)],
    ...["--certificate-identity", identity, "--certificate-oidc-issuer", stack.urls.github],
    ...["--predicate-type", type],
  ]);
}

/** cosign's verdict; `login` undefined for none. */
async function cosign(
  registry: LoginRegistry,
  login: Login | undefined,
  { image, type }: { readonly image: Image; readonly type: string },
): Promise<RunResult> {
  const home = await mkdtemp(join(stack.directory, "judge-"));
  const docker = login === undefined ? home : await dockerConfig(registry, login);
  const { caFile } = registry;
  return run(
    tools.cosign,
    [
      ...(type === signature ? ["verify"] : ["verify-attestation", "--type", type]),
      ...["--certificate-identity", identity, "--certificate-oidc-issuer", stack.urls.github],
      ...["--trusted-root", stack.trust.trustedRoot],
      ...(caFile === undefined ? [] : ["--registry-cacert", caFile]),
      referenceAt(registry, image),
    ],
    { environment: { ...emptyEnvironment(home), DOCKER_CONFIG: docker }, timeoutMs: 60_000 },
  );
}

function assertOk({ code, stdout, stderr }: RunResult): void {
  assert.equal(code, 0, stdout + stderr);
}

async function assertListed(t: TestContext, image: Image, count: number): Promise<void> {
  const repository = openClient(t).open(image.repository);
  const { content } = await getManifest(repository, fallbackTag(image.subject.digest));
  assert.ok(content.kind === "index");
  assert.equal(content.manifests.length, count);
  assert.equal((await bundlesOf(t, image)).length, count);
}

/** Runs what must be refused, and sees that nothing is public and nothing is stored. */
async function assertRefused(
  t: TestContext,
  image: Image,
  { attempt, code }: { readonly attempt: () => Promise<RunResult>; readonly code: string },
): Promise<string> {
  const earlier = await publicState();
  const result = await attempt();
  const output = result.stdout + result.stderr;
  assert.equal(result.code, 1, output);
  assert.ok(output.includes(code), output);
  assert.deepEqual(await publicState(), earlier);
  assert.deepEqual(await bundlesOf(t, image), []);
  return output;
}

suite("images in registries with a log-in", () => {
  for (const name of names) {
    for (const login of [byFile, byInputs]) {
      test(`${name}, by ${login.by}: signed, attested, verified`, async (t) => {
        const registry = registries.guarded[name];
        const image = await push(t, `${name}-${login.by.replace(" ", "-")}`);
        const earlier = await publicState();
        assertOk(await makeSigned("sign", registry, { login, image }));
        await assertListed(t, image, 1);
        assertOk(await makeSigned("attest", registry, { login, image }));
        await assertListed(t, image, 2);
        const { tokens, entries } = await publicState();
        assert.ok(tokens > earlier.tokens, "the token counter counts");
        assert.equal(entries, earlier.entries + 2);
        for (const type of [signature, provenance]) {
          assertOk(await verify(registry, login, { image, type }));
          assertOk(await cosign(registry, byFile, { image, type }));
          assert.notEqual((await cosign(registry, undefined, { image, type })).code, 0);
        }
      });

      test(`${name}, by ${login.by}: a wrong password`, async (t) => {
        const registry = registries.guarded[name];
        const image = await push(t, `${name}-wrong`);
        const wrong = { ...login, password: wrongPassword };
        const code = "REGISTRY_REFUSED";
        const question = { image, type: signature };
        for (const attempt of [
          () => makeSigned("sign", registry, { login: wrong, image }),
          () => makeSigned("attest", registry, { login: wrong, image }),
          () => verify(registry, wrong, question),
        ]) {
          await assertRefused(t, image, { attempt, code });
        }
      });
    }
  }

  for (const login of [byFile, byInputs]) {
    test(`token, by ${login.by}: a log-in that may only pull verifies, and does not sign`, async (t) => {
      const registry = registries.guarded.token;
      const image = await push(t, "reader");
      const reader = { ...login, username: "reader" } as const;
      for (const command of ["sign", "attest"] as const) {
        const attempt = (): Promise<RunResult> =>
          makeSigned(command, registry, { login: reader, image });
        await assertRefused(t, image, { attempt, code: "REGISTRY_REFUSED" });
      }
      assertOk(await makeSigned("sign", registry, { login, image }));
      assertOk(await verify(registry, reader, { image, type: signature }));
    });
  }

  test("tls: without the authority nothing is signed", async (t) => {
    const registry = { ...registries.guarded.tls, caFile: undefined };
    const image = await push(t, "untrusted");
    for (const command of ["sign", "attest"] as const) {
      const attempt = (): Promise<RunResult> =>
        makeSigned(command, registry, { login: byFile, image });
      const output = await assertRefused(t, image, { attempt, code: "SERVICE_UNAVAILABLE" });
      assert.match(output, /ca-file/);
    }
  });
});
