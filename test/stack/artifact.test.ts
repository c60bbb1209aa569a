// Our client of the artifact service against act's server: the archive that it keeps is what we sent, and
// another program can read it.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { run, runOk } from "./run.ts";
import { ensureTools } from "./tools.ts";

const source = join(import.meta.dirname, "../../src");
const large = 9_000_000;

/** A step of the job: act gives the service's address and token to every step. */
const program = `
import { createHttp } from ${JSON.stringify(join(source, "services/door.ts"))};
import { uploadArtifact } from ${JSON.stringify(join(source, "stores/workflow-artifact.ts"))};
const http = createHttp({ budgetMs: 5000, now: () => new Date() });
const { ACTIONS_RESULTS_URL: url, ACTIONS_RUNTIME_TOKEN: token } = process.env;
const files = [
  { name: "a b.json", content: Buffer.from("one") },
  { name: "dir/ä.json", content: Buffer.alloc(${large}, "x") },
];
await uploadArtifact(http, { url: new URL(url), token }, { name: "bundles", files });
await http.close();
`;

const judge = `
import sys, zipfile
archive = zipfile.ZipFile(sys.argv[1])
assert archive.testzip() is None
print([(i.filename, i.file_size) for i in archive.infolist()])
`;

test("an artifact of two files, over two blocks", async (t) => {
  const { act } = await ensureTools(["act"]);
  const home = await mkdtemp(join(tmpdir(), "sigstep-artifact-"));
  t.after(() => rm(home, { recursive: true, force: true }));
  const folder = join(home, "repository");
  await mkdir(join(folder, ".github/workflows"), { recursive: true });
  await writeFile(join(home, "upload.mjs"), program);
  const workflow = `on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: node ${join(home, "upload.mjs")}\n`;
  await writeFile(join(folder, ".github/workflows/w.yml"), workflow);
  await runOk("git", ["-C", folder, "init", "--quiet", "--initial-branch=main"]);
  await runOk("git", ["-C", folder, "add", "--all"]);
  const person = ["-c", "user.name=t", "-c", "user.email=t@localhost"];
  await runOk("git", ["-C", folder, ...person, "commit", "--quiet", "--message=t"]);
  const { stdout, stderr, code } = await run(
    act,
    [
      ...["push", "-P", "ubuntu-latest=-self-hosted", "--container-daemon-socket", "-"],
      ...["--artifact-server-addr", "127.0.0.1", "--artifact-server-path", join(home, "artifacts")],
      ...["--cache-server-addr", "127.0.0.1", "--cache-server-path", join(home, "cache")],
      ...["--env", "GITHUB_REPOSITORY=acme/app"],
    ],
    {
      directory: folder,
      environment: {
        HOME: home,
        PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
      },
      timeoutMs: 60_000,
    },
  );
  assert.equal(code, 0, stdout + stderr);
  const archive = join(home, "artifacts/1/bundles/bundles.zip");
  const listed = await runOk("python3", ["-c", judge, archive]);
  assert.equal(listed.trim(), `[('a b.json', 3), ('dir/ä.json', ${large})]`);
});
