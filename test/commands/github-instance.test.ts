// GitHub's own instance, played by the sandbox: certificate and timestamp, no log, no SCT. Its bundles count
// under its own trusted root alone, and nothing of another instance passes as its.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { startSandbox, type Sandbox } from "../../src/sandbox/sandbox.ts";
import { createHttp } from "../../src/services/door.ts";
import { parseBundle } from "../../src/sigstore/bundle.ts";
import { chooseTrustedRoot } from "../../src/sigstore/choose-root.ts";
import { parseTrustedRoot } from "../../src/sigstore/trust.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { makeWorld } from "./own-run.ts";
import { Folder, run, type Ended } from "./verify-run.ts";

const identity = "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0";

/** An instance with its trust files and a bundle that it has made. */
interface Played {
  readonly sandbox: Sandbox;
  readonly root: string;
  readonly bundle: string;
  readonly issuer: string;
}

let folder: Folder;
let github: Played;
let usual: Played;
before(async () => {
  folder = await Folder.make();
  await folder.write("app", "app");
  [github, usual] = await Promise.all([play("github"), play("public")]);
});
after(async () => {
  await Promise.all([github.sandbox.close(), usual.sandbox.close(), folder.remove()]);
});

async function play(instance: "github" | "public"): Promise<Played> {
  const sandbox = await startSandbox({ instance });
  const root = await folder.write(`${instance}/root.json`, sandbox.trustedRoot);
  const config = await folder.write(`${instance}/config.json`, sandbox.signingConfig.v1);
  const now = (): Date => new Date();
  const { world } = makeWorld({ identityToken: () => sandbox.issuers.github.token() });
  const http = createHttp({ budgetMs: 20_000, now });
  const args = ["sign", folder.at("app"), `--signing-config=${config}`, `--trusted-root=${root}`];
  const ended = await run([...args, `--bundle-dir=${folder.at(instance)}`], {
    ...{ now, runner: world.runner, openHttp: () => Promise.resolve(http) },
  });
  const bundle = folder.at(instance, "app.sigstore.json");
  assert.equal(ended.code, 0, ended.log);
  return { sandbox, root, bundle, issuer: sandbox.issuers.github.url };
}

function verify(bundle: string, { root, issuer }: Pick<Played, "root" | "issuer">): Promise<Ended> {
  const policy = [`--certificate-identity=${identity}`, `--certificate-oidc-issuer=${issuer}`];
  const args = ["verify", "--json", folder.at("app"), `--bundle=${bundle}`];
  return run([...args, ...policy, `--trusted-root=${root}`], { now: () => new Date() });
}

async function refusal(ended: Promise<Ended>): Promise<unknown> {
  const { code, stdout, log } = await ended;
  assert.equal(code, 1, log);
  return at(list(at(JSON.parse(stdout), "results"))[0], "error");
}

/** The usual instance's bundle without its log entry. */
async function stripped(): Promise<string> {
  const json = await readFile(usual.bundle, "utf8");
  const bundle: unknown = JSON.parse(json, (name, value: unknown) =>
    name === "tlogEntries" ? [] : value,
  );
  return folder.write("stripped.sigstore.json", JSON.stringify(bundle));
}

test("a bundle of it counts under its own root, by its timestamp alone", async () => {
  const ended = await verify(github.bundle, github);
  assert.equal(ended.code, 0, ended.log);
  const [bundle] = list(dig(list(at(JSON.parse(ended.stdout), "results"))[0], "bundles"));
  assert.deepEqual(at(bundle, "logEntries"), []);
  assert.deepEqual(at(bundle, "signedCertificateTimestamps"), []);
  assert.equal(list(at(bundle, "timestamps")).length, 1);
});

test("a bundle of it without a timestamp is refused", async () => {
  const bytes = await readFile(github.bundle, "utf8");
  const bare = bytes.replace(/"rfc3161Timestamps":\[[^\]]*\]/, '"rfc3161Timestamps":[]');
  assert.notEqual(bare, bytes);
  const error = await refusal(verify(await folder.write("bare.json", bare), github));
  assert.equal(dig(error, "step", "number"), 7);
});

test("a bundle of it is refused under another root, with the instance it looks like", async () => {
  const error = await refusal(verify(github.bundle, { ...github, root: usual.root }));
  assert.match(text(at(error, "hint")), /looks like one of GitHub's own instance/);
});

test("a bundle of the usual instance without its log entry passes under neither", async () => {
  const bundle = await stripped();
  const own = await refusal(verify(bundle, usual));
  assert.equal(dig(own, "step", "number"), 13);
  const theirs = await refusal(verify(bundle, { ...usual, root: github.root }));
  assert.ok([6, 7, 8].includes(Number(dig(theirs, "step", "number"))));
  const roots = [github, usual].map(({ sandbox }) =>
    parseTrustedRoot(Buffer.from(sandbox.trustedRoot), sandbox.urls.fulcio),
  );
  for (const [path, played] of [
    [bundle, usual],
    [usual.bundle, usual],
    [github.bundle, github],
  ] as const) {
    const chosen = chooseTrustedRoot(parseBundle(await readFile(path), "bundle"), roots);
    assert.equal(chosen.label, played.sandbox.urls.fulcio);
  }
});
