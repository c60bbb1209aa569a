// Where attestations go besides their files, by the built action and command: GitHub's attestations API,
// a release, an artifact of the run. GitHub is a double that its published description judges; it stands for
// a server of one's own, whose store takes what its users insist on.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import http from "node:http";
import { buffer } from "node:stream/consumers";
import { describe, type TestContext } from "node:test";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { serve } from "../services/servers.ts";
import { serveGitHub, sha256, type GitHubDouble, type Permissions } from "../stores/github-api.ts";
import { scenario, type Run, type Scene } from "./harness.ts";

const token = "ghs_geheim0123456789abcdef";
const all: Permissions = {
  ...{ contents: "write", attestations: "write", "artifact-metadata": "write" },
};
const store = "POST /repos/{owner}/{repo}/attestations";
const addAsset = "POST /repos/{owner}/{repo}/releases/{release_id}/assets";

/** The scene in a repository of the double, with a file to attest. */
async function open(scene: Scene, t: TestContext, permissions = all): Promise<GitHubDouble> {
  const double = await serveGitHub(t);
  double.uploadsHere = true;
  double.tokens.set(token, permissions);
  scene.addSecret("github token", token);
  scene.setEnvironment({
    GITHUB_API_URL: new URL("/api/v3", double.url).href,
    GITHUB_SERVER_URL: double.url.href,
    GITHUB_REPOSITORY: "acme/app",
    GITHUB_JOB: "release",
    SIGSTEP_GITHUB_TOKEN: token,
  });
  await scene.write("app.tar.gz");
  return double;
}

const insisting = ["--github-attestations", "always"];
const provenance = "app.tar.gz.provenance.sigstore.json";

function release(double: GitHubDouble, more: Partial<GitHubDouble["releases"][number]> = {}): void {
  double.releases.push({
    ...{ id: 5, tag: "v1.0.0", draft: true, immutable: false, assets: [] },
    ...more,
  });
}

function asked(double: GitHubDouble, operation: string): number {
  return double.requests.filter((request) => request.operation === operation).length;
}

async function nothingIsPublic(scene: Scene, run: Run, code: number): Promise<void> {
  assert.equal(run.code, code, run.log);
  const { certificate, entry, timestamp } = scene.asked();
  assert.deepEqual([certificate, entry, timestamp], [undefined, undefined, undefined]);
  assert.deepEqual(await scene.bundles(), []);
}

