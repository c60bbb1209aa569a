// TUF between programs: a repository that go-tuf's command writes is read by us, and the sandbox's is read by
// cosign and sigstore-cli.
import assert from "node:assert/strict";
import { copyFile, cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { startSandbox, type Sandbox } from "../../src/sandbox/sandbox.ts";
import { createHttp } from "../../src/services/door.ts";
import { readTargets, type TufAnswer } from "../../src/services/tuf/tuf.ts";
import { rejection } from "../refusal.ts";
import { serveFiles } from "./file-server.ts";
import { reservePorts } from "./ports.ts";
import { runOk } from "./run.ts";
import { ensureTools } from "./tools.ts";

let directory: string;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "sigstep-tuf-"));
});
after(() => rm(directory, { recursive: true }));

describe("a repository of go-tuf's command", () => {
  const day = 24 * 3_600_000;
  const cleanup = new AsyncDisposableStack();
  let repository: string;
  let url: URL;
  let root: Buffer;
  let days = 0;
  const now = (): Date => new Date(Date.now() + days * day);

  async function tuf(...args: readonly string[]): Promise<void> {
    const tools = await ensureTools(["tuf"]);
    await runOk(tools.tuf, ["-d", repository, "--insecure-plaintext", ...args], { directory });
  }

  async function publish(name: string, content: string): Promise<void> {
    const staged = join(repository, "staged/targets");
    await mkdir(staged, { recursive: true });
    await writeFile(join(staged, name), content);
    await tuf("add");
    await tuf("snapshot", "--expires=90");
    await tuf("timestamp", "--expires=60");
    await tuf("commit");
  }

  async function read(): Promise<TufAnswer> {
    const http = createHttp({ budgetMs: 0, now });
    try {
      return await readTargets(
        { label: "go-tuf's", url, root },
        {
          http: () => Promise.resolve(http),
          ...{
            now: now(),
            cacheDirectory: join(directory, "cache"),
            offline: false,
            hasStandIn: false,
          },
          notice: (line) => assert.fail(line),
        },
      );
    } finally {
      await http.close();
    }
  }

  async function trustedRoot(): Promise<string> {
    const answer = await read();
    assert.equal(answer.kind, "proven");
    return String(answer.files.get("trusted_root.json"));
  }

  before(async () => {
    repository = join(directory, "tuf");
    await mkdir(repository);
    await tuf("init");
    for (const role of ["root", "targets", "snapshot", "timestamp"]) {
      await tuf("gen-key", "--scheme=ecdsa-sha2-nistp256", "--expires=365", role);
    }
    await publish("trusted_root.json", "first");
    root = await readFile(join(repository, "repository/1.root.json"));
    const ports = await reservePorts();
    cleanup.defer(() => ports.release());
    const port = ports.next();
    const server = await serveFiles(join(repository, "repository"), port);
    cleanup.defer(() => server.close());
    url = new URL(`http://localhost:${port}/`);
  });
  after(() => cleanup.disposeAsync());

  it("is read, when it changes, and after its root has", async () => {
    assert.equal(await trustedRoot(), "first");
    await cp(join(repository, "repository"), join(directory, "old"), { recursive: true });
    await publish("trusted_root.json", "second");
    days = 2;
    assert.equal(await trustedRoot(), "second");
    await tuf("gen-key", "--scheme=ecdsa-sha2-nistp256", "--expires=365", "root");
    await tuf("commit");
    await publish("trusted_root.json", "third");
    days = 4;
    assert.equal(await trustedRoot(), "third");
  });

  it("is refused when it is rolled back, and when it is frozen", async () => {
    const timestamp = join(repository, "repository/timestamp.json");
    const present = join(directory, "timestamp.json");
    await copyFile(timestamp, present);
    await copyFile(join(directory, "old/timestamp.json"), timestamp);
    days = 6;
    await rejection("TRUST_INVALID", read());
    await copyFile(present, timestamp);
    assert.equal(await trustedRoot(), "third");
    days = 100;
    await rejection("TRUST_UNAVAILABLE", read());
  });
});

describe("the sandbox's repository", () => {
  let sandbox: Sandbox;
  let root: string;
  before(async () => {
    sandbox = await startSandbox();
    root = join(directory, "root.json");
    await writeFile(root, sandbox.tuf.root);
  });
  after(() => sandbox.close());

  for (const turn of ["as it begins", "after its keys have changed"] as const) {
    it(`is read by cosign and sigstore-cli ${turn}`, async () => {
      if (turn !== "as it begins") sandbox.tuf.rotate();
      const tools = await ensureTools(["cosign", "sigstore-cli"]);
      const home = await mkdtemp(join(directory, "home-"));
      const environment = { PATH: process.env.PATH, HOME: home, TUF_ROOT: join(home, "tuf") };
      const source = ["initialize", "--mirror", sandbox.urls.tuf, "--root", root];
      sandbox.requests.clear();
      await runOk(tools.cosign, source, { environment });
      assert.ok(sandbox.requests.count("tuf", "GET", "/timestamp.json") > 0);
      await runOk(tools["sigstore-cli"], [...source, "--cache-path", join(home, "cli")], {
        environment,
      });
      assert.ok(sandbox.requests.count("tuf", "GET", "/timestamp.json") > 1);
    });
  }
});
