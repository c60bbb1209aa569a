// Images of ours before other people's verifiers: signed and attested by dist/, as a job runs it, in a registry
// with the referrers API and in one without, with either log, in either layout.
import assert from "node:assert/strict";
import { cp, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, suite, test, type TestContext } from "node:test";
import { putManifest } from "../../src/registry/client.ts";
import { imageIndexType, parseManifest } from "../../src/registry/manifest.ts";
import { pushImage } from "../policy/images.ts";
import { startRegistries, type Registry } from "../policy/registries.ts";
import { openClient } from "../registry/fake-registry.ts";
import { at, dig, list, text } from "../sandbox/wire.ts";
import { emptyEnvironment, run, runOk, type RunResult } from "./run.ts";
import { startStack, type Stack } from "./start.ts";
import { ensureTools, type Tools } from "./tools.ts";

const cli = join(import.meta.dirname, "../../dist/cli.js");
const sboms = join(import.meta.dirname, "../vectors/sbom");
const identity = "https://github.com/acme/widget/.github/workflows/release.yml@refs/tags/v1.0.0";
const provenance = "https://slsa.dev/provenance/v1";
const types = [provenance, "https://spdx.dev/Document/v2.3", "https://cyclonedx.org/bom"];
const predicates = `
- type: provenance
- type: sbom
  path: app.spdx.json
- type: sbom
  path: app.cdx.json
`;
const platforms = ["linux/amd64", "linux/arm64", "windows/amd64"];

type Storage = "referrers" | "legacy" | "both";

interface Case {
  readonly registry: Registry["name"];
  readonly log: 1 | 2;
  readonly storage: Storage;
}

const cases: readonly Case[] = (["ocimem", "distribution"] as const).flatMap((registry) => [
  { registry, log: 1, storage: "referrers" },
  { registry, log: 2, storage: "referrers" },
  { registry, log: 1, storage: "legacy" },
  { registry, log: 1, storage: "both" },
]);

const cleanup = new AsyncDisposableStack();
let stack: Stack;
let folder: string;
let tools: Tools<"cosign" | "cosign2" | "gh">;
let registries: ReadonlyMap<string, Registry>;

before(async () => {
  tools = await ensureTools(["cosign", "cosign2", "gh"]);
  stack = await startStack();
  cleanup.defer(() => stack.stop());
  folder = await mkdtemp(join(stack.directory, "images-"));
  const started = await startRegistries(folder, cleanup);
  registries = new Map(started.map((registry) => [registry.name, registry]));
  await cp(join(sboms, "spdx-2.3-hello-source.json"), join(folder, "app.spdx.json"));
  await cp(join(sboms, "cyclonedx-saas.json"), join(folder, "app.cdx.json"));
});
after(() => cleanup.disposeAsync());

let repositories = 0;

function newRepository(registry: string): string {
  return `${registries.get(registry)?.host ?? ""}/acme/app${++repositories}`;
}

/** What is pushed: what the user names, and everything that is to be signed then. */
interface Pushed {
  readonly reference: string;
  readonly all: readonly string[];
}

async function pushOne(t: TestContext, registry: string): Promise<Pushed> {
  const { reference } = await pushImage(t, newRepository(registry));
  return { reference, all: [reference] };
}

/** An index of three platforms. */
async function pushIndex(t: TestContext, registry: string): Promise<Pushed> {
  const repository = newRepository(registry);
  const images = await Promise.all(platforms.map(() => pushImage(t, repository)));
  const manifests = images.map(({ subject }, at) => {
    const [os, architecture] = platforms[at]?.split("/") ?? [];
    return { ...subject, platform: { os, architecture } };
  });
  const index = { schemaVersion: 2, mediaType: imageIndexType, manifests };
  const bytes = Buffer.from(JSON.stringify(index));
  const parsed = parseManifest(bytes, "index", imageIndexType);
  await putManifest(openClient(t).open(repository), parsed);
  const reference = `${repository}@${parsed.descriptor.digest}`;
  return { reference, all: [reference, ...images.map((image) => image.reference)] };
}

