// Stacks: what a started one offers, that they do not disturb each other, and that they end.

import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { judges } from "./judges.ts";
import { cosign, sgo } from "./signers.ts";
import { startStack, type Stack } from "./start.ts";
import { ensureTools } from "./tools.ts";

before(() => ensureTools(["cosign", "sgo"]));

describe("one stack", () => {
  let stack: Stack;
  before(async () => void (stack = await startStack()));
  after(() => stack.stop());

  const sign = async (token?: string): Promise<string> => {
    const file = join(stack.directory, "file");
    const bundle = join(stack.directory, "bundle.json");
    await writeFile(file, "content");
    await sgo.signBlob({
      stack,
      log: "v1",
      file,
      bundle,
      ...(token === undefined ? {} : { token }),
    });
    return bundle;
  };

  it("certifies the GitHub workflow", async () => {
    assert.equal(
      await subjectOf(await sign()),
      "URI:https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0",
    );
  });

  it("certifies the GitLab pipeline", async () => {
    assert.equal(
      await subjectOf(await sign(await stack.gitlabToken())),
      "URI:https://gitlab.com/acme/widget//.gitlab-ci.yml@refs/heads/main",
    );
  });

  it("certifies the person", async () => {
    const token = await stack.emailToken({ email: "ann@example.com" });
    assert.equal(await subjectOf(await sign(token)), "email:ann@example.com");
  });

  it("refuses a token for somebody else", async () => {
    await assert.rejects(sign(await stack.githubToken({}, "elsewhere")), /Fulcio returned 400/);
  });

  it("logs an entry once", async () => {
    const bundle = await readFile(await sign(), "utf8");
    const body = /"canonicalizedBody":\s*"([^"]+)"/.exec(bundle)?.[1] ?? "";
    const response = await fetch(`${stack.urls.rekor1}/api/v1/log/entries`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: Buffer.from(body, "base64"),
    });
    assert.equal(response.status, 409, await response.text());
    const location = response.headers.get("location") ?? "";
    assert.equal((await fetch(new URL(location, stack.urls.rekor1))).status, 200);
  });

  it("gives a job its token", async () => {
    const { ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN } = stack.environment;
    const response = await fetch(`${ACTIONS_ID_TOKEN_REQUEST_URL}&audience=sigstore`, {
      headers: { authorization: `Bearer ${ACTIONS_ID_TOKEN_REQUEST_TOKEN}` },
    });
    const token = /"value":"([^"]+)"/.exec(await response.text())?.[1];
    assert.equal(await subjectOf(await sign(token ?? "")), await subjectOf(await sign()));
  });

  it("keeps its logs when their servers are killed and started again", async () => {
    await sign();
    const before = await treeSize(stack);
    for (const name of ["rekor1", "rekor2", "tsa", "ctlog", "fulcio"] as const) {
      await stack.servers[name].restart();
    }
    assert.equal(await treeSize(stack), before);
    await sign();
    assert.equal(await treeSize(stack), before + 1);
  });

  it("can pause and resume a server", async () => {
    const { rekor1 } = stack.servers;
    const ask = (): Promise<Response> =>
      fetch(`${stack.urls.rekor1}/ping`, { signal: AbortSignal.timeout(300) });
    rekor1.pause();
    await assert.rejects(ask(), { name: "TimeoutError" });
    rekor1.resume();
    assert.equal((await ask()).status, 200);
  });

  it("can kill a server that is paused", async () => {
    const { tsa } = stack.servers;
    const { pid } = tsa;
    tsa.pause();
    await tsa.kill();
    assert.equal(await isAlive(pid), false);
    await assert.rejects(fetch(`${stack.urls.tsa}/ping`));
    await tsa.start();
  });
});

describe("a stack whose servers have other arguments", () => {
  let stack: Stack;
  before(async () => {
    stack = await startStack({ extraArguments: { rekor2: ["--read-only"] } });
  });
  after(() => stack.stop());

  it("has a frozen log", async () => {
    await assert.rejects(signWithCosign(stack), /frozen/);
  });
});