describe("GitHub's attestations API", { concurrency: 2 }, () => {
  scenario("keeps each bundle, and outputs, manifest and summary say where", async (scene, t) => {
    const double = await open(scene, t);
    const run = await scene.action({
      ...{ "subject-path": "app.tar.gz", "bundle-dir": "out", "github-token": token },
      "github-attestations": "always",
    });
    assert.equal(run.code, 0, run.log);
    const page = `${double.url.href}acme/app/attestations/1`;
    assert.equal(run.outputs.get("attestation-id"), "1");
    assert.equal(run.outputs.get("attestation-url"), page);
    assert.equal(run.outputs.get("attestation-urls"), page);
    assert.equal(run.outputs.get("storage-record-ids"), "");
    const [attestation] = list(at(await scene.manifest("out"), "attestations"));
    assert.equal(at(attestation, "attestationId"), "1");
    assert.equal(at(attestation, "attestationUrl"), page);
    assert.match(run.summary, /\[attestation 1\]\(http:\/\/127/);
    const written = await readFile(scene.path("out", provenance), "utf8");
    assert.deepEqual(double.attestations[0]?.bundle, JSON.parse(written));
    for (const { headers } of double.requests)
      assert.equal(headers.authorization, `token ${token}`);
  });

  scenario("keeps N × M bundles, all of which the outputs name", async (scene, t) => {
    const double = await open(scene, t);
    await scene.write("b.tar.gz");
    const args = ["--single-subject-attestations", ...insisting, "app.tar.gz", "b.tar.gz"];
    const run = await scene.attest(args);
    assert.equal(run.code, 0, run.log);
    assert.equal(double.attestations.length, 2);
    assert.equal(list(dig(JSON.parse(run.stdout), "attestation-urls")).length, 2);
    assert.equal(run.outputs.get("attestation-urls")?.split("\n").length, 2);
  });

  scenario("is searched by a rerun, which then signs nothing", async (scene, t) => {
    const double = await open(scene, t);
    const first = await scene.attest([...insisting, "--bundle-dir", "one", "app.tar.gz"]);
    assert.equal(first.code, 0, first.log);
    scene.sandbox.issuers.github.setClaims({ run_attempt: "2" });
    const again = await scene.attest([...insisting, "--bundle-dir", "two", "app.tar.gz"]);
    assert.equal(again.code, 0, again.log);
    assert.match(again.log, /GitHub keeps an equal attestation.*it is used again/);
    const { certificate, entry } = scene.asked();
    assert.deepEqual([certificate, entry, double.attestations.length], [undefined, undefined, 1]);
    const [one, two] = await Promise.all(
      ["one", "two"].map((folder) => readFile(scene.path(folder, provenance), "utf8")),
    );
    assert.equal(one, two);
    assert.equal(dig(JSON.parse(again.stdout), "attestation-id"), "");
  });

  scenario(
    "does not serve another commit, run or subject, nor who says force",
    async (scene, t) => {
      const double = await open(scene, t);
      const runs: readonly (readonly string[])[] = [
        ["--bundle-dir", "one", "app.tar.gz"],
        ["--bundle-dir", "two", "--force", "app.tar.gz"],
        ["--bundle-dir", "three", "--subject-name", "other", "app.tar.gz"],
      ];
      for (const [index, args] of runs.entries()) {
        const run = await scene.attest([...insisting, ...args]);
        assert.equal(run.code, 0, run.log);
        assert.equal(double.attestations.length, index + 1);
      }
      scene.sandbox.issuers.github.setClaims({ run_id: "4005" });
      const run = await scene.attest([...insisting, "--bundle-dir", "four", "app.tar.gz"]);
      assert.equal(run.code, 0, run.log);
      assert.deepEqual([scene.asked().entry, double.attestations.length], [1, 4]);
    },
  );

  scenario("gets a bundle that lies in its folder and was never stored", async (scene, t) => {
    const double = await open(scene, t);
    const first = await scene.attest(["--github-attestations", "never", "app.tar.gz"]);
    assert.equal(first.code, 0, first.log);
    assert.equal(double.requests.length, 0);
    const again = await scene.attest([...insisting, "app.tar.gz"]);
    assert.equal(again.code, 0, again.log);
    assert.equal(scene.asked().entry, undefined);
    assert.equal(dig(JSON.parse(again.stdout), "attestation-id"), "1");
    const third = await scene.attest([...insisting, "app.tar.gz"]);
    assert.equal(third.code, 0, third.log);
    assert.equal(double.attestations.length, 1);
  });

  scenario("that fails leaves the entry said and the bundle kept", async (scene, t) => {
    const double = await open(scene, t);
    double.fail({ operation: store, status: 422, times: 1, body: '{"message":"Invalid bundle"}' });
    const run = await scene.attest([...insisting, "app.tar.gz"]);
    assert.equal(run.code, 1, run.log);
    assert.equal(dig(JSON.parse(run.stdout), "status"), "failed");
    const [failure] = list(dig(JSON.parse(run.stdout), "failures"));
    assert.equal(at(failure, "code"), "STORE_REFUSED");
    assert.match(text(at(failure, "message")), /^Logged as entry \d+, not stored: GitHub refused/);
    assert.match(
      text(at(failure, "hint")),
      /run again with it there, and the entry will be reused/,
    );
    const again = await scene.attest([...insisting, "app.tar.gz"]);
    assert.equal(again.code, 0, again.log);
    assert.deepEqual([scene.asked().entry, double.attestations.length], [undefined, 1]);
  });

  scenario("that forbids it stops the run after the first bundle", async (scene, t) => {
    const double = await open(scene, t, { contents: "read", attestations: "read" });
    for (const name of ["b", "c", "d", "e"]) await scene.write(name);
    const args = ["--single-subject-attestations", "--concurrency", "1", ...insisting];
    const run = await scene.attest([...args, "app.tar.gz", "b", "c", "d", "e"]);
    assert.equal(run.code, 1, run.log);
    assert.equal(scene.asked().entry, 1);
    assert.equal(asked(double, store), 1);
    const failures = list(dig(JSON.parse(run.stdout), "failures"));
    assert.equal(failures.length, 5);
    for (const failure of failures) {
      assert.equal(at(failure, "code"), "PERMISSION_MISSING");
      assert.match(text(at(failure, "hint")), /attestations: write/);
    }
    const told = failures.map((failure) => text(at(failure, "message")).startsWith("Logged"));
    assert.deepEqual(told, [true, false, false, false, false]);
  });

  scenario("that forbids even a look costs nothing", async (scene, t) => {
    await open(scene, t, { contents: "read" });
    const run = await scene.attest([...insisting, "app.tar.gz"]);
    await nothingIsPublic(scene, run, 1);
    assert.match(run.log, /attestations: /);
  });

  scenario(
    "is not asked with auto for another instance, which one notice says",
    async (scene, t) => {
      const double = await open(scene, t);
      const run = await scene.attest(["app.tar.gz"]);
      assert.equal(run.code, 0, run.log);
      assert.equal(run.log.match(/Not stored in GitHub's attestations API/g)?.length, 1);
      assert.equal(double.requests.length, 0);
      assert.equal(dig(JSON.parse(run.stdout), "attestation-id"), "");
    },
  );

  scenario("is not asked without token, which one notice says", async (scene, t) => {
    const double = await open(scene, t);
    const env = { SIGSTEP_GITHUB_TOKEN: undefined };
    const run = await scene.attest(["app.tar.gz"], { env });
    assert.equal(run.code, 0, run.log);
    assert.match(run.log, /Not stored in GitHub's attestations API: there is no github-token\./);
    const always = await scene.attest([...insisting, "--bundle-dir", "out", "app.tar.gz"], { env });
    assert.equal(always.code, 2);
    assert.deepEqual(scene.asked(), {});
    assert.equal(double.requests.length, 0);
  });

  scenario(
    "of an archived repository, a hidden one or a wrong token costs nothing",
    async (scene, t) => {
      const double = await open(scene, t);
      double.repository.archived = true;
      await nothingIsPublic(scene, await scene.attest([...insisting, "app.tar.gz"]), 1);
      double.repository.archived = false;
      const env = { GITHUB_REPOSITORY: "acme/hidden" };
      await nothingIsPublic(scene, await scene.attest([...insisting, "app.tar.gz"], { env }), 1);
      double.tokens.clear();
      await nothingIsPublic(scene, await scene.attest([...insisting, "app.tar.gz"]), 1);
    },
  );
});

describe("a release", { concurrency: 2 }, () => {
  const wanted = ["--release-tag", "v1.0.0", "--bundle-dir", "out", "app.tar.gz"];

  scenario("gets the bundles and the file with all; a rerun does no harm", async (scene, t) => {
    const double = await open(scene, t);
    release(double);
    const run = await scene.attest(wanted);
    assert.equal(run.code, 0, run.log);
    const assets = double.releases[0]?.assets ?? [];
    const names = [provenance, "app.tar.gz.sigstore.jsonl"];
    assert.deepEqual(
      assets.map(({ name }) => name),
      names,
    );
    for (const { name, content } of assets) {
      assert.equal(sha256(content), sha256(await readFile(scene.path("out", name))));
    }
    assert.match(run.log, /Release "v1\.0\.0" has 2 assets of this run\./);
    const again = await scene.attest(wanted);
    assert.equal(again.code, 0, again.log);
    assert.match(again.log, /2 of them there already/);
    assert.equal(asked(double, addAsset), 2);
    assert.equal(scene.asked().entry, undefined);
  });

  scenario("is filled by a rerun elsewhere, from GitHub's attestations", async (scene, t) => {
    const double = await open(scene, t);
    release(double);
    const first = await scene.attest([...insisting, ...wanted]);
    assert.equal(first.code, 0, first.log);
    double.releases[0]?.assets.pop();
    const args = ["--release-tag", "v1.0.0", "--bundle-dir", "elsewhere", "app.tar.gz"];
    const again = await scene.attest([...insisting, ...args]);
    assert.equal(again.code, 0, again.log);
    assert.deepEqual([scene.asked().entry, double.releases[0]?.assets.length], [undefined, 2]);
  });

  scenario("of the event gets them where upload-release-assets says so", async (scene, t) => {
    const double = await open(scene, t);
    release(double, { draft: false });
    const GITHUB_EVENT_PATH = await scene.give("event.json", '{"release":{"id":5}}');
    const env = { GITHUB_EVENT_PATH, GITHUB_EVENT_NAME: "release" };
    const plain = await scene.attest(["--bundle-dir", "out", "app.tar.gz"], { env });
    assert.equal(plain.code, 0, plain.log);
    assert.equal(double.requests.length, 0);
    const args = ["--upload-release-assets", "true", "--bundle-dir", "out", "app.tar.gz"];
    const run = await scene.attest(args, { env });
    assert.equal(run.code, 0, run.log);
    assert.equal(double.releases[0]?.assets.length, 2);
  });

  scenario("gets the bundles of files, too", async (scene, t) => {
    const double = await open(scene, t);
    release(double);
    const run = await scene.sign(["--release-tag", "v1.0.0", "app.tar.gz"]);
    await scene.assertSigned(run, ["app.tar.gz"]);
    const again = await scene.sign(["--release-tag", "v1.0.0", "app.tar.gz"]);
    await scene.assertSigned(again, ["app.tar.gz"]);
    assert.deepEqual(
      double.releases[0]?.assets.map(({ name }) => name),
      ["app.tar.gz.sigstore.json"],
    );
  });

  const content = Buffer.from("of somebody else");
  const taken = { id: 9, name: provenance, content, state: "uploaded", hasDigest: true } as const;
  const unusable: readonly (readonly [string, (double: GitHubDouble) => void, RegExp])[] = [
    ["that is not there", () => undefined, /has no release for the tag "v1\.0\.0"/],
    [
      "that is published and immutable",
      (double) => release(double, { draft: false, immutable: true }),
      /published and immutable/,
    ],
    [
      "with other content under a name of ours",
      (double) => release(double, { assets: [{ ...taken }] }),
      /has an asset "app\.tar\.gz\.provenance\.sigstore\.json" with other content/,
    ],
  ];
  for (const [what, prepare, says] of unusable) {
    scenario(`${what} costs nothing`, async (scene, t) => {
      const double = await open(scene, t);
      prepare(double);
      const run = await scene.attest(wanted);
      await nothingIsPublic(scene, run, 1);
      assert.match(run.log, says);
      assert.equal(asked(double, addAsset), 0);
    });
  }

  scenario("that takes no asset in the end is told with the results", async (scene, t) => {
    const double = await open(scene, t, { contents: "read" });
    release(double, { draft: false });
    const run = await scene.attest(wanted);
    assert.equal(run.code, 1, run.log);
    assert.equal(run.outputs.get("status"), "partial");
    assert.match(run.log, /contents: write/);
    assert.deepEqual(await scene.bundles(), [`out/${provenance}`]);
    assert.notEqual(run.outputs.get("bundle-path"), "");
  });

  scenario("without token, or that no event has, is bad input", async (scene, t) => {
    await open(scene, t);
    const env = { SIGSTEP_GITHUB_TOKEN: undefined };
    const run = await scene.attest(wanted, { env });
    const hint = /github\.token/;
    await scene.assertRefused(run, {
      ...{ exit: 2, code: "INPUT_MISSING", says: /github-token is missing/, hint },
    });
    const none = await scene.attest(["--upload-release-assets", "true", "app.tar.gz"]);
    await nothingIsPublic(scene, none, 2);
    assert.match(none.log, /Input release-tag is missing/);
  });

  scenario("in which two names become one is bad input", async (scene, t) => {
    const double = await open(scene, t);
    release(double);
    await scene.write("a b.txt");
    await scene.write("a c.txt");
    await scene.write("a(b.txt");
    const args = ["--single-subject-attestations", "--release-tag", "v1.0.0"];
    const run = await scene.attest([...args, "a b.txt", "a(b.txt"]);
    await scene.assertRefused(run, {
      ...{ exit: 2, code: "INPUT_NAME_CLASH" },
      ...{ says: /would both be the release asset/, hint: /rename one/ },
    });
    assert.equal(double.requests.length, 0);
  });
});

describe("an artifact of the run", { concurrency: 2 }, () => {
  const runtime = `eyJhbGciOiJub25lIn0.${Buffer.from(
    JSON.stringify({ scp: "Actions.Results:run-1:job-2" }),
  ).toString("base64url")}.geheim`;

  scenario("holds bundles, the file with all and the manifest", async (scene, t) => {
    const double = await open(scene, t);
    const bodies: Buffer[] = [];
    const storage = await keepBodies(t, bodies);
    const results = await serve(t, (response, _index, request) => {
      const created = { ok: true, signed_upload_url: `${storage.href}blob?sig=x` };
      const isCreate = request.url?.endsWith("/CreateArtifact") === true;
      response.end(JSON.stringify(isCreate ? created : { ok: true, artifact_id: "77" }));
    });
    scene.addSecret("runtime token", runtime);
    const env = { ACTIONS_RESULTS_URL: results.url.href, ACTIONS_RUNTIME_TOKEN: runtime };
    const run = await scene.action(
      { "subject-path": "app.tar.gz", "bundle-dir": "out", "upload-artifact": "true" },
      { env },
    );
    assert.equal(run.code, 0, run.log);
    assert.match(run.log, /artifact "sigstep-bundles-release" \(77\) has 3 files/);
    const archive = bodies[0]?.toString("latin1") ?? "";
    for (const name of [provenance, "app.tar.gz.sigstore.jsonl", "sigstep-manifest.json"]) {
      assert.ok(archive.includes(name), name);
    }
    assert.equal(double.requests.length, 0);
  });

  scenario("where there is none, or by a bad name, is bad input", async (scene, t) => {
    await open(scene, t);
    const run = await scene.attest(["--upload-artifact", "bundles", "app.tar.gz"]);
    await scene.assertRefused(run, {
      ...{ exit: 2, code: "INPUT_CONFLICT" },
      ...{ says: /this runner offers no artifacts/, hint: /use the action/ },
    });
    const named = await scene.sign(["--upload-artifact", "a:b", "app.tar.gz"]);
    await scene.assertRefused(named, {
      ...{ exit: 2, code: "INPUT_NAME" },
      ...{ says: /cannot be the name of an artifact/, hint: /GitHub takes/ },
    });
  });
});

describe("a storage record", { concurrency: 2 }, () => {
  const image = [
    ...["--create-storage-record", "--subject-name", "ghcr.io/acme/app"],
    ...["--subject-digest", `sha256:${"a".repeat(64)}`, "--subject-version", "1.0.0"],
  ];

  scenario("is made for an image that lies in its registry", async (scene, t) => {
    const double = await open(scene, t);
    const run = await scene.attest(image);
    assert.equal(run.code, 0, run.log);
    assert.equal(dig(JSON.parse(run.stdout), "storage-record-ids"), "1");
    const [record] = double.records;
    assert.equal(at(record, "registry_url"), "https://ghcr.io");
    assert.equal(at(record, "version"), "1.0.0");
  });

  scenario("that cannot be made is one notice", async (scene, t) => {
    const double = await open(scene, t, { contents: "read" });
    const run = await scene.attest(image);
    assert.equal(run.code, 0, run.log);
    assert.match(run.log, /No storage record was made: .*artifact-metadata: write/);
    const file = await scene.attest(["--create-storage-record", "app.tar.gz"]);
    assert.equal(file.code, 0, file.log);
    assert.match(file.log, /No storage record was made: it is for one subject/);
    assert.deepEqual(double.records, []);
  });
});

/** A server that takes whatever it is sent. */
async function keepBodies(t: TestContext, bodies: Buffer[]): Promise<URL> {
  const server = http.createServer((request, response) => {
    void buffer(request).then((body) => {
      bodies.push(body);
      response.writeHead(201).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return new URL(`http://127.0.0.1:${address.port}/`);
}

scenario(
  "push-to-registry is for an image, and says so before anything is public",
  async (scene, t) => {
    await open(scene, t);
    const run = await scene.attest(["--push-to-registry", "app.tar.gz"]);
    await scene.assertRefused(run, {
      ...{ exit: 2, code: "INPUT_MISSING" },
      ...{ says: /subject-name is missing/, hint: /push-to-registry is for one image/ },
    });
  },
);

scenario("a dry run says where bundles would go and asks nobody", async (scene, t) => {
  const double = await open(scene, t);
  const run = await scene.attest(["--dry-run", "--release-tag", "v1.0.0", "app.tar.gz"]);
  assert.equal(run.code, 0, run.log);
  assert.match(run.log, /Release assets: every bundle and the file with all, to "v1\.0\.0"/);
  assert.equal(double.requests.length, 0);
});

scenario("a release's event in pieces does not stop a run that needs none", async (scene, t) => {
  const double = await open(scene, t);
  const GITHUB_EVENT_PATH = await scene.give("event.json", "{");
  const run = await scene.attest([...insisting, "app.tar.gz"], { env: { GITHUB_EVENT_PATH } });
  assert.equal(run.code, 0, run.log);
  assert.equal(double.attestations.length, 1);
});

scenario("the token as a flag is refused, and treated as leaked", async (scene, t) => {
  await open(scene, t);
  const run = await scene.attest(["--github-token", "x", "app.tar.gz"]);
  await scene.assertRefused(run, {
    ...{ exit: 2, code: "INPUT_VALUE", says: /never given as a flag: --github-token/ },
    hint: /SIGSTEP_GITHUB_TOKEN\. Treat/,
  });
});