/** Runs ours; what it prints as JSON. */
async function sigstep(args: readonly string[], { log }: Pick<Case, "log">): Promise<unknown> {
  const home = await mkdtemp(join(stack.directory, "ours-"));
  const { trustedRoot, signingConfigV1, signingConfigV2 } = stack.trust;
  const stdout = await runOk(process.execPath, [cli, ...args, "--json", "--bundle-dir", home], {
    directory: folder,
    environment: {
      ...emptyEnvironment(home),
      ...stack.environment,
      SIGSTEP_TRUSTED_ROOT: trustedRoot,
      SIGSTEP_SIGNING_CONFIG: log === 1 ? signingConfigV1 : signingConfigV2,
    },
  });
  return JSON.parse(stdout);
}

async function ask(
  program: string,
  args: readonly string[],
  more: Readonly<Record<string, string>> = {},
): Promise<RunResult> {
  const home = await mkdtemp(join(stack.directory, "judge-"));
  const own = { GH_CONFIG_DIR: home, GH_TOKEN: "any" };
  const environment = { ...emptyEnvironment(home), ...own, ...more };
  return run(program, args, { environment, timeoutMs: 60_000 });
}

interface Wish {
  readonly identity?: string;
  /** Whether cosign 2's layout is looked at. */
  readonly legacy: boolean;
  /** Whether a bundle is there as well: that is what the last cosign 2 takes then. */
  readonly hasBundle?: boolean;
}

/** One of the judges, asked about an image; `type` is undefined for its signature. */
type Judge = (reference: string, type: string | undefined, wish: Wish) => Promise<RunResult>;

const cosign: Judge = (reference, type, wish) =>
  ask(tools.cosign, [
    ...(type === undefined ? ["verify"] : ["verify-attestation", "--type", type]),
    ...["--certificate-identity", wish.identity ?? identity],
    ...["--certificate-oidc-issuer", stack.urls.github],
    ...["--trusted-root", stack.trust.trustedRoot],
    ...(wish.legacy ? ["--new-bundle-format=false"] : []),
    reference,
  ]);

/** The program that users of the older layout still have; for that it takes whom to trust one by one. */
const cosign2: Judge = async (reference, type, wish) =>
  ask(
    tools.cosign2,
    [
      ...(type === undefined ? ["verify"] : ["verify-attestation", "--type", type]),
      ...["--certificate-identity", wish.identity ?? identity],
      ...["--certificate-oidc-issuer", stack.urls.github],
      ...(wish.hasBundle === true ? ["--trusted-root", stack.trust.trustedRoot] : []),
      reference,
    ],
    wish.hasBundle === true ? {} : await trustOfCosign2(),
  );

/** The parts of the trusted root as files, by the variables that name them. */
async function trustOfCosign2(): Promise<Record<string, string>> {
  const root: unknown = JSON.parse(await readFile(stack.trust.trustedRoot, "utf8"));
  const [authority] = list(at(root, "certificateAuthorities"));
  const log = list(at(root, "tlogs")).find((each) => at(each, "baseUrl") === stack.urls.rekor1);
  const [ctLog] = list(at(root, "ctlogs"));
  const chain = list(dig(authority, "certChain", "certificates"));
  const keyOf = (of: unknown): string => pem("PUBLIC KEY", text(dig(of, "publicKey", "rawBytes")));
  const files = {
    SIGSTORE_ROOT_FILE: chain
      .map((each) => pem("CERTIFICATE", text(at(each, "rawBytes"))))
      .join(""),
    SIGSTORE_REKOR_PUBLIC_KEY: keyOf(log),
    SIGSTORE_CT_LOG_PUBLIC_KEY_FILE: keyOf(ctLog),
  };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  return Object.fromEntries(Object.keys(files).map((name) => [name, join(folder, name)]));
}

function pem(label: string, base64: string): string {
  const lines = base64.match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}