describe("two stacks at once", () => {
  const stacks: Stack[] = [];
  before(async () => void stacks.push(...(await Promise.all([startStack(), startStack()]))));
  after(() => Promise.all(stacks.map((stack) => stack.stop())));

  it("sign and verify, each with its own keys", async () => {
    const bundles = await Promise.all(stacks.map(signWithCosign));
    for (const [at, stack] of stacks.entries()) {
      for (const [from, bundle] of bundles.entries()) {
        assert.equal(await isAccepted(stack, bundle), at === from);
      }
    }
  });
});

describe("the end of a stack", () => {
  it("stop() leaves no server and no file", async () => {
    const stack = await startStack();
    const pids = pidsOf(stack);
    await stack.stop();
    assert.deepEqual(await aliveOf(pids), []);
    await assert.rejects(readFile(stack.trust.trustedRoot), { code: "ENOENT" });
  });

  it("SIGKILL of the owner leaves no server", async () => {
    const owner = await startOwner();
    try {
      assert.deepEqual(await aliveOf(owner.pids), owner.pids);
      process.kill(owner.pid, "SIGKILL");
      for (let tries = 0; tries < 100 && (await aliveOf(owner.pids)).length > 0; tries++) {
        await sleep(20);
      }
      assert.deepEqual(await aliveOf(owner.pids), []);
    } finally {
      await rm(owner.directory, { recursive: true });
    }
  });
});

async function signWithCosign(stack: Stack): Promise<string> {
  const file = join(stack.directory, "file");
  const bundle = join(stack.directory, "cosign.json");
  await writeFile(file, "content");
  await cosign.signBlob({ stack, log: "v2", file, bundle });
  return bundle;
}

async function isAccepted(stack: Stack, bundle: string): Promise<boolean | undefined> {
  const verdict = await judges[0]?.verifyBlob({
    stack,
    bundle,
    file: join(stack.directory, "file"),
    identity: "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0",
    issuer: stack.urls.github,
  });
  return verdict?.accepted;
}

async function subjectOf(bundle: string): Promise<string | undefined> {
  const rawBytes = /"certificate":\s*\{\s*"rawBytes":\s*"([^"]+)"/.exec(
    await readFile(bundle, "utf8"),
  );
  return new X509Certificate(Buffer.from(rawBytes?.[1] ?? "", "base64")).subjectAltName;
}

async function treeSize(stack: Stack): Promise<number> {
  const answer = await (await fetch(`${stack.urls.rekor1}/api/v1/log`)).text();
  return Number(/"treeSize":(\d+)/.exec(answer)?.[1]);
}

interface Owner {
  readonly pid: number;
  readonly directory: string;
  readonly pids: readonly number[];
}

/** Another process that starts a stack, says so, and would keep it for ever. */
async function startOwner(): Promise<Owner> {
  const module = JSON.stringify(new URL("start.ts", import.meta.url).href);
  const script = `
    const { startStack } = await import(${module});
    const stack = await startStack();
    const pids = Object.values(stack.servers).map((server) => server.pid);
    console.log(process.pid, stack.directory, ...pids);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const data: unknown[] = await once(child.stdout, "data");
  const [pid, directory = "", ...pids] = String(data[0]).trim().split(" ");
  return { pid: Number(pid), directory, pids: pids.map(Number) };
}

function pidsOf(stack: Stack): readonly number[] {
  return Object.values(stack.servers).map((server) => server.pid);
}

async function aliveOf(pids: readonly number[]): Promise<readonly number[]> {
  const alive = await Promise.all(pids.map(isAlive));
  return pids.filter((_, at) => alive[at]);
}

/** A process that has ended but that nobody has waited for, a zombie, is not alive. */
async function isAlive(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return status !== "" && !/^State:\s+[ZX]/m.test(status);
}