const gh: Judge = (reference, type, wish) =>
  ask(tools.gh, [
    ...["attestation", "verify", `oci://${reference}`, "--bundle-from-oci", "--owner", "acme"],
    ...["--custom-trusted-root", stack.trust.trustedRootLine],
    ...["--cert-identity", wish.identity ?? identity],
    ...["--cert-oidc-issuer", stack.urls.github],
    ...["--predicate-type", type ?? "https://sigstore.dev/cosign/sign/v1"],
  ]);

/** Ours, which looks at both layouts. */
const ours: Judge = (reference, type, wish) =>
  ask(process.execPath, [
    ...[cli, "verify", "--image", reference, "--trusted-root", stack.trust.trustedRoot],
    ...["--certificate-identity", wish.identity ?? identity],
    ...["--certificate-oidc-issuer", stack.urls.github],
    ...["--predicate-type", type ?? "https://sigstore.dev/cosign/sign/v1"],
  ]);

function judgesOf(storage: Storage): readonly (readonly [Judge, Wish])[] {
  const current = [
    [cosign, { legacy: false }],
    [gh, { legacy: false }],
  ] as const;
  const older = [
    [cosign, { legacy: true }],
    [cosign2, { legacy: true, hasBundle: storage === "both" }],
  ] as const;
  return [
    [ours, { legacy: false }],
    ...(storage === "legacy" ? [] : current),
    ...(storage === "referrers" ? [] : older),
  ];
}

async function assertJudged(
  reference: string,
  type: string | undefined,
  storage: Storage,
): Promise<void> {
  for (const [judge, wish] of judgesOf(storage)) {
    const good = await judge(reference, type, wish);
    assert.equal(good.code, 0, `${reference} ${type ?? ""}\n${good.stdout}${good.stderr}`);
    const other = identity.replace("acme/widget", "acme/gadget");
    const bad = await judge(reference, type, { ...wish, identity: other });
    assert.notEqual(bad.code, 0, "another identity");
    assert.match(bad.stdout + bad.stderr, /identit|SAN|subject|verifying with issuer/i);
  }
}

const kinds = { image: pushOne, "index of 3 platforms": pushIndex } as const;

suite("images of ours", { concurrency: 2 }, () => {
  for (const signing of cases) {
    const { registry, log, storage } = signing;
    for (const [kind, push] of Object.entries(kinds)) {
      const options = ["--storage", storage, "--recursive", "true"];
      const title = `${registry}, Rekor v${log}, ${storage}: ${kind}`;
      test(`${title}: signed`, { timeout: 300_000 }, async (t) => {
        const { reference, all } = await push(t, registry);
        const json = await sigstep(["sign", "--subject-images", reference, ...options], signing);
        assert.equal(list(at(json, "referrer-digests")).length, all.length);
        for (const each of all) await assertJudged(each, undefined, storage);
      });
      test(`${title}: attested`, { timeout: 300_000 }, async (t) => {
        const { reference, all } = await push(t, registry);
        const said = ["--predicates", predicates];
        await sigstep(["attest", "--subject-images", reference, ...options, ...said], signing);
        // Every platform has the same three; two of them stand for all.
        for (const each of [all[0], all.at(-1)]) {
          for (const type of types) await assertJudged(each ?? "", type, storage);
        }
        const tree = await ask(tools.cosign, ["tree", reference]);
        assert.equal(tree.code, 0, tree.stderr);
        const wanted =
          storage === "legacy" ? /Attestations for an image tag/ : new RegExp(provenance);
        assert.match(tree.stdout, wanted);
      });
    }
  }

  test("the commands of the output verify as they stand, and the policy is there", async (t) => {
    const { reference } = await pushOne(t, "ocimem");
    const args = ["attest", "--subject-images", reference, "--sign-images", "true"];
    const json = await sigstep(args, { log: 1 });
    const commands = list(at(json, "verify-commands")).map(text);
    assert.equal(commands.length, 4);
    for (const command of commands.filter((each) => each.startsWith("cosign "))) {
      const [, ...words] = command.split(" ");
      const { code, stderr } = await ask(tools.cosign, words);
      assert.equal(code, 0, stderr);
    }
    const policy = await readFile(text(at(json, "kyverno-policy-path")), "utf8");
    assert.match(policy, /kind: ImageValidatingPolicy/);
  });
});
